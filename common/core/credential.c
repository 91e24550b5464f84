/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/number.h"
#include "base/wipe.h"
#include "core/otp.h"

/* A line may end with CR, LF or both, so that files from any system work. */
static bool is_line_end(char character)
{
	return character == '\r' || character == '\n';
}

/* Offsets of a line in the text. */
struct line {
	size_t start;
	size_t end;  /* behind its last character */
	size_t next; /* of the next line */
};

/* Reads the line at offset start; false at the end of the text. */
static bool read_line(const struct text *text, size_t start, struct line *line)
{
	size_t i = start;

	if (start >= text->length)
		return false;
	while (i < text->length && !is_line_end(text->data[i]))
		i++;
	line->start = start;
	line->end = i;
	if (i + 1 < text->length && text->data[i] == '\r' && text->data[i + 1] == '\n')
		i++;
	line->next = i < text->length ? i + 1 : i;
	return true;
}

/* Whether the line is `" KEY`, alone or followed by a blank and a value. */
static bool line_has_key(const struct text *text, const struct line *line, const char *key)
{
	size_t length = strlen(key);
	const char *start = text->data + line->start;

	if (line->end - line->start < length + 2 || memcmp(start, "\" ", 2) != 0)
		return false;
	if (memcmp(start + 2, key, length) != 0)
		return false;
	return line->end - line->start == length + 2 || ascii_is_blank(start[length + 2]);
}

/* Only LF ends the first line; in it, a CR counts as a blank. */
static size_t secret_length(const struct text *text)
{
	const char *end = memchr(text->data, '\n', text->length);

	return end != NULL ? (size_t)(end - text->data) : text->length;
}

/* Finds the first line with that key at offset `from` or behind. */
static bool find_line(const struct text *text, size_t from, const char *key, struct line *line)
{
	for (size_t at = from; read_line(text, at, line); at = line->next)
		if (line_has_key(text, line, key))
			return true;
	return false;
}

/* The number that an editor shows for the line at that offset. */
static unsigned int line_number(const struct text *text, size_t offset)
{
	unsigned int number = 1;

	for (size_t i = 0; i < offset; i++)
		number += text->data[i] == '\n';
	return number;
}

int credential_load(
	totpgroup_credential **credential, const char *text, size_t length, struct error *error)
{
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
	*credential = calloc(1, sizeof **credential);
	if (*credential == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
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
	free(credential);
}

struct credential_option credential_secret(const totpgroup_credential *credential)
{
	const struct text *text = &credential->text;

	return (struct credential_option){text->data, secret_length(text), 1};
}

bool credential_next_line(
	const totpgroup_credential *credential, const char *key, struct credential_line *line)
{
	const struct text *text = &credential->text;
	struct line next;
	size_t value;

	if (!find_line(text, line->next, key, &next))
		return false;
	value = next.start + strlen("\" ") + strlen(key);
	while (value < next.end && ascii_is_blank(text->data[value]))
		value++;
	line->option = (struct credential_option){
		text->data + value, next.end - value, line_number(text, next.start)};
	line->start = next.start;
	line->next = next.next;
	return true;
}

bool credential_find(const totpgroup_credential *credential, const char *key,
	struct credential_option *option)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;

	if (!credential_next_line(credential, key, &line))
		return false;
	*option = line.option;
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
static int delete_lines(struct text *text, size_t from, const char *key)
{
	struct line line;

	for (size_t at = from; find_line(text, at, key, &line); at = line.start) {
		int status = text_splice(text, line.start, line.next - line.start, "", 0);

		if (status != 0)
			return status;
	}
	return 0;
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
	struct text content = TEXT_INIT;
	struct line line;
	int status;

	status = text_append_format(&content, "\" %s %s", key, value);
	if (status != 0)
		goto out;
	if (!find_line(text, 0, key, &line)) {
		status = insert_line(text, secret_length(text) + 1, &content);
		goto out;
	}
	status = text_splice(
		text, line.start, line.end - line.start, content.data, content.length);
	if (status == 0 && line.end == line.next)
		status = text_append(text, "\n", 1);
	if (status == 0)
		status = delete_lines(text, line.start + content.length, key);
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
	return delete_lines(&credential->text, 0, key);
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

int credential_parameters(const totpgroup_credential *credential,
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

int credential_algorithm(const totpgroup_credential *credential, enum hmac_algorithm *algorithm,
	struct error *error)
{
	struct credential_option option;

	*algorithm = HMAC_SHA1;
	if (!credential_find(credential, "ALGORITHM", &option))
		return 0;
	for (int i = HMAC_SHA1; i <= HMAC_SHA512; i++) {
		const char *name = hmac_algorithm_name((enum hmac_algorithm)i);

		if (option.length == strlen(name) &&
			memcmp(option.value, name, option.length) == 0) {
			*algorithm = (enum hmac_algorithm)i;
			return 0;
		}
	}
	return error_set(error, TOTPGROUP_EFORMAT,
		"line %u: ALGORITHM must be SHA1, SHA256 or SHA512", option.line);
}

int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	enum hmac_algorithm algorithm = HMAC_SHA256;
	size_t length, size = secret->length * 5 / 8 + 1;
	uint8_t *key = malloc(size);
	int status = 0;

	*hmac = NULL;
	if (key == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (base32_decode(secret->value, secret->length, key, &length) != 0 || length == 0)
		status = error_set(
			error, TOTPGROUP_EFORMAT, "line %u: not a base32 secret", secret->line);
	else if (credential != NULL)
		status = credential_algorithm(credential, &algorithm, error);
	if (status == 0) {
		status = hmac_open(hmac, algorithm, key, length);
		if (status != 0)
			error_set(error, status,
				status == TOTPGROUP_EMEMORY
					? "out of memory"
					: "libgcrypt does not compute this HMAC on this host");
	}
	wipe_free(key, size);
	return status;
}

int credential_open_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error)
{
	const struct credential_option secret = credential_secret(credential);

	return credential_open_hmac_for(credential, &secret, hmac, error);
}
