/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/crypto.h"
#include "base/number.h"
#include "base/wipe.h"
#include "cli/exchange/pskc_secrets.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The key of a MAC is at least as long as its digest is. */
#define AES_KEY_MAX 32

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

/* The last part of a name such as http://www.w3.org/2001/04/xmlenc#aes128-cbc. Empty for none. */
static void read_algorithm(const struct pskc_library *library, xmlNodePtr node, char name[64])
{
	xmlChar *value = node != NULL
				 ? library->xmlGetNoNsProp(node, (const xmlChar *)"Algorithm")
				 : NULL;
	const char *start = value != NULL ? strrchr((const char *)value, '#') : NULL;

	name[0] = '\0';
	if (start != NULL && strlen(start + 1) < 64)
		strcpy(name, start + 1);
	else if (value != NULL)
		strcpy(name, "?");
	pskc_library_free(value);
}

/* Reads a number; 0 where there is none. */
static int64_t read_number(const struct pskc_library *library, xmlNodePtr node, int64_t maximum)
{
	xmlChar *content = node != NULL ? library->xmlNodeGetContent(node) : NULL;
	int64_t number = 0;

	if (content != NULL && !number_parse((const char *)content,
				       strlen((const char *)content), 1, maximum, &number))
		number = 0;
	pskc_library_free(content);
	return number;
}

static int refuse_kind(struct error *error, const char *what, const char *name)
{
	return error_set(error, TOTPGROUP_EFORMAT,
		translate("%s of the kind '%s' is not known"), what, name);
}

/* Decrypts what is inside an element of XML Encryption. */
static int decrypt_data(const struct pskc_unlock *unlock, xmlNodePtr data,
	const struct text *cipher, struct text *bytes, struct error *error)
{
	static const struct {
		const char *name;
		enum aes_mode mode;
		size_t key_length;
	} known[] = {
		{"aes128-cbc", AES_CBC, 16},
		{"aes192-cbc", AES_CBC, 24},
		{"aes256-cbc", AES_CBC, 32},
		{"kw-aes128", AES_KEY_WRAP, 16},
		{"kw-aes192", AES_KEY_WRAP, 24},
		{"kw-aes256", AES_KEY_WRAP, 32},
	};
	char name[64];
	size_t i = 0, length;
	uint8_t *plain;
	int status;

	read_algorithm(unlock->library, pskc_child(data, "EncryptionMethod"), name);
	while (i < sizeof known / sizeof known[0] && strcmp(name, known[i].name) != 0)
		i++;
	if (i == sizeof known / sizeof known[0])
		return refuse_kind(error, "encryption", name);
	if (unlock->key.length != known[i].key_length)
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("the key has %zu bytes, and %s needs %zu"),
			unlock->key.length, name, known[i].key_length);
	plain = malloc(cipher->length + 1);
	if (plain == NULL)
		return out_of_memory(error);
	status = aes_decrypt(known[i].mode, unlock->key.data, unlock->key.length,
		(const uint8_t *)cipher->data, cipher->length, plain, &length);
	if (status == 0)
		status = text_append(bytes, (const char *)plain, length);
	wipe_free(plain, cipher->length + 1);
	if (status == TOTPGROUP_EMEMORY)
		return out_of_memory(error);
	return status == 0 ? 0
			   : error_set(error,
				     status == TOTPGROUP_ECRYPTO ? status : TOTPGROUP_EFORMAT,
				     translate("the key or the password is wrong, or the "
					       "container is "
					       "damaged"));
}

static int read_cipher(const struct pskc_unlock *unlock, xmlNodePtr data, struct text *cipher,
	struct error *error)
{
	int status = pskc_decode(
		unlock->library, pskc_descend(data, "CipherData/CipherValue"), cipher);

	if (status == TOTPGROUP_EMEMORY)
		return out_of_memory(error);
	return status == 0 && cipher->length > 0
		       ? 0
		       : error_set(error, TOTPGROUP_EFORMAT,
				 translate("a CipherValue is missing or damaged"));
}

static int decrypt(const struct pskc_unlock *unlock, xmlNodePtr data, struct text *bytes,
	struct error *error)
{
	struct text cipher = TEXT_INIT;
	int status = read_cipher(unlock, data, &cipher, error);

	if (status == 0)
		status = decrypt_data(unlock, data, &cipher, bytes, error);
	text_free(&cipher);
	return status;
}

/* Derives the key from a password, as an element DerivedKey says. */
static int derive_key(struct pskc_unlock *unlock, xmlNodePtr derived,
	const struct text *password, struct error *error)
{
	const struct pskc_library *library = unlock->library;
	xmlNodePtr method = pskc_child(derived, "KeyDerivationMethod");
	xmlNodePtr parameters = pskc_child(method, "PBKDF2-params");
	struct pbkdf2_input input = {.algorithm = HMAC_SHA1,
		.password = password->data,
		.password_length = password->length};
	struct text salt = TEXT_INIT;
	uint8_t key[AES_KEY_MAX];
	char name[64];
	int64_t length = read_number(library, pskc_child(parameters, "KeyLength"), AES_KEY_MAX);
	int status;

	read_algorithm(library, method, name);
	if (!ascii_is_word(name, strlen(name), "pbkdf2"))
		return refuse_kind(error, translate("a key from a password"), name);
	read_algorithm(library, pskc_child(parameters, "PRF"), name);
	if (strstr(name, "sha256") != NULL || strstr(name, "SHA256") != NULL)
		input.algorithm = HMAC_SHA256;
	else if (strstr(name, "sha512") != NULL || strstr(name, "SHA512") != NULL)
		input.algorithm = HMAC_SHA512;
	input.iterations = (unsigned int)read_number(
		library, pskc_child(parameters, "IterationCount"), PBKDF2_ITERATIONS_MAX);
	status = pskc_decode(library, pskc_descend(parameters, "Salt/Specified"), &salt);
	if (status == TOTPGROUP_EMEMORY)
		return out_of_memory(error);
	if (status != 0 || salt.length == 0 || length < 16 || input.iterations == 0) {
		text_free(&salt);
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("the salt, the iterations or the length of the key are "
				  "missing or not "
				  "possible"));
	}
	input.salt = salt.data;
	input.salt_length = salt.length;
	status = pbkdf2_derive(&input, key, (size_t)length);
	if (status == 0)
		status = text_append(&unlock->key, (const char *)key, (size_t)length);
	WIPE_ARRAY(key);
	text_free(&salt);
	return status == 0 ? 0 : error_set(error, status, "%s", totpgroup_strerror(status));
}

/* The key is the pre-shared one, or comes from a password. */
static int take_key(struct pskc_unlock *unlock, xmlNodePtr encryption,
	const struct pskc_asker *asker, struct error *error)
{
	xmlNodePtr derived = pskc_child(encryption, "DerivedKey");
	struct text answer = TEXT_INIT;
	int status;

	if (encryption == NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("values are encrypted, but there is no EncryptionKey"));
	if (pskc_child(encryption, "X509Data") != NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("it is encrypted for a certificate; ask for one with a "
				  "pre-shared key "
				  "or "
				  "a password"));
	status = asker->ask(asker->context, derived != NULL, &answer, error);
	if (status == 0 && derived != NULL)
		status = derive_key(unlock, derived, &answer, error);
	else if (status == 0 && text_append(&unlock->key, answer.data, answer.length) != 0)
		status = out_of_memory(error);
	text_free(&answer);
	return status;
}

static int take_mac_key(struct pskc_unlock *unlock, xmlNodePtr method, struct error *error)
{
	static const struct {
		const char *name;
		enum hmac_algorithm algorithm;
	} known[] = {
		{"hmac-sha1", HMAC_SHA1},
		{"hmac-sha256", HMAC_SHA256},
		{"hmac-sha512", HMAC_SHA512},
	};
	xmlNodePtr key = pskc_child(method, "MACKey");
	char name[64];
	size_t i = 0;

	if (method == NULL)
		return 0;
	read_algorithm(unlock->library, method, name);
	while (i < sizeof known / sizeof known[0] && strcmp(name, known[i].name) != 0)
		i++;
	if (i == sizeof known / sizeof known[0])
		return refuse_kind(error, "a MAC", name);
	unlock->has_mac = true;
	unlock->mac_algorithm = known[i].algorithm;
	if (key != NULL)
		return decrypt(unlock, key, &unlock->mac_key, error);
	return text_append(&unlock->mac_key, unlock->key.data, unlock->key.length) == 0
		       ? 0
		       : out_of_memory(error);
}

int pskc_unlock_open(struct pskc_unlock *unlock, xmlNodePtr container,
	const struct pskc_asker *asker, struct error *error)
{
	int status = take_key(unlock, pskc_child(container, "EncryptionKey"), asker, error);

	return status == 0 ? take_mac_key(unlock, pskc_child(container, "MACMethod"), error)
			   : status;
}

/* Compares the MAC of the cipher. */
static int check_mac(const struct pskc_unlock *unlock, const struct text *cipher,
	xmlNodePtr mac, struct error *error)
{
	uint8_t digest[HMAC_DIGEST_MAX];
	struct text expected = TEXT_INIT;
	struct hmac *hmac = NULL;
	size_t length = 0;
	int status = pskc_decode(unlock->library, mac, &expected);

	if (status == 0)
		status = hmac_open(&hmac, unlock->mac_algorithm, unlock->mac_key.data,
			unlock->mac_key.length);
	if (status == 0)
		status = hmac_digest(hmac, cipher->data, cipher->length, digest, &length);
	hmac_close(hmac);
	if (status == 0 &&
		(expected.length != length || !secret_is_same(expected.data, digest, length)))
		status = TOTPGROUP_EFORMAT;
	text_free(&expected);
	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status,
			translate("the key or the password is wrong, or the container is "
				  "damaged"));
	return status == 0 ? 0 : error_set(error, status, "%s", totpgroup_strerror(status));
}

int pskc_unlock_value(const struct pskc_unlock *unlock, xmlNodePtr value, xmlNodePtr mac,
	struct text *bytes, struct error *error)
{
	struct text cipher = TEXT_INIT;
	char name[64];
	int status = read_cipher(unlock, value, &cipher, error);

	read_algorithm(unlock->library, pskc_child(value, "EncryptionMethod"), name);
	/* Without one, a wrong key would give a wrong secret, and nobody would know. */
	if (status == 0 && mac == NULL && strncmp(name, "kw-", 3) != 0)
		status = error_set(error, TOTPGROUP_EFORMAT,
			translate("an encrypted value has no ValueMAC, by which a wrong key is "
				  "told"));
	if (status == 0 && mac != NULL && !unlock->has_mac)
		status = error_set(error, TOTPGROUP_EFORMAT,
			translate("there is a ValueMAC, but no MACMethod"));
	if (status == 0 && mac != NULL)
		status = check_mac(unlock, &cipher, mac, error);
	if (status == 0)
		status = decrypt_data(unlock, value, &cipher, bytes, error);
	text_free(&cipher);
	return status;
}

void pskc_unlock_free(struct pskc_unlock *unlock)
{
	text_free(&unlock->key);
	text_free(&unlock->mac_key);
	*unlock = (struct pskc_unlock){.library = NULL};
}
