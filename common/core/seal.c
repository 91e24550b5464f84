/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/seal.h"

#include <string.h>

#include "base/base64.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "totpgroup.h"

#define FORMAT	      1
#define HEADER	      SEAL_MARK " 1 "
#define PADDING	      256
#define LENGTH_SIZE   4
#define KEY_CONTEXT   "totpgroup seal 1"
#define CHECK_CONTEXT "totpgroup check 1"
#define LINES_LENGTH  48 /* bytes that 64 characters hold */

static const char *kind_name(enum seal_kind kind)
{
	return kind == SEAL_SECRET ? "secret" : "state";
}

bool seal_is_sealed(const char *text, size_t length)
{
	return length > strlen(SEAL_MARK) &&
	       memcmp(text, SEAL_MARK " ", strlen(SEAL_MARK) + 1) == 0;
}

void seal_find_key_id(const char *text, size_t text_length, const char **id, size_t *length)
{
	struct lines lines = {.text = text, .length = text_length};
	const char *line = NULL;
	size_t line_length = 0;

	*id = text;
	*length = 0;
	if (!lines_next(&lines, &line, &line_length) || line_length <= strlen(HEADER) ||
		memcmp(line, HEADER, strlen(HEADER)) != 0)
		return;
	*id = line + strlen(HEADER);
	*length = line_length - strlen(HEADER);
}

/* Appends a string with the zero byte at its end. */
static void append_field(struct text *text, const char *string)
{
	(void)text_append(text, string, strlen(string) + 1);
}

/* The key of one user and kind. */
static int derive_key(const struct seal_key *key, const struct seal_subject *subject,
	uint8_t derived[HMAC_DIGEST_MAX])
{
	struct text message = TEXT_INIT;
	struct hmac *hmac = NULL;
	size_t length = 0;
	int status;

	append_field(&message, KEY_CONTEXT);
	append_field(&message, key->id);
	append_field(&message, kind_name(subject->kind));
	status = text_append_string(&message, subject->user);
	if (status == 0)
		status = hmac_open(&hmac, HMAC_SHA256, key->master, sizeof key->master);
	if (status == 0)
		status = hmac_digest(hmac, message.data, message.length, derived, &length);
	hmac_close(hmac);
	text_free(&message);
	return status;
}

/* What is not encrypted, but must be the same. */
static int append_about(
	struct text *about, const struct seal_key *key, const struct seal_subject *subject)
{
	const char front[] = {FORMAT, (char)strlen(key->id)};

	(void)text_append(about, front, sizeof front);
	append_field(about, key->id);
	append_field(about, kind_name(subject->kind));
	append_field(about, subject->user);
	for (int shift = 56; shift >= 0; shift -= 8) {
		const char byte = (char)(subject->version >> shift);

		(void)text_append(about, &byte, 1);
	}
	return about->status;
}

/* Encrypts or decrypts length bytes in place. */
static int transform(const struct seal_key *key, const struct seal_subject *subject, bool close,
	const uint8_t *nonce, uint8_t *bytes, size_t length, uint8_t *tag)
{
	uint8_t derived[HMAC_DIGEST_MAX];
	struct text about = TEXT_INIT;
	struct aead_input input = {.key = derived, .nonce = nonce};
	int status = derive_key(key, subject, derived);

	if (status == 0)
		status = append_about(&about, key, subject);
	input.about = about.data;
	input.about_length = about.length;
	if (status == 0)
		status = close ? aead_encrypt(&input, bytes, length, tag)
			       : aead_decrypt(&input, bytes, length, tag);
	text_free(&about);
	WIPE_ARRAY(derived);
	return status;
}

/* Appends the length of the text, the text, and its padding. */
static int append_padded(struct text *blob, const char *text, size_t length)
{
	static const char zeros[PADDING];
	size_t filled = LENGTH_SIZE + length;

	for (int shift = 24; shift >= 0; shift -= 8) {
		const char byte = (char)(length >> shift);

		(void)text_append(blob, &byte, 1);
	}
	(void)text_append(blob, text, length);
	return text_append(blob, zeros, (PADDING - filled % PADDING) % PADDING);
}

static int append_blob(const struct seal_key *key, const struct seal_subject *subject,
	const char *text, size_t length, struct text *blob)
{
	const char front[] = {FORMAT, (char)strlen(key->id)};
	char nonce[AEAD_NONCE_SIZE], tag[AEAD_TAG_SIZE];
	size_t start;
	int status = random_bytes(nonce, sizeof nonce);

	(void)text_append(blob, front, sizeof front);
	(void)text_append_string(blob, key->id);
	(void)text_append(blob, nonce, sizeof nonce);
	start = blob->length;
	if (status == 0)
		status = append_padded(blob, text, length);
	if (status == 0)
		status = transform(key, subject, true, (const uint8_t *)nonce,
			(uint8_t *)blob->data + start, blob->length - start, (uint8_t *)tag);
	return status == 0 ? text_append(blob, tag, sizeof tag) : status;
}

int seal_close_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length, struct text *blob)
{
	if (length > SEAL_TEXT_MAX || keys->count == 0)
		return TOTPGROUP_EARGUMENT;
	return append_blob(&keys->keys[0], subject, text, length, blob);
}

int seal_close(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *text, size_t length, struct text *sealed)
{
	const struct seal_key *key = &keys->keys[0];
	struct text blob = TEXT_INIT;
	int status = seal_close_blob(keys, subject, text, length, &blob);

	if (status == 0)
		status = text_append_format(sealed, HEADER "%s\n", key->id);
	for (size_t at = 0; status == 0 && at < blob.length; at += LINES_LENGTH) {
		size_t rest = blob.length - at;

		(void)base64_encode(
			sealed, blob.data + at, rest < LINES_LENGTH ? rest : LINES_LENGTH);
		status = text_append_string(sealed, "\n");
	}
	text_free(&blob);
	return status;
}

/* The bytes of all lines behind the first one. */
static int read_blob(const char *sealed, size_t length, struct text *blob)
{
	struct lines lines = {.text = sealed, .length = length};
	const char *line;
	size_t line_length;
	int status = 0;

	(void)lines_next(&lines, &line, &line_length);
	while (status == 0 && lines_next(&lines, &line, &line_length))
		status = base64_decode(blob, line, line_length);
	return status;
}

/* Where the ciphertext begins in a blob of that key; 0 where the blob is malformed. */
static size_t find_ciphertext(const struct text *blob, const struct seal_key *key)
{
	size_t id = strlen(key->id), start = 2 + id + AEAD_NONCE_SIZE;

	if (blob->length < start + PADDING + AEAD_TAG_SIZE ||
		(blob->length - start - AEAD_TAG_SIZE) % PADDING != 0 ||
		blob->data[0] != FORMAT || (unsigned char)blob->data[1] != id ||
		memcmp(blob->data + 2, key->id, id) != 0)
		return 0;
	return start;
}

/* Opens a blob, and appends the text in it. */
static int open_blob(const struct seal_key *key, const struct seal_subject *subject,
	struct text *blob, struct text *text)
{
	size_t start = find_ciphertext(blob, key), size, length = 0;
	uint8_t *bytes;
	int status;

	if (start == 0)
		return TOTPGROUP_EFORMAT;
	bytes = (uint8_t *)blob->data + start;
	size = blob->length - start - AEAD_TAG_SIZE;
	status = transform(
		key, subject, false, bytes - AEAD_NONCE_SIZE, bytes, size, bytes + size);
	for (size_t i = 0; i < LENGTH_SIZE; i++)
		length = length << 8 | bytes[i];
	if (status == 0 && length > size - LENGTH_SIZE)
		status = TOTPGROUP_EFORMAT;
	return status == 0 ? text_append(text, (const char *)bytes + LENGTH_SIZE, length)
			   : status;
}

/* Says why a text could not be opened; key is NULL where its form names none. */
static int report(int status, const struct seal_key *key, struct error *error)
{
	if (status == TOTPGROUP_EFORMAT && key != NULL)
		return error_set(error, status,
			"the seal is broken: it was changed, or is not of this user, or the "
			"key "
			"%s is another one",
			key->id);
	if (status == TOTPGROUP_EFORMAT)
		return error_set(error, status, "sealed in a form that is not known");
	return status != 0 ? error_set(error, status, "%s", totpgroup_strerror(status)) : 0;
}

/* Finds the key of that id. TOTPGROUP_EFORMAT for what can be no id. */
static int find_key(const struct seal_keys *keys, const char *id, size_t length,
	const struct seal_key **key, struct error *error)
{
	*key = seal_keys_find(keys, id, length);
	if (length > 0 && length <= SEAL_KEY_ID_MAX && *key == NULL)
		return error_set(error, TOTPGROUP_ECRYPTO,
			"sealed with the key %.*s, which is not there", (int)length, id);
	return *key != NULL ? 0 : report(TOTPGROUP_EFORMAT, NULL, error);
}

int seal_open_blob(const struct seal_keys *keys, const struct seal_subject *subject,
	struct text *blob, struct text *text, struct error *error)
{
	const struct seal_key *key;
	size_t length = blob->length > 2 ? (unsigned char)blob->data[1] : 0;

	if (length > SEAL_KEY_ID_MAX || blob->length < 2 + length)
		length = 0;
	if (find_key(keys, length > 0 ? blob->data + 2 : "", length, &key, error) != 0)
		return error->code;
	return report(open_blob(key, subject, blob, text), key, error);
}

int seal_open(const struct seal_keys *keys, const struct seal_subject *subject,
	const char *sealed, size_t length, struct text *text, struct error *error)
{
	const struct seal_key *key;
	struct text blob = TEXT_INIT;
	const char *id;
	size_t id_length;
	int status;

	seal_find_key_id(sealed, length, &id, &id_length);
	if (find_key(keys, id, id_length, &key, error) != 0)
		return error->code;
	status = read_blob(sealed, length, &blob);
	if (status == 0)
		status = open_blob(key, subject, &blob, text);
	text_free(&blob);
	return report(status, key, error);
}

int seal_check_tag(const struct seal_key *key, uint8_t tag[SEAL_CHECK_TAG_SIZE])
{
	struct text message = TEXT_INIT;
	struct hmac *hmac = NULL;
	uint8_t digest[HMAC_DIGEST_MAX];
	size_t length = 0;
	int status;

	append_field(&message, CHECK_CONTEXT);
	status = text_append_string(&message, key->id);
	if (status == 0)
		status = hmac_open(&hmac, HMAC_SHA256, key->master, sizeof key->master);
	if (status == 0)
		status = hmac_digest(hmac, message.data, message.length, digest, &length);
	if (status == 0)
		memcpy(tag, digest, SEAL_CHECK_TAG_SIZE);
	hmac_close(hmac);
	text_free(&message);
	return status;
}
