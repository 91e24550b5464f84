/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* QR code matrices from libqrencode. The library is loaded only while a code is
 * made: hardly any login needs one, and a host may lack the library. A program that
 * makes many codes holds it. */
#ifndef TOTPGROUP_BASE_QR_H
#define TOTPGROUP_BASE_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QR_LIBRARY "libqrencode.so.4"

struct qr {
	unsigned int size; /* modules on a side, without a quiet zone */
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

#endif
