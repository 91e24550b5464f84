/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A QR code as an image. */
#ifndef TOTPGROUP_CLI_LETTER_PNG_H
#define TOTPGROUP_CLI_LETTER_PNG_H

#include "base/qr.h"
#include "base/text.h"

/* Pixels on a module's side. */
#define LETTER_PNG_PIXELS 8

/* Appends the bytes of a PNG file of black and white, with so many light modules
 * around the code. 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT where libpng refuses.
 * Memory that libpng gives up is erased. */
int letter_png_append(const struct qr *qr, unsigned int quiet_zone, struct text *text);

#endif
