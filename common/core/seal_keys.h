/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The keys that seal credentials at rest. A file of keys has a line `key ID BASE64` for each,
 * where BASE64 is of 32 bytes; empty lines and lines that begin with '#' do not count. The first
 * key seals, and all open.
 */
#ifndef TOTPGROUP_CORE_SEAL_KEYS_H
#define TOTPGROUP_CORE_SEAL_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"
#include "base/text.h"

#define SEAL_KEYS_MAX	 16
#define SEAL_KEY_ID_MAX	 32
#define SEAL_MASTER_SIZE 32

struct seal_key {
	char id[SEAL_KEY_ID_MAX + 1]; /* letters, digits, '-', '_' and '.' */
	uint8_t master[SEAL_MASTER_SIZE];
};

/* Begins zeroed: no keys. Holds secrets; ends with seal_keys_wipe(). */
struct seal_keys {
	struct seal_key keys[SEAL_KEYS_MAX];
	size_t count;
};

/*
 * Reads the text of a file of keys. Returns 0; TOTPGROUP_ECONFIG, with the number of the line,
 * for a line that is malformed, an id that stands there twice, more than SEAL_KEYS_MAX keys, or
 * none; TOTPGROUP_EMEMORY. There are no keys after an error.
 */
int seal_keys_read(
	struct seal_keys *keys, const char *text, size_t length, struct error *error);

/* Finds a key by its id, of length bytes. NULL where there is none. */
const struct seal_key *seal_keys_find(
	const struct seal_keys *keys, const char *id, size_t length);

/* Draws a key, and appends its line. The id must be one that seal_keys_read() takes. Returns 0,
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY or TOTPGROUP_EARGUMENT. */
int seal_key_draw(const char *id, struct text *line);

void seal_keys_wipe(struct seal_keys *keys);

#endif
