/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/emergency_codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/wipe.h"
#include "core/emergency.h"
#include "core/state.h"
#include "totpgroup.h"

/* Eight digits, the first of them not 0. */
#define PLAIN_FIRST 10000000U
#define PLAIN_COUNT 90000000U

/* How often to draw before giving up. Millions of draws give one code that is not
 * fresh. */
#define DRAWS_MAX 100

static bool is_drawn(const struct emergency_codes *codes, const char *code)
{
	for (unsigned int i = 0; i < codes->count; i++)
		if (strcmp(codes->code[i], code) == 0)
			return true;
	return false;
}

static int draw_plain(char code[EMERGENCY_HASH_WRITTEN_LENGTH + 1])
{
	uint32_t number;
	int status = random_below(PLAIN_COUNT, &number);

	if (status == 0)
		snprintf(code, EMERGENCY_HASH_WRITTEN_LENGTH + 1, "%" PRIu32,
			PLAIN_FIRST + number);
	WIPE_OBJECT(&number);
	return status;
}

static int draw_code(struct emergency_codes *codes)
{
	char *code = codes->code[codes->count];
	int status;

	do
		status = codes->hashed ? emergency_hash_draw(code) : draw_plain(code);
	while (status == 0 && is_drawn(codes, code));
	if (status == 0)
		codes->count++;
	return status;
}

int emergency_codes_draw(
	struct emergency_codes *codes, unsigned int count, bool hashed, struct error *error)
{
	int status = 0;

	codes->hashed = hashed;
	while (status == 0 && codes->count < count)
		status = draw_code(codes);
	if (status != 0)
		return error_set(error, status, "cannot draw random numbers: %s",
			totpgroup_strerror(status));
	return 0;
}

static int append_hashed(const struct emergency_codes *codes, struct text *text)
{
	struct emergency_hash_salt salt;
	int status = emergency_hash_draw_salt(&salt);

	for (unsigned int i = 0; status == 0 && i < codes->count; i++)
		status = emergency_hash_append(text, codes->code[i], &salt);
	return status;
}

int emergency_codes_append(
	const struct emergency_codes *codes, struct text *text, struct error *error)
{
	int status = codes->hashed ? append_hashed(codes, text) : 0;

	for (unsigned int i = 0; !codes->hashed && i < codes->count; i++)
		status = text_append_format(text, "%s\n", codes->code[i]);
	if (status != 0)
		return error_set(error, status, "cannot make emergency codes: %s",
			totpgroup_strerror(status));
	return 0;
}

static bool has_code(
	const totpgroup_credential *credential, const struct emergency_codes *codes)
{
	struct emergency_line line = {0, 0, 0};

	while (emergency_code_next(credential, &line))
		for (unsigned int i = 0; i < codes->count; i++)
			if (memcmp(credential->text.data + line.digits, codes->code[i],
				    EMERGENCY_CODE_LENGTH) == 0)
				return true;
	return false;
}

/* Counts the codes that a login would accept once the lines are in the credential. */
static int count_valid(totpgroup_credential *credential, const struct text *state,
	const struct text *lines, unsigned int *valid, bool *damaged_state, struct error *error)
{
	totpgroup_credential *effective = NULL;
	int status = emergency_codes_replace(credential, lines->data, lines->length);

	if (status != 0)
		return error_set(error, status, "out of memory");
	status = state_apply(&credential->text, state, &effective, damaged_state, error);
	if (status == 0)
		*valid = emergency_codes_left(effective);
	totpgroup_credential_free(effective);
	return status;
}

static int check_fresh(const struct emergency_codes *codes, const struct text *secret,
	const struct text *state, const struct text *lines, bool *fresh, bool *damaged_state,
	struct error *error)
{
	totpgroup_credential *credential = NULL;
	unsigned int valid = 0;
	int status = credential_load(&credential, secret->data, secret->length, error);

	*fresh = false;
	if (status == 0 && !has_code(credential, codes)) {
		status = count_valid(credential, state, lines, &valid, damaged_state, error);
		*fresh = valid == codes->count;
	}
	totpgroup_credential_free(credential);
	return status;
}

int emergency_codes_draw_fresh(struct emergency_codes *codes, unsigned int count, bool hashed,
	const struct text *secret, const struct text *state, struct text *lines,
	bool *damaged_state, struct error *error)
{
	struct text drawn = TEXT_INIT;
	bool fresh = false;
	int status = 0;

	*damaged_state = false;
	for (unsigned int i = 0; i < DRAWS_MAX && status == 0 && !fresh; i++) {
		text_free(&drawn);
		WIPE_OBJECT(codes);
		status = emergency_codes_draw(codes, count, hashed, error);
		if (status == 0)
			status = emergency_codes_append(codes, &drawn, error);
		if (status == 0)
			status = check_fresh(
				codes, secret, state, &drawn, &fresh, damaged_state, error);
	}
	if (status == 0 && !fresh)
		status = error_set(error, TOTPGROUP_ECRYPTO,
			"the random numbers give the same emergency codes again and again");
	if (status == 0 && text_append(lines, drawn.data, drawn.length) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	text_free(&drawn);
	return status;
}
