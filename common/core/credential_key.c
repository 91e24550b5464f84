/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of a credential: its algorithm, and HMAC handles. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base32.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "core/credential_cache.h"

/* The longest secret that is decoded without memory of its own. */
#define BRIEF_SECRET 128

struct credential_key {
	struct hmac *hmac;
	enum hmac_algorithm algorithm;
	/* Of the text in which the secret was found last. */
	unsigned int changes;
	const char *place;
	size_t length;
	char secret[]; /* in base32 */
};

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

int credential_algorithm(const totpgroup_credential *credential, enum hmac_algorithm *algorithm,
	struct error *error)
{
	struct credential_cache *cache = credential_cache_of(credential);
	struct credential_option option;

	*algorithm = cache->knows_algorithm ? cache->algorithm : HMAC_SHA1;
	if (cache->knows_algorithm)
		return 0;
	if (credential_find(credential, "ALGORITHM", &option)) {
		const struct word word = {option.value, option.length};
		int i = HMAC_SHA1;

		while (i <= HMAC_SHA512 &&
			!word_is(&word, hmac_algorithm_name((enum hmac_algorithm)i)))
			i++;
		if (i > HMAC_SHA512)
			return error_set(error, TOTPGROUP_EFORMAT,
				"line %u: ALGORITHM must be SHA1, SHA256 or SHA512",
				option.line);
		*algorithm = (enum hmac_algorithm)i;
	}
	cache->algorithm = *algorithm;
	cache->knows_algorithm = true;
	return 0;
}

/* Decodes the secret, finds the algorithm, and opens the handle; but where hmac is NULL only
 * looks whether that could be done. */
static int open_decoded(const totpgroup_credential *credential,
	const struct credential_option *secret, uint8_t *key, struct hmac **hmac,
	struct error *error)
{
	enum hmac_algorithm algorithm = HMAC_SHA256;
	size_t length;
	int status = 0;

	if (base32_decode(secret->value, secret->length, key, &length) != 0 || length == 0)
		status = error_set(
			error, TOTPGROUP_EFORMAT, "line %u: not a base32 secret", secret->line);
	else if (credential != NULL)
		status = credential_algorithm(credential, &algorithm, error);
	if (status != 0 || hmac == NULL)
		return status;
	status = hmac_open(hmac, algorithm, key, length);
	if (status == 0)
		return 0;
	return error_set(error, status,
		status == TOTPGROUP_EMEMORY
			? "out of memory"
			: "libgcrypt does not compute this HMAC on this host");
}

static int open_secret(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	uint8_t brief[BRIEF_SECRET * 5 / 8 + 1], *key = brief;
	size_t size = secret->length * 5 / 8 + 1;
	int status;

	if (size > sizeof brief)
		key = malloc(size);
	if (key == NULL)
		return out_of_memory(error);
	status = open_decoded(credential, secret, key, hmac, error);
	explicit_bzero(key, size);
	if (key != brief)
		free(key);
	return status;
}

int credential_open_hmac_for(const totpgroup_credential *credential,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	*hmac = NULL;
	return open_secret(credential, secret, hmac, error);
}

int credential_check_secret(const totpgroup_credential *credential, struct error *error)
{
	const struct credential_option secret = credential_secret(credential);

	return open_secret(credential, &secret, NULL, error);
}

static void close_key(struct credential_key **key)
{
	if (*key == NULL)
		return;
	hmac_close((*key)->hmac);
	wipe_free(*key, sizeof **key + (*key)->length);
	*key = NULL;
}

void credential_cache_close_keys(struct credential_cache *cache)
{
	for (size_t i = 0; i < CREDENTIAL_KEYS_MAX; i++)
		close_key(&cache->keys[i]);
}

/* Whether the key is still right after a change of the text. */
__attribute__((noinline)) static bool is_same(const struct credential_key *key,
	const totpgroup_credential *credential, const struct credential_option *secret)
{
	struct error ignored;
	enum hmac_algorithm algorithm;

	return memcmp(key->secret, secret->value, secret->length) == 0 &&
	       credential_algorithm(credential, &algorithm, &ignored) == 0 &&
	       algorithm == key->algorithm;
}

static bool is_keyed_with(const struct credential_key *key,
	const totpgroup_credential *credential, const struct credential_option *secret)
{
	return key->length == secret->length &&
	       ((key->place == secret->value && key->changes == credential->text.changes) ||
		       is_same(key, credential, secret));
}

static int make_key(const totpgroup_credential *credential,
	const struct credential_option *secret, struct credential_key **made,
	struct error *error)
{
	struct credential_key *key = malloc(sizeof *key + secret->length);
	int status;

	if (key == NULL)
		return out_of_memory(error);
	*key = (struct credential_key){.length = secret->length};
	memcpy(key->secret, secret->value, secret->length);
	status = open_secret(credential, secret, &key->hmac, error);
	if (status == 0)
		status = credential_algorithm(credential, &key->algorithm, error);
	*made = key;
	if (status != 0)
		close_key(made);
	return status;
}

int credential_hmac(const totpgroup_credential *credential, size_t slot,
	const struct credential_option *secret, struct hmac **hmac, struct error *error)
{
	struct credential_key **key = &credential_cache_of(credential)->keys[slot];
	int status = 0;

	*hmac = NULL;
	if (*key != NULL && !is_keyed_with(*key, credential, secret))
		close_key(key);
	if (*key == NULL)
		status = make_key(credential, secret, key, error);
	if (status != 0)
		return status;
	(*key)->place = secret->value;
	(*key)->changes = credential->text.changes;
	*hmac = (*key)->hmac;
	return 0;
}

int credential_first_hmac(
	const totpgroup_credential *credential, struct hmac **hmac, struct error *error)
{
	const struct credential_option secret = credential_secret(credential);

	return credential_hmac(credential, 0, &secret, hmac, error);
}
