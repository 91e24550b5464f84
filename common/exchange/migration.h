/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The text in the QR codes by which Google Authenticator moves accounts from
 * phone to phone: otpauth-migration://offline?data=..., a protocol buffer in
 * base64. An export of many keys is several of them, its parts.
 */
#ifndef TOTPGROUP_EXCHANGE_MIGRATION_H
#define TOTPGROUP_EXCHANGE_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "exchange/otp_key.h"

/* How many keys one part that we write has at most: what a QR code holds
 * that a phone can read off a screen. */
#define MIGRATION_PART_KEYS 10

/* One part that is being read. Begins zeroed; ends with migration_close(). */
struct migration {
	struct text payload; /* the protocol buffer */
	size_t at;
	unsigned int keys;  /* given so far */
	int32_t part_count; /* parts of this export; 0 if not said */
	int32_t part;	    /* which of them, from 0 */
	int32_t export_id;  /* the same in all parts */
};

/* Decodes a URI and looks through all of it. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT with what is wrong. */
int migration_open(
	struct migration *migration, const char *uri, size_t length, struct error *error);

/*
 * Gives the next key, which must be OTP_KEY_INIT; *found is false
 * after the last. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where this
 * key is not usable: error says which and why, and the next call goes on
 * with the next one.
 */
int migration_next(
	struct migration *migration, struct otp_key *key, bool *found, struct error *error);

void migration_close(struct migration *migration);

/* TOTPGROUP_EFORMAT with the reason where the format cannot hold the key:
 * periods other than 30 s, 7 digits. */
int migration_check(const struct otp_key *key, struct error *error);

/*
 * Appends one URI and a newline for every MIGRATION_PART_KEYS keys, all
 * of which pass migration_check(). export_id is a random number that tells
 * exports apart. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_EARGUMENT; text is
 * unchanged after an error.
 */
int migration_append(
	struct text *text, const struct otp_key *const *keys, size_t count, int32_t export_id);

#endif
