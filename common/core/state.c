/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state.h"

#include <string.h>

#include "core/device.h"
#include "core/state_text.h"

/* Both texts after reading. */
struct pair {
	totpgroup_credential *secret;
	struct hmac *hmac; /* keyed with the secret; NULL where that is damaged */
	struct state_sections sections;
	const struct state_section *own; /* the section of the secret, or NULL */
	state_digest id;
};

static void close_pair(struct pair *pair)
{
	hmac_close(pair->hmac);
	totpgroup_credential_free(pair->secret);
}

static int describe_failure(struct error *error, int status)
{
	return error_set(error, status,
		status == TOTPGROUP_EMEMORY ? "out of memory"
					    : "libgcrypt does not compute HMAC-SHA-256");
}

/* Finds the secret's section. */
static int find_section(struct pair *pair, struct error *error)
{
	const struct credential_option secret = credential_secret(pair->secret);
	struct error ignored = ERROR_INIT;
	int status = credential_open_hmac_for(NULL, &secret, &pair->hmac, &ignored);

	if (status == TOTPGROUP_EFORMAT)
		return 0;
	if (status == 0)
		status = state_identify(pair->hmac, pair->id);
	if (status != 0)
		return describe_failure(error, status);
	pair->own = state_text_find(&pair->sections, pair->id);
	return 0;
}

/* The caller calls close_pair(), even after an error. */
static int open_pair(struct pair *pair, const struct text *secret, const struct text *state,
	bool *damaged_state, struct error *error)
{
	int status;

	*pair = (struct pair){.secret = NULL};
	*damaged_state = false;
	status = credential_load(&pair->secret, secret->data, secret->length, error);
	if (status != 0)
		return status;
	status = state_text_read(state, &pair->sections, error);
	*damaged_state = status != 0;
	return status != 0 ? status : find_section(pair, error);
}

/* Appends the two limits of the secret, which come before the times of the state; false
 * where the secret has none. */
static bool append_limits(const totpgroup_credential *credential, struct text *value)
{
	struct credential_option rest;
	struct word limit;

	if (!credential_find(credential, "RATE_LIMIT", &rest))
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		if (!credential_next_word(&rest, &limit))
			return false;
		(void)text_append_string(value, " ");
		(void)text_append(value, limit.start, limit.length);
	}
	return true;
}

/* Whether the secret counts logins, and the counter of the state is the greater one. */
static bool is_ahead(
	const totpgroup_credential *credential, struct credential_option counter_of_state)
{
	int64_t before = credential_lenient_number(credential, "HOTP_COUNTER"), counter;

	return before > 0 &&
	       credential_next_number(&counter_of_state, 0, INT64_MAX, &counter) &&
	       counter > before;
}

/* Writes an option line over the one of that key, or below all others, so that no line
 * changes its number. words have a blank before each. */
static int put_line(totpgroup_credential *effective, const char *key, const struct text *words)
{
	const char *value = words->length > 0 ? words->data + 1 : "";
	struct text *text = &effective->text;
	struct credential_option found;

	if (words->status != 0)
		return words->status;
	if (credential_find(effective, key, &found))
		return credential_set(effective, key, value);
	if (text->data[text->length - 1] != '\n')
		(void)text_append_string(text, "\n");
	return text_append_format(text, "\" %s %s\n", key, value);
}

/* Writes a value of the state into the effective credential. */
static int apply_key(const struct pair *pair, const char *key, totpgroup_credential *effective)
{
	struct credential_option value;
	struct text words = TEXT_INIT;
	int status = 0;

	if (!state_section_find(pair->own, key, &value))
		return 0;
	if (strcmp(key, "HOTP_COUNTER") == 0 && !is_ahead(effective, value))
		return 0;
	if (strcmp(key, "RATE_LIMIT") != 0 || append_limits(effective, &words)) {
		state_append_words(&words, value);
		status = put_line(effective, key, &words);
	}
	text_free(&words);
	return status;
}

/* Removes the PENDING_UNTIL lines that were confirmed. A line with another time remains:
 * the credential was handed out anew. */
static int apply_confirmation(const struct pair *pair, totpgroup_credential *effective)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	struct credential_option confirmed;
	struct word time;
	int status = 0;

	if (!state_section_find(pair->own, STATE_CONFIRMED, &confirmed))
		return 0;
	while (status == 0 && credential_next_line(effective, "PENDING_UNTIL", &line)) {
		struct credential_option value = line.option;

		if (credential_next_word(&value, &time) && state_has_word(confirmed, &time)) {
			status = state_blank(&effective->text, line.start, line.next);
			line.next = line.start;
		}
	}
	return status;
}

static int apply_all(const struct pair *pair, totpgroup_credential *effective)
{
	int status = 0;

	if (pair->own == NULL)
		return 0;
	for (const struct state_key *key = state_keys; status == 0 && key->name != NULL; key++)
		if (key->of_credential)
			status = apply_key(pair, key->name, effective);
	if (status == 0)
		status = apply_confirmation(pair, effective);
	if (status == 0)
		status = state_spent_blank(pair->hmac, pair->own, effective);
	return status;
}

/* Adds the spent steps of another section to those of the effective credential. */
static int add_steps(const struct state_section *section, totpgroup_credential *effective)
{
	struct credential_option steps, known = {"", 0, 0};
	struct text words = TEXT_INIT;
	struct word step;
	int status;

	if (!state_section_find(section, "DISALLOW_REUSE", &steps))
		return 0;
	(void)credential_find(effective, "DISALLOW_REUSE", &known);
	state_append_words(&words, known);
	while (credential_next_word(&steps, &step))
		if (!state_has_word(known, &step)) {
			(void)text_append_string(&words, " ");
			(void)text_append(&words, step.start, step.length);
		}
	status = put_line(effective, "DISALLOW_REUSE", &words);
	text_free(&words);
	return status;
}

/* What was spent while this further device was the first one has a section of its own,
 * and stays spent. A damaged line is skipped: no code is accepted then. */
static int apply_device(const struct state_sections *sections,
	const struct credential_line *line, totpgroup_credential *effective)
{
	struct credential_option rest = line->option, secret;
	const struct state_section *section;
	struct error ignored = ERROR_INIT;
	struct hmac *hmac = NULL;
	struct word word;
	state_digest id;
	int status;

	(void)credential_next_word(&rest, &word);
	secret = (struct credential_option){word.start, word.length, rest.line};
	status = credential_open_hmac_for(NULL, &secret, &hmac, &ignored);
	if (status == TOTPGROUP_EFORMAT)
		return 0;
	if (status == 0)
		status = state_identify(hmac, id);
	section = status == 0 ? state_text_find(sections, id) : NULL;
	if (section != NULL)
		status = add_steps(section, effective);
	if (section != NULL && status == 0)
		status = state_spent_blank(hmac, section, effective);
	hmac_close(hmac);
	return status;
}

static int apply_devices(const struct state_sections *sections, totpgroup_credential *effective)
{
	int status = 0;

	for (unsigned int device = 0; status == 0 && device < DEVICES_MAX; device++) {
		struct credential_line line = CREDENTIAL_LINE_INIT;

		/* Finds the line anew, because text before it may have changed. */
		for (unsigned int i = 0; i <= device; i++)
			if (!credential_next_line(effective, DEVICE_KEY, &line))
				return 0;
		status = apply_device(sections, &line, effective);
	}
	return status;
}

int state_apply(const struct text *secret, const struct text *state,
	totpgroup_credential **effective, bool *damaged_state, struct error *error)
{
	struct pair pair;
	int status = open_pair(&pair, secret, state, damaged_state, error);

	*effective = NULL;
	if (status == 0)
		status = credential_load(effective, secret->data, secret->length, error);
	if (status == 0 && pair.hmac != NULL) {
		status = apply_all(&pair, *effective);
		if (status == 0)
			status = apply_devices(&pair.sections, *effective);
		if (status != 0)
			describe_failure(error, status);
	}
	if (status != 0) {
		totpgroup_credential_free(*effective);
		*effective = NULL;
	}
	close_pair(&pair);
	return status;
}

static void append_line(struct text *next, const char *key, struct credential_option value)
{
	(void)text_append_format(next, "\" %s", key);
	state_append_words(next, value);
	(void)text_append_string(next, "\n");
}

/* Appends the value of the effective credential. A malformed value is the secret file's
 * own; then the state keeps its former value. */
static void append_key(const struct pair *pair, const totpgroup_credential *effective,
	const struct state_key *key, struct text *next)
{
	struct credential_option value;
	struct word limit;
	bool found = credential_find(effective, key->name, &value);

	/* Its first two words are the limit, which is not the state's. */
	if (found && strcmp(key->name, "RATE_LIMIT") == 0) {
		found = credential_next_word(&value, &limit);
		found = found && credential_next_word(&value, &limit);
	}
	if ((found && state_value_is_valid(key, &value)) ||
		state_section_find(pair->own, key->name, &value))
		append_line(next, key->name, value);
}

/* Appends the time of a PENDING_UNTIL that only the secret has. */
static void append_confirmation(const struct pair *pair, const totpgroup_credential *effective,
	const struct state_key *key, struct text *next)
{
	struct credential_option pending, left;

	if (credential_find(pair->secret, "PENDING_UNTIL", &pending) &&
		!credential_find(effective, "PENDING_UNTIL", &left) &&
		state_value_is_valid(key, &pending))
		append_line(next, key->name, pending);
}

static int append_own(
	const struct pair *pair, const totpgroup_credential *effective, struct text *next)
{
	(void)text_append_format(next, "%s\n\" SECRET %s\n", STATE_FIRST_LINE, pair->id);
	for (const struct state_key *key = state_keys; key->name != NULL; key++)
		if (key->of_credential)
			append_key(pair, effective, key, next);
		else if (strcmp(key->name, STATE_CONFIRMED) == 0)
			append_confirmation(pair, effective, key, next);
	return state_spent_append(pair->hmac, pair->own, pair->secret, effective, next);
}

/* Appends as many other sections as there is room for, the latest first, and the end. */
static int append_earlier(const struct pair *pair, struct text *next)
{
	const size_t frame = strlen("\" SECRET ") + STATE_DIGEST_LENGTH + 1;
	size_t count = 0;

	for (size_t i = 0; i < pair->sections.count; i++) {
		const struct state_section *section = &pair->sections.sections[i];

		if (section == pair->own)
			continue;
		if (count++ == STATE_EARLIER_MAX ||
			next->length + frame + section->length + sizeof STATE_LAST_LINE >
				CREDENTIAL_TEXT_MAX)
			break;
		(void)text_append_format(
			next, "\" SECRET %.*s\n", STATE_DIGEST_LENGTH, section->id);
		(void)text_append(next, section->lines, section->length);
	}
	return text_append_string(next, STATE_LAST_LINE "\n");
}

int state_extract(const struct text *secret, const struct text *state,
	const totpgroup_credential *effective, struct text *next, struct error *error)
{
	struct pair pair;
	bool ignored;
	int status = open_pair(&pair, secret, state, &ignored, error);

	if (status != 0 || pair.hmac == NULL)
		goto out;
	status = append_own(&pair, effective, next);
	if (status == 0)
		status = append_earlier(&pair, next);
	if (status != 0)
		describe_failure(error, status);
	else if (next->length > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_ESYSTEM,
			"the state would become longer than %d bytes; make a new secret",
			CREDENTIAL_TEXT_MAX);
	if (status != 0)
		text_free(next);
out:
	close_pair(&pair);
	return status;
}

int state_is_enrolled(const struct text *state, bool *enrolled, struct error *error)
{
	struct state_sections sections;
	struct credential_option value;
	int status = state_text_read(state, &sections, error);

	*enrolled = status == 0 && sections.count > 0 &&
		    !state_section_find(&sections.sections[0], STATE_REVOKED, &value);
	return status;
}

int state_revoke(const struct text *state, int64_t now, struct text *next, struct error *error)
{
	struct state_sections sections;
	bool enrolled;
	size_t before;
	int status = state_is_enrolled(state, &enrolled, error);

	if (status != 0 || !enrolled)
		return status;
	(void)state_text_read(state, &sections, error);
	before = (size_t)(sections.sections[0].lines - state->data);
	(void)text_append(next, state->data, before);
	(void)text_append_format(next, "\" " STATE_REVOKED " %lld\n", (long long)now);
	(void)text_append(next, state->data + before, state->length - before);
	return next->status == 0 ? 0 : error_set(error, next->status, "out of memory");
}
