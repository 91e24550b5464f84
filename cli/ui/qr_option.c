/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/qr_option.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "cli/letter/letter.h"
#include "cli/ui/new_file.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "totpgroup.h"

static bool has_ending(const char *file, const char *ending)
{
	size_t length = strlen(file);

	return length > strlen(ending) &&
	       strcasecmp(file + length - strlen(ending), ending) == 0;
}

enum exit_status qr_option_read(const char *value, enum qr_mode *mode, const char **file)
{
	int number;

	if (value == NULL)
		return STATUS_DONE;
	*file = NULL;
	number = option_word_find(QR_MODE_WORDS, value);
	if (number >= 0)
		*mode = (enum qr_mode)number;
	else if (has_ending(value, ".png") || has_ending(value, ".svg"))
		*file = value;
	else
		return terminal_fail(STATUS_USAGE,
			"--qr: '%s' is none of the ways to draw, and no file that ends in .png "
			"or .svg; see --help",
			value);
	return STATUS_DONE;
}

enum exit_status qr_option_draw(const char *file, const char *uri)
{
	struct text picture = TEXT_INIT;
	enum exit_status status;
	struct qr qr;
	int result = qr_encode(&qr, uri);

	if (result == 0) {
		result = has_ending(file, ".png") ? letter_qr_draw_png(&qr, &picture)
						  : letter_qr_draw_svg(&qr, &picture);
		qr_free(&qr);
	}
	if (result == 0)
		status = new_file_write(file, &picture);
	else
		status = terminal_fail(STATUS_STORE_ERROR, "cannot draw %s: %s", file,
			result == TOTPGROUP_EARGUMENT	? "the link is too long for a QR code"
			: result == TOTPGROUP_ENOTFOUND ? QR_LIBRARY " is not installed"
							: totpgroup_strerror(result));
	text_free(&picture);
	return status;
}
