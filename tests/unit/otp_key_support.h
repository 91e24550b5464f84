/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random keys, and the round trips and mutations of formats. */
#ifndef TOTPGROUP_OTP_KEY_SUPPORT_H
#define TOTPGROUP_OTP_KEY_SUPPORT_H

#include "test_support.h"

#include "base/text.h"
#include "exchange/otp_key.h"

#define MUTATIONS   100000
#define ROUND_TRIPS 5000

/* The limits of a format. */
struct key_limits {
	size_t secret_max;
	bool only_sha1;
	bool only_30s_and_60s;
	bool only_30s;
	bool no_seven_digits;
	bool plain_name; /* no blanks, no '#' at the start */
	bool no_issuer;
	bool emergency_codes;
	int64_t counter_min;
};

/* A name of letters, special characters of formats, and UTF-8. It does not begin with a
 * blank or contain a colon, which labels cannot express. */
static inline void random_string(
	struct test_random *random, char *string, size_t size, bool plain, bool colon)
{
	static const char *const pieces[] = {"a", "Z", "9", ".", "_", "-", "@", "%", "+", "&",
		"=", "?", "#", "/", "\\", "\"", ",", ";", "'", "%41", "\xc3\xa4",
		"\xe2\x82\xac", " ", ":"};
	size_t count = COUNT(pieces) - (plain || !colon ? 1 : 0) - (plain ? 1 : 0);
	size_t wanted = 1 + test_random_below(random, size / 4 - 1);

	strcpy(string, "u");
	for (size_t i = 0; i < wanted; i++)
		strcat(string, pieces[test_random_below(random, count)]);
}

static inline void random_emergency_codes(struct test_random *random, struct otp_key *key)
{
	struct error error = ERROR_INIT;
	char digits[16];

	for (uint64_t i = test_random_below(random, 6); i > 0; i--) {
		snprintf(digits, sizeof digits, "%" PRIu64,
			10000000 + test_random_below(random, 90000000));
		assert_int_equal(otp_key_add_emergency_code(key, digits, 8, &error), 0);
	}
}

static inline void random_numbers(
	struct test_random *random, struct otp_key *key, const struct key_limits *limits)
{
	key->algorithm = limits->only_sha1 ? HMAC_SHA1
					   : (enum hmac_algorithm)test_random_below(random, 3);
	key->digits = 6 + (unsigned int)test_random_below(random, 3);
	if (limits->no_seven_digits && key->digits == 7)
		key->digits = 8;
	key->hotp = test_random_below(random, 2) == 0;
	if (key->hotp) {
		uint64_t range = UINT64_C(1) << test_random_below(random, 61);

		key->counter = (int64_t)test_random_below(random, range) + limits->counter_min;
	} else if (limits->only_30s_and_60s) {
		key->period = test_random_below(random, 2) == 0 ? 30 : 60;
	} else if (!limits->only_30s && test_random_below(random, 2) == 0) {
		key->period = 1 + (unsigned int)test_random_below(random, 3600);
	}
}

static inline void random_key(
	struct test_random *random, struct otp_key *key, const struct key_limits *limits)
{
	struct error error = ERROR_INIT;
	uint8_t secret[OTP_KEY_SECRET_MAX];
	char string[64];
	size_t length = 1 + test_random_below(random, limits->secret_max);

	*key = (struct otp_key)OTP_KEY_INIT;
	test_random_fill(random, secret, length);
	assert_int_equal(otp_key_set_secret(key, secret, length, &error), 0);
	random_string(random, string, sizeof string, limits->plain_name, false);
	assert_int_equal(otp_key_set_name(key, string, strlen(string), &error), 0);
	if (!limits->no_issuer && test_random_below(random, 3) > 0) {
		random_string(random, string, sizeof string, false, true);
		assert_int_equal(otp_key_set_issuer(key, string, strlen(string), &error), 0);
	}
	random_numbers(random, key, limits);
	if (limits->emergency_codes)
		random_emergency_codes(random, key);
}

static inline void assert_same_string(const char *a, const char *b)
{
	assert_string_equal(a != NULL ? a : "(none)", b != NULL ? b : "(none)");
}

static inline void assert_same_key(const struct otp_key *a, const struct otp_key *b)
{
	assert_int_equal(a->secret_length, b->secret_length);
	assert_memory_equal(a->secret, b->secret, a->secret_length);
	assert_int_equal(a->algorithm, b->algorithm);
	assert_int_equal(a->digits, b->digits);
	assert_int_equal(a->hotp, b->hotp);
	assert_int_equal(a->period, b->period);
	assert_true(a->counter == b->counter);
	assert_int_equal(a->emergency_code_count, b->emergency_code_count);
	if (a->emergency_code_count > 0)
		assert_memory_equal(a->emergency_codes, b->emergency_codes,
			a->emergency_code_count * sizeof a->emergency_codes[0]);
}

/* The same with the names. */
static inline void assert_same_named(const struct otp_key *a, const struct otp_key *b)
{
	assert_same_string(a->name, b->name);
	assert_same_string(a->issuer, b->issuer);
	assert_same_key(a, b);
}

/* A damaged copy of bytes: some are changed, removed, doubled or cut off, or replaced by
 * bytes of another seed. The memory has exactly its size, so that sanitizers find reads
 * behind it. The caller frees it. */
static inline char *mutate(struct test_random *random, const char *bytes, size_t *length)
{
	size_t size = *length + 64;
	char *work = calloc(1, size);
	char *exact;

	assert_non_null(work);
	memcpy(work, bytes, *length);
	for (uint64_t i = 1 + test_random_below(random, 4); i > 0 && *length > 0; i--) {
		size_t at = test_random_below(random, *length);
		size_t count = 1 + test_random_below(random, 8);

		if (count > *length - at)
			count = *length - at;
		switch (test_random_below(random, 6)) {
		case 0:
			work[at] = (char)test_random_next(random);
			break;
		case 1:
			work[at] = "\r\n\t \",%:=&?#/0Z\x80"[test_random_below(random, 16)];
			break;
		case 2:
			work[at] = (char)(work[at] ^ 1 << test_random_below(random, 8));
			break;
		case 3:
			memmove(work + at, work + at + count, *length - at - count);
			*length -= count;
			break;
		case 4:
			if (*length + count > size)
				break;
			memmove(work + at + count, work + at, *length - at);
			*length += count;
			break;
		default:
			if (test_random_below(random, 4) == 0)
				*length = at;
		}
	}
	exact = malloc(*length > 0 ? *length : 1);
	assert_non_null(exact);
	memcpy(exact, work, *length);
	free(work);
	return exact;
}

/* Checks what is true of every key that was read. */
static inline void assert_sound(const struct otp_key *key)
{
	assert_true(key->secret_length >= 1);
	assert_true(key->secret_length <= OTP_KEY_SECRET_MAX);
	assert_true(key->digits >= 6 && key->digits <= 8);
	assert_true(key->period >= 1 && key->period <= 3600);
	assert_true(key->counter >= 0 && key->counter <= CREDENTIAL_HOTP_COUNTER_MAX);
	assert_true(key->hotp || key->counter == 0);
	assert_non_null(hmac_algorithm_name(key->algorithm));
	for (size_t i = 0; i < key->emergency_code_count; i++)
		assert_in_range(key->emergency_codes[i], 10000000, 99999999);
}

/* An error is one printable line without the secret. */
static inline void assert_message(const struct error *error, const char *part)
{
	assert_int_not_equal(error->code, 0);
	assert_null(strpbrk(error->message, "\r\n"));
	if (strstr(error->message, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, error->message);
}

/* How one key is written and read. The functions return 0 or a negative error. */
struct key_format {
	struct key_limits limits;
	int (*write)(struct text *text, const struct otp_key *key, struct error *error);
	int (*read)(struct otp_key *key, const char *text, size_t length, struct error *error);
	void (*assert_same)(const struct otp_key *a, const struct otp_key *b);
	unsigned int notes; /* on what was read */
};

static inline void assert_round_trips(const struct key_format *format)
{
	struct test_random random = test_random_begin();

	for (int i = 0; i < ROUND_TRIPS; i++) {
		struct otp_key key, again = OTP_KEY_INIT;
		struct error error = ERROR_INIT;
		struct text text = TEXT_INIT;

		random_key(&random, &key, &format->limits);
		assert_int_equal(format->write(&text, &key, &error), 0);
		assert_int_equal(format->read(&again, text.data, text.length, &error), 0);
		format->assert_same(&key, &again);
		assert_int_equal(again.notes, format->notes);
		text_free(&text);
		otp_key_free(&key);
		otp_key_free(&again);
	}
}

/* A damaged seed is an error or a sound key. */
static inline void assert_survives_mutations(const struct key_format *format, const char *seed)
{
	struct test_random random = test_random_begin();
	unsigned int good = 0;

	for (int i = 0; i < MUTATIONS; i++) {
		struct otp_key key = OTP_KEY_INIT;
		struct error error = ERROR_INIT;
		size_t length = strlen(seed);
		char *text = mutate(&random, seed, &length);

		if (format->read(&key, text, length, &error) == 0) {
			good++;
			assert_sound(&key);
		} else {
			assert_message(&error, "");
		}
		otp_key_free(&key);
		free(text);
	}
	assert_in_range(good, MUTATIONS / 100, MUTATIONS);
}

#endif
