/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The state that is kept apart:
 *
 *     the typed text
 *     the text of the secret file
 *     %%
 *     the text of the state
 *
 * and its file of two slots, which is damaged in the middle of what a writer wrote:
 *
 *     a generation, a blank, and the text of the one state
 *     %%
 *     the same of the other
 *     %%
 *     three bytes for each byte that changes: its place, and what it becomes
 */

#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/decide.h"
#include "core/state.h"
#include "store/state_slots.h"

#define SEPARATOR "%%\n"

static struct text to_text(struct fuzz_input input)
{
	struct text text = TEXT_INIT;

	if (text_append(&text, input.data, input.length) != 0)
		abort();
	return text;
}

/* Decides on the joined texts; the next state must be one, and forget nothing. */
static void decide_on(const struct text *secret, const struct text *state,
	totpgroup_credential *effective, const char *typed)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision = DECISION_INIT, again = DECISION_INIT;
	struct error error = ERROR_INIT;
	totpgroup_credential *next_effective;
	struct text next = TEXT_INIT;
	bool damaged;
	int result;

	attempt.typed = typed;
	attempt.now = FUZZ_NOW;
	attempt.disallow_reuse = true;
	FUZZ_CHECK(decide(effective, &attempt, &decision, &error) == 0);
	result = state_extract(secret, state, effective, &next, &error);
	if (result != 0)
		fuzz_check_error(&error);
	else if (next.length > 0) {
		FUZZ_CHECK(state_apply(secret, &next, &next_effective, &damaged, &error) == 0);
		FUZZ_CHECK(decide(next_effective, &attempt, &again, &error) == 0);
		FUZZ_CHECK(decision.result.verdict != TOTPGROUP_ACCEPTED ||
			   again.result.verdict != TOTPGROUP_ACCEPTED ||
			   decision.result.method == TOTPGROUP_METHOD_HOTP ||
			   decision.result.step != again.result.step);
		totpgroup_credential_free(next_effective);
	}
	text_free(&next);
}

void fuzz_state(struct fuzz_input input)
{
	char typed[64];
	struct error error = ERROR_INIT;
	totpgroup_credential *effective = NULL;
	struct text secret, state, next = TEXT_INIT;
	bool damaged, enrolled;

	fuzz_take_line(&input, typed, sizeof typed);
	secret = to_text(fuzz_take_part(&input, SEPARATOR));
	state = to_text(input);
	if (state_is_enrolled(&state, &enrolled, &error) != 0)
		fuzz_check_error(&error);
	if (state_revoke(&state, FUZZ_NOW, &next, &error) == 0 && next.length > 0)
		FUZZ_CHECK(state_is_enrolled(&next, &enrolled, &error) == 0 && !enrolled);
	if (secret.length > 0 &&
		state_apply(&secret, &state, &effective, &damaged, &error) == 0)
		decide_on(&secret, &state, effective, typed);
	else
		FUZZ_CHECK(effective == NULL);
	totpgroup_credential_free(effective);
	text_free(&next);
	text_free(&secret);
	text_free(&state);
}

/* One slot as a writer writes it. */
static int64_t take_slot(struct fuzz_input *input, struct text *state)
{
	struct fuzz_input part = fuzz_take_part(input, SEPARATOR);
	int64_t generation = 1 + fuzz_take_byte(&part);

	if (part.length > CREDENTIAL_TEXT_MAX)
		part.length = CREDENTIAL_TEXT_MAX;
	*state = to_text(part);
	if (state->length == 0 && text_append_string(state, STATE_EMPTY) != 0)
		abort();
	return generation;
}

static bool is_state(const struct state_slots *slots, const struct text *state)
{
	return slots->length == state->length &&
	       memcmp(slots->state, state->data, slots->length) == 0;
}

static struct text make_file(const struct text states[2], const int64_t generations[2])
{
	size_t size = state_slot_size(
		states[0].length > states[1].length ? states[0].length : states[1].length);
	struct text file = TEXT_INIT;
	char *slot = malloc(size);

	if (slot == NULL)
		abort();
	for (unsigned int i = 0; i < 2; i++) {
		if (state_slot_write(slot, size, generations[i], &states[i]) != 0 ||
			text_append(&file, slot, size) != 0)
			abort();
	}
	free(slot);
	return file;
}

void fuzz_state_slots(struct fuzz_input input)
{
	struct text states[2], file, sound;
	int64_t generations[2];
	struct state_slots slots;
	struct fuzz_input whole = input;
	size_t half;
	bool harmed[2];

	for (unsigned int i = 0; i < 2; i++)
		generations[i] = take_slot(&input, &states[i]);
	file = make_file(states, generations);
	sound = make_file(states, generations);
	half = file.length / 2;
	while (input.length >= 3) {
		size_t place = fuzz_take_byte(&input) * 256;

		place += fuzz_take_byte(&input);
		file.data[place % file.length] = (char)fuzz_take_byte(&input);
	}
	for (size_t i = 0; i < 2; i++)
		harmed[i] = memcmp(file.data + i * half, sound.data + i * half, half) != 0;
	if (state_slots_read(&file, &slots) == 0 && slots.size > 0) {
		FUZZ_CHECK(is_state(&slots, &states[slots.newest]));
		FUZZ_CHECK(!harmed[slots.newest]);
	} else if (generations[0] != generations[1]) {
		FUZZ_CHECK(harmed[0] || harmed[1]);
	}
	text_free(&file);
	text_free(&sound);
	text_free(&states[0]);
	text_free(&states[1]);
	/* And as it stands. */
	file = to_text(whole);
	if (state_slots_read(&file, &slots) == 0 && slots.size > 0)
		FUZZ_CHECK(slots.state >= file.data &&
			   slots.state + slots.length <= file.data + file.length);
	text_free(&file);
}
