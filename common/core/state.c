/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state.h"

#include <string.h>

#include "base/number.h"
#include "core/state_devices.h"
#include "core/state_spent.h"
#include "core/state_text.h"

/* Both texts, read. */
struct pair {
	totpgroup_credential *secret;
	struct hmac *hmac; /* keyed with the secret; NULL where that is damaged */
	struct state_sections sections;
	const struct state_section *own; /* the secret's section, or NULL */
	char id[STATE_DIGEST_LENGTH + 1];
};

static void close_pair(struct pair *pair)
{
	hmac_close(pair->hmac);
	totpgroup_credential_free(pair->secret);
}

static int fail(struct error *error, int status)
{
	return error_set(error, status,
		status == TOTPGROUP_EMEMORY ? "out of memory"
					    : "libgcrypt does not compute HMAC-SHA-256");
}

/* Says whose state it is. */
static int identify(struct pair *pair, struct error *error)
{
	const struct credential_option secret = credential_secret(pair->secret);
	struct error ignored = ERROR_INIT;
	int status = credential_open_digest(&secret, &pair->hmac, &ignored);

	if (status == TOTPGROUP_EFORMAT)
		return 0;
	if (status == 0)
		status = state_identify(pair->hmac, pair->id);
	if (status != 0)
		return fail(error, status);
	pair->own = state_text_find(&pair->sections, pair->id);
	return 0;
}

/* The caller ends the pair, after an error too. */
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
	return status != 0 ? status : identify(pair, error);
}

/* Puts the secret's limits before the times; false where it has none. */
static bool begin_rate_limit(
	const totpgroup_credential *credential, struct text *value, int *status)
{
	struct credential_option rest;
	const char *word;
	size_t length;

	if (!credential_find(credential, "RATE_LIMIT", &rest))
		return false;
	for (unsigned int i = 0; i < 2 && *status == 0; i++) {
		if (!credential_next_word(&rest, &word, &length))
			return false;
		*status = text_append(value, " ", 1);
		if (*status == 0)
			*status = text_append(value, word, length);
	}
	return true;
}

/* Whether the state's counter is the greater one, of a credential that counts. */
static bool counts_more(
	const totpgroup_credential *credential, const struct credential_option *value)
{
	int64_t before = credential_lenient_number(credential, "HOTP_COUNTER");
	struct credential_option rest = *value;
	const char *word;
	size_t length;
	int64_t counter;

	return before > 0 && credential_next_word(&rest, &word, &length) &&
	       number_parse(word, length, 0, INT64_MAX, &counter) && counter > before;
}

/* Puts a value of the state where decide() looks for it. */
static int apply_key(const struct pair *pair, const char *key, totpgroup_credential *effective)
{
	struct credential_option value;
	struct text words = TEXT_INIT;
	int status = 0;

	if (!state_section_find(pair->own, key, &value))
		return 0;
	if (strcmp(key, "RATE_LIMIT") == 0 && !begin_rate_limit(effective, &words, &status))
		goto out;
	if (strcmp(key, "HOTP_COUNTER") == 0 && !counts_more(effective, &value))
		goto out;
	if (status == 0)
		status = state_append_words(&words, value);
	if (status == 0)
		status = state_put_line(
			effective, key, words.data != NULL ? words.data + 1 : "");
out:
	text_free(&words);
	return status;
}

/* Whether two options have the same word for a value. */
static bool same_word(struct credential_option a, struct credential_option b)
{
	const char *word, *other;
	size_t length, other_length;

	return credential_next_word(&a, &word, &length) &&
	       credential_next_word(&b, &other, &other_length) && length == other_length &&
	       memcmp(word, other, length) == 0;
}

/* What was confirmed is pending no longer. Another time in the secret file means
 * that it was handed out anew. */
static int apply_confirmation(const struct pair *pair, totpgroup_credential *effective)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	struct credential_option confirmed;
	int status = 0;

	if (!state_section_find(pair->own, STATE_CONFIRMED, &confirmed))
		return 0;
	while (status == 0 && credential_next_line(effective, "PENDING_UNTIL", &line))
		if (same_word(line.option, confirmed)) {
			status = state_blank(&effective->text, line.start, line.next);
			line.next = line.start;
		}
	return status;
}

/* Whether decide() on the line of that key works as it stands. */
static bool is_option(const char *key)
{
	return strcmp(key, STATE_SPENT) != 0 && strcmp(key, STATE_CONFIRMED) != 0;
}

static int apply_all(const struct pair *pair, totpgroup_credential *effective)
{
	int status = 0;

	if (pair->own == NULL)
		return 0;
	for (size_t i = 0; status == 0 && state_keys[i] != NULL; i++)
		if (is_option(state_keys[i]))
			status = apply_key(pair, state_keys[i], effective);
	if (status == 0)
		status = apply_confirmation(pair, effective);
	if (status == 0)
		status = state_spent_blank(pair->hmac, pair->own, effective);
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
			status = state_devices_apply(&pair.sections, *effective);
		if (status != 0)
			fail(error, status);
	}
	if (status != 0) {
		totpgroup_credential_free(*effective);
		*effective = NULL;
	}
	close_pair(&pair);
	return status;
}

/* The value that the next state has for a key, from decide() or from before. */
static bool find_next(const struct pair *pair, const totpgroup_credential *effective,
	const char *key, struct credential_option *value)
{
	const char *word;
	size_t length;
	bool found = credential_find(effective, key, value);

	if (found && strcmp(key, "RATE_LIMIT") == 0)
		found = credential_next_word(value, &word, &length) &&
			credential_next_word(value, &word, &length);
	/* What is malformed is the secret file's own, and stays in it. */
	if (found && state_value_is_sound(key, value))
		return true;
	return pair->own != NULL && state_section_find(pair->own, key, value);
}

static int append_key(const struct pair *pair, const totpgroup_credential *effective,
	const char *key, struct text *next)
{
	struct credential_option value;
	int status;

	if (!find_next(pair, effective, key, &value))
		return 0;
	status = text_append_format(next, "\" %s", key);
	if (status == 0)
		status = state_append_words(next, value);
	return status != 0 ? status : text_append(next, "\n", 1);
}

static int append_confirmation(
	const struct pair *pair, const totpgroup_credential *effective, struct text *next)
{
	struct credential_option pending, left;
	int status;

	if (!credential_find(pair->secret, "PENDING_UNTIL", &pending) ||
		credential_find(effective, "PENDING_UNTIL", &left) ||
		!state_value_is_sound(STATE_CONFIRMED, &pending))
		return 0;
	status = text_append(next, "\" " STATE_CONFIRMED, strlen("\" " STATE_CONFIRMED));
	if (status == 0)
		status = state_append_words(next, pending);
	return status != 0 ? status : text_append(next, "\n", 1);
}

static int append_own(
	const struct pair *pair, const totpgroup_credential *effective, struct text *next)
{
	int status = text_append_format(next, "%s\n\" SECRET %s\n", STATE_FIRST_LINE, pair->id);

	for (size_t i = 0; status == 0 && state_keys[i] != NULL; i++)
		if (is_option(state_keys[i]))
			status = append_key(pair, effective, state_keys[i], next);
	if (status == 0)
		status = append_confirmation(pair, effective, next);
	return status != 0 ? status
			   : state_spent_append(
				     pair->hmac, pair->own, pair->secret, effective, next);
}

/* As many of the others as there is room for: the oldest are forgotten. */
static int append_earlier(const struct pair *pair, struct text *next)
{
	const size_t frame = strlen("\" SECRET ") + STATE_DIGEST_LENGTH + 1;
	size_t count = 0;
	int status = 0;

	for (size_t i = 0; status == 0 && i < pair->sections.count; i++) {
		const struct state_section *section = &pair->sections.sections[i];

		if (section == pair->own)
			continue;
		if (count++ == STATE_EARLIER_MAX ||
			next->length + frame + section->length + sizeof STATE_LAST_LINE >
				CREDENTIAL_TEXT_MAX)
			break;
		status = text_append_format(
			next, "\" SECRET %.*s\n", STATE_DIGEST_LENGTH, section->id);
		if (status == 0)
			status = text_append(next, section->lines, section->length);
	}
	return status != 0 ? status
			   : text_append(next, STATE_LAST_LINE "\n", sizeof STATE_LAST_LINE);
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
		fail(error, status);
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
