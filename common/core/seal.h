/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A secret or a state, sealed: encrypted and bound to its user and kind, so that a copy of the
 * disk has no secrets, and a file of one user is none of another's.
 *
 * A sealed text is a line `totpgroup-sealed 1 ID`, and the blob in lines of base64. The blob is
 * a byte for the format, a byte for the length of the key's id, the id, a nonce of 12 bytes, the
 * ciphertext, and a tag of 16 bytes. What is encrypted is the length of the text in four bytes,
 * the greatest first, the text, and zeros up to a multiple of 256, so that the length does not tell
 * how many emergency codes are left. The key is HMAC-SHA256(master, "totpgroup seal 1" | 0 | id | 0 | kind |
 * 0 | user), one for each user and kind. The associated data is everything in front of the nonce,
 * the kind, the user and a version, each ended by a zero byte but for the version, which is eight
 * bytes, the greatest first.
 */
#ifndef TOTPGROUP_CORE_SEAL_H
#define TOTPGROUP_CORE_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "core/seal_keys.h"

/* The first word of a sealed text. */
#define SEAL_MARK "totpgroup-sealed"

enum seal_kind {
	SEAL_SECRET,
	SEAL_STATE,
};

/* Whose text it is. */
struct seal_subject {
	enum seal_kind kind;
	const char *user;
	uint64_t version; /* of a row that has one; a file has 0 */
};

/* Whether the text is a sealed one, by its first line. */
bool seal_is_sealed(const char *text, size_t length);

/* Finds the id of the key that sealed a text; *length is 0 where the text is not sealed or has
 * none. */
void seal_find_key_id(const char *text, size_t text_length, const char **id, size_t *length);

/*
 * Appends the sealed text to sealed. The first of the keys seals; there must be one. Returns 0,
 * TOTPGROUP_EMEMORY, TOTPGROUP_ESYSTEM, TOTPGROUP_ECRYPTO, or TOTPGROUP_EARGUMENT for a text
 * beyond SEAL_TEXT_MAX bytes.
 */
#define SEAL_TEXT_MAX 65536
int seal_close(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length, struct text *sealed);

/*
 * Appends what is in a sealed text to text. Returns 0; TOTPGROUP_ECRYPTO, with the key's id, where
 * its key is not there; TOTPGROUP_EFORMAT where the text is malformed, was changed, or was
 * sealed for somebody else or with other bytes under the same id; TOTPGROUP_EMEMORY.
 */
int seal_open(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *sealed, size_t length, struct text *text, struct error *error);

/*
 * The same for a store that keeps bytes: the blob alone. seal_open_blob() decrypts in the blob's own
 * memory, which is good for nothing afterwards.
 */
int seal_close_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length, struct text *blob);
int seal_open_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	struct text *blob, struct text *text, struct error *error);

/* The digest by which hosts that share a store find out whether they have the same bytes for a key:
 * HMAC-SHA256(master, "totpgroup check 1" | 0 | id), cut. Returns 0, TOTPGROUP_EMEMORY or
 * TOTPGROUP_ECRYPTO. */
#define SEAL_CHECK_TAG_SIZE 16
int seal_check_tag(const struct seal_key *key, uint8_t tag[SEAL_CHECK_TAG_SIZE]);

#endif
