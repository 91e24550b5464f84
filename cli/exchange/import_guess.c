/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells the format of a text from its content. */

#include "config.h"

#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "base/utf8.h"
#include "cli/exchange/exchange.h"
#include "cli/exchange/pskc.h"
#include "exchange/csv.h"
#include "exchange/otp_key.h"
#include "exchange/token_csv.h"
#include "exchange/users_file.h"
#include "exchange/vault_json.h"

static bool begins_with(const char *line, size_t length, const char *start)
{
	return length >= strlen(start) && ascii_is_word(line, strlen(start), start);
}

/* Whether the text has a line of a credential's options. What is wrong with it is reported when
 * the credential is read. */
static bool has_option(const char *text, size_t length)
{
	struct lines lines = {.text = text, .length = length};
	const char *line;
	size_t line_length;

	while (lines_next(&lines, &line, &line_length))
		if (line_length > 2 && memcmp(line, "\" ", 2) == 0)
			return true;
	return false;
}

/* Leaves out what is around a text. */
static struct word trim(struct word word)
{
	size_t blank;

	while ((blank = utf8_blank_length(word.start, word.length)) > 0) {
		word.start += blank;
		word.length -= blank;
	}
	while (word.length > 0 && utf8_blank_length(word.start + word.length - 1, 1) > 0)
		word.length--;
	return word;
}

/* Whether the text is XML with the root of a container near its front, whatever the prefix. */
bool pskc_guess(const char *text, size_t length)
{
	static const char root[] = "KeyContainer";
	const size_t near = length < 4096 ? length : 4096;
	struct word word = trim((struct word){text, length});

	return word.length > 0 && *word.start == '<' &&
	       memmem(text, near, root, strlen(root)) != NULL;
}

static enum exchange_format guess_line(const char *line, size_t length)
{
	if (begins_with(line, length, "otpauth://"))
		return FORMAT_URI;
	if (begins_with(line, length, "otpauth-migration://"))
		return FORMAT_MIGRATION;
	if (users_file_is_row(line, length))
		return FORMAT_USERS_FILE;
	return FORMAT_UNKNOWN;
}

/* What Windows writes before UTF-8. */
struct word import_skip_mark(const char *text, size_t length)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t size = strlen(mark);
	struct word word = {text, length};

	if (length >= size && memcmp(text, mark, size) == 0)
		word = (struct word){text + size, length - size};
	return word;
}

enum exchange_format import_guess_format(const char *text, size_t length)
{
	const struct word word = import_skip_mark(text, length);
	struct lines lines = {.text = word.start, .length = word.length};
	enum exchange_format format = FORMAT_UNKNOWN;
	const char *line;
	size_t line_length;

	switch (vault_guess(word.start, word.length)) {
	case VAULT_AEGIS:
		return FORMAT_AEGIS;
	case VAULT_BITWARDEN:
		return FORMAT_BITWARDEN;
	default:
		break;
	}
	if (pskc_guess(word.start, word.length))
		return FORMAT_PSKC;
	/* A token's type may be the name of a vault's column. */
	if (token_csv_guess(word.start, word.length))
		return FORMAT_TOKENS;
	if (csv_is_header(word.start, word.length))
		return FORMAT_CSV;
	if (has_option(word.start, word.length))
		return FORMAT_GOOGLE_AUTHENTICATOR;
	/* Comments and bad rows may come before the first line that tells. */
	while (format == FORMAT_UNKNOWN && lines_next(&lines, &line, &line_length))
		format = guess_line(line, line_length);
	return format;
}

bool import_is_utf16(const char *text, size_t length)
{
	return length >= 2 &&
	       (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

/* Bytes of the group of base32 at the front, and of the blanks or dashes behind it. */
static size_t take_group(struct word *rest)
{
	size_t length = 0, gap;

	while (length < rest->length && rest->start[length] != '-' &&
		utf8_blank_length(rest->start + length, rest->length - length) == 0)
		length++;
	gap = length;
	while (gap < rest->length) {
		size_t blank = utf8_blank_length(rest->start + gap, rest->length - gap);

		if (blank == 0 && rest->start[gap] != '-')
			break;
		gap += blank > 0 ? blank : 1;
	}
	rest->start += gap;
	rest->length -= gap;
	return length;
}

/* The shortest secret that is told from a word, in bytes. */
#define SECRET_MIN 10

bool import_is_secret(const char *text, size_t length)
{
	struct word rest = trim(import_skip_mark(text, length));
	struct otp_key key = OTP_KEY_INIT;
	struct error ignored = ERROR_INIT;
	size_t group = 0;
	bool equal = true;
	bool is_secret;

	/* Two lines are two secrets, or something else. */
	if (memchr(rest.start, '\n', rest.length) != NULL)
		return false;
	is_secret = otp_key_set_base32(&key, rest.start, rest.length, &ignored) == 0 &&
		    key.secret_length >= SECRET_MIN;
	while (rest.length > 0) {
		size_t next = take_group(&rest);

		if (group == 0)
			group = next;
		/* The last one may be shorter. */
		equal = equal && next <= group && (next == group || rest.length == 0);
	}
	otp_key_free(&key);
	return is_secret && equal;
}
