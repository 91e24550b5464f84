/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The form of a state file: two slots of the same size, each with a whole state
 * (core/state.h). A writer overwrites the slot that does not hold the newest state, so
 * that a write which was cut short by a crash leaves the state before it.
 * totpgroup-state(5) is the full description.
 *
 *     totpgroup-slot 1 generation 7 size 4096 length 211 sha256 DIGEST
 *     totpgroup-state 1
 *     ...
 *     " END
 *     blanks, and a line feed as the last byte of the slot
 *
 * The digest is the beginning of the SHA-256 of the line before " sha256" and of the
 * state. It finds what a crash or a disk has damaged; a user who may write to the
 * file can compute it.
 */
#ifndef TOTPGROUP_STORE_STATE_SLOTS_H
#define TOTPGROUP_STORE_STATE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* No disk writes less at once, or shares what it writes between two of these. */
#define STATE_SLOT_SIZE_MIN 4096

/* Holds the longest state, of CREDENTIAL_TEXT_MAX bytes. */
#define STATE_SLOT_SIZE_MAX 131072

/* The longest first line of a slot, with its line feed and a NUL. */
#define STATE_SLOT_LINE_SIZE 160

/* What a file holds. */
struct state_slots {
	size_t size;	     /* of one slot, in bytes; 0: not in this form */
	unsigned int newest; /* 0 or 1: the slot with the state that counts */
	int64_t generation;  /* of that slot, at least 1 */
	const char *state;   /* points into the file; not NUL-terminated */
	size_t length;	     /* of the state, at least 1 */
};

/*
 * Reads a whole file. A slot counts if each of its bytes is as state_slot_write() writes
 * it; of two such slots the one with the greater generation. slots->size is 0, and 0 is
 * returned, where the file looks like the text of a state alone, or like nothing known.
 * TOTPGROUP_EFORMAT where it has slots, and none that counts, or two of the same
 * generation; TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO.
 */
int state_slots_read(const struct text *file, struct state_slots *slots);

/* The size of a slot for a state of that length, which is at most CREDENTIAL_TEXT_MAX. */
size_t state_slot_size(size_t length);

/* Fills the size bytes of a slot, size being what state_slot_size() returns for this state
 * or a longer one. generation is at least 1. Returns 0 or TOTPGROUP_ECRYPTO. */
int state_slot_write(char *slot, size_t size, int64_t generation, const struct text *state);

#endif
