/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the unit tests share: cmocka with the headers that it needs, and
 * random numbers that can be had again. */
#ifndef TOTPGROUP_TEST_SUPPORT_H
#define TOTPGROUP_TEST_SUPPORT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <cmocka.h>

/*
 * Runs the tests of a program: those whose name is in TOTPGROUP_TEST_ONLY, which may have
 * cmocka's * and ?, or all. With TOTPGROUP_TEST_LIST it prints their names instead.
 */
static inline int test_run(const char *group, const struct CMUnitTest *tests, size_t count,
	CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	if (getenv("TOTPGROUP_TEST_LIST") != NULL) {
		for (size_t i = 0; i < count; i++)
			puts(tests[i].name);
		return 0;
	}
	cmocka_set_test_filter(getenv("TOTPGROUP_TEST_ONLY"));
	return _cmocka_run_group_tests(group, tests, count, set_up, tear_down);
}

/* All test programs call these macros of cmocka's, and are to obey the above. */
#undef cmocka_run_group_tests
#undef cmocka_run_group_tests_name
#define cmocka_run_group_tests(tests, set_up, tear_down)                                       \
	test_run(#tests, tests, COUNT(tests), set_up, tear_down)
#define cmocka_run_group_tests_name(group, tests, set_up, tear_down)                           \
	test_run(group, tests, COUNT(tests), set_up, tear_down)

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A stream of numbers that its seed decides (splitmix64). */
struct test_random {
	uint64_t state;
};

/*
 * Begins a stream with the seed in TOTPGROUP_TEST_SEED, or with a fresh one,
 * and prints the seed on standard error, where it is seen whether or not the
 * test passes.
 */
static inline struct test_random test_random_begin(void)
{
	const char *given = getenv("TOTPGROUP_TEST_SEED");
	struct test_random random = {0};
	char *end;

	if (given != NULL && *given != '\0') {
		random.state = strtoull(given, &end, 0);
		if (*end != '\0')
			fail_msg("TOTPGROUP_TEST_SEED is not a number: %s", given);
	} else if (getrandom(&random.state, sizeof random.state, 0) !=
		   (ssize_t)sizeof random.state) {
		fail_msg("no random seed is to be had from getrandom()");
	}
	fprintf(stderr, "# TOTPGROUP_TEST_SEED=%" PRIu64 "\n", random.state);
	return random;
}

static inline uint64_t test_random_next(struct test_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* How often a random test repeats: this often in a normal run, and fifty times as often
 * with TOTPGROUP_LONG in the environment. */
static inline unsigned int test_rounds(unsigned int normal)
{
	const char *is_long = getenv("TOTPGROUP_LONG");

	return is_long != NULL && *is_long != '\0' ? normal * 50 : normal;
}

/* From 0 to limit - 1. */
static inline uint64_t test_random_below(struct test_random *random, uint64_t limit)
{
	return test_random_next(random) % limit;
}

static inline void test_random_fill(struct test_random *random, void *bytes, size_t length)
{
	uint8_t *byte = bytes;

	for (size_t i = 0; i < length; i++)
		byte[i] = (uint8_t)test_random_next(random);
}

#endif
