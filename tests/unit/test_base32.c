/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <liboath/oath.h>

#include "base/base32.h"
#include "totpgroup.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

struct base32_case {
	const char *bytes;
	const char *characters;
};

/* RFC 4648 section 10, without the padding. */
static const struct base32_case rfc4648_cases[] = {
	{"", ""},
	{"f", "MY"},
	{"fo", "MZXQ"},
	{"foo", "MZXW6"},
	{"foob", "MZXW6YQ"},
	{"fooba", "MZXW6YTB"},
	{"foobar", "MZXW6YTBOI"},
};

static void assert_decodes(const char *characters, const void *expected, size_t length)
{
	uint8_t bytes[256];
	size_t decoded = 99;

	assert_int_equal(base32_decode(characters, strlen(characters), bytes, &decoded), 0);
	assert_int_equal(decoded, length);
	assert_memory_equal(bytes, expected, length);
}

static void the_vectors_of_rfc4648_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rfc4648_cases); i++) {
		const struct base32_case *c = &rfc4648_cases[i];
		char characters[32];

		assert_decodes(c->characters, c->bytes, strlen(c->bytes));
		base32_encode((const uint8_t *)c->bytes, strlen(c->bytes), characters);
		assert_string_equal(characters, c->characters);
		assert_int_equal(strlen(characters), BASE32_LENGTH(strlen(c->bytes)));
	}
}

static void secrets_may_be_written_as_people_do(void **state)
{
	(void)state;
	assert_decodes("mzxw6ytb", "fooba", 5);
	assert_decodes("MzXw6yTb", "fooba", 5);
	assert_decodes("MZXW 6YTB", "fooba", 5);
	assert_decodes(" \t\r\nM-Z--XW6 YTB\r\n-", "fooba", 5);
	assert_decodes("-", "", 0);
	assert_decodes(" \t\r\n", "", 0);
	/* 0, 1 and 8 stand for O, L and B. */
	assert_decodes("MZXW6YT8", "fooba", 5);
	assert_decodes("0000000011111111", "\x73\x9c\xe7\x39\xce\x5a\xd6\xb5\xad\x6b", 10);
	assert_decodes("OOOOOOOOLLLLLLLL", "\x73\x9c\xe7\x39\xce\x5a\xd6\xb5\xad\x6b", 10);
}

/* One character has no whole byte, three have one. The bits left over are dropped,
 * whatever their value. */
static void left_over_bits_are_dropped(void **state)
{
	(void)state;
	assert_decodes("7", "", 0);
	assert_decodes("MY", "f", 1);
	assert_decodes("MZ", "f", 1);
	assert_decodes("MY7", "f", 1);
	assert_decodes("MZXW6777", "foo\x7f\xff", 5);
	assert_decodes("MZXW67", "foo", 3);
	assert_decodes("MZXW6YTB7", "fooba", 5);
}

/* The expected value of a character; -1 for one that is skipped, -2 for an error. */
static int expected_value(int c)
{
	const char *found;

	if (c == '\0')
		return -2;
	if (strchr(" \t\r\n-", c) != NULL)
		return -1;
	if (c == '0')
		c = 'O';
	if (c == '1')
		c = 'L';
	if (c == '8')
		c = 'B';
	if (c >= 'a' && c <= 'z')
		c += 'A' - 'a';
	found = strchr(ALPHABET, c);
	return found == NULL ? -2 : (int)(found - ALPHABET);
}

static void each_byte_is_a_digit_or_skipped_or_an_error(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		/* The last of the eight that make five whole bytes. */
		char characters[8] = {'M', 'Y', 'A', 'A', 'A', 'A', 'A', (char)c};
		uint8_t bytes[5] = {0};
		size_t decoded;
		int expected = expected_value(c);
		int status = base32_decode(characters, 8, bytes, &decoded);

		assert_int_equal(status, expected == -2 ? TOTPGROUP_EFORMAT : 0);
		assert_int_equal(decoded, expected == -2 ? 0 : expected == -1 ? 4 : 5);
		if (expected >= 0)
			assert_int_equal(bytes[4], expected);
		/* A refusal leaves no decoded byte behind. */
		assert_int_equal(bytes[0], expected == -2 ? 0 : 'f');
	}
}

static void padding_is_refused(void **state)
{
	uint8_t bytes[16];
	size_t decoded;

	(void)state;
	assert_int_equal(base32_decode("MY======", 8, bytes, &decoded), TOTPGROUP_EFORMAT);
	assert_int_equal(base32_decode("=", 1, bytes, &decoded), TOTPGROUP_EFORMAT);
	assert_int_equal(base32_decode("MZXW6YTB=", 9, bytes, &decoded), TOTPGROUP_EFORMAT);
}

/* The byte behind the documented room is not changed. */
static void the_documented_room_is_enough(void **state)
{
	(void)state;
	for (size_t length = 0; length < 64; length++) {
		char *characters = malloc(length + 1);
		uint8_t *bytes = malloc(length * 5 / 8 + 1);
		size_t room = length * 5 / 8;
		size_t decoded;

		memset(characters, 'A', length);
		bytes[room] = 0xa5;
		assert_int_equal(base32_decode(characters, length, bytes, &decoded), 0);
		assert_int_equal(decoded, room);
		assert_int_equal(bytes[room], 0xa5);
		free(bytes);
		free(characters);
	}
}

/* Unlike base32_encode(), liboath writes padding. */
static void random_bytes_are_encoded_as_by_liboath(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int i = 0; i < test_rounds(5000); i++) {
		uint8_t bytes[65];
		uint8_t again[65];
		char characters[BASE32_LENGTH(65) + 1];
		size_t length = 1 + test_random_below(&random, 65);
		size_t decoded;
		size_t oracle_length;
		char *oracle;

		test_random_fill(&random, bytes, length);
		base32_encode(bytes, length, characters);
		assert_int_equal(oath_base32_encode(
					 (const char *)bytes, length, &oracle, &oracle_length),
			OATH_OK);
		oracle[strcspn(oracle, "=")] = '\0';
		assert_string_equal(characters, oracle);
		free(oracle);
		assert_int_equal(
			base32_decode(characters, strlen(characters), again, &decoded), 0);
		assert_int_equal(decoded, length);
		assert_memory_equal(again, bytes, length);
	}
}

/* Text that liboath accepts too: whole bytes, no padding, blanks anywhere. */
static void random_text_is_decoded_as_by_liboath(void **state)
{
	static const size_t whole[] = {0, 2, 4, 5, 7};
	struct test_random random = test_random_begin();
	static const char accepted[] = ALPHABET "abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (unsigned int i = 0; i < test_rounds(5000); i++) {
		char characters[128];
		uint8_t bytes[128];
		size_t kept = 8 * test_random_below(&random, 8) +
			      whole[test_random_below(&random, COUNT(whole))];
		size_t length = 0;
		size_t decoded;
		size_t oracle_length;
		char *oracle;

		while (kept > 0) {
			if (length < 40 && test_random_below(&random, 5) == 0) {
				characters[length++] = ' ';
				continue;
			}
			characters[length++] =
				accepted[test_random_below(&random, sizeof accepted - 1)];
			kept--;
		}
		assert_int_equal(
			oath_base32_decode(characters, length, &oracle, &oracle_length),
			OATH_OK);
		assert_int_equal(base32_decode(characters, length, bytes, &decoded), 0);
		assert_int_equal(decoded, oracle_length);
		assert_memory_equal(bytes, oracle, decoded);
		free(oracle);
	}
}

static void a_text_that_bytes_do_not_give_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rfc4648_cases); i++)
		assert_int_equal(base32_check(rfc4648_cases[i].characters,
					 strlen(rfc4648_cases[i].characters)),
			BASE32_EXACT);
	assert_int_equal(base32_check("mz xw-6y\tq", 10), BASE32_EXACT);
	assert_int_equal(base32_check("M", 1), BASE32_CUT);
	assert_int_equal(base32_check("M-Z-X", 5), BASE32_CUT);
	assert_int_equal(base32_check("MZXW6Y", 6), BASE32_CUT);
	assert_int_equal(base32_check("MZXW6YTBM", 9), BASE32_CUT);
	for (int c = 1; c < 256; c++) {
		const char text[] = {'M', (char)c};
		bool known = strchr(ALPHABET "abcdefghijklmnopqrstuvwxyz", c) != NULL;
		bool skipped = strchr(" \t\r\n-", c) != NULL;

		assert_int_equal(base32_check(text, 2), known	  ? BASE32_EXACT
							: skipped ? BASE32_CUT
								  : BASE32_FOREIGN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc4648_are_right),
		cmocka_unit_test(secrets_may_be_written_as_people_do),
		cmocka_unit_test(left_over_bits_are_dropped),
		cmocka_unit_test(each_byte_is_a_digit_or_skipped_or_an_error),
		cmocka_unit_test(padding_is_refused),
		cmocka_unit_test(the_documented_room_is_enough),
		cmocka_unit_test(random_bytes_are_encoded_as_by_liboath),
		cmocka_unit_test(random_text_is_decoded_as_by_liboath),
		cmocka_unit_test(a_text_that_bytes_do_not_give_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
