/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/emergency.h"

#include <string.h>

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

/* Whether eight digits, zeros before them left out, stand at that place with a
 * line end behind them. */
static bool is_code(const struct text *text, size_t at)
{
	size_t end = skip(text, at, "0123456789");

	if (end - at != EMERGENCY_CODE_LENGTH)
		return false;
	return end == text->length || text->data[end] == '\r' || text->data[end] == '\n';
}

/* Passes over option and empty lines. */
static size_t skip_options(const struct text *text, size_t from)
{
	size_t at = skip(text, from, "\r\n");

	while (at < text->length && text->data[at] == '"')
		at = skip(text, skip_until(text, at, '\n'), "\r\n");
	return at;
}

/*
 * Finds the next emergency code at or behind `from`. Option and empty lines
 * are passed over, and lines of blanks where a code comes next; any other line
 * ends the list, as google-authenticator has it, so that what stands below it
 * is never a code.
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

/* Where the list can begin: behind the first line. */
static size_t first_place(const struct text *text)
{
	return skip_until(text, 0, '\n');
}

/* Compares eight bytes, in a time that does not tell where they differ. */
static bool same_code(const char *a, const char *b)
{
	unsigned char difference = 0;

	for (size_t i = 0; i < EMERGENCY_CODE_LENGTH; i++)
		difference = (unsigned char)(difference | (a[i] ^ b[i]));
	return difference == 0;
}

bool emergency_code_next(const totpgroup_credential *credential, struct emergency_line *line)
{
	const struct text *text = &credential->text;
	struct emergency_line next;

	if (!next_code(text, line->next == 0 ? first_place(text) : line->next, &next))
		return false;
	*line = next;
	return true;
}

int emergency_code_spend(totpgroup_credential *credential, const char *code, bool *found)
{
	struct text *text = &credential->text;
	struct emergency_line line, match = {0, 0, 0};
	bool matched = false;
	int status;

	*found = false;
	for (size_t at = first_place(text); next_code(text, at, &line); at = line.next) {
		/* No break: the time tells how many codes there are, not which. */
		if (same_code(text->data + line.digits, code) && !matched) {
			match = line;
			matched = true;
		}
	}
	if (!matched)
		return 0;
	status = text_splice(text, match.start, match.next - match.start, "", 0);
	*found = status == 0;
	return status;
}

unsigned int emergency_codes_left(const totpgroup_credential *credential)
{
	const struct text *text = &credential->text;
	struct emergency_line line;
	unsigned int count = emergency_hash_codes_left(credential);

	for (size_t at = first_place(text); next_code(text, at, &line); at = line.next)
		count++;
	return count;
}

static int remove_all(totpgroup_credential *credential)
{
	struct text *text = &credential->text;
	struct emergency_line line;
	int status = credential_unset(credential, EMERGENCY_HASH_KEY);

	for (size_t at = first_place(text); status == 0 && next_code(text, at, &line);
		at = line.start)
		status = text_splice(text, line.start, line.next - line.start, "", 0);
	return status;
}

int emergency_codes_replace(totpgroup_credential *credential, const char *lines, size_t length)
{
	struct text *text = &credential->text;
	int status = remove_all(credential);
	size_t at;

	if (status != 0)
		return status;
	/* Before the first foreign line: behind it nothing is a code. */
	at = skip_options(text, first_place(text));
	if (at == text->length && text->data[at - 1] != '\n') {
		status = text_append(text, "\n", 1);
		at = text->length;
	}
	return status != 0 ? status : text_splice(text, at, 0, lines, length);
}
