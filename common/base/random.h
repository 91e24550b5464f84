/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random numbers for secrets, from libgcrypt. */
#ifndef TOTPGROUP_BASE_RANDOM_H
#define TOTPGROUP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills bytes with random numbers that are good enough for keys. Returns 0, or
 * TOTPGROUP_ECRYPTO where libgcrypt is not usable. Thread-safe. */
int random_bytes(void *bytes, size_t length);

/* Draws a number from 0 to limit - 1, all equally likely. limit must be at least 1.
 * Returns as random_bytes(). */
int random_below(uint32_t limit, uint32_t *number);

#endif
