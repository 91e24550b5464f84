/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/fresh_codes.h"

#include <string.h>

#include "base/wipe.h"
#include "core/emergency.h"
#include "core/state.h"
#include "totpgroup.h"

/* One draw in so many million is not fresh. */
#define TRIES 100

static bool is_old(const totpgroup_credential *credential, const struct emergency_codes *codes)
{
	struct emergency_line line = {0, 0, 0};

	while (emergency_code_next(credential, &line))
		for (unsigned int i = 0; i < codes->count; i++)
			if (memcmp(credential->text.data + line.digits, codes->code[i],
				    EMERGENCY_CODE_LENGTH) == 0)
				return true;
	return false;
}

/* What a login would find of the new codes, once they are in the secret's file. */
static int count_good(totpgroup_credential *credential, const struct text *state,
	const struct text *lines, unsigned int *good, bool *damaged_state, struct error *error)
{
	totpgroup_credential *effective = NULL;
	int status = emergency_codes_replace(credential, lines->data, lines->length);

	if (status != 0)
		return error_set(error, status, "out of memory");
	status = state_apply(&credential->text, state, &effective, damaged_state, error);
	if (status == 0)
		*good = emergency_codes_left(effective);
	totpgroup_credential_free(effective);
	return status;
}

static int look(const struct emergency_codes *codes, const struct text *secret,
	const struct text *state, const struct text *lines, bool *fresh, bool *damaged_state,
	struct error *error)
{
	totpgroup_credential *credential = NULL;
	unsigned int good = 0;
	int status = credential_load(&credential, secret->data, secret->length, error);

	*fresh = false;
	if (status == 0 && !is_old(credential, codes)) {
		status = count_good(credential, state, lines, &good, damaged_state, error);
		*fresh = good == codes->count;
	}
	totpgroup_credential_free(credential);
	return status;
}

int fresh_codes_draw(struct emergency_codes *codes, unsigned int count, bool hashed,
	const struct text *secret, const struct text *state, struct text *lines,
	bool *damaged_state, struct error *error)
{
	struct text drawn = TEXT_INIT;
	bool fresh = false;
	int status = 0;

	*damaged_state = false;
	for (unsigned int i = 0; i < TRIES && status == 0 && !fresh; i++) {
		text_free(&drawn);
		WIPE_OBJECT(codes);
		status = emergency_codes_draw(codes, count, hashed, error);
		if (status == 0)
			status = emergency_codes_append(codes, &drawn, error);
		if (status == 0)
			status = look(
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
