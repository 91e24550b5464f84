/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that the module makes in a login with store=socket fails in turn. */

#include "config.h"

#include <poll.h>

#include "sweep.h"

#include "../stack/expect_login.h"
#include "../stack/fake_listener.h"

#define REPLY(result) "{\"parameters\":{\"result\":\"" result "\",\"retry_after\":0}}"

INTERPOSE(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
INTERPOSE(int, connect, (int fd, const struct sockaddr *address, socklen_t size),
	(fd, address, size), -1)
INTERPOSE(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
	(fd, level, name, value, size), -1)
INTERPOSE(
	int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout), -1)
INTERPOSE(ssize_t, send, (int fd, const void *data, size_t size, int flags),
	(fd, data, size, flags), -1)
INTERPOSE(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags),
	-1)

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	if (call_fails(__builtin_return_address(0), "getsockopt"))
		return -1;
	return fake_credentials(fd, level, name, value, size);
}

/* The time since the boot says only how old a remembered code is. */
int clock_gettime(clockid_t id, struct timespec *now)
{
	static int (*real)(clockid_t id, struct timespec * now);
	const char *name = id == CLOCK_BOOTTIME ? "clock_gettime_since_boot" : "clock_gettime";

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	return call_fails(__builtin_return_address(0), name) ? -1 : real(id, now);
}

static bool time_fails(void *caller)
{
	return call_fails(caller, "time");
}

static int teardown(void **state)
{
	fake_stop();
	return stack_teardown(state);
}

/* Makes one login in which call number k and the next fail_for - 1 calls fail. Returns the
 * number of calls. */
static unsigned int fail_calls(unsigned int k, unsigned int fail_for, int error)
{
	unsigned int descriptors = count_entries("../../proc/self/fd");
	char identity[8192];

	strcpy(identity, stack_identity());
	calls.count = calls.hmac_count = 0;
	calls.fail_at = k;
	calls.fail_for = fail_for;
	calls.error = error;
	calls.failed = NULL;
	calls.live_count = 0;
	stack_on_time = time_fails;
	calls.armed = true;
	stack_log_in("alice", "123456");
	calls.armed = false;
	assert_int_equal(calls.live_count, 0);
	assert_int_equal(count_entries("../../proc/self/fd"), descriptors);
	assert_string_equal(stack_identity(), identity);
	return calls.count;
}

/* The calls that a login needs, from the prompt on. The first ones are always made. */
#define ALWAYS_MADE 9
static const char *const needed[] = {"pam_prompt", "socket", "connect", "setsockopt",
	"getsockopt", "poll", "send", "recv", "clock_gettime", "malloc", "calloc", "realloc",
	"strdup", "getpwnam_r"};
static bool has_failed[COUNT(needed)];

static bool is_needed(const char *failed)
{
	for (unsigned int i = 0; failed != NULL && i < COUNT(needed); i++)
		if (strcmp(failed, needed[i]) == 0)
			return has_failed[i] = true;
	return false;
}

static unsigned int fail_each_call(const char *options, const char *reply, int expected)
{
	const struct fake_reply replies[] = {{reply, 0, FAKE_HANG_UP}};
	unsigned int total, let_in = 0;
	char line[128];

	snprintf(line, sizeof line, "group=totp store=socket:@D/" FAKE_SOCKET " %s", options);
	stack_options(line);
	fake_look = "{\"parameters\":{\"result\":\"ask\"}}";
	fake_start(replies, 1);
	total = fail_calls(0, 0, 0);
	assert_int_equal(stack_last.result, expected);
	for (struct sweep sweep = sweep_begin(total, SWEEP_BOTH); sweep_next(&sweep);) {
		(void)fail_calls(sweep.at, sweep.fail_for, sweep.error);
		assert_int_not_equal(stack_last.result, PAM_IGNORE);
		if (is_needed(calls.failed) && stack_last.result == PAM_SUCCESS &&
			!sweep_is_repeated(&sweep))
			fail_msg("let in by %s: %s", calls.failed, strerror(sweep.error));
		let_in += stack_last.result == PAM_SUCCESS;
	}
	fake_stop();
	print_message("# %u calls, let in %u times\n", total, let_in);
	assert_true(total > 25);
	return let_in;
}

static void no_failure_lets_in(void **state)
{
	(void)state;
	(void)fail_each_call("", REPLY("accepted"), PAM_SUCCESS);
	for (unsigned int i = 0; i < ALWAYS_MADE; i++)
		assert_true(has_failed[i]);
	assert_int_equal(fail_each_call("", REPLY("refused"), PAM_AUTH_ERR), 0);
	assert_int_equal(fail_each_call("", "x", PAM_AUTHINFO_UNAVAIL), 0);
	(void)fail_each_call("forward_pass",
		"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0,\"code_length\":6}"
		"}",
		PAM_SUCCESS);
	assert_int_equal(
		fail_each_call("forward_pass", REPLY("accepted"), PAM_AUTHINFO_UNAVAIL), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_failure_lets_in, stack_setup, teardown),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
