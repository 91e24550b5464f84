/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New emergency codes are different from present and spent ones, whatever the random
 * numbers are. */

#include "test_support.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/wipe.h"
#include "core/emergency.h"
#include "core/emergency_codes.h"
#include "core/state.h"

#define SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n"

/* The numbers that are drawn: codes minus 10000000, ended by 0. Later draws give
 * consecutive numbers. */
static const uint32_t *script;
static uint32_t next_number;

int __wrap_random_below(uint32_t bound, uint32_t *number);

int __wrap_random_below(uint32_t bound, uint32_t *number)
{
	(void)bound;
	if (script != NULL && *script != 0)
		*number = *script++;
	else
		*number = next_number++;
	return 0;
}

static struct text text_of(const char *string)
{
	struct text text = TEXT_INIT;

	assert_int_equal(text_append(&text, string, strlen(string)), 0);
	return text;
}

/* The state of a secret whose codes in `spent` were used. */
static struct text state_with_spent(const char *spent)
{
	struct text secret = text_of(SECRET), before = TEXT_INIT, next = TEXT_INIT;
	totpgroup_credential *effective = NULL;
	struct error error = ERROR_INIT;
	bool damaged;

	assert_int_equal(text_append(&secret, spent, strlen(spent)), 0);
	assert_int_equal(state_apply(&secret, &before, &effective, &damaged, &error), 0);
	assert_int_equal(emergency_codes_replace(effective, "", 0), 0);
	assert_int_equal(state_extract(&secret, &before, effective, &next, &error), 0);
	totpgroup_credential_free(effective);
	text_free(&secret);
	return next;
}

static int draw(const char *secret_text, const struct text *state, unsigned int count,
	bool hashed, char *lines_drawn, size_t size, bool *damaged, struct error *error)
{
	struct emergency_codes codes = {.count = 0};
	struct text secret = text_of(secret_text), lines = TEXT_INIT;
	int status = emergency_codes_draw_fresh(
		&codes, count, hashed, &secret, state, &lines, damaged, error);

	snprintf(lines_drawn, size, "%s", lines.data != NULL ? lines.data : "");
	assert_int_equal(status == 0 ? codes.count : count, count);
	WIPE_OBJECT(&codes);
	text_free(&secret);
	text_free(&lines);
	return status;
}

static void expect_drawn(
	const char *secret, const struct text *state, unsigned int count, const char *expected)
{
	struct error error = ERROR_INIT;
	char lines[1024];
	bool damaged;

	assert_int_equal(
		draw(secret, state, count, false, lines, sizeof lines, &damaged, &error), 0);
	assert_string_equal(lines, expected);
}

static void without_a_state_any_codes_are_fresh(void **unused)
{
	static const uint32_t numbers[] = {1, 2, 0};
	const struct text none = TEXT_INIT;

	(void)unused;
	script = numbers;
	expect_drawn(SECRET, &none, 2, "10000001\n10000002\n");
}

static void spent_codes_are_drawn_again(void **unused)
{
	static const uint32_t numbers[] = {1, 7, 3, 8, 4, 5, 0};
	struct text state = state_with_spent("10000007\n10000008\n");

	(void)unused;
	script = numbers;
	expect_drawn(SECRET, &state, 2, "10000004\n10000005\n");
	text_free(&state);
}

/* New codes make them void. */
static void codes_of_the_secret_are_drawn_again(void **unused)
{
	static const uint32_t numbers[] = {9, 4, 0};
	const struct text none = TEXT_INIT;

	(void)unused;
	script = numbers;
	expect_drawn(SECRET "12345678\n10000009\n", &none, 1, "10000004\n");
}

static void codes_spent_with_another_secret_are_fresh(void **unused)
{
	static const uint32_t numbers[] = {7, 0};
	struct text state = state_with_spent("10000007\n");

	(void)unused;
	script = numbers;
	expect_drawn(
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n", &state, 1, "10000007\n");
	text_free(&state);
}

static void random_numbers_that_never_change_are_an_error(void **unused)
{
	static uint32_t numbers[200];
	struct text state = state_with_spent("10000007\n");
	struct error error = ERROR_INIT;
	char lines[1024];
	bool damaged;

	(void)unused;
	for (size_t i = 0; i + 1 < sizeof numbers / sizeof numbers[0]; i++)
		numbers[i] = 7;
	script = numbers;
	assert_int_equal(draw(SECRET, &state, 1, false, lines, sizeof lines, &damaged, &error),
		TOTPGROUP_ECRYPTO);
	assert_string_equal(lines, "");
	text_free(&state);
}

static void damaged_texts_are_an_error(void **unused)
{
	const struct text none = TEXT_INIT;
	struct text state = text_of("rubbish\n");
	struct error error = ERROR_INIT;
	char lines[1024];
	bool damaged;

	(void)unused;
	script = NULL;
	assert_int_equal(draw(SECRET, &state, 1, false, lines, sizeof lines, &damaged, &error),
		TOTPGROUP_EFORMAT);
	assert_true(damaged);
	error = (struct error)ERROR_INIT;
	assert_int_equal(draw("", &none, 1, false, lines, sizeof lines, &damaged, &error),
		TOTPGROUP_EFORMAT);
	assert_false(damaged);
	text_free(&state);
}

static void hashed_codes_are_fresh_too(void **unused)
{
	struct text state = state_with_spent("10000007\n");
	struct error error = ERROR_INIT;
	char lines[1024];
	bool damaged;

	(void)unused;
	script = NULL;
	assert_int_equal(
		draw(SECRET, &state, 2, true, lines, sizeof lines, &damaged, &error), 0);
	assert_non_null(strstr(lines, "SCRATCH_HASH"));
	text_free(&state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_state_any_codes_are_fresh),
		cmocka_unit_test(spent_codes_are_drawn_again),
		cmocka_unit_test(codes_of_the_secret_are_drawn_again),
		cmocka_unit_test(codes_spent_with_another_secret_are_fresh),
		cmocka_unit_test(random_numbers_that_never_change_are_an_error),
		cmocka_unit_test(damaged_texts_are_an_error),
		cmocka_unit_test(hashed_codes_are_fresh_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
