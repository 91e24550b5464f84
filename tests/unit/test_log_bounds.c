/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "daemon/log_bounds.h"

enum { BEGUN = 5000, ALICE = 1001, BOB = 1002 };
#define END (BEGUN + LOG_BOUNDS_INTERVAL)

static int set_up(void **state)
{
	struct log_bounds *bounds;
	struct error error = ERROR_INIT;

	assert_int_equal(log_bounds_open(&bounds, &error), 0);
	*state = bounds;
	return 0;
}

static int tear_down(void **state)
{
	log_bounds_free(*state);
	return 0;
}

/* Offers so many lines. Returns how many may be written. */
static int offer(
	struct log_bounds *bounds, uid_t peer, enum log_kind kind, int count, int64_t now)
{
	int admitted = 0;

	for (int i = 0; i < count; i++)
		admitted += log_bounds_admit(bounds, peer, kind, now);
	return admitted;
}

static void assert_taken(struct log_bounds *bounds, int64_t now, uid_t peer, uint64_t more)
{
	struct log_withheld withheld;

	assert_true(log_bounds_take(bounds, now, &withheld));
	assert_int_equal(withheld.peer, peer);
	assert_int_equal(withheld.kind, LOG_NOT_PERMITTED);
	assert_int_equal(withheld.more, more);
}

static void assert_nothing_taken(struct log_bounds *bounds, int64_t now)
{
	struct log_withheld withheld;

	assert_false(log_bounds_take(bounds, now, &withheld));
}

static void the_first_line_is_written_and_others_are_counted(void **state)
{
	struct log_bounds *bounds = *state;

	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 1, BEGUN), 1);
	assert_true(log_bounds_due(bounds) == INT64_MAX);
	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 99999, END), 0);
	assert_int_equal(log_bounds_due(bounds), END + 1);
	assert_nothing_taken(bounds, END);
	assert_taken(bounds, END + 1, ALICE, 99999);
	assert_nothing_taken(bounds, END + 1);
	assert_true(log_bounds_due(bounds) == INT64_MAX);
	/* Another interval. */
	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 3, END + 2), 1);
}

static void a_line_after_a_quiet_interval_is_written(void **state)
{
	struct log_bounds *bounds = *state;

	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 1, BEGUN), 1);
	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 2, END + 1), 1);
	assert_int_equal(log_bounds_due(bounds), END + 1 + LOG_BOUNDS_INTERVAL + 1);
}

static void withheld_lines_stay_counted_until_they_are_taken(void **state)
{
	struct log_bounds *bounds = *state;

	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 2, BEGUN), 1);
	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 2, END + 1000), 0);
	assert_taken(bounds, END + 1000, ALICE, 3);
}

static void peers_and_kinds_are_counted_apart(void **state)
{
	struct log_bounds *bounds = *state;

	assert_int_equal(offer(bounds, ALICE, LOG_NOT_PERMITTED, 2, BEGUN), 1);
	assert_int_equal(offer(bounds, BOB, LOG_NOT_PERMITTED, 3, BEGUN), 1);
	assert_int_equal(offer(bounds, ALICE, LOG_NOT_ANSWERED, 1, BEGUN), 1);
	assert_int_equal(offer(bounds, ALICE, LOG_RATE_LIMITED, 30, BEGUN), 30);
	assert_taken(bounds, INT64_MAX, BOB, 2);
	assert_taken(bounds, INT64_MAX, ALICE, 1);
	assert_nothing_taken(bounds, INT64_MAX);
}

static void root_is_not_counted(void **state)
{
	struct log_bounds *bounds = *state;

	assert_int_equal(offer(bounds, 0, LOG_NOT_PERMITTED, 1000, BEGUN), 1000);
	assert_nothing_taken(bounds, INT64_MAX);
}

/* Somebody may have thousands of uids. */
static void more_peers_than_there_is_room_for_are_counted_together(void **state)
{
	struct log_bounds *bounds = *state;
	unsigned int written = 0;
	uid_t peer;

	for (peer = 1; peer <= LOG_BOUNDS_ENTRIES; peer++)
		assert_int_equal(offer(bounds, peer, LOG_NOT_PERMITTED, 2, BEGUN), 1);
	for (; peer <= 5 * LOG_BOUNDS_ENTRIES; peer++)
		written += offer(bounds, peer, LOG_NOT_PERMITTED, 1, BEGUN);
	assert_int_equal(written, 1);
	assert_taken(bounds, END + 1, LOG_BOUNDS_OTHERS, 4 * LOG_BOUNDS_ENTRIES - 1);
	assert_taken(bounds, END + 1, LOG_BOUNDS_ENTRIES, 1);
	/* With the next interval there is room again. */
	assert_int_equal(offer(bounds, peer, LOG_NOT_PERMITTED, 2, END + 2), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_is_written_and_others_are_counted),
		TEST(a_line_after_a_quiet_interval_is_written),
		TEST(withheld_lines_stay_counted_until_they_are_taken),
		TEST(peers_and_kinds_are_counted_apart),
		TEST(root_is_not_counted),
		TEST(more_peers_than_there_is_room_for_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
