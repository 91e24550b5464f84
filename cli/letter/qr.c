/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/qr.h"

#include <stdio.h>

#include "base/qr.h"
#include "cli/letter/png.h"
#include "message/handover.h"

/* How large a module is unless somebody says otherwise. */
#define SVG_PIXELS 4

static int encode(const struct letter *letter, struct qr *qr)
{
	struct text uri = TEXT_INIT;
	int result =
		handover_append_uri(letter->credential, letter->label, letter->issuer, &uri);

	if (result == 0)
		result = qr_encode(qr, uri.data);
	text_free(&uri);
	return result;
}

/* Digits of a number below 1000, without printf(), which would take most of the time
 * that a letter takes. */
static size_t put_number(char *to, unsigned int number)
{
	size_t length = 0;

	if (number >= 100)
		to[length++] = (char)('0' + number / 100);
	if (number >= 10)
		to[length++] = (char)('0' + number / 10 % 10);
	to[length++] = (char)('0' + number % 10);
	return length;
}

/* Moves right over light modules, if there are any, and draws the dark ones. */
static int append_run(struct text *text, unsigned int light, unsigned int dark)
{
	char run[12];
	size_t length = 0;

	if (light > 0) {
		run[length++] = 'm';
		length += put_number(run + length, light);
		run[length++] = ' ';
		run[length++] = '0';
	}
	run[length++] = 'h';
	length += put_number(run + length, dark);
	return text_append(text, run, length);
}

/* The lines through the middles of a row's dark modules. */
static int append_row(struct text *text, const struct qr *qr, unsigned int row)
{
	unsigned int column = 0, light_from = 0;
	int result = text_append_format(
		text, "M%d %d.5", LETTER_QR_QUIET_ZONE, LETTER_QR_QUIET_ZONE + (int)row);

	while (result == 0 && column < qr->size) {
		unsigned int dark_from = column;

		while (qr_is_dark(qr, (int)column, (int)row))
			column++;
		if (column > dark_from) {
			result = append_run(text, dark_from - light_from, column - dark_from);
			light_from = column;
		} else {
			column++;
		}
	}
	return result;
}

static int append_drawing(struct text *text, const struct qr *qr)
{
	unsigned int side = qr->size + 2 * LETTER_QR_QUIET_ZONE;
	int result = text_append_format(text,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\" role=\"img\" "
		"aria-label=\"QR\">"
		"<path fill=\"#fff\" d=\"M0 0h%uv%uH0z\"/><path stroke=\"#000\" d=\"",
		SVG_PIXELS * side, SVG_PIXELS * side, side, side, side, side);

	for (unsigned int row = 0; result == 0 && row < qr->size; row++)
		result = append_row(text, qr, row);
	return result == 0 ? text_append(text, "\"/></svg>", 9) : result;
}

int letter_qr_append_svg(const struct letter *letter, struct text *text)
{
	struct qr qr;
	int result = encode(letter, &qr);

	if (result != 0)
		return result;
	result = append_drawing(text, &qr);
	qr_free(&qr);
	return result;
}

int letter_qr_append_png(const struct letter *letter, struct text *text)
{
	struct qr qr;
	int result = encode(letter, &qr);

	if (result != 0)
		return result;
	result = letter_png_append(&qr, LETTER_QR_QUIET_ZONE, text);
	qr_free(&qr);
	return result;
}
