/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "locked_file_support.h"

#include "core/state.h"
#include "file_store_support.h"
#include "hurried_clock.h"

#define SECRET "JBSWY3DPEHPK3PXP"
#define TEXT   SECRET "\n12345678\n87654321\n"

/* Of the state, where it is kept apart. */
static const char *state_name;
/* Where the verdict stands without a record. */
static struct error *unrecorded;
/* How the secret is reached, and how often it was. */
static bool rights_fail;
static unsigned int rights_taken;

static int take_rights(void *context, store_task *task, void *argument, struct error *error)
{
	int status;

	assert_ptr_equal(context, &rights_fail);
	rights_taken++;
	status = task(argument, error);
	return rights_fail ? error_set(error, TOTPGROUP_ESYSTEM, "not given up") : status;
}
static void open_credential(struct user_credential *credential)
{
	static char state[4096];
	const struct store_rights rights = {take_rights, &rights_fail};

	if (state_name != NULL)
		snprintf(state, sizeof state, "%s", in_folder(state_name));
	open_place(credential, rules.path, state_name != NULL ? state : NULL, &rights);
}

static struct decision verify(const char *name, const char *code, int expected)
{
	unsigned int descriptors = before_call(name);
	struct user_credential credential;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;

	memset(&decision, 0xff, sizeof decision);
	attempt.typed = code;
	open_credential(&credential);
	calls.armed = true;
	assert_int_equal(
		user_credential_verify(&credential, &attempt, &decision, unrecorded, &failure),
		expected);
	calls_disarm();
	user_credential_free(&credential);
	assert_true(expected != 0 || attempt.now > 1700000000);
	assert_int_equal(count_descriptors(), descriptors);
	return decision;
}

static void spends_a_code_durably(void **state)
{
	struct decision decision;

	(void)state;
	put_file("file", TEXT, 0600);
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_ACCEPTED);
	assert_string_equal(text_of("file"), SECRET "\n87654321\n");
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(decision.result.reason, TOTPGROUP_REASON_WRONG_CODE);
}

static void refuses_what_it_cannot_judge(void **state)
{
	(void)state;
	assert_int_equal(verify("file", "12345678", TOTPGROUP_ENOTFOUND).result.verdict,
		TOTPGROUP_REFUSED);
	put_file("file", TEXT, 0644);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_EUNSAFE).result.reason,
		TOTPGROUP_REASON_BAD_FILE);
	put_file("nul", "", 0600);
	assert_int_equal(
		verify("nul", "12345678", TOTPGROUP_EUNSAFE).result.verdict, TOTPGROUP_REFUSED);
}

static unsigned int edits;
static bool was_read;

/* Another program writes to the file after it was read. */
static void edit_after_reading(const char *name, int fd, const char *path)
{
	FILE *file;

	(void)fd;
	(void)path;
	if (strcmp(name, "read") == 0)
		was_read = true;
	if (strcmp(name, "fstatat") != 0 || !was_read || edits == 0)
		return;
	was_read = false;
	edits--;
	/* Many edits do not make the file longer, or it would become too long. */
	if (edits > 10) {
		const struct timespec times[2] = {{1, 0}, {1, (long)edits}};

		assert_int_equal(utimensat(AT_FDCWD, rules.path, times, 0), 0);
		return;
	}
	file = fopen(rules.path, "a");
	assert_non_null(file);
	assert_true(fputs("\" X\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void decides_anew_after_a_conflict(void **state)
{
	(void)state;
	put_file("file", TEXT, 0600);
	edits = 3;
	calls.watch = edit_after_reading;
	assert_int_equal(verify("file", "12345678", 0).result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(edits, 0);
	assert_string_equal(text_of("file"), SECRET "\n87654321\n\" X\n\" X\n\" X\n");
	/* Until the deadline. */
	edits = 100000000;
	assert_int_equal(verify("file", "87654321", TOTPGROUP_ECONFLICT).result.verdict,
		TOTPGROUP_REFUSED);
	calls.watch = NULL;
}

/* Not durable, not right. */
static void never_accepts_what_could_not_be_written(void **state)
{
	(void)state;
	put_file("file", TEXT, 0600);
	calls.only = "fsync";
	calls_arm(1, EIO);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_ESYSTEM).result.verdict,
		TOTPGROUP_REFUSED);
	calls_reset();
	calls.only = "write";
	calls_arm(1, EROFS);
	assert_int_equal(verify("file", "12345678", TOTPGROUP_EUNWRITABLE).result.verdict,
		TOTPGROUP_REFUSED);
	assert_string_equal(text_of("file"), TEXT);
}

/* In the state, where it is apart; the secret's file stays as it is. */
static void spends_a_code_apart_from_the_secret(void **state)
{
	struct decision decision;

	(void)state;
	put_file("file", TEXT, 0600);
	state_name = "apart/state";
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(rights_taken, 1);
	decision = verify("file", "12345678", 0);
	assert_int_equal(decision.result.verdict, TOTPGROUP_REFUSED);
	assert_string_equal(text_of("file"), TEXT);
	assert_non_null(strstr(text_of("apart/state"), "\" SPENT "));
	assert_int_equal(verify("none", "12345678", TOTPGROUP_ENOTFOUND).result.reason,
		TOTPGROUP_REASON_NOT_ENROLLED);
	put_file("apart/state", "no state\n", 0600);
	assert_int_equal(verify("file", "87654321", TOTPGROUP_EFORMAT).result.reason,
		TOTPGROUP_REASON_BAD_FILE);
	assert_non_null(strstr(failure.message, "apart/state"));
}

/* What was done with them is void, whatever it was. */
static void accepts_nothing_with_rights_that_it_cannot_give_up(void **state)
{
	(void)state;
	put_file("file", TEXT, 0600);
	rights_fail = true;
	assert_int_equal(verify("file", "12345678", TOTPGROUP_ESYSTEM).result.verdict,
		TOTPGROUP_REFUSED);
	state_name = "apart/state";
	assert_int_equal(verify("file", "87654321", TOTPGROUP_ESYSTEM).result.verdict,
		TOTPGROUP_REFUSED);
	assert_int_equal(rights_taken, 2);
}

/* Only where the caller asks for it, and then it is told. */
static void may_leave_a_verdict_unrecorded(void **state)
{
	static const char *const names[] = {NULL, "apart/state"};
	struct error why = ERROR_INIT;

	(void)state;
	put_file("file", TEXT, 0600);
	unrecorded = &why;
	for (unsigned int i = 0; i < COUNT(names); i++) {
		state_name = names[i];
		calls.only = names[i] == NULL ? "write" : "mkdir";
		calls_arm(1, EROFS);
		assert_int_equal(
			verify("file", "12345678", 0).result.verdict, TOTPGROUP_ACCEPTED);
		assert_int_equal(why.code, TOTPGROUP_EUNWRITABLE);
		assert_int_equal(why.system_error, EROFS);
		assert_string_equal(text_of("file"), TEXT);
		calls.only = "fsync";
		calls_arm(1, EIO);
		assert_int_equal(verify("file", "12345678", TOTPGROUP_ESYSTEM).result.verdict,
			TOTPGROUP_REFUSED);
		put_file("file", TEXT, 0600);
	}
	unrecorded = NULL;
}

static void creates_a_file_where_there_is_none(void **state)
{
	char data[] = NEW;
	const struct text text = {
		.data = data, .length = strlen(data), .capacity = sizeof data};
	struct user_credential credential;

	(void)state;
	rules.path = in_folder("file");
	open_credential(&credential);
	assert_int_equal(store_create(credential.place, &text, false, &failure), 0);
	assert_string_equal(text_of("file"), NEW);
	assert_int_equal(mode_of("file") & 07777, 0400);
	assert_int_equal(rights_taken, 1);
	assert_int_equal(
		store_create(credential.place, &text, false, &failure), TOTPGROUP_ECONFLICT);
	user_credential_free(&credential);
}

static int setup(void **state)
{
	state_name = NULL;
	unrecorded = NULL;
	rights_fail = false;
	rights_taken = 0;
	return locked_file_setup(state);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, locked_file_teardown)
	const struct CMUnitTest tests[] = {
		TEST(spends_a_code_durably),
		TEST(refuses_what_it_cannot_judge),
		TEST(decides_anew_after_a_conflict),
		TEST(never_accepts_what_could_not_be_written),
		TEST(spends_a_code_apart_from_the_secret),
		TEST(accepts_nothing_with_rights_that_it_cannot_give_up),
		TEST(may_leave_a_verdict_unrecorded),
		TEST(creates_a_file_where_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
