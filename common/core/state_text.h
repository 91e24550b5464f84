/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The parts of core/state.h: the text of a separate state, and the digests of what is
 * spent. totpgroup-state(5) is the full description.
 *
 *     totpgroup-state 1
 *     " SECRET id             a section for each secret, the latest first
 *     " KEY value
 *     " END
 */
#ifndef TOTPGROUP_CORE_STATE_TEXT_H
#define TOTPGROUP_CORE_STATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/crypto.h"
#include "base/text.h"
#include "core/credential.h"

#define STATE_FIRST_LINE "totpgroup-state 1"
#define STATE_LAST_LINE	 "\" END"

/* How many earlier secrets are remembered. */
#define STATE_EARLIER_MAX 8

/* Hexadecimal digits of an id or a digest. */
#define STATE_DIGEST_LENGTH 32

typedef char state_digest[STATE_DIGEST_LENGTH + 1];

/* The digests of spent emergency codes. */
#define STATE_SPENT "SPENT"

/* The PENDING_UNTIL that a first accepted code has confirmed. */
#define STATE_CONFIRMED "CONFIRMED"

/* When the secret was removed on purpose. */
#define STATE_REVOKED "REVOKED"

/* A key of a section. */
struct state_key {
	const char *name;
	bool of_credential; /* a credential has lines with that key, too */
	bool (*is_valid)(struct credential_option value, int64_t minimum, int64_t maximum);
	int64_t minimum; /* for is_valid */
	int64_t maximum;
};

/* All keys, ended by one whose name is NULL. */
extern const struct state_key state_keys[];

/* Whether a section may have that value. All values that decide() writes are valid. */
bool state_value_is_valid(const struct state_key *key, const struct credential_option *value);

/* One section in the text. */
struct state_section {
	const char *id;	   /* STATE_DIGEST_LENGTH digits */
	const char *lines; /* below the first one */
	size_t length;	   /* of lines */
};

struct state_sections {
	struct state_section sections[STATE_EARLIER_MAX + 1];
	size_t count;
};

/*
 * Finds the sections of a text; a text of length 0 has none. The result points into the
 * text. TOTPGROUP_EFORMAT with the line where anything is not exactly as described: a
 * state is used completely or not at all.
 */
int state_text_read(
	const struct text *text, struct state_sections *sections, struct error *error);

/* The section with that id, or NULL. */
const struct state_section *state_text_find(
	const struct state_sections *sections, const char *id);

/* Finds the value of a key in a section, which may be NULL. */
bool state_section_find(
	const struct state_section *section, const char *key, struct credential_option *value);

/* Appends the words of a value, with a blank before each. */
void state_append_words(struct text *text, struct credential_option value);

/* Whether a value has that word. */
bool state_has_word(struct credential_option value, const struct word *wanted);

/* Empties the lines in a range without removing them. Returns 0 or TOTPGROUP_EMEMORY. */
int state_blank(struct text *text, size_t start, size_t end);

/*
 * The functions below work with digests keyed with a secret, whose handle is for
 * SHA-256. They return 0, TOTPGROUP_EMEMORY or TOTPGROUP_ECRYPTO.
 */

/* The id of the secret. */
int state_identify(struct hmac *hmac, state_digest id);

/* Empties the lines of emergency codes that are spent according to the section, which
 * may be NULL. No line is removed. */
int state_spent_blank(struct hmac *hmac, const struct state_section *section,
	totpgroup_credential *effective);

/* Appends the line of spent codes: those of the section, which may be NULL, and those
 * of the secret that the effective credential no longer has. */
int state_spent_append(struct hmac *hmac, const struct state_section *section,
	const totpgroup_credential *secret, const totpgroup_credential *effective,
	struct text *next);

#endif
