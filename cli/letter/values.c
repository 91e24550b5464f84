/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "config/options.h"
#include "message/enrollment_text.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Names of months as they stand in a date. strftime() would need a locale that this host may
 * not have. */
static const char *const months[] = {
	N_("January"),
	N_("February"),
	N_("March"),
	N_("April"),
	N_("May"),
	N_("June"),
	N_("July"),
	N_("August"),
	N_("September"),
	N_("October"),
	N_("November"),
	N_("December"),
};

static const struct letter_house nothing_known = {.logo = TEXT_INIT};

static const struct letter_house *house_of(const struct letter *letter)
{
	return letter->house != NULL ? letter->house : &nothing_known;
}

static int append_if_known(struct text *text, const char *value)
{
	return value != NULL ? text_append_string(text, value) : text->status;
}

static bool is_known(const char *value)
{
	return value != NULL && value[0] != '\0';
}

static int append_organization(const struct letter *letter, struct text *text)
{
	return append_if_known(text, house_of(letter)->organization);
}

static bool has_organization(const struct letter *letter)
{
	return is_known(house_of(letter)->organization);
}

static int append_contact(const struct letter *letter, struct text *text)
{
	return append_if_known(text, house_of(letter)->contact);
}

static bool has_contact(const struct letter *letter)
{
	return is_known(house_of(letter)->contact);
}

/* Without the blank at its end, behind which users type. */
static int append_prompt(const struct letter *letter, struct text *text)
{
	const char *prompt = house_of(letter)->prompt;
	size_t length;

	if (prompt == NULL)
		prompt = OPTIONS_PROMPT;
	length = strlen(prompt);
	while (length > 0 && prompt[length - 1] == ' ')
		length--;
	return text_append(text, prompt, length);
}

static bool is_with_password(const struct letter *letter)
{
	return house_of(letter)->with_password;
}

/* The picture of an address that needs no other file. */
static int append_data_uri(struct text *text, const struct text *png)
{
	text_append_string(text, "data:image/png;base64,");
	return base64_encode(text, png->data, png->length);
}

static int append_logo(const struct letter *letter, struct text *text)
{
	const struct text *logo = &house_of(letter)->logo;

	return logo->length > 0 ? append_data_uri(text, logo) : text->status;
}

static bool has_logo(const struct letter *letter)
{
	return house_of(letter)->logo.length > 0;
}

static int append_day(struct text *text, int year, int month, int day)
{
	/* Day, month and year. */
	return text_append_format(
		text, translate("%d %s %d"), day, translate(months[month - 1]), year);
}

static int append_date(const struct letter *letter, struct text *text)
{
	const struct letter_house *house = house_of(letter);

	return house->day != 0 ? append_day(text, house->year, house->month, house->day)
			       : text->status;
}

static bool has_date(const struct letter *letter)
{
	return house_of(letter)->day != 0;
}

static int append_full_name(const struct letter *letter, struct text *text)
{
	return append_if_known(text, letter->full_name);
}

static bool has_full_name(const struct letter *letter)
{
	return is_known(letter->full_name);
}

static int append_user(const struct letter *letter, struct text *text)
{
	return text_append_string(text, letter->user);
}

static int append_host(const struct letter *letter, struct text *text)
{
	return text_append_string(text, letter->host);
}

static int append_issuer(const struct letter *letter, struct text *text)
{
	return text_append_string(text, letter->issuer);
}

static int append_label(const struct letter *letter, struct text *text)
{
	return text_append_string(text, letter->label);
}

static int append_secret(const struct letter *letter, struct text *text)
{
	return enrollment_append_secret_groups(letter->credential, text);
}

static int append_kind(const struct letter *letter, struct text *text)
{
	return enrollment_append_parameters(letter->credential, text);
}

static int append_digits(const struct letter *letter, struct text *text)
{
	return text_append_format(text, "%u", letter->credential->digits);
}

static int append_example_code(const struct letter *letter, struct text *text)
{
	return text_append_format(text, "%.*s", (int)letter->credential->digits, "12345678");
}

static int append_uri(const struct letter *letter, struct text *text)
{
	return enrollment_append_uri(letter->credential, letter->label, letter->issuer, text);
}

static int append_qr_png(const struct letter *letter, struct text *text)
{
	struct text png = TEXT_INIT;
	int status = letter_qr_append_png(letter, &png);

	if (status == 0)
		status = append_data_uri(text, &png);
	text_free(&png);
	return status;
}

static int append_emergency_codes(const struct letter *letter, struct text *text)
{
	const struct emergency_codes *codes = &letter->credential->emergency_codes;

	for (unsigned int i = 0; i < codes->count; i++)
		text_append_format(text, "%s%s", i > 0 ? "\n" : "", codes->code[i]);
	return text->status;
}

/* Appends the day in this host's time zone; the hour and minute too, unless the time is the
 * beginning of a day. */
static int append_pending_until(const struct letter *letter, struct text *text)
{
	time_t time = (time_t)letter->pending_until;
	struct tm local;

	if (time == 0)
		return 0;
	if (localtime_r(&time, &local) == NULL)
		return TOTPGROUP_EARGUMENT;
	append_day(text, local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
	if (local.tm_hour != 0 || local.tm_min != 0 || local.tm_sec != 0)
		text_append_format(text, ", %d:%02d", local.tm_hour, local.tm_min);
	return text->status;
}

static int append_app_support(const struct letter *letter, struct text *text)
{
	return enrollment_append_app_support(letter->credential, text);
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
	bool unusual = enrollment_append_app_support(letter->credential, &text) != 0 ||
		       text.length > 0;

	text_free(&text);
	return unusual;
}

const struct letter_value letter_values[] = {
	{"lang", letter_language_append, NULL, LETTER_VALUE_WORDS, true},
	{"organization", append_organization, has_organization, LETTER_VALUE_WORDS, true},
	{"logo", append_logo, has_logo, LETTER_VALUE_MARKUP, true},
	{"contact", append_contact, has_contact, LETTER_VALUE_WORDS, true},
	{"date", append_date, has_date, LETTER_VALUE_WORDS, true},
	{"prompt", append_prompt, NULL, LETTER_VALUE_WORDS, true},
	{"with_password", NULL, is_with_password, LETTER_VALUE_WORDS, true},
	{"full_name", append_full_name, has_full_name, LETTER_VALUE_WORDS, false},
	{"user", append_user, NULL, LETTER_VALUE_WORDS, false},
	{"host", append_host, NULL, LETTER_VALUE_WORDS, false},
	{"issuer", append_issuer, has_issuer, LETTER_VALUE_WORDS, false},
	{"label", append_label, NULL, LETTER_VALUE_WORDS, false},
	{"secret", append_secret, NULL, LETTER_VALUE_WORDS, false},
	{"kind", append_kind, NULL, LETTER_VALUE_WORDS, false},
	{"digits", append_digits, NULL, LETTER_VALUE_WORDS, false},
	{"example_code", append_example_code, NULL, LETTER_VALUE_WORDS, false},
	{"uri", append_uri, NULL, LETTER_VALUE_WORDS, false},
	{"qr_svg", letter_qr_append_svg, NULL, LETTER_VALUE_MARKUP, false},
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
