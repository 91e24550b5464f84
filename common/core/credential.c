/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/credential.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/number.h"
#include "core/credential_cache.h"
#include "core/otp.h"

/* As long as most lines are. */
#define BRIEF_LINE 128

/* One piece of memory. */
struct whole {
	struct totpgroup_credential credential; /* first, so that it can be taken for this */
	struct credential_cache cache;
};

/* Only LF ends the first line; in it, a CR counts as a blank. */
static size_t secret_length(const struct text *text)
{
	const char *end = memchr(text->data, '\n', text->length);

	return end != NULL ? (size_t)(end - text->data) : text->length;
}

int credential_load(
	totpgroup_credential **credential, const char *text, size_t length, struct error *error)
{
	struct whole *whole;
	int status;

	*credential = NULL;
	if (length == 0)
		return error_set(
			error, TOTPGROUP_EFORMAT, "line 1: no secret, the file is empty");
	if (length > CREDENTIAL_TEXT_MAX)
		return error_set(
			error, TOTPGROUP_EFORMAT, "longer than %d bytes", CREDENTIAL_TEXT_MAX);
	if (memchr(text, '\0', length) != NULL)
		return error_set(error, TOTPGROUP_EFORMAT, "a NUL byte, so it is not text");
	whole = malloc(sizeof *whole);
	if (whole == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	memset(whole, 0, offsetof(struct whole, cache.lines));
	whole->credential.cache = &whole->cache;
	*credential = &whole->credential;
	status = text_append(&(*credential)->text, text, length);
	if (status != 0) {
		totpgroup_credential_free(*credential);
		*credential = NULL;
		return error_set(error, status, "out of memory");
	}
	return 0;
}

void totpgroup_credential_free(totpgroup_credential *credential)
{
	if (credential == NULL)
		return;
	text_free(&credential->text);
	credential_cache_close_keys(credential->cache);
	free(credential);
}

struct credential_option credential_secret(const totpgroup_credential *credential)
{
	const struct text *text = &credential->text;

	return (struct credential_option){text->data, secret_length(text), 1};
}

/* The value of a line, without blanks at its start. */
static struct credential_option option_of(
	const totpgroup_credential *credential, const struct option_line *line)
{
	const char *text = credential->text.data;
	size_t value = line->start + strlen("\" ") + line->key_length;

	while (value < line->end && ascii_is_blank(text[value]))
		value++;
	return (struct credential_option){text + value, line->end - value, line->number};
}

bool credential_next_line(
	const totpgroup_credential *credential, const char *key, struct credential_line *line)
{
	struct option_line next;

	if (!credential_cache_find(credential, line->next, key, &next))
		return false;
	line->option = option_of(credential, &next);
	line->start = next.start;
	line->next = next.next;
	return true;
}

bool credential_find(const totpgroup_credential *credential, const char *key,
	struct credential_option *option)
{
	struct option_line line;

	if (!credential_cache_may_have(credential, key) ||
		!credential_cache_find(credential, 0, key, &line))
		return false;
	*option = option_of(credential, &line);
	return true;
}

bool credential_next_word(struct credential_option *rest, struct word *word)
{
	return lines_next_word(&rest->value, &rest->length, &word->start, &word->length);
}

bool credential_next_number(
	struct credential_option *rest, int64_t minimum, int64_t maximum, int64_t *number)
{
	struct word word;

	return credential_next_word(rest, &word) &&
	       number_parse(word.start, word.length, minimum, maximum, number);
}

/* Deletes the lines with that key at offset `from` and behind. */
static int delete_lines(totpgroup_credential *credential, size_t from, const char *key)
{
	struct option_line line;
	int status = 0;

	for (size_t at = from; status == 0 && credential_cache_find(credential, at, key, &line);
		at = line.start)
		status = text_splice(
			&credential->text, line.start, line.next - line.start, "", 0);
	return status;
}

/* Inserts a line, given without its end, at the start of another or behind the last. */
static int insert_line(struct text *text, size_t at, const struct text *content)
{
	int status = 0;

	if (at > text->length || (at == text->length && text->data[at - 1] != '\n')) {
		status = text_append(text, "\n", 1);
		at = text->length;
	}
	if (status == 0)
		status = text_splice(text, at, 0, "\n", 1);
	return status != 0 ? status : text_splice(text, at, 0, content->data, content->length);
}

int credential_set(totpgroup_credential *credential, const char *key, const char *value)
{
	struct text *text = &credential->text;
	char brief[BRIEF_LINE] = "";
	struct text content = TEXT_IN(brief);
	struct option_line line;
	int status;

	(void)text_append(&content, "\" ", 2);
	(void)text_append_string(&content, key);
	(void)text_append(&content, " ", 1);
	status = text_append_string(&content, value);
	if (status != 0)
		goto out;
	if (!credential_cache_find(credential, 0, key, &line)) {
		status = insert_line(text, secret_length(text) + 1, &content);
		goto out;
	}
	status = text_splice(
		text, line.start, line.end - line.start, content.data, content.length);
	if (status == 0 && line.end == line.next)
		status = text_append(text, "\n", 1);
	if (status == 0)
		status = delete_lines(credential, line.start + content.length, key);
out:
	text_free(&content);
	return status;
}

int credential_set_number(totpgroup_credential *credential, const char *key, int64_t number)
{
	char value[32];

	snprintf(value, sizeof value, "%" PRId64, number);
	return credential_set(credential, key, value);
}

int credential_set_secret(
	totpgroup_credential *credential, const char *characters, size_t length)
{
	struct text *text = &credential->text;

	return text_splice(text, 0, secret_length(text), characters, length);
}

int credential_insert_line(totpgroup_credential *credential,
	const struct credential_line *below, const struct text *content)
{
	struct text *text = &credential->text;

	return insert_line(
		text, below != NULL ? below->next : secret_length(text) + 1, content);
}

int credential_delete_line(totpgroup_credential *credential, const struct credential_line *line)
{
	return text_splice(&credential->text, line->start, line->next - line->start, "", 0);
}

int credential_unset(totpgroup_credential *credential, const char *key)
{
	return delete_lines(credential, 0, key);
}

/* Reads the first word of an option into *number, unless there is no such option. */
static int read_parameter(const totpgroup_credential *credential, const char *key,
	int64_t minimum, int64_t maximum, unsigned int *number, struct error *error)
{
	struct credential_option option;
	int64_t value;

	if (!credential_find(credential, key, &option))
		return 0;
	if (!credential_next_number(&option, minimum, maximum, &value))
		return error_set(error, TOTPGROUP_EFORMAT, "line %u: %s must be %lld to %lld",
			option.line, key, (long long)minimum, (long long)maximum);
	*number = (unsigned int)value;
	return 0;
}

int64_t credential_lenient_number(const totpgroup_credential *credential, const char *key)
{
	struct credential_option option;
	char digits[32];
	size_t length;

	if (!credential_find(credential, key, &option))
		return 0;
	length = option.length < sizeof digits ? option.length : sizeof digits - 1;
	memcpy(digits, option.value, length);
	digits[length] = '\0';
	return strtoll(digits, NULL, 10);
}

/* Reads the HOTP counter; 0 for none and for a negative one. */
static int read_hotp_counter(
	const totpgroup_credential *credential, int64_t *counter, struct error *error)
{
	struct credential_option option = {"", 0, 0};

	*counter = credential_lenient_number(credential, "HOTP_COUNTER");
	if (*counter < 0)
		*counter = 0;
	if (*counter <= CREDENTIAL_HOTP_COUNTER_MAX)
		return 0;
	(void)credential_find(credential, "HOTP_COUNTER", &option);
	return error_set(error, TOTPGROUP_EFORMAT,
		"line %u: HOTP_COUNTER is beyond any real counter", option.line);
}

static int read_parameters(const totpgroup_credential *credential,
	struct credential_parameters *parameters, struct error *error)
{
	const struct text *text = &credential->text;
	static const char totp_line[] = "\" TOTP_AUTH";
	int status;

	*parameters = (struct credential_parameters){
		.digits = OTP_DIGITS_MIN, .period = 30, .window = 3};
	status = read_hotp_counter(credential, &parameters->hotp_counter, error);
	if (status != 0)
		return status;
	/* Like google-authenticator, accepts these characters anywhere in the text. */
	parameters->totp =
		parameters->hotp_counter == 0 &&
		memmem(text->data, text->length, totp_line, strlen(totp_line)) != NULL;
	status = read_parameter(credential, "DIGITS", OTP_DIGITS_MIN, OTP_DIGITS_MAX,
		&parameters->digits, error);
	if (status == 0 && parameters->totp)
		status = read_parameter(credential, "STEP_SIZE", OTP_PERIOD_MIN, OTP_PERIOD_MAX,
			&parameters->period, error);
	if (status == 0)
		status = read_parameter(credential, "WINDOW_SIZE", 1, CREDENTIAL_WINDOW_MAX,
			&parameters->window, error);
	return status;
}

int credential_parameters(const totpgroup_credential *credential,
	struct credential_parameters *parameters, struct error *error)
{
	struct credential_cache *cache = credential_cache_of(credential);
	int status = 0;

	if (!cache->knows_parameters)
		status = read_parameters(credential, &cache->parameters, error);
	cache->knows_parameters = status == 0;
	*parameters = cache->parameters;
	return status;
}
