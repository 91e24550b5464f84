/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a QR code is drawn: what --qr-mode can say, and what is best here. */
#ifndef TOTPGROUP_CLI_UI_QR_MODE_H
#define TOTPGROUP_CLI_UI_QR_MODE_H

#include <stdbool.h>

#include "base/qr_render.h"

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
