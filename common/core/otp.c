/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/otp.h"

#include <endian.h>

#include "base/wipe.h"
#include "totpgroup.h"

#define COUNTERS_MAX ((int64_t)1 << 20)

static bool digits_allowed(unsigned int digits)
{
	return digits >= OTP_DIGITS_MIN && digits <= OTP_DIGITS_MAX;
}

/* RFC 4226 section 5.3: four bytes of the digest without the sign bit. The last byte of
 * the digest chooses them. */
static uint32_t truncate_digest(const uint8_t *digest, size_t length)
{
	const uint8_t *chosen = digest + (digest[length - 1] & 0xf);

	return (uint32_t)(chosen[0] & 0x7f) << 24 | (uint32_t)chosen[1] << 16 |
	       (uint32_t)chosen[2] << 8 | chosen[3];
}

static void put_digits(char *code, unsigned int digits, uint32_t value)
{
	for (unsigned int i = digits; i > 0; i--) {
		code[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	code[digits] = '\0';
}

/* Computes the number whose last digits are the code. The caller wipes the digest. */
static int compute_value(
	struct hmac *hmac, uint64_t counter, uint8_t digest[HMAC_DIGEST_MAX], uint32_t *value)
{
	/* RFC 4226 section 5.2: eight bytes, highest first. */
	const uint64_t message = htobe64(counter);
	size_t length;
	int status = hmac_digest(hmac, &message, sizeof message, digest, &length);

	*value = status == 0 ? truncate_digest(digest, length) : 0;
	return status;
}

int otp_generate(
	struct hmac *hmac, uint64_t counter, unsigned int digits, char code[OTP_DIGITS_MAX + 1])
{
	uint8_t digest[HMAC_DIGEST_MAX];
	uint32_t value;
	int status = TOTPGROUP_EARGUMENT;

	explicit_bzero(code, OTP_DIGITS_MAX + 1);
	if (!digits_allowed(digits))
		return status;
	status = compute_value(hmac, counter, digest, &value);
	if (status == 0)
		put_digits(code, digits, value);
	WIPE_ARRAY(digest);
	WIPE_OBJECT(&value);
	return status;
}

/* RFC 4226 section 5.3: the last digits of the value. The divisors are constants, so that
 * the compiler makes no division, whose time could depend on the value. */
static uint32_t reduce(uint32_t value, unsigned int digits)
{
	switch (digits) {
	case 6:
		return value % 1000000;
	case 7:
		return value % 10000000;
	default:
		return value % 100000000;
	}
}

/* The number that the digits are; one that no code is where one of them is no digit. */
static uint32_t read_digits(const char *code, unsigned int digits)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < digits; i++) {
		if (code[i] < '0' || code[i] > '9')
			return UINT32_MAX;
		value = value * 10 + (uint32_t)(code[i] - '0');
	}
	return value;
}

/* All ones where both are equal, else zero, without a branch. */
static uint64_t mask_same(uint32_t a, uint32_t b)
{
	return 0 - (((uint64_t)(a ^ b) - 1) >> 63);
}

/* The nearest match so far. */
struct match {
	uint64_t found; /* all ones once there is one, else zero */
	uint64_t counter;
	uint64_t distance;
};

/* Takes a counter if same is all ones and it is nearer than the match so far, without a
 * branch that depends on the result. */
static void match_consider(
	struct match *match, uint64_t same, uint64_t counter, uint64_t distance)
{
	uint64_t nearer = 0 - (uint64_t)(distance < match->distance);
	uint64_t take = same & (nearer | ~match->found);

	match->counter = (counter & take) | (match->counter & ~take);
	match->distance = (distance & take) | (match->distance & ~take);
	match->found |= take;
}

/* Unsigned, because the distance from INT64_MIN to INT64_MAX exceeds an int64_t. */
static uint64_t distance_between(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* The range must not begin before 0 or end before its begin. */
static int search_range(struct hmac *hmac, struct otp_range range, int64_t nearest,
	const char *code, unsigned int digits, struct match *match)
{
	const uint32_t wanted = read_digits(code, digits);
	int64_t count = range.last - range.first + 1;
	uint8_t digest[HMAC_DIGEST_MAX];
	int status = 0;

	for (int64_t i = 0; i < count && status == 0; i++) {
		int64_t counter = range.first + i;
		uint32_t value;

		status = compute_value(hmac, (uint64_t)counter, digest, &value);
		match_consider(match, mask_same(reduce(value, digits), wanted),
			(uint64_t)counter, distance_between(counter, nearest));
	}
	WIPE_ARRAY(digest);
	return status;
}

int otp_search(struct hmac *hmac, struct otp_range range, int64_t nearest, const char *code,
	unsigned int digits, bool *found, int64_t *counter)
{
	struct match match = {0, 0, 0};
	int status;

	*found = false;
	if (!digits_allowed(digits))
		return TOTPGROUP_EARGUMENT;
	if (range.first < 0)
		range.first = 0;
	if (range.first > range.last)
		return 0;
	if (range.last - range.first >= COUNTERS_MAX)
		return TOTPGROUP_EARGUMENT;
	status = search_range(hmac, range, nearest, code, digits, &match);
	if (status != 0)
		return status;
	*found = match.found != 0;
	if (*found)
		*counter = (int64_t)match.counter;
	return 0;
}

int64_t otp_time_step(int64_t now, unsigned int period)
{
	return now / (int64_t)period;
}

int64_t otp_step_offset(int64_t step, int64_t now, unsigned int period)
{
	int64_t current = otp_time_step(now, period);
	int64_t within = now % (int64_t)period;
	int64_t steps;
	int64_t offset;

	if (step == current)
		return 0;
	/* The first second of a later step is the nearest, and the last of an earlier one.
	 * Cap the offset of a step that is too far away. */
	if (__builtin_sub_overflow(step, current, &steps) ||
		__builtin_mul_overflow(steps, (int64_t)period, &offset))
		return step > current ? INT64_MAX : INT64_MIN;
	return offset > 0 ? offset - within : offset + ((int64_t)period - 1 - within);
}
