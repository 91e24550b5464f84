/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The QR code of a letter. Both return 0 or a TOTPGROUP_E... of qr_encode() and
 * otpauth_uri_append(). */
#ifndef TOTPGROUP_CLI_LETTER_QR_H
#define TOTPGROUP_CLI_LETTER_QR_H

#include "cli/letter/letter.h"

/* Light modules on each side, as many as the standard demands. */
#define LETTER_QR_QUIET_ZONE 4

/* Appends an <svg> element, which is a file of its own, too: black on white whatever
 * is around it, of any size that one gives it. */
int letter_qr_append_svg(const struct letter *letter, struct text *text);

/* Appends the bytes of a PNG file, one bit for a pixel. */
int letter_qr_append_png(const struct letter *letter, struct text *text);

#endif
