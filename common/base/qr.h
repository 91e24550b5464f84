/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* QR codes from libqrencode, also as text for a terminal. The library is loaded only while
 * a code is made: hardly any login needs one, and a host may lack the library. A program
 * that makes many codes holds it. */
#ifndef TOTPGROUP_BASE_QR_H
#define TOTPGROUP_BASE_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define QR_LIBRARY "libqrencode.so.4"

/* Modules on a side of the largest code, version 40. */
#define QR_SIZE_MAX 177U

struct qr {
	unsigned int size; /* modules on a side, without a quiet zone; at most QR_SIZE_MAX */
	uint8_t *modules;  /* size * size, row by row; 1 is dark */
};

/*
 * Makes the smallest code of error correction level L for a string; the caller
 * calls qr_free(). Returns 0, TOTPGROUP_EMEMORY, TOTPGROUP_EARGUMENT where the
 * string is too long for a QR code, or TOTPGROUP_ENOTFOUND where QR_LIBRARY cannot
 * be loaded. Memory that the library allocates and frees itself is not wiped.
 */
int qr_encode(struct qr *qr, const char *string);

/* Keeps the library loaded until it is released, because loading takes longer than
 * making a code. NULL where it cannot be loaded. */
void *qr_library_hold(void);
void qr_library_release(void *library); /* NULL is allowed */

/* One module. Outside the matrix all are light, so that a quiet zone needs no
 * special case. */
bool qr_is_dark(const struct qr *qr, int column, int row);

/* Wipes and frees the modules. */
void qr_free(struct qr *qr);

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
