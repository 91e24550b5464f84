/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/random.h>

#include "base/crypto.h"
#include "totpgroup.h"

/* What getrandom() gives. */
static struct {
	const uint32_t *draws; /* NULL for the kernel's own */
	size_t count;
	size_t used;
	size_t most;	    /* bytes of a call; 0: as many as are wanted */
	unsigned int fails; /* so many calls first */
	int reason;
	unsigned int flags; /* of the last call */
} script;

/* Replaces the C library's function, because a program's own symbols come first. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	ssize_t (*real)(void *, size_t, unsigned int);

	script.flags = flags;
	if (script.fails > 0) {
		script.fails--;
		errno = script.reason;
		return -1;
	}
	if (script.draws == NULL) {
		*(void **)&real = dlsym(RTLD_NEXT, "getrandom");
		assert_non_null(real);
		return real(buffer,
			script.most > 0 && script.most < length ? script.most : length, flags);
	}
	assert_int_equal(length, sizeof *script.draws);
	assert_true(script.used < script.count);
	memcpy(buffer, &script.draws[script.used++], length);
	return (ssize_t)length;
}

static void play(const uint32_t *draws, size_t count)
{
	script.draws = draws;
	script.count = count;
	script.used = 0;
}

static void bytes_are_random(void **state)
{
	uint8_t first[34];
	uint8_t second[34];
	unsigned int zeros = 0;

	(void)state;
	memset(first, 0, sizeof first);
	memset(second, 0, sizeof second);
	assert_int_equal(random_bytes(first + 1, 32), 0);
	assert_int_equal(random_bytes(second + 1, 32), 0);
	/* It waits until the kernel has enough, and does not take less. */
	assert_int_equal(script.flags, 0);
	assert_memory_not_equal(first + 1, second + 1, 32);
	for (size_t i = 1; i <= 32; i++)
		zeros += first[i] == 0;
	assert_in_range(zeros, 0, 8);
	assert_int_equal(first[0] | second[0] | first[33] | second[33], 0);
	assert_int_equal(random_bytes(first, 0), 0);
}

static void a_short_draw_is_completed(void **state)
{
	uint8_t bytes[32] = {0};
	unsigned int zeros = 0;

	(void)state;
	script.most = 5;
	script.fails = 1;
	script.reason = EINTR;
	assert_int_equal(random_bytes(bytes, sizeof bytes), 0);
	script.most = 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		zeros += bytes[i] == 0;
	assert_in_range(zeros, 0, 8);
}

static void a_failure_is_an_error(void **state)
{
	uint8_t bytes[20];
	uint32_t number;

	(void)state;
	script.fails = 1;
	script.reason = ENOSYS;
	assert_int_equal(random_bytes(bytes, sizeof bytes), TOTPGROUP_ESYSTEM);
	script.fails = 1;
	assert_int_equal(random_below(10, &number), TOTPGROUP_ESYSTEM);
}

static void numbers_are_below_the_limit(void **state)
{
	static const uint32_t limits[] = {1, 2, 3, 10, 90000000, 0x80000001, UINT32_MAX};
	uint32_t number;
	bool seen[2] = {false, false};

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		for (int k = 0; k < 5; k++) {
			assert_int_equal(random_below(limits[i], &number), 0);
			assert_true(number < limits[i]);
		}
	}
	for (int k = 0; k < 100; k++) {
		assert_int_equal(random_below(2, &number), 0);
		seen[number] = true;
	}
	assert_true(seen[0] && seen[1]);
	assert_int_equal(random_below(0, &number), TOTPGROUP_EARGUMENT);
}

/* 2^32 is not a multiple of the limit. Only draws that would make some numbers more
 * likely are drawn again. */
static void surplus_draws_are_rejected(void **state)
{
	static const struct {
		uint32_t limit;
		uint32_t draws[3];
		size_t used;
		uint32_t number;
	} cases[] = {
		{1, {0}, 1, 0},
		{2, {0}, 1, 0},
		{2, {UINT32_MAX}, 1, 1},
		{0x80000000, {0}, 1, 0},
		{3, {0, 1}, 2, 1},
		{3, {1}, 1, 1},
		{3, {0, 0, UINT32_MAX}, 3, 0},
		{10, {5, 6}, 2, 6},
		{10, {6}, 1, 6},
		{90000000, {64967295, 64967296}, 2, 64967296},
		{UINT32_MAX, {0, UINT32_MAX}, 2, 0},
		{UINT32_MAX, {1}, 1, 1},
		{0x80000001, {0x7ffffffe, 0x7fffffff}, 2, 0x7fffffff},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t number = UINT32_MAX;

		play(cases[i].draws, COUNT(cases[i].draws));
		assert_int_equal(random_below(cases[i].limit, &number), 0);
		assert_int_equal(script.used, cases[i].used);
		assert_int_equal(number, cases[i].number);
	}
	play(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_random),
		cmocka_unit_test(a_short_draw_is_completed),
		cmocka_unit_test(a_failure_is_an_error),
		cmocka_unit_test(numbers_are_below_the_limit),
		cmocka_unit_test(surplus_draws_are_rejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
