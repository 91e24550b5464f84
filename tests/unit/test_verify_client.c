/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <sys/time.h>

#include "../fault/system_calls.h"
#include "fake_verifyd.h"
#include "test_support.h"

#include "client/varlink.h"
#include "client/verify_client.h"
#include "core/typed.h"

/* Milliseconds. No test waits for LONG. */
#define LONG  60000
#define SHORT 50

#define ACCEPTED "{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}"

static struct totpgroup_result result;
static struct error failure;
static uid_t listener_uid; /* in the answer to SO_PEERCRED */

WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, -1, NULL)
WRAP(int, connect, (int fd, const struct sockaddr *address, socklen_t size),
	(fd, address, size), -1, fd, NULL)
WRAP(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
	(fd, level, name, value, size), -1, fd, NULL)
WRAP(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), -1, -1,
	NULL)
WRAP(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), -1,
	fd, NULL)

ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
	if (call_fails("send", fd, NULL))
		return -1;
	if (calls.armed && calls.write_at_most > 0 && size > calls.write_at_most)
		size = calls.write_at_most;
	return __real_send(fd, data, size, flags);
}

/* The uid of the listener is the test's to choose, so that it need not be root. */
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int status;

	if (call_fails("getsockopt", fd, NULL))
		return -1;
	status = __real_getsockopt(fd, level, name, value, size);
	if (status == 0 && name == SO_PEERCRED) {
		assert_int_equal(((struct ucred *)value)->uid, geteuid());
		((struct ucred *)value)->uid = listener_uid;
	}
	return status;
}

/* Each reading of the clock takes ten milliseconds, so that an endless loop reaches its
 * deadline on any machine. */
static int64_t clock_shows = 5000;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	if (call_fails("clock_gettime", -1, NULL))
		return -1;
	clock_shows += 10;
	now->tv_sec = (time_t)(clock_shows / 1000);
	now->tv_nsec = (long)(clock_shows % 1000 * 1000000);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	listener_uid = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calls_disarm();
	fake_stop();
	folder_end();
	return 0;
}

static enum verify_answer ask_about(const char *user, const char *code, int64_t milliseconds)
{
	char path[128];
	const struct verify_client client = {path, milliseconds};
	unsigned int descriptors = count_descriptors();
	enum verify_answer answer;

	assert_true(
		snprintf(path, sizeof path, "%s", in_folder(FAKE_SOCKET)) < (int)sizeof path);
	memset(&result, 0xff, sizeof result);
	failure = (struct error)ERROR_INIT;
	calls.armed = true;
	answer = verify_client_ask(&client, user, code, NULL, &result, &failure);
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	if (answer != VERIFY_ANSWERED) {
		assert_int_not_equal(result.verdict, TOTPGROUP_ACCEPTED);
		assert_int_not_equal(failure.code, 0);
		assert_int_not_equal(*failure.message, '\0');
	}
	return answer;
}

static enum verify_answer ask(int64_t milliseconds)
{
	return ask_about("alice", "123456", milliseconds);
}

/* Asks a daemon that gives this reply. */
static enum verify_answer ask_once(const struct fake_reply *reply, int64_t milliseconds)
{
	enum verify_answer answer;

	fake_start(reply, 1);
	answer = ask(milliseconds);
	fake_stop();
	return answer;
}

static enum verify_answer hear(const char *text)
{
	const struct fake_reply reply = {text, 0, FAKE_HANG_UP};

	return ask_once(&reply, LONG);
}

static void assert_fails(const char *word)
{
	if (strstr(failure.message, word) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", failure.message, word);
}

static void a_verdict_is_read(void **state)
{
	(void)state;
	assert_int_equal(hear(ACCEPTED), VERIFY_ANSWERED);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(result.method, TOTPGROUP_METHOD_NONE);
	assert_false(result.offset_known);
	assert_string_equal(text_of(FAKE_REQUESTS),
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"123456\"}}\n");
	assert_int_equal(hear("{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,"
			      "\"reason\":null,\"method\":\"hotp\",\"offset\":-30}}"),
		VERIFY_ANSWERED);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(result.method, TOTPGROUP_METHOD_HOTP);
	assert_true(result.offset_known && result.offset == -30);
	assert_int_equal(hear("{\"parameters\":{\"result\":\"refused\",\"retry_after\":0}}"),
		VERIFY_ANSWERED);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_int_equal(hear("{\"parameters\":{\"result\":\"limited\",\"retry_after\":31}}"),
		VERIFY_ANSWERED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_RATE_LIMITED);
	assert_int_equal(result.retry_after, 31);
}

static void a_reason_has_its_name_in_the_log(void **state)
{
	char text[128];

	(void)state;
	for (int reason = 1; reason <= TOTPGROUP_REASON_DENIED_BY_SSHD; reason++) {
		snprintf(text, sizeof text,
			"{\"parameters\":{\"result\":\"refused\",\"retry_after\":0,"
			"\"reason\":\"%s\"}}",
			totpgroup_reason_name((enum totpgroup_reason)reason));
		assert_int_equal(hear(text), VERIFY_ANSWERED);
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_int_equal(result.reason, reason);
	}
	assert_int_equal(hear("{\"parameters\":{\"result\":\"refused\",\"retry_after\":0,"
			      "\"reason\":\"of-a-later-version\"}}"),
		VERIFY_ANSWERED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
	/* The loop above ends with the last reason. */
	assert_string_equal(
		totpgroup_reason_name(TOTPGROUP_REASON_DENIED_BY_SSHD + 1), "unknown");
	assert_string_equal(totpgroup_method_name(TOTPGROUP_METHOD_GRACE + 1), "unknown");
}

static void an_answer_may_come_in_pieces(void **state)
{
	const struct fake_reply reply = {ACCEPTED, 0, FAKE_IN_PIECES};

	(void)state;
	calls.write_at_most = 1;
	assert_int_equal(ask_once(&reply, LONG), VERIFY_ANSWERED);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
}

static void malformed_answers_are_no_verdict(void **state)
{
	static const char *const texts[] = {"", "{}", "null", "[]", "accepted", "true", "\n",
		"{\"parameters\":{}}", "{\"parameters\":[]}", "{\"parameters\":null}",
		"{\"parameters\":{\"result\":\"accepted\"}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":-1}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":\"0\"}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0.0}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"offset\":\"0\"}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"method\":1}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,"
		"\"reason\":\"wrong-code\"}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"reason\":[]}}",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"reason\":null,"
		"\"reason\":null}}",
		"{\"parameters\":{\"result\":\"Accepted\",\"retry_after\":0}}",
		"{\"parameters\":{\"result\":\"accepted \",\"retry_after\":0}}",
		"{\"parameters\":{\"result\":true,\"retry_after\":0}}",
		"{\"parameters\":{\"result\":[\"accepted\"],\"retry_after\":0}}",
		"{\"parameters\":{\"result\":\"refused\",\"result\":\"accepted\","
		"\"retry_after\":0}}",
		"{\"parameters\":{\"result\":\"none\",\"retry_after\":0}}", ACCEPTED ACCEPTED,
		ACCEPTED "x", "x" ACCEPTED,
		"{\"continues\":true,\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}"
		"}",
		"{\"error\":null,\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}",
		"{\"error\":1,\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}",
		"{\"result\":\"accepted\",\"retry_after\":0}"};

	(void)state;
	for (unsigned int i = 0; i < COUNT(texts); i++) {
		if (hear(texts[i]) != VERIFY_FAILED)
			fail_msg("believed: %s", texts[i]);
		assert_fails("makes no sense");
	}
}

/* Every beginning of an acceptance, and every acceptance with one wrong byte. */
static void cut_or_damaged_answers_are_no_verdict(void **state)
{
	char text[] = ACCEPTED;

	(void)state;
	for (size_t length = 0; length < strlen(ACCEPTED); length++) {
		const struct fake_reply reply = {ACCEPTED, length, FAKE_HANG_UP};

		assert_int_equal(ask_once(length > 0 ? &reply : &(struct fake_reply){0}, LONG),
			VERIFY_FAILED);
		assert_fails("hung up");
	}
	/* Only the 0 of retry_after may have another value. */
	for (size_t i = 0; i < strlen(ACCEPTED); i++) {
		if (text[i] == '0')
			continue;
		text[i] ^= 0x08;
		assert_int_equal(hear(text), VERIFY_FAILED);
		text[i] ^= 0x08;
	}
}

static void anything_after_a_reply_is_refused(void **state)
{
	static const char twice[] = ACCEPTED "\0" ACCEPTED, behind[] = ACCEPTED "\0x";
	const struct fake_reply two = {twice, sizeof twice, FAKE_HANG_UP};
	const struct fake_reply more = {behind, sizeof behind - 1, FAKE_HANG_UP};
	struct fake_reply large = {NULL, 0, FAKE_WAIT};
	char *bytes = malloc(1 << 20);

	(void)state;
	assert_int_equal(ask_once(&two, LONG), VERIFY_FAILED);
	assert_fails("more than one");
	assert_int_equal(ask_once(&more, LONG), VERIFY_FAILED);
	assert_fails("more than one");
	assert_non_null(bytes);
	memset(bytes, ' ', 1 << 20);
	large.bytes = bytes;
	large.length = 1 << 20;
	assert_int_equal(ask_once(&large, LONG), VERIFY_FAILED);
	assert_fails("too long");
	/* The longest reply that is read. */
	memcpy(bytes, ACCEPTED, strlen(ACCEPTED));
	bytes[VARLINK_REPLY_MAX] = '\0';
	large.length = VARLINK_REPLY_MAX + 1;
	assert_int_equal(ask_once(&large, LONG), VERIFY_ANSWERED);
	bytes[VARLINK_REPLY_MAX] = ' ';
	bytes[VARLINK_REPLY_MAX + 1] = '\0';
	large.length++;
	assert_int_equal(ask_once(&large, LONG), VERIFY_FAILED);
	free(bytes);
}

static void each_error_has_a_sentence(void **state)
{
	static const struct {
		const char *name;
		enum verify_answer answer;
		const char *word;
	} errors[] = {
		{"org.totpgroup.Verify.NotPermitted", VERIFY_NOT_PERMITTED, "does not answer"},
		{"org.totpgroup.Verify.StoreError", VERIFY_FAILED, "journalctl"},
		{"org.totpgroup.Verify.Busy", VERIFY_FAILED, "too much to do"},
		{"org.varlink.service.MethodNotFound", VERIFY_FAILED, "MethodNotFound"},
		{"a\\u001b[31m", VERIFY_FAILED, "a?[31m"},
	};
	char text[256];

	(void)state;
	for (unsigned int i = 0; i < COUNT(errors); i++) {
		snprintf(text, sizeof text, "{\"error\":\"%s\",\"parameters\":{}}",
			errors[i].name);
		assert_int_equal(hear(text), errors[i].answer);
		assert_fails(errors[i].word);
		/* With any parameters. */
		snprintf(text, sizeof text,
			"{\"error\":\"%s\",\"parameters\":{\"result\":\"accepted\","
			"\"retry_after\":0}}",
			errors[i].name);
		assert_int_equal(hear(text), errors[i].answer);
	}
	assert_int_equal(hear("{\"error\":\"org.varlink.service.InvalidParameter\","
			      "\"parameters\":{\"parameter\":\"code\"}}"),
		VERIFY_ANSWERED);
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
}

static void a_typed_code_is_sent_as_a_string(void **state)
{
	char text[TYPED_MAX + 2];
	const struct fake_reply reply = {ACCEPTED, 0, FAKE_HANG_UP};

	(void)state;
	fake_start(&reply, 1);
	assert_int_equal(ask_about("b\"o\\b\n\xc3\xa9", "1\",\"user\":\"root\b\x7f\xff", LONG),
		VERIFY_ANSWERED);
	fake_stop();
	assert_string_equal(text_of(FAKE_REQUESTS),
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"b\\u0022o\\u005cb\\u000a\xc3\xa9\","
		"\"code\":\"1\\u0022,\\u0022user\\u0022:\\u0022root???\"}}\n");
	fake_start(&reply, 1);
	assert_int_equal(ask_about("\xff", "123456", LONG), VERIFY_FAILED);
	assert_fails("UTF-8");
	assert_int_equal(ask_about("alice", "", LONG), VERIFY_ANSWERED);
	assert_int_equal(ask_about("alice", " 123\t456 ", LONG), VERIFY_ANSWERED);
	memset(text, '7', sizeof text);
	text[TYPED_MAX + 1] = '\0';
	assert_int_equal(ask_about("alice", text, LONG), VERIFY_ANSWERED);
	fake_stop();
	assert_string_equal(text_of(FAKE_REQUESTS),
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"\"}}\n"
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"123456\"}}\n"
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":"
		"{\"user\":\"alice\",\"code\":\"\"}}\n");
}

static void a_silent_daemon_is_given_up(void **state)
{
	static const struct fake_reply silent[] = {{NULL, 0, FAKE_WAIT},
		{"{\"parameters\"", 13, FAKE_WAIT}, {ACCEPTED, sizeof ACCEPTED - 1, FAKE_WAIT}};

	(void)state;
	for (unsigned int i = 0; i < COUNT(silent); i++) {
		assert_int_equal(ask_once(&silent[i], SHORT), VERIFY_FAILED);
		assert_fails("no answer in time");
	}
}

/* Each byte comes in time, and the last one too late. */
static void the_time_limit_is_for_the_whole_answer(void **state)
{
	const struct fake_reply reply = {ACCEPTED, 0, FAKE_IN_PIECES};

	(void)state;
	calls.write_at_most = 1;
	assert_int_equal(ask_once(&reply, 200), VERIFY_FAILED);
	assert_fails("no answer in time");
}

/* The listener's queue is full, and nobody accepts connections. */
static void connecting_has_a_time_limit(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fillers[16], status = 0;
	unsigned int count = 0;

	(void)state;
	fake.listener = fake_listen(FAKE_SOCKET, 0);
	strcpy(address.sun_path, in_folder(FAKE_SOCKET));
	for (; status == 0 && count < COUNT(fillers); count++) {
		fillers[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		status = connect(
			fillers[count], (const struct sockaddr *)&address, sizeof address);
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(ask(SHORT), VERIFY_FAILED);
	assert_fails("no answer in time");
	while (count-- > 0)
		close(fillers[count]);
}

static void only_root_is_believed(void **state)
{
	(void)state;
	listener_uid = 1000;
	assert_int_equal(hear(ACCEPTED), VERIFY_FAILED);
	assert_fails("uid 1000 listens there");
	/* The code is not sent. */
	assert_string_equal(text_of(FAKE_REQUESTS), "(none)");
}

static void a_missing_daemon_is_reported(void **state)
{
	(void)state;
	assert_int_equal(ask(LONG), VERIFY_NO_SOCKET);
	assert_fails("No such file");
	assert_fails("systemctl status totp-verifyd.socket");
	fake.listener = fake_listen(FAKE_SOCKET, 1);
	close(fake.listener);
	fake.listener = -1;
	assert_int_equal(ask(LONG), VERIFY_FAILED);
	assert_fails("refused");
	unlink(in_folder(FAKE_SOCKET));
	put_file(FAKE_SOCKET, "", 0666);
	assert_int_equal(ask(LONG), VERIFY_FAILED);
	unlink(in_folder(FAKE_SOCKET));
	assert_int_equal(ask_once(&(struct fake_reply){NULL, 0, FAKE_HANG_UP_UNREAD}, LONG),
		VERIFY_FAILED);
}

static void an_impossible_path_is_refused(void **state)
{
	char path[VARLINK_PATH_MAX + 2];
	const struct verify_client client = {path, LONG};

	(void)state;
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[VARLINK_PATH_MAX + 1] = '\0';
	assert_int_equal(verify_client_ask(&client, "alice", "1", NULL, &result, &failure),
		VERIFY_FAILED);
	assert_fails("at most 107");
	path[VARLINK_PATH_MAX] = '\0';
	assert_int_equal(verify_client_ask(&client, "alice", "1", NULL, &result, &failure),
		VERIFY_NO_SOCKET);
	path[0] = 'x';
	assert_int_equal(verify_client_ask(&client, "alice", "1", NULL, &result, &failure),
		VERIFY_FAILED);
	assert_fails("absolute");
}

static enum verify_answer look(const char *text)
{
	const struct fake_reply reply = {text, 0, FAKE_HANG_UP};
	const struct verify_client client = {in_folder(FAKE_SOCKET), LONG};
	enum verify_answer answer;

	fake_start(&reply, 1);
	answer = verify_client_look(&client, &failure);
	fake_stop();
	return answer;
}

static void the_interface_is_recognized(void **state)
{
	(void)state;
	assert_int_equal(look("{\"parameters\":{\"vendor\":\"x\",\"interfaces\":"
			      "[\"org.varlink.service\",\"org.totpgroup.Verify\"]}}"),
		VERIFY_ANSWERED);
	assert_string_equal(
		text_of(FAKE_REQUESTS), "{\"method\":\"org.varlink.service.GetInfo\"}\n");
	assert_int_equal(look("{\"parameters\":{\"interfaces\":[\"io.systemd.Resolve\"]}}"),
		VERIFY_FAILED);
	assert_fails("something else");
	assert_int_equal(look("{\"parameters\":{}}"), VERIFY_FAILED);
	assert_int_equal(look("{\"error\":\"x\"}"), VERIFY_FAILED);
	assert_int_equal(look("x"), VERIFY_FAILED);
}

/* Each call of the client fails, once or always from then on. */
static void no_failure_is_an_acceptance(void **state)
{
	static const int errors[] = {EIO, ENOMEM, EINTR, EAGAIN, EACCES, ECONNRESET, 0};
	const struct fake_reply reply = {ACCEPTED, 0, FAKE_HANG_UP};
	unsigned int total, retried = 0;

	(void)state;
	fake_start(&reply, 1);
	calls_arm(0, 0);
	assert_int_equal(ask(LONG), VERIFY_ANSWERED);
	total = calls.count;
	assert_true(total >= 12);
	for (unsigned int e = 0; e < COUNT(errors); e++)
		for (unsigned int k = 1; k <= 2 * total; k++) {
			enum verify_answer answer;

			calls_arm((k + 1) / 2, errors[e]);
			calls.fail_for = k % 2 == 0 ? 1 : 1000000;
			answer = ask(1000);
			/* Only a call that may be repeated succeeds in the end. */
			if (answer == VERIFY_ANSWERED) {
				assert_true(errors[e] == EINTR || errors[e] == EAGAIN);
				assert_int_equal(calls.fail_for, 1);
				retried++;
			}
		}
	print_message("# %u calls, %u retried\n", total, retried);
	assert_true(retried > 0);
}

/* The daemon closes the connection between two calls: an error, and no SIGPIPE. */
static void a_closed_connection_fails(void **state)
{
	const struct fake_reply draft = {
		"{\"parameters\":{\"uri\":\"otpauth://x\",\"emergency_codes\":[]}}", 0,
		FAKE_HANG_UP};
	const struct verify_client client = {in_folder(FAKE_SOCKET), LONG};
	struct enroll_client enroll = ENROLL_CLIENT_INIT;
	struct pollfd closed = {-1, POLLRDHUP, 0};

	(void)state;
	fake_start(&draft, 1);
	assert_int_equal(enroll_client_begin(&enroll, &client, &failure), ENROLL_DONE);
	closed.fd = enroll.link.socket;
	assert_int_equal(poll(&closed, 1, -1), 1);
	assert_int_equal(enroll_client_confirm(&enroll, "123456", &failure), ENROLL_FAILED);
	assert_fails("Broken pipe");
	enroll_client_end(&enroll);
}

/* The time between two calls does not count. */
static void each_call_has_its_own_time_limit(void **state)
{
	const struct fake_reply replies[] = {
		{"{\"parameters\":{\"uri\":\"otpauth://x\",\"emergency_codes\":[]}}", 0,
			FAKE_WAIT},
		{ACCEPTED, 0, FAKE_WAIT}};
	const struct verify_client client = {in_folder(FAKE_SOCKET), LONG};
	struct enroll_client enroll = ENROLL_CLIENT_INIT;

	(void)state;
	fake_start(replies, 2);
	assert_int_equal(enroll_client_begin(&enroll, &client, &failure), ENROLL_DONE);
	clock_shows += 2 * LONG;
	assert_int_equal(enroll_client_confirm(&enroll, "123456", &failure), ENROLL_DONE);
	enroll_client_end(&enroll);
}

static const struct {
	const char *error;
	enum enroll_answer answer;
	const char *words;
} enroll_errors[] = {
	{"org.totpgroup.Verify.NotPermitted", ENROLL_NOT_PERMITTED, "only root may do that"},
	{"org.totpgroup.Verify.AlreadyEnrolled", ENROLL_ALREADY, "there is a secret already"},
	{"org.varlink.service.InvalidParameter", ENROLL_WRONG_CODE, "that is no code"},
	{"org.totpgroup.Verify.NotEnrolling", ENROLL_GIVEN_UP, "too many wrong codes"},
	{"org.totpgroup.Verify.StoreError", ENROLL_FAILED, "totp-verifyd"},
	{"org.example.Unknown", ENROLL_FAILED, "totp-verifyd"},
};

/* The same to the wish for a secret and to the code. */
static void each_error_of_an_enrollment_has_its_answer(void **state)
{
	char text[128];
	const struct fake_reply replies[] = {
		{"{\"parameters\":{\"uri\":\"otpauth://x\",\"emergency_codes\":[]}}", 0,
			FAKE_WAIT},
		{text, 0, FAKE_WAIT}};

	(void)state;
	for (unsigned int i = 0; i < COUNT(enroll_errors); i++) {
		const struct verify_client client = {in_folder(FAKE_SOCKET), LONG};
		struct enroll_client enroll = ENROLL_CLIENT_INIT;

		snprintf(text, sizeof text, "{\"error\":\"%s\",\"parameters\":{}}",
			enroll_errors[i].error);
		fake_start(&replies[1], 1);
		assert_int_equal(enroll_client_begin(&enroll, &client, &failure),
			enroll_errors[i].answer);
		assert_non_null(strstr(failure.message, enroll_errors[i].words));
		enroll_client_end(&enroll);
		fake_stop();
		enroll = (struct enroll_client)ENROLL_CLIENT_INIT;
		fake_start(replies, 2);
		assert_int_equal(enroll_client_begin(&enroll, &client, &failure), ENROLL_DONE);
		assert_int_equal(enroll_client_confirm(&enroll, "123456", &failure),
			enroll_errors[i].answer);
		assert_non_null(strstr(failure.message, enroll_errors[i].words));
		enroll_client_end(&enroll);
		fake_stop();
	}
}

/* It is shown on a terminal, and as a QR code. */
static void a_uri_that_is_none_is_refused(void **state)
{
	static const char *const uris[] = {"", "x", "https://example.org/", "OTPAUTH://totp/a",
		"otpauth://totp/\\u001b[2J", "otpauth://totp/\\n", "otpauth://totp/\\u009b"};
	char text[128];

	(void)state;
	for (unsigned int i = 0; i < COUNT(uris); i++) {
		const struct verify_client client = {in_folder(FAKE_SOCKET), LONG};
		const struct fake_reply reply = {text, 0, FAKE_HANG_UP};
		struct enroll_client enroll = ENROLL_CLIENT_INIT;

		snprintf(text, sizeof text,
			"{\"parameters\":{\"uri\":\"%s\",\"emergency_codes\":[]}}", uris[i]);
		fake_start(&reply, 1);
		assert_int_equal(
			enroll_client_begin(&enroll, &client, &failure), ENROLL_FAILED);
		assert_fails("makes no sense");
		assert_null(enroll.uri.data);
		enroll_client_end(&enroll);
		fake_stop();
	}
}

/* Makes one enrollment. True where the client says that it is stored. */
static bool enroll(int64_t milliseconds)
{
	char path[128];
	const struct verify_client client = {path, milliseconds};
	struct enroll_client enroll = ENROLL_CLIENT_INIT;
	unsigned int descriptors = count_descriptors();
	enum enroll_answer answer;

	assert_true(
		snprintf(path, sizeof path, "%s", in_folder(FAKE_SOCKET)) < (int)sizeof path);
	failure = (struct error)ERROR_INIT;
	calls.armed = true;
	answer = enroll_client_begin(&enroll, &client, &failure);
	if (answer == ENROLL_DONE) {
		assert_string_equal(enroll.uri.data, "otpauth://totp/a?secret=AAAA");
		assert_int_equal(enroll.codes.count, 2);
		assert_string_equal(enroll.codes.code[1], "87654321");
		answer = enroll_client_confirm(&enroll, "12 34 56", &failure);
	}
	enroll_client_end(&enroll);
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	assert_true(answer == ENROLL_DONE || failure.code != 0);
	return answer == ENROLL_DONE;
}

static void no_failure_is_an_enrollment(void **state)
{
	static const int errors[] = {EIO, ENOMEM, EINTR, ECONNRESET};
	const struct fake_reply replies[] = {
		{"{\"parameters\":{\"uri\":\"otpauth:\\/\\/totp/a?secret=AAAA\","
		 "\"secret\":\"AAAA\",\"emergency_codes\":[\"12345678\",\"87654321\"]}}",
			0, FAKE_HANG_UP},
		{ACCEPTED, 0, FAKE_HANG_UP}};
	unsigned int total;

	(void)state;
	fake_start(replies, 2);
	calls_arm(0, 0);
	assert_true(enroll(LONG));
	total = calls.count;
	assert_true(total >= 18);
	for (unsigned int e = 0; e < COUNT(errors); e++)
		for (unsigned int k = 1; k <= 2 * total; k++) {
			calls_arm((k + 1) / 2, errors[e]);
			calls.fail_for = k % 2 == 0 ? 1 : 1000000;
			assert_true(!enroll(1000) || errors[e] == EINTR);
		}
	fake_stop();
	print_message("# %u calls\n", total);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_verdict_is_read),
		TEST(a_reason_has_its_name_in_the_log),
		TEST(an_answer_may_come_in_pieces),
		TEST(malformed_answers_are_no_verdict),
		TEST(cut_or_damaged_answers_are_no_verdict),
		TEST(anything_after_a_reply_is_refused),
		TEST(each_error_has_a_sentence),
		TEST(a_typed_code_is_sent_as_a_string),
		TEST(a_silent_daemon_is_given_up),
		TEST(the_time_limit_is_for_the_whole_answer),
		TEST(connecting_has_a_time_limit),
		TEST(only_root_is_believed),
		TEST(a_missing_daemon_is_reported),
		TEST(an_impossible_path_is_refused),
		TEST(the_interface_is_recognized),
		TEST(no_failure_is_an_acceptance),
		TEST(a_closed_connection_fails),
		TEST(each_error_of_an_enrollment_has_its_answer),
		TEST(a_uri_that_is_none_is_refused),
		TEST(each_call_has_its_own_time_limit),
		TEST(no_failure_is_an_enrollment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
