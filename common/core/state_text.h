/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The text of a state that is kept apart from its secret:
 *
 *     totpgroup-state 1
 *     " SECRET id             a section for each secret, the newest first
 *     " KEY value
 *     " END
 *
 * totpgroup-state(5) is the full description.
 */
#ifndef TOTPGROUP_CORE_STATE_TEXT_H
#define TOTPGROUP_CORE_STATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "core/credential.h"

#define STATE_FIRST_LINE "totpgroup-state 1"
#define STATE_LAST_LINE	 "\" END"

/* How many secrets that are no longer in use are remembered. */
#define STATE_EARLIER_MAX 8

/* Hexadecimal digits of an id or a digest. */
#define STATE_DIGEST_LENGTH 32

/* The digests of emergency codes that are spent. */
#define STATE_SPENT "SPENT"

/* The PENDING_UNTIL of the secret that a first good code has confirmed. */
#define STATE_CONFIRMED "CONFIRMED"

/* The keys of a section, ended by NULL. All but STATE_SPENT and STATE_CONFIRMED are
 * those of a credential's option lines. */
extern const char *const state_keys[];

/* Where one section lies in the text. */
struct state_section {
	const char *id;	   /* STATE_DIGEST_LENGTH digits */
	const char *lines; /* behind its first */
	size_t length;	   /* of these */
};

struct state_sections {
	struct state_section sections[STATE_EARLIER_MAX + 1];
	size_t count;
};

/*
 * Finds the sections of a text; one of no length has none. TOTPGROUP_EFORMAT with
 * the line where anything is not exactly as it is written here: a state is never
 * half believed. The result points into the text.
 */
int state_text_read(
	const struct text *text, struct state_sections *sections, struct error *error);

/* The section of that id, or NULL. */
const struct state_section *state_text_find(
	const struct state_sections *sections, const char *id);

/* Finds a key's value in a section. */
bool state_section_find(
	const struct state_section *section, const char *key, struct credential_option *value);

/* Whether a value may stand in a section, as all that decide() writes may. */
bool state_value_is_sound(const char *key, const struct credential_option *value);

/* Appends a value's words, a blank before each. Returns 0 or TOTPGROUP_EMEMORY. */
int state_append_words(struct text *text, struct credential_option value);

/* Writes an option line of a credential over the one that is there, or behind all
 * others, so that no line changes its number. Returns as above. */
int state_put_line(totpgroup_credential *credential, const char *key, const char *value);

#endif
