/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/values.h"

#include <string.h>

#include "base/base64.h"
#include "cli/letter/date.h"
#include "cli/letter/language.h"
#include "cli/letter/qr.h"
#include "message/app_support.h"
#include "message/handover.h"

static int append_string(struct text *text, const char *string)
{
	return text_append(text, string, strlen(string));
}

static int append_lang(const struct letter *letter, struct text *text)
{
	(void)letter;
	return letter_language_append(text);
}

static int append_user(const struct letter *letter, struct text *text)
{
	return append_string(text, letter->user);
}

static int append_host(const struct letter *letter, struct text *text)
{
	return append_string(text, letter->host);
}

static int append_issuer(const struct letter *letter, struct text *text)
{
	return append_string(text, letter->issuer);
}

static int append_label(const struct letter *letter, struct text *text)
{
	return append_string(text, letter->label);
}

static int append_secret(const struct letter *letter, struct text *text)
{
	return handover_append_groups(letter->credential, text);
}

static int append_kind(const struct letter *letter, struct text *text)
{
	return handover_append_kind(letter->credential, text);
}

static int append_digits(const struct letter *letter, struct text *text)
{
	return text_append_format(text, "%u", letter->credential->digits);
}

/* What a code looks like. */
static int append_example_code(const struct letter *letter, struct text *text)
{
	return text_append_format(text, "%.*s", (int)letter->credential->digits, "12345678");
}

static int append_uri(const struct letter *letter, struct text *text)
{
	return handover_append_uri(letter->credential, letter->label, letter->issuer, text);
}

static int append_qr_svg(const struct letter *letter, struct text *text)
{
	return letter_qr_append_svg(letter, text);
}

static int append_qr_png(const struct letter *letter, struct text *text)
{
	struct text png = TEXT_INIT;
	int result = letter_qr_append_png(letter, &png);

	if (result == 0)
		result = append_string(text, "data:image/png;base64,");
	if (result == 0)
		result = base64_encode(text, png.data, png.length);
	text_free(&png);
	return result;
}

static int append_emergency_codes(const struct letter *letter, struct text *text)
{
	const struct emergency_codes *codes = &letter->credential->emergency_codes;
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < codes->count; i++) {
		if (i > 0)
			result = text_append(text, "\n", 1);
		if (result == 0)
			result = append_string(text, codes->code[i]);
	}
	return result;
}

static int append_pending_until(const struct letter *letter, struct text *text)
{
	return letter->pending_until != 0 ? letter_date_append(letter->pending_until, text) : 0;
}

static int append_app_support(const struct letter *letter, struct text *text)
{
	return app_support_append(letter->credential, text);
}

static bool has_issuer(const struct letter *letter)
{
	return letter->issuer[0] != '\0';
}

static bool has_emergency_codes(const struct letter *letter)
{
	return letter->credential->emergency_codes.count > 0;
}

static bool has_hashed_codes(const struct letter *letter)
{
	return has_emergency_codes(letter) && letter->credential->emergency_codes.hashed;
}

static bool has_pending_until(const struct letter *letter)
{
	return letter->pending_until != 0;
}

static bool is_by_time(const struct letter *letter)
{
	return letter->credential->time_based;
}

static bool is_unusual(const struct letter *letter)
{
	struct text text = TEXT_INIT;
	bool unusual = app_support_append(letter->credential, &text) != 0 || text.length > 0;

	text_free(&text);
	return unusual;
}

const struct letter_value letter_values[] = {
	{"lang", append_lang, NULL, LETTER_VALUE_WORDS, true},
	{"user", append_user, NULL, LETTER_VALUE_WORDS, false},
	{"host", append_host, NULL, LETTER_VALUE_WORDS, false},
	{"issuer", append_issuer, has_issuer, LETTER_VALUE_WORDS, false},
	{"label", append_label, NULL, LETTER_VALUE_WORDS, false},
	{"secret", append_secret, NULL, LETTER_VALUE_WORDS, false},
	{"kind", append_kind, NULL, LETTER_VALUE_WORDS, false},
	{"digits", append_digits, NULL, LETTER_VALUE_WORDS, false},
	{"example_code", append_example_code, NULL, LETTER_VALUE_WORDS, false},
	{"uri", append_uri, NULL, LETTER_VALUE_WORDS, false},
	{"qr_svg", append_qr_svg, NULL, LETTER_VALUE_MARKUP, false},
	{"qr_png", append_qr_png, NULL, LETTER_VALUE_MARKUP, false},
	{"emergency_codes", append_emergency_codes, has_emergency_codes, LETTER_VALUE_LIST,
		false},
	{"hashed", NULL, has_hashed_codes, LETTER_VALUE_WORDS, false},
	{"by_time", NULL, is_by_time, LETTER_VALUE_WORDS, false},
	{"pending_until", append_pending_until, has_pending_until, LETTER_VALUE_WORDS, false},
	{"app_support", append_app_support, is_unusual, LETTER_VALUE_WORDS, false},
	{NULL, NULL, NULL, LETTER_VALUE_WORDS, false},
};

const struct letter_value *letter_value_find(const char *name, size_t length)
{
	const struct letter_value *value = letter_values;

	while (value->name != NULL &&
		(strlen(value->name) != length || strncmp(value->name, name, length) != 0))
		value++;
	return value->name != NULL ? value : NULL;
}
