/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state_spent.h"

#include <string.h>

#include "base/hex.h"
#include "base/wipe.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"

#define DIGEST_BYTES (STATE_DIGEST_LENGTH / 2)

#define FOR_ID	 "totpgroup state: secret"
#define FOR_CODE "totpgroup state: code "
#define FOR_HASH "totpgroup state: hash"

typedef char digest[STATE_DIGEST_LENGTH + 1];

/* What all of it is about. */
struct spent {
	struct hmac *hmac;
	const struct state_section *own; /* the secret's section, or NULL */
	const totpgroup_credential *secret;
};

int state_digest(struct hmac *hmac, const char *message, size_t length, digest result)
{
	uint8_t bytes[HMAC_DIGEST_MAX];
	size_t size;
	int status = hmac_digest(hmac, message, length, bytes, &size);

	hex_encode(bytes, status == 0 ? DIGEST_BYTES : 0, result);
	return status;
}

int state_identify(struct hmac *hmac, digest id)
{
	return state_digest(hmac, FOR_ID, strlen(FOR_ID), id);
}

static int digest_of_code(struct hmac *hmac, const char *digits, digest result)
{
	char message[sizeof FOR_CODE + EMERGENCY_CODE_LENGTH] = FOR_CODE;
	int status;

	memcpy(message + strlen(FOR_CODE), digits, EMERGENCY_CODE_LENGTH);
	status = state_digest(hmac, message, strlen(FOR_CODE) + EMERGENCY_CODE_LENGTH, result);
	WIPE_ARRAY(message);
	return status;
}

/* Of the words of a line, however they are spaced. */
static int digest_of_hash(
	struct hmac *hmac, const struct credential_option *line, digest result)
{
	struct text message = TEXT_INIT;
	int status = text_append(&message, FOR_HASH, strlen(FOR_HASH));

	if (status == 0)
		status = state_append_words(&message, *line);
	if (status == 0)
		status = state_digest(hmac, message.data, message.length, result);
	text_free(&message);
	return status;
}

static bool has_word(struct credential_option value, const char *wanted)
{
	const char *word;
	size_t length;

	while (credential_next_word(&value, &word, &length))
		if (strlen(wanted) == length && memcmp(word, wanted, length) == 0)
			return true;
	return false;
}

static bool is_spent(const struct spent *work, const digest wanted)
{
	struct credential_option spent;

	return work->own != NULL && state_section_find(work->own, STATE_SPENT, &spent) &&
	       has_word(spent, wanted);
}

int state_blank(struct text *text, size_t start, size_t end)
{
	int status = 0;

	while (status == 0 && end > start) {
		end--;
		if (text->data[end] != '\n' && text->data[end] != '\r')
			status = text_splice(text, end, 1, "", 0);
	}
	return status;
}

static int blank_spent_codes(const struct spent *work, totpgroup_credential *effective)
{
	struct emergency_line line = {0, 0, 0};
	digest code;
	int status = 0;

	while (status == 0 && emergency_code_next(effective, &line)) {
		status = digest_of_code(work->hmac, effective->text.data + line.digits, code);
		if (status != 0 || !is_spent(work, code))
			continue;
		status = state_blank(
			&effective->text, line.start, line.digits + EMERGENCY_CODE_LENGTH);
		line.next = line.start;
	}
	return status;
}

static int blank_spent_hashes(const struct spent *work, totpgroup_credential *effective)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	digest hash;
	int status = 0;

	while (status == 0 && credential_next_line(effective, EMERGENCY_HASH_KEY, &line)) {
		status = digest_of_hash(work->hmac, &line.option, hash);
		if (status != 0 || !is_spent(work, hash))
			continue;
		status = state_blank(&effective->text, line.start, line.next);
		line.next = line.start;
	}
	return status;
}

int state_spent_blank(
	struct hmac *hmac, const struct state_section *own, totpgroup_credential *effective)
{
	const struct spent work = {hmac, own, NULL};
	int status = blank_spent_codes(&work, effective);

	return status != 0 ? status : blank_spent_hashes(&work, effective);
}

/* Adds a digest to those of the state, unless it is there. */
static int append_spent(const struct spent *work, const digest code, struct text *spent)
{
	const struct credential_option before = {spent->data, spent->length, 0};

	if (is_spent(work, code) || (spent->length > 0 && has_word(before, code)))
		return 0;
	return text_append_format(spent, " %s", code);
}

/* The codes that the secret has and the decided credential has not: its own are
 * among the secret's, in the same order. */
static int append_spent_codes(
	const struct spent *work, const totpgroup_credential *effective, struct text *spent)
{
	struct emergency_line line = {0, 0, 0}, left = {0, 0, 0};
	bool more = emergency_code_next(effective, &left);
	digest code;
	int status = 0;

	while (status == 0 && emergency_code_next(work->secret, &line)) {
		const char *digits = work->secret->text.data + line.digits;

		if (more && memcmp(digits, effective->text.data + left.digits,
				    EMERGENCY_CODE_LENGTH) == 0) {
			more = emergency_code_next(effective, &left);
			continue;
		}
		status = digest_of_code(work->hmac, digits, code);
		if (status == 0)
			status = append_spent(work, code, spent);
	}
	return status;
}

static bool is_same_value(const struct credential_option *a, const struct credential_option *b)
{
	return a->length == b->length && memcmp(a->value, b->value, a->length) == 0;
}

static int append_spent_hashes(
	const struct spent *work, const totpgroup_credential *effective, struct text *spent)
{
	struct credential_line line = CREDENTIAL_LINE_INIT, left = CREDENTIAL_LINE_INIT;
	bool more = credential_next_line(effective, EMERGENCY_HASH_KEY, &left);
	digest hash;
	int status = 0;

	while (status == 0 && credential_next_line(work->secret, EMERGENCY_HASH_KEY, &line)) {
		if (more && is_same_value(&line.option, &left.option)) {
			more = credential_next_line(effective, EMERGENCY_HASH_KEY, &left);
			continue;
		}
		status = digest_of_hash(work->hmac, &line.option, hash);
		if (status == 0)
			status = append_spent(work, hash, spent);
	}
	return status;
}

int state_spent_append(struct hmac *hmac, const struct state_section *own,
	const totpgroup_credential *secret, const totpgroup_credential *effective,
	struct text *next)
{
	const struct spent work = {hmac, own, secret};
	struct credential_option before;
	struct text spent = TEXT_INIT;
	int status = 0;

	if (own != NULL && state_section_find(own, STATE_SPENT, &before))
		status = state_append_words(&spent, before);
	if (status == 0)
		status = append_spent_codes(&work, effective, &spent);
	if (status == 0)
		status = append_spent_hashes(&work, effective, &spent);
	if (status == 0 && spent.length > 0)
		status = text_append_format(next, "\" " STATE_SPENT "%s\n", spent.data);
	text_free(&spent);
	return status;
}
