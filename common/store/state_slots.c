/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/state_slots.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "base/number.h"
#include "core/state_text.h"
#include "totpgroup.h"

#define BEGINNING "totpgroup-slot 1 generation "

/* Half of SHA-256 is enough against accidents, and the line stays short. */
#define DIGEST_BYTES 16

/* Writes the first line of a slot with that state. */
static int make_line(char line[STATE_SLOT_LINE_SIZE], size_t size, const struct state_slots *of)
{
	char digits[2 * DIGEST_BYTES + 1];
	uint8_t digest[SHA256_LENGTH];
	int length = snprintf(line, STATE_SLOT_LINE_SIZE,
		BEGINNING "%" PRId64 " size %zu length %zu", of->generation, size, of->length);
	int status = sha256_digest(
		(const struct sha256_piece[2]){{line, (size_t)length}, {of->state, of->length}},
		digest);

	hex_encode(digest, status == 0 ? DIGEST_BYTES : 0, digits);
	snprintf(line + length, STATE_SLOT_LINE_SIZE - (size_t)length, " sha256 %s\n", digits);
	return status;
}

/* Whether the bytes, at least one, are the end of a slot, behind its state. */
static bool is_end(const char *bytes, size_t length)
{
	return bytes[length - 1] == '\n' &&
	       (length == 1 || (bytes[0] == ' ' && memcmp(bytes, bytes + 1, length - 2) == 0));
}

/* Reads the number of a first line that stands behind a word, up to the next blank. */
static bool read_number(const char **at, const char *word, int64_t maximum, int64_t *number)
{
	const char *digits = *at + strlen(word);
	size_t length;

	if (strncmp(*at, word, strlen(word)) != 0)
		return false;
	length = strcspn(digits, " ");
	*at = digits + length;
	return number_parse(digits, length, 1, maximum, number);
}

/* Reads a slot. found->size is 0 where a byte of it is not as it was written. */
static int read_slot(const char *slot, size_t size, struct state_slots *found)
{
	char line[STATE_SLOT_LINE_SIZE], expected[STATE_SLOT_LINE_SIZE];
	const char *at = line;
	int64_t length;
	size_t end;
	int status;

	*found = (struct state_slots){.size = 0};
	memcpy(line, slot, sizeof line - 1);
	line[sizeof line - 1] = '\0';
	if (!read_number(&at, BEGINNING, INT64_MAX, &found->generation) ||
		(at = strstr(at, " length ")) == NULL ||
		!read_number(&at, " length ", CREDENTIAL_TEXT_MAX, &length))
		return 0;
	end = strcspn(line, "\n") + 1;
	if (end + (size_t)length >= size)
		return 0;
	found->state = slot + end;
	found->length = (size_t)length;
	status = make_line(expected, size, found);
	if (status == 0 && strlen(expected) == end && memcmp(slot, expected, end) == 0 &&
		is_end(found->state + found->length, size - end - found->length))
		found->size = size;
	return status;
}

/* Whether a file of that size may consist of two slots. */
static bool may_be_slots(const struct text *file)
{
	size_t size = file->length / 2;

	return file->length % 2 == 0 && size >= STATE_SLOT_SIZE_MIN &&
	       size <= STATE_SLOT_SIZE_MAX && (size & (size - 1)) == 0;
}

/* Whether the file is the text of a state alone, which earlier versions wrote. Damage to a
 * slot does not make it look like that. */
static bool is_text(const struct text *file)
{
	return strncmp(file->data, STATE_FIRST_LINE, strlen(STATE_FIRST_LINE)) == 0;
}

int state_slots_read(const struct text *file, struct state_slots *slots)
{
	const size_t size = file->length / 2;
	struct state_slots second;
	int status;

	*slots = (struct state_slots){.size = 0};
	if (is_text(file))
		return 0;
	if (!may_be_slots(file))
		return strncmp(file->data, BEGINNING, strlen(BEGINNING)) == 0
			       ? TOTPGROUP_EFORMAT
			       : 0;
	status = read_slot(file->data, size, slots);
	if (status == 0)
		status = read_slot(file->data + size, size, &second);
	if (status != 0)
		return status;
	second.newest = 1;
	if (second.size != 0 && slots->size != 0 && second.generation == slots->generation)
		slots->size = 0;
	else if (second.size != 0 &&
		 (slots->size == 0 || second.generation > slots->generation))
		*slots = second;
	return slots->size != 0 ? 0 : TOTPGROUP_EFORMAT;
}

size_t state_slot_size(size_t length)
{
	size_t size = STATE_SLOT_SIZE_MIN;

	while (size < STATE_SLOT_LINE_SIZE + length)
		size *= 2;
	return size;
}

int state_slot_write(char *slot, size_t size, int64_t generation, const struct text *state)
{
	const struct state_slots of = {
		.generation = generation, .state = state->data, .length = state->length};
	char line[STATE_SLOT_LINE_SIZE];
	int status = make_line(line, size, &of);
	size_t end = strlen(line);

	memcpy(slot, line, end);
	memcpy(slot + end, state->data, state->length);
	memset(slot + end + state->length, ' ', size - end - state->length - 1);
	slot[size - 1] = '\n';
	return status;
}
