/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What was read from a credential's text, so that it is read once: where the option lines are,
 * the parameters, and the HMAC handles with their keys. Only the files of the credential
 * itself use this.
 *
 * Everything here is found anew when it is asked for after a change of the text, however that
 * was made: struct text counts its changes.
 */
#ifndef TOTPGROUP_CORE_CREDENTIAL_CACHE_H
#define TOTPGROUP_CORE_CREDENTIAL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "core/credential.h"

/* A line `" KEY value`: offsets in the text. */
struct option_line {
	size_t start;
	size_t end;	     /* behind its last character */
	size_t next;	     /* of the next line */
	size_t key_length;   /* of the key, which begins behind `" ` */
	unsigned int number; /* as an editor counts lines, from 1 */
};

/* More lines than a usual credential has. Those behind are found by reading. */
#define OPTION_LINES_MAX 16

/* A handle, and the secret that it is keyed with. */
struct credential_key;

struct credential_cache {
	/* Of the text that all but the keys is about. */
	const char *data;
	unsigned int changes;

	size_t count; /* of lines */
	/* A bit for the first character of each key; all bits where lines are not listed. */
	uint64_t initials;
	size_t rest; /* offset of the lines that are not listed */
	unsigned int rest_number;

	bool knows_algorithm;
	enum hmac_algorithm algorithm;
	bool knows_parameters;
	struct credential_parameters parameters;

	struct credential_key *keys[CREDENTIAL_KEYS_MAX];

	/* Last, because only what count says is ever set. */
	struct option_line lines[OPTION_LINES_MAX];
};

/* Empties the cache (but for the keys), and lists the lines again. */
void credential_cache_renew(const totpgroup_credential *credential);

/* The cache, renewed where the text was changed. */
static inline struct credential_cache *credential_cache_of(
	const totpgroup_credential *credential)
{
	struct credential_cache *cache = credential->cache;

	if (cache->data != credential->text.data || cache->changes != credential->text.changes)
		credential_cache_renew(credential);
	return cache;
}

static inline uint64_t credential_cache_initial(char character)
{
	return UINT64_C(1) << ((unsigned char)character % 64);
}

/* Whether there may be a line with that key: false is certain. */
static inline bool credential_cache_may_have(
	const totpgroup_credential *credential, const char *key)
{
	return (credential_cache_of(credential)->initials & credential_cache_initial(*key)) !=
	       0;
}

/* Finds the first line with that key at the line start `from` or behind. */
bool credential_cache_find(const totpgroup_credential *credential, size_t from, const char *key,
	struct option_line *found);

/* Closes and wipes all keys. */
void credential_cache_close_keys(struct credential_cache *cache);

#endif
