/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* QR code matrices from libqrencode, which is loaded for as long as one is made
 * and not before: hardly any login needs one, and a host may do without. Whoever
 * makes many keeps it. */
#ifndef TOTPGROUP_BASE_QR_H
#define TOTPGROUP_BASE_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QR_LIBRARY "libqrencode.so.4"

struct qr {
	unsigned int size; /* modules on a side, without a quiet zone */
	uint8_t *modules;  /* size * size, row by row, 1 for a dark one */
};

/*
 * Makes the smallest code of error correction level L for a string; the
 * caller ends it with qr_free(). Returns 0, TOTPGROUP_EMEMORY,
 * TOTPGROUP_EARGUMENT where the string is too long for any QR code, or
 * TOTPGROUP_ENOTFOUND where QR_LIBRARY cannot be loaded. What the library itself
 * allocates and frees is not erased.
 */
int qr_encode(struct qr *qr, const char *string);

/* Keeps the library loaded until it is released: loading it takes longer than to make
 * a code. NULL where it cannot be loaded. */
void *qr_library_hold(void);
void qr_library_release(void *library); /* NULL is allowed */

/* A module; outside the matrix it is light, so that a quiet zone needs no
 * case of its own. */
bool qr_is_dark(const struct qr *qr, int column, int row);

/* Erases and frees the modules. */
void qr_free(struct qr *qr);

#endif
