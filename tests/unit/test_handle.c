/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions on the users of this host. */

#include "config.h"

#include "user_store_support.h"

static totpgroup_handle *handle;

/* Replaces the function of the C library: every gid has a group. */
int getgrgid_r(gid_t gid, struct group *entry, char *strings, size_t size, struct group **found)
{
	static char *members[] = {NULL};

	(void)snprintf(strings, size, "a-group");
	*entry = (struct group){.gr_name = strings, .gr_gid = gid, .gr_mem = members};
	*found = entry;
	return 0;
}

static void open_handle(const char *lines)
{
	configure(lines);
	totpgroup_close(handle);
	assert_int_equal(totpgroup_open(&handle, in_folder("totpgroup.conf")), 0);
	assert_string_equal(totpgroup_message(handle), "");
}

static struct totpgroup_request request_of(const char *user, const char *code)
{
	struct totpgroup_request request = TOTPGROUP_REQUEST_INIT;

	request.user = user;
	request.code = code;
	return request;
}

/* Calls totpgroup_verify() with a result that says accepted before. */
static struct totpgroup_result ask(const struct totpgroup_request *request, int expected)
{
	struct totpgroup_result result;

	memset(&result, 0xff, sizeof result);
	result.verdict = TOTPGROUP_ACCEPTED;
	assert_int_equal(totpgroup_verify(handle, request, &result), expected);
	if (expected != 0) {
		assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
		assert_string_not_equal(totpgroup_message(handle), "");
	}
	assert_false(result.changed);
	assert_own_rights();
	return result;
}

static struct totpgroup_result look(const struct totpgroup_request *request, int expected)
{
	struct totpgroup_result result;

	memset(&result, 0xff, sizeof result);
	assert_int_equal(totpgroup_look(handle, request, &result), expected);
	return result;
}

static void a_code_is_accepted_once(void **state)
{
	const struct totpgroup_request request = request_of("alice", "1234 5678");

	(void)state;
	put_secret("alice", TEXT);
	assert_int_equal(ask(&request, 0).verdict, TOTPGROUP_ACCEPTED);
	assert_string_equal(totpgroup_message(handle), "");
	assert_int_equal(ask(&request, 0).reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_string_equal(text_of("home/alice/.google_authenticator"), SECRET "\n87654321\n");
}

static void a_refusal_has_a_reason_and_a_message(void **state)
{
	struct totpgroup_request request = request_of("alice", "12345678");

	(void)state;
	assert_int_equal(
		ask(&request, TOTPGROUP_ENOTFOUND).reason, TOTPGROUP_REASON_NOT_ENROLLED);
	put_secret("alice", TEXT);
	assert_int_equal(chmod(in_folder("home/alice/.google_authenticator"), 0644), 0);
	assert_int_equal(ask(&request, TOTPGROUP_EUNSAFE).reason, TOTPGROUP_REASON_BAD_FILE);
	assert_non_null(strstr(totpgroup_message(handle), "mode 0644"));
	put_secret("alice", "damaged!\n");
	assert_int_equal(ask(&request, 0).reason, TOTPGROUP_REASON_BAD_FILE);
	assert_string_not_equal(totpgroup_message(handle), "");
	request.code = NULL;
	ask(&request, TOTPGROUP_EARGUMENT);
	request = request_of(NULL, "12345678");
	ask(&request, TOTPGROUP_EARGUMENT);
	request = request_of("nobody-knows", "12345678");
	ask(&request, TOTPGROUP_ENOTFOUND);
}

/* Data that this library does not know is refused, and not overlooked. */
static void requests_of_other_sizes_are_read_or_refused(void **state)
{
	struct {
		struct totpgroup_request request;
		const char *later;
	} newer = {request_of("alice", "12345678"), NULL};

	(void)state;
	put_secret("alice", TEXT);
	newer.request.size = 0;
	ask(&newer.request, TOTPGROUP_EARGUMENT);
	newer.request.size = sizeof newer.request - 1;
	ask(&newer.request, TOTPGROUP_EARGUMENT);
	/* Memory that was not initialized. */
	newer.request.size = SIZE_MAX / 2;
	ask(&newer.request, TOTPGROUP_EARGUMENT);
	newer.request.size = sizeof newer;
	newer.later = "something";
	ask(&newer.request, TOTPGROUP_EARGUMENT);
	assert_string_equal(text_of("home/alice/.google_authenticator"), TEXT);
	newer.later = NULL;
	assert_int_equal(ask(&newer.request, 0).verdict, TOTPGROUP_ACCEPTED);
}

static void grace_is_for_a_service_and_a_peer(void **state)
{
	struct totpgroup_request request = request_of("alice", "12345678");

	(void)state;
	open_handle("grace_period=60\n");
	put_secret("alice", TEXT);
	request.service = "web";
	request.peer = "name.example";
	ask(&request, TOTPGROUP_EARGUMENT);
	request.peer = "::ffff:192.0.2.7";
	assert_int_equal(look(&request, 0).reason, TOTPGROUP_REASON_NONE);
	assert_int_equal(ask(&request, 0).verdict, TOTPGROUP_ACCEPTED);
	request.code = NULL;
	request.peer = "192.0.2.7";
	assert_int_equal(look(&request, 0).verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(look(&request, 0).method, TOTPGROUP_METHOD_GRACE);
	request.peer = "192.0.2.8";
	assert_int_equal(look(&request, 0).verdict, TOTPGROUP_REFUSED);
	request.peer = "192.0.2.7";
	request.service = NULL;
	assert_int_equal(look(&request, 0).verdict, TOTPGROUP_REFUSED);
	/* Without a service nothing is recorded. */
	request = request_of("alice", "87654321");
	request.peer = "192.0.2.9";
	assert_int_equal(ask(&request, 0).verdict, TOTPGROUP_ACCEPTED);
	assert_null(strstr(text_of("home/alice/.google_authenticator"), "192.0.2.9"));
}

static void looking_counts_no_attempt(void **state)
{
	struct totpgroup_request request = request_of("alice", "000000");
	struct totpgroup_result result;

	(void)state;
	put_secret("alice", SECRET "\n\" RATE_LIMIT 1 3600\n\" TOTP_AUTH\n");
	assert_int_equal(look(&request, 0).reason, TOTPGROUP_REASON_NONE);
	assert_int_equal(look(&request, 0).reason, TOTPGROUP_REASON_NONE);
	assert_int_equal(ask(&request, 0).reason, TOTPGROUP_REASON_WRONG_CODE);
	result = look(&request, 0);
	assert_int_equal(result.reason, TOTPGROUP_REASON_RATE_LIMITED);
	assert_true(result.retry_after > 0 && result.retry_after <= 3601);
	request.user = "bob";
	assert_int_equal(look(&request, TOTPGROUP_ENOTFOUND).verdict, TOTPGROUP_REFUSED);
}

static void the_status_is_that_of_the_credential(void **state)
{
	struct totpgroup_status status = TOTPGROUP_STATUS_INIT;

	(void)state;
	assert_int_equal(totpgroup_status(handle, "alice", &status), TOTPGROUP_ENOTFOUND);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_UNKNOWN);
	put_secret("alice", SECRET
		"\n\" DEVICE GEZDGNBVGY3TQOJQ tablet\n"
		"\" TOTP_AUTH\n\" DISALLOW_REUSE 56666667\n\" RATE_LIMIT 3 30 1700000015\n"
		"12345678\n87654321\n");
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.size, sizeof status);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_GIVEN);
	assert_int_equal(status.method, TOTPGROUP_METHOD_TOTP);
	assert_string_equal(status.algorithm, "SHA1");
	assert_int_equal(status.digits, 6);
	assert_int_equal(status.period, 30);
	assert_int_equal(status.emergency_codes, 2);
	assert_int_equal(status.devices, 2);
	assert_false(status.limited);
	assert_int_equal(status.last_accepted, INT64_C(56666667) * 30);
	assert_int_equal(status.last_attempt, 1700000015);
	put_secret("alice", SECRET "\n\" PENDING_UNTIL 1700000000\n\" HOTP_COUNTER 1\n");
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_EXPIRED);
	assert_int_equal(status.pending_until, 1700000000);
	assert_int_equal(status.method, TOTPGROUP_METHOD_HOTP);
	assert_int_equal(status.period, 0);
	put_secret("alice", SECRET "\n\" PENDING_UNTIL 9900000000\n12345678\n");
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_PENDING);
	assert_int_equal(status.method, TOTPGROUP_METHOD_EMERGENCY);
	status.size = 1;
	assert_int_equal(totpgroup_status(handle, "alice", &status), TOTPGROUP_EARGUMENT);
	status.size = SIZE_MAX / 2;
	assert_int_equal(totpgroup_status(handle, "alice", &status), TOTPGROUP_EARGUMENT);
}

static bool must_ask(const struct totpgroup_request *request, int expected)
{
	bool must = false;

	assert_int_equal(totpgroup_must_ask(handle, request, &must), expected);
	if (expected != 0)
		assert_true(must);
	return must;
}

static void the_configuration_says_who_must_give_a_code(void **state)
{
	struct totpgroup_request request = request_of("alice", NULL);
	char lines[128];

	(void)state;
	assert_true(must_ask(&request, 0));
	snprintf(lines, sizeof lines, "group=%u\n", gid_of("alice"));
	open_handle(lines);
	assert_true(must_ask(&request, 0));
	snprintf(lines, sizeof lines, "group=!%u\n", gid_of("alice"));
	open_handle(lines);
	assert_false(must_ask(&request, 0));
	request.user = "nobody-knows";
	assert_true(must_ask(&request, 0));
	request.user = "alice";
	open_handle("skip_net=192.0.2.0/24,local\n");
	assert_true(must_ask(&request, 0));
	request.peer = "192.0.2.7";
	assert_false(must_ask(&request, 0));
	request.peer = "198.51.100.7";
	assert_true(must_ask(&request, 0));
	open_handle("services=sshd,web\n");
	must_ask(&request, TOTPGROUP_EARGUMENT);
	request.service = "web";
	assert_true(must_ask(&request, 0));
	request.service = "other";
	assert_false(must_ask(&request, 0));
	open_handle("group=no-such-group-here\n");
	must_ask(&request, TOTPGROUP_EGROUP);
	open_handle("skip_net=nonsense\n");
	must_ask(&request, TOTPGROUP_ECONFIG);
	request.user = NULL;
	must_ask(&request, TOTPGROUP_EARGUMENT);
}

/* Each function returns the error. */
static void a_handle_without_a_configuration_refuses(void **state)
{
	const struct totpgroup_request request = request_of("alice", "12345678");
	struct totpgroup_status status = TOTPGROUP_STATUS_INIT;
	char message[320];

	(void)state;
	put_secret("alice", TEXT);
	totpgroup_close(handle);
	put_file("totpgroup.conf", "secrets=/x\n", 0600);
	assert_int_equal(
		totpgroup_open(&handle, in_folder("totpgroup.conf")), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(totpgroup_message(handle), "secret"));
	snprintf(message, sizeof message, "%s", totpgroup_message(handle));
	ask(&request, TOTPGROUP_ECONFIG);
	look(&request, TOTPGROUP_ECONFIG);
	assert_int_equal(totpgroup_status(handle, "alice", &status), TOTPGROUP_ECONFIG);
	assert_string_equal(totpgroup_message(handle), message);
	totpgroup_close(handle);
	assert_int_equal(totpgroup_open(&handle, "relative.conf"), TOTPGROUP_EUNSAFE);
	totpgroup_close(handle);
	assert_int_equal(totpgroup_open(&handle, in_folder("none.conf")), TOTPGROUP_ENOTFOUND);
	totpgroup_close(handle);
	handle = NULL;
	totpgroup_close(NULL);
	assert_string_equal(totpgroup_message(NULL), totpgroup_strerror(TOTPGROUP_EMEMORY));
}

/* Each allocation fails in turn. */
static void no_code_is_accepted_without_memory_unless_it_is_spent(void **state)
{
	const struct totpgroup_request request = request_of("alice", "12345678");
	struct totpgroup_result result;
	unsigned int total = 1;

	(void)state;
	for (unsigned int k = 1; k <= total; k++) {
		totpgroup_handle *other;
		int status;

		put_secret("alice", TEXT);
		calls_arm(k, ENOMEM);
		status = totpgroup_open(&other, in_folder("totpgroup.conf"));
		memset(&result, 0xff, sizeof result);
		if (other != NULL)
			status = totpgroup_verify(other, &request, &result);
		calls_disarm();
		total = k == 1 ? 200 : total;
		if (status == 0 && result.verdict == TOTPGROUP_ACCEPTED)
			assert_string_equal(text_of("home/alice/.google_authenticator"),
				SECRET "\n87654321\n");
		totpgroup_close(other);
	}
}

static int set_up(void **state)
{
	int status = setup(state);

	handle = NULL;
	open_handle("");
	return status;
}

static int tear_down(void **state)
{
	totpgroup_close(handle);
	handle = NULL;
	return teardown(state);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_accepted_once),
		TEST(a_refusal_has_a_reason_and_a_message),
		TEST(requests_of_other_sizes_are_read_or_refused),
		TEST(grace_is_for_a_service_and_a_peer),
		TEST(looking_counts_no_attempt),
		TEST(the_status_is_that_of_the_credential),
		TEST(the_configuration_says_who_must_give_a_code),
		TEST(a_handle_without_a_configuration_refuses),
		TEST(no_code_is_accepted_without_memory_unless_it_is_spent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
