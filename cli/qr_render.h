/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A QR code as characters for a terminal. */
#ifndef TOTPGROUP_CLI_QR_RENDER_H
#define TOTPGROUP_CLI_QR_RENDER_H

#include "base/qr.h"
#include "base/text.h"
#include "qr_mode.h"

/* Light modules on each side, which a scanner needs to find the code. Four
 * are the rule, and two are enough for every app and save four lines. */
#define QR_QUIET_ZONE 2

/* How much room the code takes on the screen. mode is not AUTO or NONE, here
 * and below. */
void qr_render_size(
	const struct qr *qr, enum qr_mode mode, unsigned int *columns, unsigned int *rows);

/* Appends the lines. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_EARGUMENT. */
int qr_render(const struct qr *qr, enum qr_mode mode, struct text *text);

#endif
