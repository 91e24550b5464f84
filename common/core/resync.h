/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Resynchronization of HOTP (RFC 4226, 7.4): a token whose button was pressed too often is
 * ahead of the counter. Two codes in a row say how far.
 */
#ifndef TOTPGROUP_CORE_RESYNC_H
#define TOTPGROUP_CORE_RESYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/credential.h"

/* How many counters ahead two codes in a row are looked for. Guesses of both are right in one
 * of 10^9 cases then. */
#define RESYNC_LOOK_AHEAD 1000

/* How many counters behind the window a wrong code is looked for, to log that the counter is
 * behind. */
#define RESYNC_NOTICE 100

/*
 * Looks for two codes in a row, as they were typed, at the counter or ahead of it. Where they
 * are found, both are spent, and *behind is how many codes before them were left out. The
 * caller holds the lock, and makes the text durable.
 *
 * Returns 0 with *found. TOTPGROUP_EARGUMENT where codes do not change with each use, or one of
 * the texts is no code; TOTPGROUP_EFORMAT with the line for a damaged credential;
 * TOTPGROUP_EMEMORY; TOTPGROUP_ECRYPTO. The credential is changed only with *found.
 */
int resync(totpgroup_credential *credential, const char *first, const char *second, bool *found,
	int64_t *behind, struct error *error);

/* Looks for two codes in a row, each of the parameters' digits, at the counter or ahead of it.
 * *counter is the first one's. Returns 0 with *found; TOTPGROUP_ECRYPTO. */
int resync_find(struct hmac *hmac, const struct credential_parameters *parameters,
	const char *first, const char *second, bool *found, int64_t *counter);

/* Looks for a code that is in no window. *behind is how far the counter is behind what the token
 * shows next, or 0. It is for the log: one code alone moves no counter. TOTPGROUP_ECRYPTO. */
int resync_notice(struct hmac *hmac, const struct credential_parameters *parameters,
	const char *code, int64_t *behind);

#endif
