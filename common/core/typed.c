/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/typed.h"

#include <string.h>

#include "base/utf8.h"
#include "base/wipe.h"
#include "core/emergency.h"
#include "core/otp.h"

_Static_assert(EMERGENCY_CODE_LENGTH <= OTP_DIGITS_MAX, "typed_end() finds emergency codes");

static void keep_end(struct typed *typed, const char *text)
{
	size_t length = strlen(text);

	typed->cut = length > TYPED_MAX ? length - TYPED_MAX : 0;
	typed->length = length - typed->cut;
	memcpy(typed->text, text + typed->cut, typed->length);
}

/* Input longer than any code cannot be a code. */
static void drop_blanks(struct typed *typed, const char *text)
{
	for (size_t left = strlen(text); left > 0; left--, text++) {
		bool is_plain = *text > ' ' && *text <= '~';
		size_t blank = is_plain ? 0 : utf8_blank_length(text, left);

		if (blank > 0) {
			left -= blank - 1;
			text += blank - 1;
			continue;
		}
		if (typed->length == TYPED_MAX) {
			typed->length = 0;
			return;
		}
		typed->text[typed->length++] = *text;
	}
}

void typed_read(struct typed *typed, const char *text, bool password_before_code)
{
	typed->length = 0;
	typed->cut = 0;
	typed->password_before_code = password_before_code;
	if (password_before_code)
		keep_end(typed, text);
	else
		drop_blanks(typed, text);
	typed->text[typed->length] = '\0';
}

const char *typed_digits(const struct typed *typed, size_t digits)
{
	const char *code;

	if (typed->length < digits)
		return NULL;
	if (typed->length > digits && !typed->password_before_code)
		return NULL;
	code = typed->text + typed->length - digits;
	return strspn(code, "0123456789") == digits ? code : NULL;
}

const char *typed_pair(const struct typed *typed, size_t digits)
{
	return typed->password_before_code ? NULL : typed_digits(typed, 2 * digits);
}

bool typed_hashed_code(
	const struct typed *typed, char code[EMERGENCY_HASH_LENGTH + 1], size_t *length)
{
	bool behind_password = typed->password_before_code;

	code[0] = '\0';
	*length = behind_password ? EMERGENCY_HASH_WRITTEN_LENGTH : typed->length;
	return typed->length >= *length &&
	       emergency_hash_read(
		       typed->text + typed->length - *length, *length, behind_password, code);
}

bool typed_holds_code(const struct typed *typed)
{
	for (size_t digits = OTP_DIGITS_MIN; digits <= OTP_DIGITS_MAX; digits++)
		if (typed_digits(typed, digits) != NULL)
			return true;
	return false;
}

static size_t count_digits_at_end(const char *text, size_t length)
{
	size_t digits = 0;

	while (digits < length && digits < OTP_DIGITS_MAX && text[length - digits - 1] >= '0' &&
		text[length - digits - 1] <= '9')
		digits++;
	return digits;
}

const char *typed_end(const char *text)
{
	size_t length = strlen(text), digits = count_digits_at_end(text, length);
	const size_t written = EMERGENCY_HASH_WRITTEN_LENGTH;
	char code[EMERGENCY_HASH_LENGTH + 1];
	bool is_code;

	if (length >= written) {
		is_code = emergency_hash_read(text + length - written, written, true, code);
		WIPE_ARRAY(code);
		if (is_code)
			return text + length - written;
	}
	return digits >= OTP_DIGITS_MIN ? text + length - digits : NULL;
}
