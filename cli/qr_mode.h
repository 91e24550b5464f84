/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a QR code is drawn: what --qr-mode can say, and what is best here. */
#ifndef TOTPGROUP_CLI_QR_MODE_H
#define TOTPGROUP_CLI_QR_MODE_H

#include <stdbool.h>

enum qr_mode {
	QR_MODE_AUTO = 0,
	QR_MODE_NONE,
	/* Two blanks to a module, by reverse video. */
	QR_MODE_ANSI,	      /* for a dark terminal */
	QR_MODE_ANSI_INVERSE, /* for a light one */
	QR_MODE_ANSI_GREY,    /* black on grey, for any */
	/* Half a character to a module. */
	QR_MODE_UTF8,
	QR_MODE_UTF8_INVERSE,
	QR_MODE_UTF8_GREY,
	QR_MODE_ANSI256, /* half a character, black on white from 256 colours */
};

/* Reads a name, in either case and with '-' for '_'. False where there is no
 * such mode. */
bool qr_mode_parse(const char *name, enum qr_mode *mode);

/* What the choice depends on. */
struct qr_surroundings {
	bool terminal; /* standard output is one */
	bool utf8;     /* the locale's characters are UTF-8 */
	bool dumb;     /* TERM says that it knows no escape sequences */
	bool no_color; /* NO_COLOR is set, and not empty */
};

/* Looks at standard output, the locale and the environment. */
void qr_surroundings_look(struct qr_surroundings *surroundings);

/* The mode that AUTO stands for; any other stays as it is. */
enum qr_mode qr_mode_choose(enum qr_mode mode, const struct qr_surroundings *surroundings);

#endif
