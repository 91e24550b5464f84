/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/emergency_codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "base/wipe.h"
#include "totpgroup.h"

/* Eight digits, the first of them not 0: the module tells an emergency code
 * from others by that. */
#define PLAIN_FIRST 10000000U
#define PLAIN_COUNT 90000000U

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
	int result = random_below(PLAIN_COUNT, &number);

	if (result == 0)
		snprintf(code, EMERGENCY_HASH_WRITTEN_LENGTH + 1, "%" PRIu32,
			PLAIN_FIRST + number);
	WIPE_OBJECT(&number);
	return result;
}

static int draw(struct emergency_codes *codes)
{
	char *code = codes->code[codes->count];
	int result;

	do
		result = codes->hashed ? emergency_hash_draw(code) : draw_plain(code);
	while (result == 0 && is_drawn(codes, code));
	if (result == 0)
		codes->count++;
	return result;
}

int emergency_codes_draw(
	struct emergency_codes *codes, unsigned int count, bool hashed, struct error *error)
{
	int result = 0;

	codes->hashed = hashed;
	while (result == 0 && codes->count < count)
		result = draw(codes);
	if (result != 0)
		return error_set(error, result, "no random numbers are to be had: %s",
			totpgroup_strerror(result));
	return 0;
}

static int append_hashed(const struct emergency_codes *codes, struct text *text)
{
	struct emergency_hash_salt salt;
	int result = emergency_hash_draw_salt(&salt);

	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result = emergency_hash_append(text, codes->code[i], &salt);
	return result;
}

static int append_plain(const struct emergency_codes *codes, struct text *text)
{
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result = text_append_format(text, "%s\n", codes->code[i]);
	return result;
}

int emergency_codes_append(
	const struct emergency_codes *codes, struct text *text, struct error *error)
{
	int result = codes->hashed ? append_hashed(codes, text) : append_plain(codes, text);

	if (result != 0)
		return error_set(error, result, "cannot make emergency codes: %s",
			totpgroup_strerror(result));
	return 0;
}
