/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The URIs in the QR codes by which Google Authenticator moves accounts from phone to
 * phone: otpauth-migration://offline?data=..., a protocol buffer in base64. An export
 * of many keys consists of several URIs, its parts.
 */
#ifndef TOTPGROUP_EXCHANGE_MIGRATION_H
#define TOTPGROUP_EXCHANGE_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "exchange/otp_key.h"

/* The most keys of a part that we write. A QR code with more is hard to read from a
 * screen. */
#define MIGRATION_PART_KEYS 10

/* One part that is being read. Begins zeroed; ends with migration_close(). */
struct migration {
	struct text payload; /* the protocol buffer */
	size_t at;
	unsigned int keys;  /* read so far */
	int32_t part_count; /* parts of this export; 0 if not known */
	int32_t part;	    /* number of this part, from 0 */
	int32_t export_id;  /* the same in all parts */
};

/* Decodes a URI and checks the form of all fields. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT. */
int migration_open(
	struct migration *migration, const char *uri, size_t length, struct error *error);

/*
 * Reads the next key, which must be OTP_KEY_INIT; *found is false after the last.
 * Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where this key is not usable:
 * error says which and why, and the next call reads the next key.
 */
int migration_next(
	struct migration *migration, struct otp_key *key, bool *found, struct error *error);

void migration_close(struct migration *migration);

/* Returns 0, or TOTPGROUP_EFORMAT with the reason where the format cannot hold the
 * key: a period other than 30 s, or 7 digits. */
int migration_check(const struct otp_key *key, struct error *error);

/*
 * Appends one URI and a newline for every MIGRATION_PART_KEYS keys. All keys must pass
 * migration_check(). export_id is a random number that tells exports apart. Returns 0,
 * TOTPGROUP_EMEMORY or TOTPGROUP_EARGUMENT; nothing is appended after an error.
 */
int migration_append(
	struct text *text, const struct otp_key *const *keys, size_t count, int32_t export_id);

#endif
