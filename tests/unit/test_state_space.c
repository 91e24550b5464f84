/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every state that a small world can reach: window 3, two attempts a minute, a few codes, time
 * steps, and hosts that share one credential, crash, and commit without success. The decision, the
 * transaction and what makes a verdict of its end are those that are shipped; the store below is a
 * model, once with versions and once with a lock. In no state
 *
 *   - was a code accepted twice,
 *   - were more guesses answered within a minute than the limit allows,
 *   - is there a lock that does not end: later a right code is accepted.
 *
 * The flaws show that a store which breaks its contract is found by this.
 */

#include "config.h"

#include "state_space.h"

static void explore_all(enum space_flaw flaw, enum space_violation expected)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < 16; i++) {
		const struct space_setting chosen = {
			.apart = (i & 1) != 0,
			.locks = (i & 2) != 0,
			.hotp = (i & 4) != 0,
			.strict = (i & 8) != 0,
			.flaw = flaw,
		};

		if ((flaw == SPACE_NO_VERSIONS && chosen.locks) ||
			(flaw == SPACE_LOCK_STAYS && !chosen.locks))
			continue;
		count += space_explore(&chosen, expected);
	}
	print_message("# %u states in all\n", count);
}

static void no_state_breaks_a_promise(void **state)
{
	(void)state;
	explore_all(SPACE_SOUND, SPACE_FINE);
}

static void a_store_that_overwrites_what_it_did_not_read_is_found(void **state)
{
	(void)state;
	explore_all(SPACE_NO_VERSIONS, SPACE_TWICE);
}

static void letting_in_without_a_write_is_found(void **state)
{
	(void)state;
	explore_all(SPACE_LETS_IN_UNWRITTEN, SPACE_TWICE);
}

static void a_write_that_a_crash_takes_back_is_found(void **state)
{
	(void)state;
	explore_all(SPACE_FORGETS, SPACE_TWICE);
}

static void a_wrong_guess_that_is_not_written_is_found(void **state)
{
	(void)state;
	explore_all(SPACE_COUNTS_SUCCESS_ALONE, SPACE_TOO_MANY);
}

static void a_lock_that_outlives_its_owner_is_found(void **state)
{
	(void)state;
	explore_all(SPACE_LOCK_STAYS, SPACE_ENDLESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_state_breaks_a_promise),
		cmocka_unit_test(a_store_that_overwrites_what_it_did_not_read_is_found),
		cmocka_unit_test(letting_in_without_a_write_is_found),
		cmocka_unit_test(a_write_that_a_crash_takes_back_is_found),
		cmocka_unit_test(a_wrong_guess_that_is_not_written_is_found),
		cmocka_unit_test(a_lock_that_outlives_its_owner_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
