/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every call that the module makes in a login fails in turn. */

#include "config.h"

#include "sweep.h"

#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"

#define HEAD STACK_SECRET "\n"
#define TAIL "\" TOTP_AUTH\n12345678\n"

/* STACK_SECRET's by the counter 5. */
#define COUNTER_CODE "523004"

/* A login, and its allowed results when something fails. */
struct scenario {
	const char *name;
	const char *options;
	const char *user;
	const char *answer; /* NULL for the right code of now */
	const char *before; /* the secret file; NULL for none */
	const char *after;  /* the file when nothing fails, and whenever it lets in */
	int result;	    /* when nothing fails */
	bool may_skip;	    /* PAM_IGNORE is allowed if the gate did not fail */
};

#define REUSE "\" DISALLOW_REUSE\n"
#define LAST  "\" LAST0 192.0.2.7 1700000025 test\n"
#define SPENT "\" DISALLOW_REUSE 56666667\n"

#define SERVICES   "services=sshd group=totp"
#define STATE	   "home/apart/alice"
#define FIRST_SEEN "nullok_for=1d first_seen=@D/seen/${USER}"

static const struct scenario scenarios[] = {
	{"a right code", "", "alice", NULL, HEAD REUSE TAIL, HEAD SPENT TAIL, PAM_SUCCESS,
		false},
	{"everything at once", "group=totp,!exempt grace_period=60 debug nullok", "alice", NULL,
		HEAD "\" RATE_LIMIT 3 30\n" REUSE TAIL,
		HEAD "\" LAST0 192.0.2.7 1700000025 test\n\" RATE_LIMIT 3 30 1700000025\n" SPENT
			TAIL,
		PAM_SUCCESS, false},
	{"an emergency code", "nullok", "alice", "12345678", HEAD TAIL, HEAD "\" TOTP_AUTH\n",
		PAM_SUCCESS, false},
	{"a password and a code", "forward_pass", "alice", "x12345678", HEAD TAIL,
		HEAD "\" TOTP_AUTH\n", PAM_SUCCESS, false},
	{"a read-only state", "allow_readonly", "alice", "12345678", HEAD TAIL,
		HEAD "\" TOTP_AUTH\n", PAM_SUCCESS, false},
	{"a code by counter", "", "alice", COUNTER_CODE, HEAD "\" HOTP_COUNTER 5\n12345678\n",
		HEAD "\" HOTP_COUNTER 6\n12345678\n", PAM_SUCCESS, false},
	{"a wrong code", "nullok", "alice", "000000", HEAD TAIL, NULL, PAM_AUTH_ERR, false},
	{"a wrong code counted", "", "alice", "000000", HEAD "\" RATE_LIMIT 3 30\n" TAIL, NULL,
		PAM_AUTH_ERR, false},
	{"a spent code", "", "alice", NULL, HEAD SPENT TAIL, NULL, PAM_AUTH_ERR, false},
	{"a spent code tracked by force", "disallow_reuse", "alice", NULL, HEAD SPENT TAIL,
		NULL, PAM_AUTH_ERR, false},
	{"one attempt too many", "", "alice", "12345678",
		HEAD "\" RATE_LIMIT 1 30 1700000024\n" TAIL, NULL, PAM_AUTH_ERR, false},
	{"grace that is over", "grace_period=10", "alice", "000000",
		HEAD "\" LAST0 192.0.2.7 1700000000\n" TAIL, NULL, PAM_AUTH_ERR, false},
	{"no secret", "", "bob", "000000", NULL, NULL, PAM_AUTH_ERR, false},
	{"nobody", "nullok", "nobody-knows", "000000", NULL, NULL, PAM_AUTH_ERR, false},
	{"nobody behind a gate", "group=totp nullok", "nobody-knows", "000000", NULL, NULL,
		PAM_AUTH_ERR, false},
	{"a group that is missing", "group=nosuch", "bob", "000000", NULL, NULL,
		PAM_SERVICE_ERR, false},
	{"not in the group", "group=totp", "bob", "000000", NULL, NULL, PAM_IGNORE, true},
	{"exempt", "group=totp,!30002", "carol", "000000", NULL, NULL, PAM_IGNORE, true},
	{"a skipped network", "group=totp skip_net=192.0.2.0/24", "alice", "000000", NULL, NULL,
		PAM_IGNORE, true},
	{"another service", SERVICES, "alice", "000000", NULL, NULL, PAM_IGNORE, true},
	{"before the day", "nullok_until=2030-01-01", "bob", "000000", NULL, NULL, PAM_IGNORE,
		true},
	{"seen for the first time", FIRST_SEEN, "bob", "000000", NULL, NULL, PAM_IGNORE, true},
	{"after the day", "nullok_until=2020-01-01", "bob", "000000", NULL, NULL, PAM_AUTH_ERR,
		false},
	{"not in the group of a file", "conf=@D/conf/t.conf", "bob", "000000", NULL, NULL,
		PAM_IGNORE, true},
	{"a right code by a file", "conf=@D/conf/t.conf debug", "alice", NULL, HEAD REUSE TAIL,
		HEAD SPENT TAIL, PAM_SUCCESS, false},
	{"skipped without a secret", "nullok", "bob", "000000", NULL, NULL, PAM_IGNORE, true},
};

/* Whether a failure of this call must not skip the question for a code. */
static bool decides_about_skipping(const char *failed)
{
	static const char *const names[] = {"getgrnam_r", "getgrgid_r", "malloc", "strdup",
		"strndup", "realloc", "getpwnam_r", "getpwuid_r", "pam_modutil_drop_priv",
		"pam_modutil_regain_priv", "pam_get_user", "openat", "readlinkat",
		"__readlinkat_chk", "fstat", "read", "__read_chk", "getdents64"};

	for (unsigned int i = 0; failed != NULL && i < COUNT(names); i++)
		if (strcmp(failed, names[i]) == 0)
			return true;
	return false;
}

/* The log has one line that says how the login went, and says more only of what debug asks for and of
 * what the configuration or a lookup lacks. */
static void check_log(void)
{
	unsigned int outcomes = 0;

	for (const char *line = stack_log; *line != '\0'; line = strchr(line, '\n') + 1)
		outcomes += strncmp(line + 3, "accepted ", 9) == 0 ||
			    strncmp(line + 3, "refused ", 8) == 0 ||
			    strncmp(line + 3, "skipped ", 8) == 0;
	if (outcomes != 1)
		fail_msg("%u outcomes of %s in the log: %s", outcomes, calls.failed, stack_log);
}

static bool is_unwritable(int error)
{
	return error == EROFS || error == EACCES || error == EPERM || error == ENOSPC ||
	       error == EDQUOT;
}

static unsigned int count_descriptors(void)
{
	return count_entries("../../proc/self/fd");
}

static char user_file[64];

/* Without PAM_RHOST no host is recorded. */
static bool is_spent(const char *text, const char *expected)
{
	const char *last = strstr(expected, LAST);
	size_t before = last != NULL ? (size_t)(last - expected) : 0;

	if (strcmp(text, expected) == 0)
		return true;
	return last != NULL && strcmp(calls.failed, "pam_get_item") == 0 &&
	       strncmp(text, expected, before) == 0 &&
	       strcmp(text + before, last + strlen(LAST)) == 0;
}

/* The bytes of a state that is there before the login; none of them: it is missing. */
static char state_before[8192];
static size_t state_length;

static void put_state(void)
{
	FILE *file;

	make_folder("home/apart", 0700);
	file = fopen(in_folder(STATE), "we");
	assert_non_null(file);
	assert_int_equal(fwrite(state_before, 1, state_length, file), state_length);
	fclose(file);
	assert_int_equal(chmod(in_folder(STATE), 0600), 0);
}

static void put_before(const struct scenario *scenario)
{
	snprintf(user_file, sizeof user_file, "home/%s/.google_authenticator", scenario->user);
	unlink(in_folder(user_file));
	unlink(in_folder(STATE));
	rmdir(in_folder("home/apart"));
	unlink(in_folder("seen/bob"));
	rmdir(in_folder("seen"));
	if (scenario->before != NULL)
		stack_put_secret(scenario->user, scenario->before);
	if (state_length > 0)
		put_state();
}

/* Some scenarios have conf= with this configuration. */
static int setup(void **state)
{
	int status = stack_setup(state);

	make_folder("conf", 0755);
	make_folder("conf/t.conf.d", 0755);
	put_file("conf/t.conf", "# totp\ngroup=staff\n[enroll]\ndigits=8\n", 0644);
	put_file("conf/t.conf.d/1.conf", "group=totp\n", 0644);
	return status;
}

static int teardown(void **state)
{
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return stack_teardown(state);
}

static bool time_fails(void *caller)
{
	return call_fails(caller, "time");
}

/* Checks that the file is whole, has all codes that were spent before, and is alone. */
static void check_file(const struct scenario *scenario)
{
	const char *text = text_of(user_file);
	const char *tail = strstr(text, TAIL);
	char folder[64];

	if (scenario->before == NULL) {
		assert_string_equal(text, "(none)");
		return;
	}
	if (strstr(scenario->before, "HOTP_COUNTER") != NULL) {
		assert_true(strcmp(text, scenario->before) == 0 ||
			    strcmp(text, scenario->after) == 0);
		return;
	}
	if (tail == NULL)
		tail = strstr(text, "\" TOTP_AUTH\n");
	assert_memory_equal(text, HEAD, strlen(HEAD));
	assert_non_null(tail);
	assert_true(strcmp(tail, TAIL) == 0 || strcmp(tail, "\" TOTP_AUTH\n") == 0);
	if (strstr(scenario->before, SPENT) != NULL)
		assert_non_null(strstr(text, SPENT));
	if (strstr(scenario->before, "RATE_LIMIT") != NULL)
		assert_non_null(strstr(text, "RATE_LIMIT"));
	snprintf(folder, sizeof folder, "home/%s", scenario->user);
	assert_int_equal(count_entries(folder), 1);
}

static void check_skip(const struct scenario *scenario, const struct sweep *sweep)
{
	int error = sweep->error;
	bool noted = strcmp(scenario->options, FIRST_SEEN) == 0;

	if (noted)
		assert_string_equal(text_of("seen/bob"), "1700000025\n");
	/* services= does not depend on the user. A call that fails with EACCES is repeated with
	 * all groups of the user, and succeeds if no more calls fail. */
	if (strcmp(scenario->options, SERVICES) != 0 &&
		!(calls.fail_for == 1 && error == EACCES) && !(noted && error == EACCES) &&
		!sweep_is_answer(sweep) && !sweep_is_repeated(sweep) &&
		decides_about_skipping(calls.failed))
		fail_msg("skipped by %s: %s", calls.failed, strerror(error));
}

static void check_result(const struct scenario *scenario, const struct sweep *sweep)
{
	int error = sweep->error;
	const char *text = text_of(user_file);
	bool forgiven = strstr(scenario->options, "allow_readonly") != NULL &&
			is_unwritable(error) && strstr(stack_log, "unrecorded user=") != NULL;

	switch (stack_last.result) {
	case PAM_SUCCESS:
		assert_int_equal(scenario->result, PAM_SUCCESS);
		if (!forgiven && !is_spent(text, scenario->after))
			fail_msg("let in by %s, with %s", calls.failed, text);
		/* The next module must have its password. */
		assert_false(calls.failed != NULL && strcmp(calls.failed, "pam_set_item") == 0);
		break;
	case PAM_IGNORE:
		if (sweep_is_answer(sweep) && strstr(scenario->options, "nullok") != NULL)
			break;
		if (!scenario->may_skip)
			fail_msg("skipped by %s: %s", calls.failed, strerror(error));
		check_skip(scenario, sweep);
		break;
	case PAM_AUTH_ERR:
	case PAM_SERVICE_ERR:
	case PAM_AUTHINFO_UNAVAIL:
		break;
	default:
		fail_msg("result %d", stack_last.result);
	}
}

/* Makes one login in which call number k and the next fail_for - 1 calls fail. Returns the
 * number of calls. */
static unsigned int fail_calls(
	const struct scenario *scenario, unsigned int k, unsigned int fail_for, int error)
{
	unsigned int descriptors = count_descriptors();
	char identity[8192];

	put_before(scenario);
	strcpy(identity, stack_identity());
	calls.count = calls.hmac_count = 0;
	calls.fail_at = k;
	calls.fail_for = fail_for;
	calls.error = error;
	calls.failed = NULL;
	calls.live_count = 0;
	stack_on_time = time_fails;
	calls.armed = true;
	stack_log_in(
		scenario->user, scenario->answer != NULL ? scenario->answer : stack_code(0));
	calls.armed = false;
	assert_int_equal(calls.live_count, 0);
	assert_int_equal(count_descriptors(), descriptors);
	assert_string_equal(stack_identity(), identity);
	return calls.count;
}

/* Runs the scenario without failures. Returns the number of calls. */
static unsigned int run_undisturbed(const struct scenario *scenario)
{
	unsigned int total;

	stack_options(scenario->options);
	total = fail_calls(scenario, 0, 0, 0);
	assert_int_equal(stack_last.result, scenario->result);
	if (scenario->after != NULL)
		assert_string_equal(text_of(user_file), scenario->after);
	return total;
}

static void fail_each_call(const struct scenario *scenario, enum sweep_duration duration)
{
	unsigned int total = run_undisturbed(scenario);
	struct sweep sweep = sweep_begin(total, duration);

	assert_true(total >= 5);
	while (sweep_next(&sweep)) {
		(void)fail_calls(scenario, sweep.at, sweep.fail_for, sweep.error);
		check_result(scenario, &sweep);
		check_log();
		if (sweep.fail_for == 1)
			check_file(scenario);
	}
	print_message("# %s: %u calls, %u logins\n", scenario->name, total, sweep.runs);
}

static void a_single_failure_lets_nobody_in(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(scenarios); i++)
		fail_each_call(&scenarios[i], SWEEP_ONCE);
}

static void a_failure_that_lasts_lets_nobody_in(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(scenarios); i++)
		fail_each_call(&scenarios[i], SWEEP_LASTING);
}

/* Each accepted login is recorded in the state, and the secret is never changed. */
static void fail_each_call_with_a_state_apart(const char *name, unsigned int calls_min)
{
	const struct scenario apart = {name, "nullok state=@D/home/apart/${USER}", "alice",
		NULL, HEAD REUSE TAIL, NULL, PAM_SUCCESS, false};
	unsigned int total = run_undisturbed(&apart), let_in = 0;

	for (struct sweep sweep = sweep_begin(total, SWEEP_BOTH); sweep_next(&sweep);) {
		(void)fail_calls(&apart, sweep.at, sweep.fail_for, sweep.error);
		assert_string_equal(text_of(user_file), apart.before);
		if (!sweep_is_answer(&sweep))
			assert_int_not_equal(stack_last.result, PAM_IGNORE);
		check_log();
		if (stack_last.result != PAM_SUCCESS)
			continue;
		let_in++;
		assert_non_null(strstr(state_of(STATE), SPENT));
	}
	print_message("# %s: %u calls, let in %u times\n", apart.name, total, let_in);
	assert_true(total > calls_min && let_in > 0);
}

static void a_separate_state_records_each_accepted_login(void **state)
{
	(void)state;
	state_length = 0;
	fail_each_call_with_a_state_apart("a state apart", 60);
}

static void whatever_fails_with_a_state_that_is_there(void **state)
{
	FILE *file;

	(void)state;
	stack_options("state=@D/home/apart/${USER}");
	stack_put_secret("alice", HEAD REUSE TAIL);
	assert_int_equal(stack_log_in("alice", "12345678"), PAM_SUCCESS);
	file = fopen(in_folder(STATE), "re");
	assert_non_null(file);
	state_length = fread(state_before, 1, sizeof state_before, file);
	fclose(file);
	fail_each_call_with_a_state_apart("a state that is there", 40);
	state_length = 0;
}

/* The module behind sees the password alone only when the code behind it is spent. */
static void a_code_that_was_not_needed_is_cut_off_only_when_it_is_spent(void **state)
{
	static const struct scenario unasked = {"a code that was not needed", "", "alice",
		"x12345678", HEAD TAIL, HEAD "\" TOTP_AUTH\n", PAM_SUCCESS, false};
	unsigned int total, let_in = 0;

	(void)state;
	stack_lines("auth required @R forward_pass allow_readonly group=totp,!30001\n"
		    "auth required @T want=x");
	total = fail_calls(&unasked, 0, 0, 0);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	for (struct sweep sweep = sweep_begin(total, SWEEP_BOTH); sweep_next(&sweep);) {
		(void)fail_calls(&unasked, sweep.at, sweep.fail_for, sweep.error);
		if (stack_last.result != PAM_SUCCESS)
			continue;
		let_in++;
		assert_string_equal(text_of(user_file), unasked.after);
	}
	print_message("# %s: %u calls, let in %u times\n", unasked.name, total, let_in);
	assert_true(total > 60 && let_in > 0);
}

/* The lookup in a directory fails with each possible error. */
static void a_group_lookup_that_fails_never_skips(void **state)
{
	static const struct scenario member = {
		"", "group=totp", "bob", "000000", NULL, NULL, PAM_IGNORE, true};
	static const char *const names[] = {"getgrouplist", "getgrnam_r"};
	static const int errors[] = {EIO, ENOMEM, EAGAIN, EMFILE, ERANGE, EINTR, ENOENT, 0};
	unsigned int total = run_undisturbed(&member), seen = 0;

	(void)state;
	for (unsigned int k = 1; k <= total; k++)
		for (unsigned int e = 0; e < COUNT(errors); e++) {
			(void)fail_calls(&member, k, 1000000, errors[e]);
			for (unsigned int n = 0; n < COUNT(names); n++)
				if (calls.failed != NULL &&
					strcmp(calls.failed, names[n]) == 0) {
					assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
					seen++;
				}
		}
	assert_int_equal(seen, 2 * COUNT(errors));
}

static void a_gate_without_memory_never_skips(void **state)
{
	static const struct scenario member = {
		"", "group=totp", "bob", "000000", NULL, NULL, PAM_IGNORE, true};
	unsigned int total = run_undisturbed(&member), refused = 0;

	(void)state;
	for (unsigned int k = 1; k <= total; k++) {
		(void)fail_calls(&member, k, 1, ENOMEM);
		if (calls.failed == NULL || strstr(calls.failed, "alloc") == NULL)
			continue;
		refused += stack_last.result == PAM_SERVICE_ERR;
		assert_int_not_equal(stack_last.result, PAM_IGNORE);
	}
	/* Four allocations of the gate, two of the search for configuration files, and those
	 * for the sources of groups that this system has. */
	assert_in_range(refused, 7, total);
}

static void a_prompt_that_fails_is_a_refusal(void **state)
{
	unsigned int total = run_undisturbed(&scenarios[0]), seen = 0;

	(void)state;
	for (unsigned int k = 1; k <= total; k++) {
		(void)fail_calls(&scenarios[0], k, 1, EIO);
		if (calls.failed == NULL || strcmp(calls.failed, "pam_prompt") != 0)
			continue;
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_string_equal(text_of(user_file), scenarios[0].before);
		seen++;
	}
	assert_int_equal(seen, 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_single_failure_lets_nobody_in),
		TEST(a_failure_that_lasts_lets_nobody_in),
		TEST(a_separate_state_records_each_accepted_login),
		TEST(whatever_fails_with_a_state_that_is_there),
		TEST(a_code_that_was_not_needed_is_cut_off_only_when_it_is_spent),
		TEST(a_group_lookup_that_fails_never_skips),
		TEST(a_gate_without_memory_never_skips),
		TEST(a_prompt_that_fails_is_a_refusal),
	};

	(void)argc;
	stack_main(argv);
	/* Keeps the library loaded, so that its functions are found after those above. */
	if (dlopen("libgcrypt.so.20", RTLD_NOW | RTLD_GLOBAL) == NULL)
		return 99;
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
