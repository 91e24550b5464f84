/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A QR code as text for a terminal. */
#ifndef TOTPGROUP_BASE_QR_RENDER_H
#define TOTPGROUP_BASE_QR_RENDER_H

#include "base/qr.h"
#include "base/text.h"

/* How a code is drawn. AUTO must be resolved by a caller that knows the terminal. */
enum qr_mode {
	QR_MODE_AUTO = 0,
	QR_MODE_NONE,
	/* Two blanks for each module, dark or light by reverse video. */
	QR_MODE_ANSI,	      /* for a dark terminal */
	QR_MODE_ANSI_INVERSE, /* for a light one */
	QR_MODE_ANSI_GREY,    /* black on grey, for any */
	/* Half a character for each module. */
	QR_MODE_UTF8,
	QR_MODE_UTF8_INVERSE,
	QR_MODE_UTF8_GREY,
	QR_MODE_ANSI256, /* half a character, black on white from 256 colors */
};

/* Light modules on each side, which a scanner needs to find the code. The standard
 * asks for four; every app is content with two, which save four lines. */
#define QR_QUIET_ZONE 2

/* How much room the code takes on the screen. Here and below, mode must not be AUTO
 * or NONE. */
void qr_render_size(
	const struct qr *qr, enum qr_mode mode, unsigned int *columns, unsigned int *rows);

/* Appends the lines. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_EARGUMENT. */
int qr_render(const struct qr *qr, enum qr_mode mode, struct text *text);

#endif
