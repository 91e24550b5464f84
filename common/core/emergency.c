/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/emergency.h"

#include <string.h>

#include "base/wipe.h"
#include "core/emergency_hash.h"

static size_t skip(const struct text *text, size_t at, const char *characters)
{
	while (at < text->length && strchr(characters, text->data[at]) != NULL)
		at++;
	return at;
}

static size_t skip_until(const struct text *text, size_t at, char character)
{
	while (at < text->length && text->data[at] != character)
		at++;
	return at;
}

/* Whether eight digits and a line end are at that offset. */
static bool is_code(const struct text *text, size_t at)
{
	size_t end = skip(text, at, "0123456789");

	if (end - at != EMERGENCY_CODE_LENGTH)
		return false;
	return end == text->length || text->data[end] == '\r' || text->data[end] == '\n';
}

/* Skips option and empty lines. */
static size_t skip_options(const struct text *text, size_t from)
{
	size_t at = skip(text, from, "\r\n");

	while (at < text->length && text->data[at] == '"')
		at = skip(text, skip_until(text, at, '\n'), "\r\n");
	return at;
}

/*
 * Finds the next emergency code at or behind `from`. Like google-authenticator, skips
 * option and empty lines, and lines of blanks before a code. Any other line ends the
 * list: lines below it are never codes.
 */
static bool next_code(const struct text *text, size_t from, struct emergency_line *line)
{
	size_t at = skip_options(text, from);

	if (at == text->length)
		return false;
	line->start = at;
	at = skip(text, at, " \t\v\f\r\n");
	if (at < text->length && text->data[at] == '+')
		at++;
	line->digits = skip(text, at, "0");
	if (!is_code(text, line->digits))
		return false;
	at = line->digits + EMERGENCY_CODE_LENGTH;
	if (at + 1 < text->length && text->data[at] == '\r' && text->data[at + 1] == '\n')
		at++;
	line->next = at < text->length ? at + 1 : at;
	return true;
}

/* Where the list begins: behind the first line. */
static size_t list_start(const struct text *text)
{
	return skip_until(text, 0, '\n');
}

bool emergency_code_next(const totpgroup_credential *credential, struct emergency_line *line)
{
	const struct text *text = &credential->text;
	struct emergency_line next;

	if (!next_code(text, line->next == 0 ? list_start(text) : line->next, &next))
		return false;
	*line = next;
	return true;
}

static int remove_code(totpgroup_credential *credential, const struct emergency_line *line)
{
	return text_splice(&credential->text, line->start, line->next - line->start, "", 0);
}

int emergency_code_spend(totpgroup_credential *credential, const char *code, bool *found)
{
	struct emergency_line line = {0, 0, 0}, match = {0, 0, 0};
	bool matched = false;
	int status;

	*found = false;
	/* No break, so that the time does not tell which code matched. */
	while (emergency_code_next(credential, &line))
		if (secret_is_same(
			    credential->text.data + line.digits, code, EMERGENCY_CODE_LENGTH) &&
			!matched) {
			match = line;
			matched = true;
		}
	if (!matched)
		return 0;
	status = remove_code(credential, &match);
	*found = status == 0;
	return status;
}

unsigned int emergency_codes_left(const totpgroup_credential *credential)
{
	struct emergency_line line = {0, 0, 0};
	unsigned int count = emergency_hash_codes_left(credential);

	while (emergency_code_next(credential, &line))
		count++;
	return count;
}

int emergency_codes_replace(totpgroup_credential *credential, const char *lines, size_t length)
{
	struct text *text = &credential->text;
	struct emergency_line line = {0, 0, 0};
	int status = credential_unset(credential, EMERGENCY_HASH_KEY);
	size_t at;

	while (status == 0 && emergency_code_next(credential, &line)) {
		status = remove_code(credential, &line);
		line.next = line.start;
	}
	if (status != 0)
		return status;
	/* Above the first foreign line: lines below it are no codes. */
	at = skip_options(text, list_start(text));
	if (at == text->length && text->data[at - 1] != '\n') {
		status = text_append_string(text, "\n");
		at = text->length;
	}
	return status != 0 ? status : text_splice(text, at, 0, lines, length);
}
