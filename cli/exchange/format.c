/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/format.h"

#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "exchange/csv.h"
#include "exchange/otp_key.h"
#include "exchange/users_file.h"

static const char *const names[] = {
	[FORMAT_UNKNOWN] = "unknown",
	[FORMAT_GOOGLE_AUTHENTICATOR] = "google-authenticator",
	[FORMAT_USERS_FILE] = "users-file",
	[FORMAT_URI] = "uri",
	[FORMAT_MIGRATION] = "migration",
	[FORMAT_CSV] = "csv",
};

const char *transfer_format_name(enum transfer_format format)
{
	return names[format];
}

static bool begins_with(const char *line, size_t length, const char *start)
{
	return length >= strlen(start) && ascii_is_word(line, strlen(start), start);
}

static bool is_credential(const char *text, size_t length)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error ignored = ERROR_INIT;
	int status = otp_key_from_credential(&key, text, length, &ignored);

	otp_key_free(&key);
	return status == 0;
}

static enum transfer_format guess_line(const char *line, size_t length)
{
	if (begins_with(line, length, "otpauth://"))
		return FORMAT_URI;
	if (begins_with(line, length, "otpauth-migration://"))
		return FORMAT_MIGRATION;
	if (users_file_is_row(line, length))
		return FORMAT_USERS_FILE;
	return FORMAT_UNKNOWN;
}

enum transfer_format transfer_format_guess(const char *text, size_t length)
{
	struct lines lines = {.text = text, .length = length};
	enum transfer_format format = FORMAT_UNKNOWN;
	const char *line;
	size_t line_length;

	if (csv_is_header(text, length))
		return FORMAT_CSV;
	if (is_credential(text, length))
		return FORMAT_GOOGLE_AUTHENTICATOR;
	/* Comments and bad rows may come first. */
	while (format == FORMAT_UNKNOWN && lines_next(&lines, &line, &line_length))
		format = guess_line(line, line_length);
	return format;
}
