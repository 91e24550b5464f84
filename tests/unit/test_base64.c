/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include "base/base64.h"
#include "totpgroup.h"

/* RFC 4648 section 10, and the two digits that differ between alphabets. */
static const struct {
	const char *bytes;
	const char *characters;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xef\xbe\xff\xff\xff", "++++////"},
};

static void assert_decodes(const char *characters, const char *expected)
{
	struct text bytes = TEXT_INIT;

	assert_int_equal(base64_decode(&bytes, characters, strlen(characters)), 0);
	assert_int_equal(bytes.length, strlen(expected));
	assert_memory_equal(bytes.data != NULL ? bytes.data : "", expected, bytes.length);
	text_free(&bytes);
}

static void the_vectors_of_rfc4648_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct text characters = TEXT_INIT;

		assert_int_equal(
			base64_encode(&characters, vectors[i].bytes, strlen(vectors[i].bytes)),
			0);
		assert_string_equal(
			characters.data != NULL ? characters.data : "", vectors[i].characters);
		text_free(&characters);
		assert_decodes(vectors[i].characters, vectors[i].bytes);
	}
	assert_decodes("----____", "\xfb\xef\xbe\xff\xff\xff");
	assert_decodes("Zg", "f");
	assert_decodes("Zg=", "f");
	assert_decodes("Zm8", "fo");
}

static void malformed_text_is_refused(void **state)
{
	static const char *const malformed[] = {"Z", "Zm9vY",
		"Z===", "Zg===", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9.", "====", "="};

	(void)state;
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct text bytes = TEXT_INIT;
		int status = base64_decode(&bytes, malformed[i], strlen(malformed[i]));

		/* Padding alone decodes to nothing. */
		assert_int_equal(
			status, strcmp(malformed[i], "=") == 0 ? 0 : TOTPGROUP_EFORMAT);
		text_free(&bytes);
	}
}

static void random_bytes_come_back(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (size_t length = 0; length < 500; length++) {
		char bytes[500];
		struct text characters = TEXT_INIT;
		struct text again = TEXT_INIT;

		test_random_fill(&random, bytes, length);
		assert_int_equal(base64_encode(&characters, bytes, length), 0);
		assert_int_equal(base64_decode(&again, characters.data, characters.length), 0);
		assert_int_equal(again.length, length);
		if (length > 0)
			assert_memory_equal(again.data, bytes, length);
		text_free(&characters);
		text_free(&again);
	}
}

/* The digit's value by the tables of RFC 4648, or -1. */
static int value_of(unsigned int character)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
	const char *found = character != 0 ? strchr(digits, (int)character) : NULL;
	long index = found != NULL ? found - digits : -1;

	return (int)(index < 64 ? index : index - 2);
}

static void each_byte_is_a_digit_or_refused_at_each_place(void **state)
{
	(void)state;
	for (unsigned int place = 0; place < 72; place++)
		for (unsigned int character = 0; character < 256; character++) {
			char digits[72], neighbour = character % 2 == 0 ? '_' : 'A';
			struct text bytes = TEXT_INIT;
			int value = character == '=' && place == 71 ? 0 : value_of(character);
			unsigned int group = 0;

			memset(digits, neighbour, sizeof digits);
			digits[place] = (char)character;
			assert_int_equal(base64_decode(&bytes, digits, sizeof digits),
				value < 0 ? TOTPGROUP_EFORMAT : 0);
			for (unsigned int i = 0; value >= 0 && i < 3; i++)
				if (place / 4 * 3 + i < bytes.length)
					group |= (unsigned int)(unsigned char)
							 bytes.data[place / 4 * 3 + i]
						 << (16 - 8 * i);
			if (value >= 0)
				assert_int_equal(group >> (18 - 6 * (place % 4)) & 63, value);
			text_free(&bytes);
		}
}

static void each_value_becomes_its_digit_at_each_place(void **state)
{
	(void)state;
	for (unsigned int place = 0; place < 72; place++)
		for (unsigned int value = 0; value < 64; value++) {
			struct text characters = TEXT_INIT;
			char bytes[54];

			memset(bytes, value % 2 == 0 ? 0xff : 0, sizeof bytes);
			for (unsigned int bit = 0; bit < 6; bit++) {
				unsigned int at = 6 * place + bit;
				int mask = 0x80 >> at % 8;
				int set = (value >> (5 - bit) & 1) != 0 ? mask : 0;

				bytes[at / 8] = (char)((bytes[at / 8] & ~mask) | set);
			}
			assert_int_equal(base64_encode(&characters, bytes, sizeof bytes), 0);
			assert_int_equal(characters.length, 72);
			assert_int_equal(
				value_of((unsigned char)characters.data[place]), value);
			text_free(&characters);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc4648_are_right),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(random_bytes_come_back),
		cmocka_unit_test(each_byte_is_a_digit_or_refused_at_each_place),
		cmocka_unit_test(each_value_becomes_its_digit_at_each_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
