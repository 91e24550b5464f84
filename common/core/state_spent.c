/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state_text.h"

#include <string.h>

#include "base/hex.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/state.h"
#include "totpgroup.h"

#define DIGEST_BYTES (STATE_DIGEST_LENGTH / 2)

/* Every message begins with its purpose, and is longer than the eight bytes of a counter:
 * no digest can be that of a code. */
#define FOR_ID	 "totpgroup state: secret"
#define FOR_CODE "totpgroup state: code "
#define FOR_HASH "totpgroup state: hash"

/* The arguments that all functions below need. */
struct spent {
	struct hmac *hmac;
	const struct state_section *section; /* may be NULL */
};

static int compute_digest(
	struct hmac *hmac, const char *message, size_t length, state_digest digest)
{
	uint8_t bytes[HMAC_DIGEST_MAX];
	size_t size;
	int status = hmac_digest(hmac, message, length, bytes, &size);

	hex_encode(bytes, status == 0 ? DIGEST_BYTES : 0, digest);
	return status;
}

int state_identify(struct hmac *hmac, state_digest id)
{
	return compute_digest(hmac, FOR_ID, strlen(FOR_ID), id);
}

static int digest_code(struct hmac *hmac, const char *digits, state_digest digest)
{
	char message[sizeof FOR_CODE + EMERGENCY_CODE_LENGTH] = FOR_CODE;
	int status;

	memcpy(message + strlen(FOR_CODE), digits, EMERGENCY_CODE_LENGTH);
	status =
		compute_digest(hmac, message, strlen(FOR_CODE) + EMERGENCY_CODE_LENGTH, digest);
	WIPE_ARRAY(message);
	return status;
}

/* The digest of the words of a hashed code, whatever blanks separate them. */
static int digest_hash(
	struct hmac *hmac, const struct credential_option *line, state_digest digest)
{
	struct text message = TEXT_INIT;
	int status;

	(void)text_append_string(&message, FOR_HASH);
	state_append_words(&message, *line);
	status = message.status;
	if (status == 0)
		status = compute_digest(hmac, message.data, message.length, digest);
	text_free(&message);
	return status;
}

static bool has_digest(struct credential_option value, const state_digest digest)
{
	const struct word word = {digest, STATE_DIGEST_LENGTH};

	return state_has_word(value, &word);
}

static bool is_spent(const struct spent *work, const state_digest digest)
{
	struct credential_option spent;

	return state_section_find(work->section, STATE_SPENT, &spent) &&
	       has_digest(spent, digest);
}

static int blank_spent_codes(const struct spent *work, totpgroup_credential *effective)
{
	struct emergency_line line = {0, 0, 0};
	state_digest code;
	int status = 0;

	while (status == 0 && emergency_code_next(effective, &line)) {
		status = digest_code(work->hmac, effective->text.data + line.digits, code);
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
	state_digest hash;
	int status = 0;

	while (status == 0 && credential_next_line(effective, EMERGENCY_HASH_KEY, &line)) {
		status = digest_hash(work->hmac, &line.option, hash);
		if (status != 0 || !is_spent(work, hash))
			continue;
		status = state_blank(&effective->text, line.start, line.next);
		line.next = line.start;
	}
	return status;
}

int state_spent_blank(
	struct hmac *hmac, const struct state_section *section, totpgroup_credential *effective)
{
	const struct spent work = {hmac, section};
	int status = blank_spent_codes(&work, effective);

	return status != 0 ? status : blank_spent_hashes(&work, effective);
}

/* Adds a digest to spent, unless it is in spent or in the section. */
static void append_spent(const struct spent *work, const state_digest code, struct text *spent)
{
	const struct credential_option added = {
		spent->data != NULL ? spent->data : "", spent->length, 0};

	if (!is_spent(work, code) && !has_digest(added, code))
		(void)text_append_format(spent, " %s", code);
}

/* Adds the codes that only the secret has. The codes of the effective credential are
 * among those of the secret, in the same order. */
static int append_spent_codes(const struct spent *work, const totpgroup_credential *secret,
	const totpgroup_credential *effective, struct text *spent)
{
	struct emergency_line line = {0, 0, 0}, left = {0, 0, 0};
	bool more = emergency_code_next(effective, &left);
	state_digest code;
	int status = 0;

	while (status == 0 && emergency_code_next(secret, &line)) {
		const char *digits = secret->text.data + line.digits;

		if (more && memcmp(digits, effective->text.data + left.digits,
				    EMERGENCY_CODE_LENGTH) == 0) {
			more = emergency_code_next(effective, &left);
			continue;
		}
		status = digest_code(work->hmac, digits, code);
		if (status == 0)
			append_spent(work, code, spent);
	}
	return status;
}

/* The same for hashed codes. */
static int append_spent_hashes(const struct spent *work, const totpgroup_credential *secret,
	const totpgroup_credential *effective, struct text *spent)
{
	struct credential_line line = CREDENTIAL_LINE_INIT, left = CREDENTIAL_LINE_INIT;
	bool more = credential_next_line(effective, EMERGENCY_HASH_KEY, &left);
	state_digest hash;
	int status = 0;

	while (status == 0 && credential_next_line(secret, EMERGENCY_HASH_KEY, &line)) {
		if (more && line.option.length == left.option.length &&
			memcmp(line.option.value, left.option.value, left.option.length) == 0) {
			more = credential_next_line(effective, EMERGENCY_HASH_KEY, &left);
			continue;
		}
		status = digest_hash(work->hmac, &line.option, hash);
		if (status == 0)
			append_spent(work, hash, spent);
	}
	return status;
}

int state_spent_append(struct hmac *hmac, const struct state_section *section,
	const totpgroup_credential *secret, const totpgroup_credential *effective,
	struct text *next)
{
	const struct spent work = {hmac, section};
	struct credential_option before;
	struct text spent = TEXT_INIT;
	int status;

	if (state_section_find(section, STATE_SPENT, &before))
		state_append_words(&spent, before);
	status = append_spent_codes(&work, secret, effective, &spent);
	if (status == 0)
		status = append_spent_hashes(&work, secret, effective, &spent);
	if (status == 0)
		status = spent.status;
	if (status == 0 && spent.length > 0)
		status = text_append_format(next, "\" " STATE_SPENT "%s\n", spent.data);
	text_free(&spent);
	return status;
}

/* Finds the first word of the line that is not in the other section's line. */
static bool find_new_word(
	struct credential_option line, const struct state_section *other, struct word *found)
{
	struct credential_option before;
	bool has_line = state_section_find(other, STATE_SPENT, &before);
	const char *text = line.value;
	size_t length = line.length;

	while (lines_next_word(&text, &length, &found->start, &found->length))
		if (!has_line || !state_has_word(before, found))
			return true;
	return false;
}

int state_find_spent(const struct text *earlier, const struct text *later,
	uint8_t digest[STATE_SPENT_SIZE], struct error *error)
{
	struct state_sections before, after;
	struct credential_option line;
	struct word word;
	int status = state_text_read(earlier, &before, error);

	if (status == 0)
		status = state_text_read(later, &after, error);
	if (status != 0)
		return status;
	for (size_t i = 0; i < after.count; i++)
		if (state_section_find(&after.sections[i], STATE_SPENT, &line) &&
			find_new_word(
				line, state_text_find(&before, after.sections[i].id), &word) &&
			word.length == (size_t)2 * STATE_SPENT_SIZE &&
			hex_decode(word.start, word.length, digest))
			return 0;
	return error_set(error, TOTPGROUP_ENOTFOUND, "no emergency code was spent");
}
