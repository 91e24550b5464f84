/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/take_over.h"

#include <string.h>

#include "base/wipe.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/state_text.h"

#define REUSE_KEY "DISALLOW_REUSE"

static int take_counter(
	totpgroup_credential *to, const totpgroup_credential *from, bool *changed)
{
	int64_t here = credential_lenient_number(to, "HOTP_COUNTER");
	int64_t there = credential_lenient_number(from, "HOTP_COUNTER");

	if (here <= 0 || there <= here || there > CREDENTIAL_HOTP_COUNTER_MAX)
		return 0;
	*changed = true;
	return credential_set_number(to, "HOTP_COUNTER", there);
}

static int take_steps(totpgroup_credential *to, const totpgroup_credential *from, bool *changed)
{
	struct credential_option here = {"", 0, 0}, there;
	struct text value = TEXT_INIT;
	bool more = false;
	struct word word;
	int status;

	if (!credential_find(from, REUSE_KEY, &there))
		return 0;
	(void)credential_find(to, REUSE_KEY, &here);
	status = text_append(&value, here.value, here.length);
	while (credential_next_word(&there, &word)) {
		if (state_has_word(here, &word))
			continue;
		more = true;
		if (value.length > 0)
			(void)text_append(&value, " ", 1);
		status = text_append(&value, word.start, word.length);
	}
	if (status == 0 && more)
		status = credential_set(to, REUSE_KEY, value.data);
	*changed |= more;
	text_free(&value);
	return status;
}

static bool has_code(const totpgroup_credential *credential, const char *code)
{
	struct emergency_line line = {0, 0, 0};

	while (emergency_code_next(credential, &line))
		if (memcmp(credential->text.data + line.digits, code, EMERGENCY_CODE_LENGTH) ==
			0)
			return true;
	return false;
}

/* Finds a code of `to` that `from` has, or one that it does not have. */
static bool find_code(const totpgroup_credential *to, const totpgroup_credential *from,
	bool is_there, char code[EMERGENCY_CODE_LENGTH + 1])
{
	struct emergency_line line = {0, 0, 0};

	while (emergency_code_next(to, &line)) {
		memcpy(code, to->text.data + line.digits, EMERGENCY_CODE_LENGTH);
		code[EMERGENCY_CODE_LENGTH] = '\0';
		if (has_code(from, code) == is_there)
			return true;
	}
	return false;
}

static bool has_hash(
	const totpgroup_credential *credential, const struct credential_option *hash)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;

	while (credential_next_line(credential, EMERGENCY_HASH_KEY, &line))
		if (line.option.length == hash->length &&
			memcmp(line.option.value, hash->value, hash->length) == 0)
			return true;
	return false;
}

/* The same as find_code() for the line of a hashed code. */
static bool find_hash(const totpgroup_credential *to, const totpgroup_credential *from,
	bool is_there, struct credential_line *line)
{
	*line = (struct credential_line)CREDENTIAL_LINE_INIT;
	while (credential_next_line(to, EMERGENCY_HASH_KEY, line))
		if (has_hash(from, &line->option) == is_there)
			return true;
	return false;
}

/* New codes replace those of both kinds: where one is the same, all are of one time. */
static int take_codes(totpgroup_credential *to, const totpgroup_credential *from, bool *changed)
{
	char code[EMERGENCY_CODE_LENGTH + 1];
	struct credential_line line;
	bool spent = find_code(to, from, true, code) || find_hash(to, from, true, &line);
	int status = 0;

	while (status == 0 && spent && find_hash(to, from, false, &line)) {
		*changed = true;
		status = credential_delete_line(to, &line);
	}
	while (status == 0 && spent && find_code(to, from, false, code)) {
		*changed = true;
		status = emergency_code_spend(to, code, &spent);
	}
	WIPE_ARRAY(code);
	return status;
}

int take_over_spent(totpgroup_credential *to, const totpgroup_credential *from, bool *changed,
	struct error *error)
{
	int status;

	*changed = false;
	status = take_counter(to, from, changed);
	if (status == 0)
		status = take_steps(to, from, changed);
	if (status == 0)
		status = take_codes(to, from, changed);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}
