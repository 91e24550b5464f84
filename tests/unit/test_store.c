/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The transaction of every store, and what all stores have in common, with a store that does as it
 * is told and notes what it was asked for. */

#include "config.h"

#include "test_support.h"

#include <limits.h>
#include <time.h>

#include "store/store.h"
#include "totpgroup.h"

struct store_token {
	int unused;
};

/* Letters of the calls in order: b(egin), w(ork), c(ommit), a(bort), and others. */
static char calls[256];
static int begins_with, commits_with, work_gives;
static unsigned int conflicts; /* commits that end with TOTPGROUP_ECONFLICT before that */
static bool token_stays;       /* after a conflict */
static struct store_change change_to_make;
static struct store_token token;

static time_t clock_now;
static int clock_gives;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	assert_int_equal(id, CLOCK_MONOTONIC);
	*now = (struct timespec){.tv_sec = clock_now++};
	return clock_gives;
}

static void note_call(const char *letter)
{
	assert_true(strlen(calls) + 2 < sizeof calls);
	strcat(calls, letter);
}

static void fake_close(struct store *store)
{
	(void)store;
	note_call("C");
}

static void fake_release(struct store_place *place)
{
	(void)place;
	note_call("R");
}

static int fake_look(
	struct store_place *place, struct store_record *record, struct error *error)
{
	(void)place;
	(void)record;
	note_call("l");
	return error_set(error, TOTPGROUP_ENOTFOUND, "nothing there");
}

static int fake_begin(
	struct store_place *place, struct store_record *record, struct error *error)
{
	(void)place;
	note_call("b");
	assert_null(record->token);
	assert_int_equal(record->secret.length, 0);
	assert_int_equal(error->code, 0);
	if (begins_with != 0)
		return error_set(error, begins_with, "begin fails");
	record->token = &token;
	return text_append_string(&record->secret, "secret");
}

static int fake_commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	(void)place;
	(void)change;
	note_call("c");
	assert_ptr_equal(record->token, &token);
	if (conflicts == 0) {
		record->token = NULL;
		return commits_with != 0 ? error_set(error, commits_with, "commit fails") : 0;
	}
	conflicts--;
	if (!token_stays)
		record->token = NULL;
	return error_set(error, TOTPGROUP_ECONFLICT, "somebody was faster");
}

static void fake_abort(struct store_place *place, struct store_record *record)
{
	(void)place;
	note_call("a");
	record->token = NULL;
}

static int fake_create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	(void)place;
	(void)secret;
	note_call(replace ? "N" : "n");
	return error_set(error, TOTPGROUP_ECONFLICT, "there is one");
}

static int fake_note(
	struct store_place *place, const struct store_note *note, struct error *error)
{
	(void)place;
	(void)note;
	note_call("o");
	return error_set(error, TOTPGROUP_ESYSTEM, "the log is full");
}

static const struct store_operations plain = {
	.abi = STORE_ABI,
	.size = sizeof plain,
	.name = "told",
	.close = fake_close,
	.release = fake_release,
	.look = fake_look,
	.begin = fake_begin,
	.commit = fake_commit,
	.abort = fake_abort,
	.create = fake_create,
};
static struct store_operations operations;
static struct store store = {&operations};
static struct store_place place = {.store = &store, .name = "user"};

static int set_up(void **state)
{
	(void)state;
	*calls = '\0';
	begins_with = commits_with = work_gives = clock_gives = 0;
	conflicts = 0;
	token_stays = false;
	change_to_make = (struct store_change)STORE_CHANGE_INIT;
	clock_now = 1000;
	operations = plain;
	place.rights = NULL;
	return 0;
}

static int work(const struct store_record *record, void *argument, struct store_change *change,
	struct error *error)
{
	assert_ptr_equal(argument, calls);
	assert_string_equal(record->secret.data, "secret");
	assert_false(change->has_secret || change->has_state);
	assert_int_equal(error->code, 0);
	note_call("w");
	*change = change_to_make;
	return work_gives != 0 ? error_set(error, work_gives, "work fails") : 0;
}

/* Transacts, and compares the calls and the error. */
static void assert_transaction(const char *expected_calls, int expected)
{
	struct error error = ERROR_INIT;

	assert_int_equal(store_transact(&place, work, calls, &error), expected);
	assert_string_equal(calls, expected_calls);
	assert_int_equal(error.code, expected);
}

static void what_is_to_be_written_is_committed(void **state)
{
	(void)state;
	assert_transaction("bwa", 0);
	set_up(state);
	change_to_make.has_secret = true;
	assert_transaction("bwca", 0);
	set_up(state);
	change_to_make.has_state = true;
	assert_transaction("bwca", 0);
}

static void a_note_is_committed_where_there_is_a_log(void **state)
{
	(void)state;
	change_to_make.note.result = "accepted";
	assert_transaction("bwa", 0);
	set_up(state);
	operations.note = fake_note;
	assert_transaction("bwa", 0);
	set_up(state);
	operations.note = fake_note;
	change_to_make.note.result = "accepted";
	assert_transaction("bwca", 0);
}

static void each_failure_is_told_and_writes_nothing_more(void **state)
{
	(void)state;
	begins_with = TOTPGROUP_EBUSY;
	assert_transaction("ba", TOTPGROUP_EBUSY);
	set_up(state);
	change_to_make.has_secret = true;
	work_gives = TOTPGROUP_EFORMAT;
	assert_transaction("bwa", TOTPGROUP_EFORMAT);
	set_up(state);
	change_to_make.has_secret = true;
	commits_with = TOTPGROUP_EUNWRITABLE;
	assert_transaction("bwca", TOTPGROUP_EUNWRITABLE);
}

/* Callers forgive that a verdict cannot be written. Here there is none. */
static void nothing_unwritable_comes_before_the_work(void **state)
{
	(void)state;
	begins_with = TOTPGROUP_EUNWRITABLE;
	assert_transaction("ba", TOTPGROUP_ESYSTEM);
}

static void a_conflict_is_worked_on_again(void **state)
{
	(void)state;
	change_to_make.has_state = true;
	conflicts = 2;
	assert_transaction("bwcbwcbwca", 0);
	set_up(state);
	change_to_make.has_state = true;
	conflicts = 2;
	token_stays = true;
	assert_transaction("bwcwcwca", 0);
}

/* Five seconds after the first conflict, by a clock that goes a second with each look. */
static void conflicts_end_at_the_deadline(void **state)
{
	(void)state;
	change_to_make.has_state = true;
	conflicts = UINT_MAX;
	token_stays = true;
	assert_transaction("bwcwcwcwcwcwca", TOTPGROUP_ECONFLICT);
	assert_int_equal(clock_now, 1000 + STORE_DEADLINE_SECONDS + 1);
}

static void without_a_clock_nothing_is_tried_again(void **state)
{
	(void)state;
	change_to_make.has_state = true;
	conflicts = UINT_MAX;
	clock_gives = -1;
	assert_transaction("bwca", TOTPGROUP_ECONFLICT);
}

static int perform(void *context, store_task *task, void *argument, struct error *error)
{
	int status;

	assert_ptr_equal(context, &place);
	note_call("(");
	status = task(argument, error);
	note_call(")");
	return status;
}

static void all_of_it_is_done_with_the_rights_of_the_place(void **state)
{
	const struct store_rights rights = {perform, &place};

	(void)state;
	place.rights = &rights;
	change_to_make.has_secret = true;
	assert_transaction("(bwca)", 0);
}

static void closing_and_releasing_nothing_is_nothing(void **state)
{
	(void)state;
	store_close(NULL);
	store_release(NULL);
	assert_string_equal(calls, "");
	store_close(&store);
	store_release(&place);
	assert_string_equal(calls, "CR");
}

static void create_both(
	struct store_new *items, size_t count, const char *suffix, bool is_again)
{
	(void)items;
	assert_int_equal(count, 2);
	assert_string_equal(suffix, "x");
	assert_true(is_again);
	note_call("2");
}

static void read_both(struct store_read *items, size_t count)
{
	(void)items;
	assert_int_equal(count, 2);
	note_call("3");
}

static void many_are_asked_for_together_or_one_by_one(void **state)
{
	struct store_new news[2] = {{.place = &place}, {.place = &place, .replace = true}};
	struct store_read reads[2] = {{.place = &place}, {.place = &place}};

	(void)state;
	store_create_many(NULL, 0, "x", false);
	store_read_many(NULL, 0);
	assert_string_equal(calls, "");
	store_create_many(news, 2, "x", true);
	store_read_many(reads, 2);
	assert_string_equal(calls, "nNll");
	assert_int_equal(news[0].status, TOTPGROUP_ECONFLICT);
	assert_int_equal(news[1].error.code, TOTPGROUP_ECONFLICT);
	assert_int_equal(reads[1].status, TOTPGROUP_ENOTFOUND);
	assert_int_equal(reads[0].error.code, TOTPGROUP_ENOTFOUND);
	*calls = '\0';
	operations.create_many = create_both;
	operations.read_many = read_both;
	store_create_many(news, 2, "x", true);
	store_read_many(reads, 2);
	assert_string_equal(calls, "23");
}

static void a_store_without_a_log_takes_each_note(void **state)
{
	const struct store_note note = {.result = "refused"};
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(store_note(&place, &note, &error), 0);
	store_check(&store, NULL, NULL, NULL);
	assert_string_equal(calls, "");
	operations.note = fake_note;
	assert_int_equal(store_note(&place, &note, &error), TOTPGROUP_ESYSTEM);
	assert_string_equal(calls, "o");
}

static void what_was_freed_begins_anew(void **state)
{
	struct store_record record = STORE_RECORD_INIT;
	struct store_change change = STORE_CHANGE_INIT;

	(void)state;
	assert_int_equal(text_append_string(&record.secret, "a"), 0);
	assert_int_equal(text_append_string(&record.state, "b"), 0);
	record.apart = true;
	record.token = &token;
	store_record_free(&record);
	assert_false(record.apart || record.token != NULL || record.secret.length > 0 ||
		     record.state.length > 0);
	assert_int_equal(text_append_string(&change.secret, "a"), 0);
	assert_int_equal(text_append_string(&change.state, "b"), 0);
	change.has_secret = change.has_state = true;
	store_change_free(&change);
	assert_false(change.has_secret || change.has_state || change.secret.length > 0 ||
		     change.state.length > 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, set_up)
	const struct CMUnitTest tests[] = {
		TEST(what_is_to_be_written_is_committed),
		TEST(a_note_is_committed_where_there_is_a_log),
		TEST(each_failure_is_told_and_writes_nothing_more),
		TEST(nothing_unwritable_comes_before_the_work),
		TEST(a_conflict_is_worked_on_again),
		TEST(conflicts_end_at_the_deadline),
		TEST(without_a_clock_nothing_is_tried_again),
		TEST(all_of_it_is_done_with_the_rights_of_the_place),
		TEST(closing_and_releasing_nothing_is_nothing),
		TEST(many_are_asked_for_together_or_one_by_one),
		TEST(a_store_without_a_log_takes_each_note),
		TEST(what_was_freed_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
