/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include <ctype.h>
#include <sys/random.h>
#include <time.h>

#include "allocation.h"
#include "hashed_codes.h"
#include "scrypt_support.h"

#include "core/emergency.h"
#include "core/emergency_hash.h"

ssize_t __real_getrandom(void *bytes, size_t length, unsigned int flags);
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned int flags);

/* How many draws give zeros. */
static unsigned int zeros_to_draw;

ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned int flags)
{
	if (zeros_to_draw == 0)
		return __real_getrandom(bytes, length, flags);
	zeros_to_draw--;
	memset(bytes, 0, length);
	return (ssize_t)length;
}

static void assert_read(const char *text, const char *expected)
{
	char code[EMERGENCY_HASH_LENGTH + 1];

	memset(code, 'x', sizeof code);
	if (emergency_hash_read(text, strlen(text), false, code) != (expected != NULL))
		fail_msg("\"%s\" is %sa code", text, expected != NULL ? "not " : "");
	assert_string_equal(code, expected != NULL ? expected : "");
}

static void a_code_may_be_typed_in_many_forms(void **state)
{
	(void)state;
	assert_read(WRITTEN_A, CODE_A);
	assert_read(CODE_A, CODE_A);
	assert_read("7k3m-q9td-x2ha-p5vw", CODE_A);
	assert_read("7k3m q9TD\tx2ha  p5vw", CODE_A);
	assert_read("-7-K-3-M-Q-9-T-D-X-2-H-A-P-5-V-W--", CODE_A);
	assert_read("ol23-4567-89ab-cdef", CODE_B);
	assert_read("OI23456789ABCDEF", CODE_B);
	assert_read("0i23456789abcdef", CODE_B);
	assert_read("oL23456789abcdef", CODE_B);

	assert_read("", NULL);
	assert_read("-", NULL);
	assert_read("12345678", NULL);
	assert_read("123456", NULL);
	assert_read("7K3MQ9TDX2HAP5V", NULL);
	assert_read("7K3MQ9TDX2HAP5VWX", NULL);
	assert_read("7K3MQ9TDX2HAP5VU", NULL);
	assert_read("7K3MQ9TDX2HAP5Vu", NULL);
	assert_read("7K3M_Q9TD_X2HA_P5VW", NULL);
	assert_read("7K3M.Q9TD.X2HA.P5VW", NULL);
	assert_read("7K3MQ9TDX2HAP5V\n", NULL);
	assert_read("7K3MQ9TDX2HAP5V\xc3\x9f", NULL);
	/* Digits alone, or letters that stand for digits, are no code. */
	assert_read("4000-1234-5678-9010", NULL);
	assert_read("4ooo-l234-5678-90i0", NULL);
}

/* Bytes behind length are not read, and a NUL is no character of a code. */
static void a_code_has_exactly_its_length(void **state)
{
	char code[EMERGENCY_HASH_LENGTH + 1];

	(void)state;
	assert_true(emergency_hash_read(CODE_A "xyz", 16, false, code));
	assert_string_equal(code, CODE_A);
	assert_false(emergency_hash_read("7K3MQ9TDX2HAP5V\0", 16, false, code));
	assert_false(emergency_hash_read(CODE_A "\0", 17, false, code));
	assert_false(emergency_hash_read(CODE_A, 15, false, code));
}

static void a_long_text_stays_in_bounds(void **state)
{
	struct {
		char code[EMERGENCY_HASH_LENGTH + 1];
		char behind[300];
	} place;
	char text[300];

	(void)state;
	memset(text, 'A', sizeof text);
	memset(&place, 'x', sizeof place);
	assert_false(emergency_hash_read(text, sizeof text, false, place.code));
	for (size_t i = 0; i < sizeof place.behind; i++)
		assert_int_equal(place.behind[i], 'x');
}

static void the_written_form_has_its_dashes(void **state)
{
	static const char *const good[] = {WRITTEN_A, "7k3m-q9td-x2ha-p5vw"};
	static const char *const bad[] = {CODE_A, "7K3M Q9TD X2HA P5VW", "7K3M-Q9TD-X2HAP-5VW",
		"7K3MQ-9TD-X2HA-P5VW", "-7K3M-Q9TD-X2HAP5VW", "7K3M-Q9TD-X2HA-P5VW-",
		"7K3M-Q9TD-X2HA-P5V", "7K3M--9TD-X2HA-P5VW", "7K3M-Q9TD-X2HA-P5V ", ""};
	char code[EMERGENCY_HASH_LENGTH + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(emergency_hash_read(good[i], strlen(good[i]), true, code));
		assert_string_equal(code, CODE_A);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (emergency_hash_read(bad[i], strlen(bad[i]), true, code))
			fail_msg("\"%s\" counts as written", bad[i]);
}

/* Spends a code, and expects that many derivations. */
static void assert_spent(
	const char *before, const char *code, const char *after, unsigned int expected)
{
	totpgroup_credential *credential = load(before);
	unsigned int left = emergency_hash_codes_left(credential);
	struct error error = ERROR_INIT;
	bool found;

	derivations = 0;
	assert_int_equal(emergency_hash_spend(credential, code, &found, &error), 0);
	assert_int_equal(error.code, 0);
	assert_credential(credential, after);
	assert_int_equal(found, strcmp(before, after) != 0);
	assert_int_equal(derivations, expected);
	assert_int_equal(emergency_hash_codes_left(credential), left - found);
	totpgroup_credential_free(credential);
}

/* The hashes come from another program. */
static void a_code_is_spent_with_its_line(void **state)
{
	(void)state;
	assert_spent("S\n" A_1, CODE_A, "S\n", 1);
	assert_spent("S\n" A_1 B_1 C_1, CODE_A, "S\n" B_1 C_1, 1);
	assert_spent("S\n" A_1 B_1 C_1, CODE_B, "S\n" A_1 C_1, 1);
	assert_spent("S\n" A_1 B_1 C_1, CODE_C, "S\n" A_1 B_1, 1);
	assert_spent("S\n" A_2 B_2, CODE_B, "S\n" A_2, 1);
	/* Two salts. */
	assert_spent("S\n" B_1 A_2, CODE_A, "S\n" B_1, 2);
	assert_spent("S\n" A_2 B_1 B_2 C_1, CODE_C, "S\n" A_2 B_1 B_2, 2);
	/* Each line is one use. */
	assert_spent("S\n" A_1 A_1, CODE_A, "S\n" A_1, 1);
	assert_spent("S\n" A_1 A_2, CODE_A, "S\n" A_2, 2);
	/* Lines anywhere, with any end. */
	assert_spent("S\n\" K v\n" A_1 "12345678\nforeign\n" B_1 "x", CODE_B,
		"S\n\" K v\n" A_1 "12345678\nforeign\nx", 1);
	assert_spent("S\r\n" LINE_1 HASH_A "\r\nx\r\n", CODE_A, "S\r\nx\r\n", 1);
	assert_spent("S\n" LINE_1 HASH_A, CODE_A, "S\n", 1);
	/* Blanks between the words. */
	assert_spent("S\n\" SCRATCH_HASH\tscrypt  1\t8 1 " SALT_1 "\t\t" HASH_A " \n", CODE_A,
		"S\n", 1);
}

static void nothing_is_derived_without_a_line(void **state)
{
	(void)state;
	assert_spent("S\n", CODE_A, "S\n", 0);
	assert_spent("S\n12345678\n", CODE_A, "S\n12345678\n", 0);
	assert_spent("S\n" B_1 C_1, CODE_A, "S\n" B_1 C_1, 1);
	/* Lines with another key. */
	assert_spent("S\n \" SCRATCH_HASH x\n\" SCRATCH_HASHES x\n\"SCRATCH_HASH x\n", CODE_A,
		"S\n \" SCRATCH_HASH x\n\" SCRATCH_HASHES x\n\"SCRATCH_HASH x\n", 0);
}

/* Expects an error for a third line with that value, although another line matches. */
static void assert_damaged(const char *value, const char *message)
{
	char text[1024];
	totpgroup_credential *credential;
	struct error error = ERROR_INIT;
	bool found = true;

	snprintf(text, sizeof text, "S\n" A_1 "\" SCRATCH_HASH %s\n", value);
	credential = load(text);
	assert_int_equal(emergency_hash_codes_left(credential), 1);
	assert_int_equal(
		emergency_hash_spend(credential, CODE_A, &found, &error), TOTPGROUP_EFORMAT);
	assert_false(found);
	assert_credential(credential, text);
	assert_message(&error, "line 3: SCRATCH_HASH");
	assert_message(&error, message);
	totpgroup_credential_free(credential);
}

static void a_damaged_line_is_named(void **state)
{
	(void)state;
	assert_damaged("", "kind");
	assert_damaged("argon2 1 8 1 " SALT_1 " " HASH_A, "kind");
	assert_damaged("Scrypt 1 8 1 " SALT_1 " " HASH_A, "kind");
	assert_damaged("scrypt", "cost");
	assert_damaged("scrypt 1", "cost");
	assert_damaged("scrypt 1 8", "cost");
	assert_damaged("scrypt x 8 1 " SALT_1 " " HASH_A, "cost");
	assert_damaged("scrypt -1 8 1 " SALT_1 " " HASH_A, "cost");
	assert_damaged("scrypt 0 8 1 " SALT_1 " " HASH_A, "cost");
	assert_damaged("scrypt 17 8 1 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 16 8 2 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 14 8 5 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 63 8 1 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 4294967297 8 1 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 1 8 0 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 1 8 65536 " SALT_1 " " HASH_A, "64 MiB");
	assert_damaged("scrypt 1 7 1 " SALT_1 " " HASH_A, "cost");
	assert_damaged("scrypt 1 9 1 " SALT_1 " " HASH_A, "cost");
	assert_damaged("scrypt 1 8 1", "salt");
	assert_damaged("scrypt 1 8 1 AAAQEAYEAUDAOCAJBIFQYDI " HASH_A, "salt");
	assert_damaged("scrypt 1 8 1 !AAQEAYEAUDAOCAJBIFQYDIOB4 " HASH_A, "salt");
	assert_damaged("scrypt 1 8 1 " SALT_1 SALT_1 SALT_1 SALT_1 SALT_1 " " HASH_A, "salt");
	assert_damaged("scrypt 1 8 1 " SALT_1, "hash");
	assert_damaged("scrypt 1 8 1 " SALT_1 " AAAA", "hash");
	assert_damaged("scrypt 1 8 1 " SALT_1 " " HASH_A "AA", "hash");
	assert_damaged("scrypt 1 8 1 " SALT_1 " =" HASH_A, "hash");
	assert_damaged("scrypt 1 8 1 " SALT_1 " " HASH_A " x", "behind");
}

static void a_salt_has_16_to_64_bytes(void **state)
{
	totpgroup_credential *credential;
	char text[512], salt[104];

	(void)state;
	memset(salt, 'A', sizeof salt);
	salt[103] = '\0';
	snprintf(text, sizeof text, "S\n\" SCRATCH_HASH scrypt 1 8 1 %s " HASH_A "\n", salt);
	credential = load(text);
	assert_int_equal(emergency_hash_codes_left(credential), 1);
	totpgroup_credential_free(credential);
}

/* Not even for the valid lines beside it. */
static void a_damaged_line_costs_no_derivation(void **state)
{
	derivations = 0;
	(void)state;
	assert_damaged("scrypt 17 8 1 " SALT_1 " " HASH_A, "64 MiB");
	assert_int_equal(derivations, 0);
}

static void more_than_two_salts_are_refused(void **state)
{
	(void)state;
	assert_spent("S\n" B_1 B_2, CODE_A, "S\n" B_1 B_2, EMERGENCY_HASH_SETS_MAX);
	/* Another salt, another log_n, another p: each is another set. */
	assert_spent("S\n" A_1 "\" SCRATCH_HASH scrypt 2 8 1 " SALT_1 " " HASH_A "\n", CODE_B,
		"S\n" A_1 "\" SCRATCH_HASH scrypt 2 8 1 " SALT_1 " " HASH_A "\n", 2);
	assert_spent("S\n" A_1 "\" SCRATCH_HASH scrypt 1 8 2 " SALT_1 " " HASH_A "\n", CODE_B,
		"S\n" A_1 "\" SCRATCH_HASH scrypt 1 8 2 " SALT_1 " " HASH_A "\n", 2);

	totpgroup_credential *credential =
		load("S\n" A_1 A_2 "\" SCRATCH_HASH scrypt 3 8 1 " SALT_1 " " HASH_A "\n");
	struct error error = ERROR_INIT;
	bool found;

	derivations = 0;
	assert_int_equal(
		emergency_hash_spend(credential, CODE_A, &found, &error), TOTPGROUP_EFORMAT);
	assert_false(found);
	assert_message(&error, "line 4");
	assert_int_equal(derivations, 0);
	totpgroup_credential_free(credential);
}

/* Any other character in the hash, the salt or the code is a mismatch. */
static void every_character_counts(void **state)
{
	static const char line[] = "S\n" A_1;
	/* The last character of each has bits beyond the last byte. */
	size_t salt = strlen("S\n\" SCRATCH_HASH scrypt 1 8 1 ");
	size_t hash = salt + strlen(SALT_1 " ");
	char text[sizeof line];
	char code[] = CODE_A;

	(void)state;
	for (size_t i = salt; i < hash + strlen(HASH_A) - 1; i++) {
		strcpy(text, line);
		if (i + 2 == hash || text[i] == ' ')
			continue;
		text[i] = text[i] == 'A' ? 'C' : 'A';
		assert_spent(text, CODE_A, text, 1);
	}
	for (size_t i = 0; i < EMERGENCY_HASH_LENGTH; i++) {
		code[i] = CODE_A[i] == 'A' ? 'C' : 'A';
		assert_spent(line, code, line, 1);
		code[i] = CODE_A[i];
	}
	assert_spent(line, code, "S\n", 1);
}

static void codes_of_both_kinds_are_counted(void **state)
{
	totpgroup_credential *credential = load("S\n12345678\n" A_1 "23456789\n" B_2 "x\n" C_1);

	(void)state;
	assert_int_equal(emergency_codes_left(credential), 5);
	totpgroup_credential_free(credential);
}

static void drawn_codes_have_the_written_form(void **state)
{
	char written[2000][EMERGENCY_HASH_WRITTEN_LENGTH + 1];
	unsigned int seen[256] = {0};
	char code[EMERGENCY_HASH_LENGTH + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		assert_int_equal(emergency_hash_draw(written[i]), 0);
		assert_true(emergency_hash_read(written[i], strlen(written[i]), true, code));
		for (size_t j = 0; code[j] != '\0'; j++)
			seen[(unsigned char)code[j]]++;
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(written[i], written[j]);
	}
	/* Each of 32 characters 1000 times, give or take; 700 is nine standard
	 * deviations away. */
	for (unsigned int c = 0; c < COUNT(seen); c++)
		if ((isdigit((int)c) || isupper((int)c)) && strchr("ILOU", (int)c) == NULL)
			assert_in_range(seen[c], 700, 1300);
		else
			assert_int_equal(seen[c], 0);
}

/* A code of digits alone is drawn again, which happens once in a hundred million times. */
static void a_drawn_code_has_a_letter(void **state)
{
	char written[EMERGENCY_HASH_WRITTEN_LENGTH + 1];

	(void)state;
	zeros_to_draw = 3;
	assert_int_equal(emergency_hash_draw(written), 0);
	assert_int_equal(zeros_to_draw, 0);
	assert_string_not_equal(written, "0000-0000-0000-0000");
}

static double milliseconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* With the default cost. The time is printed, but not judged. */
static void written_codes_are_accepted(void **state)
{
	char written[3][EMERGENCY_HASH_WRITTEN_LENGTH + 1];
	char code[EMERGENCY_HASH_LENGTH + 1];
	struct emergency_hash_salt salt;
	struct text lines = TEXT_INIT;
	totpgroup_credential *credential;
	struct error error = ERROR_INIT;
	struct timespec start;
	bool found;

	(void)state;
	assert_int_equal(text_append(&lines, "S\n", 2), 0);
	assert_int_equal(emergency_hash_draw_salt(&salt), 0);
	for (size_t i = 0; i < COUNT(written); i++) {
		assert_int_equal(emergency_hash_draw(written[i]), 0);
		assert_int_equal(emergency_hash_append(&lines, written[i], &salt), 0);
	}
	credential = load(lines.data);
	derivations = 0;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = COUNT(written); i > 0; i--) {
		assert_int_equal(emergency_codes_left(credential), i);
		assert_true(emergency_hash_read(
			written[i - 1], EMERGENCY_HASH_WRITTEN_LENGTH, true, code));
		assert_int_equal(emergency_hash_spend(credential, code, &found, &error), 0);
		assert_true(found);
		/* No code is in the text, in any form. */
		assert_null(strstr(lines.data, code));
		assert_null(strstr(lines.data, written[i - 1]));
	}
	assert_int_equal(derivations, COUNT(written));
	fprintf(stderr, "# one derivation: %.1f ms\n",
		milliseconds_since(&start) / (double)derivations);
	assert_credential(credential, "S\n");
	totpgroup_credential_free(credential);
	text_free(&lines);
}

static void only_a_code_in_its_form_is_appended(void **state)
{
	struct emergency_hash_salt salt = {{0}};
	struct text lines = TEXT_INIT;

	(void)state;
	assert_int_equal(emergency_hash_append(&lines, CODE_A, &salt), TOTPGROUP_EFORMAT);
	assert_int_equal(emergency_hash_append(&lines, "", &salt), TOTPGROUP_EFORMAT);
	assert_int_equal(lines.length, 0);
}

static void assert_spending_fails(gpg_err_code_t why, int expected, const char *message)
{
	totpgroup_credential *credential = load("S\n" A_1);
	struct error error = ERROR_INIT;
	bool found = true;

	derivation_error = why;
	assert_int_equal(emergency_hash_spend(credential, CODE_A, &found, &error), expected);
	derivation_error = 0;
	assert_false(found);
	assert_credential(credential, "S\n" A_1);
	assert_int_equal(error.code, expected);
	assert_message(&error, message);
	totpgroup_credential_free(credential);
}

static void a_failed_derivation_is_an_error(void **state)
{
	struct emergency_hash_salt salt = {{0}};
	struct text lines = TEXT_INIT;

	(void)state;
	assert_spending_fails(GPG_ERR_ENOMEM, TOTPGROUP_EMEMORY, "memory");
	assert_spending_fails(GPG_ERR_FORBIDDEN, TOTPGROUP_ECRYPTO, "scrypt");
	derivation_error = GPG_ERR_ENOMEM;
	assert_int_equal(emergency_hash_append(&lines, WRITTEN_A, &salt), TOTPGROUP_EMEMORY);
	derivation_error = 0;
	derivation_is_fake = 1;
	allocation_to_fail = 1;
	assert_int_equal(emergency_hash_append(&lines, WRITTEN_A, &salt), TOTPGROUP_EMEMORY);
	derivation_is_fake = 0;
	assert_int_equal(allocation_to_fail, 0);
	assert_int_equal(lines.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_may_be_typed_in_many_forms),
		cmocka_unit_test(a_code_has_exactly_its_length),
		cmocka_unit_test(a_long_text_stays_in_bounds),
		cmocka_unit_test(the_written_form_has_its_dashes),
		cmocka_unit_test(a_code_is_spent_with_its_line),
		cmocka_unit_test(nothing_is_derived_without_a_line),
		cmocka_unit_test(a_damaged_line_is_named),
		cmocka_unit_test(a_salt_has_16_to_64_bytes),
		cmocka_unit_test(a_damaged_line_costs_no_derivation),
		cmocka_unit_test(more_than_two_salts_are_refused),
		cmocka_unit_test(every_character_counts),
		cmocka_unit_test(codes_of_both_kinds_are_counted),
		cmocka_unit_test(drawn_codes_have_the_written_form),
		cmocka_unit_test(a_drawn_code_has_a_letter),
		cmocka_unit_test(written_codes_are_accepted),
		cmocka_unit_test(only_a_code_in_its_form_is_appended),
		cmocka_unit_test(a_failed_derivation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
