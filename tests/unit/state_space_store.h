/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One end of a transaction in the small world of test_state_space.c: user_credential_verify() on a
 * store in memory, which hands out the text that the transaction read when it began. What
 * comes out depends on nothing but that text, the time, the code and the fault, and is kept.
 */
#ifndef TOTPGROUP_TESTS_STATE_SPACE_STORE_H
#define TOTPGROUP_TESTS_STATE_SPACE_STORE_H

#include "decide_support.h"

#include "core/state.h"
#include "host/user_credential.h"
#include "store/store.h"

#define LIMIT	       2
#define INTERVAL       2 /* times, of 30 seconds each */
#define TIMES_MAX      8
#define EMERGENCY      0 /* the number of that code; the others are those of steps, or counters */
#define WRONG	       1
#define FIRST	       2
#define CODES	       10
#define TEXTS_MAX      5000
#define SPACE_CONFLICT UINT16_MAX /* the text of a transaction that is in vain */

enum space_flaw {
	SPACE_SOUND,
	SPACE_NO_VERSIONS,
	SPACE_LETS_IN_UNWRITTEN,
	SPACE_FORGETS,
	SPACE_COUNTS_SUCCESS_ALONE,
	SPACE_LOCK_STAYS,
};

enum space_violation { SPACE_FINE, SPACE_TWICE, SPACE_TOO_MANY, SPACE_ENDLESS };

/* How a commit ends. LOST: it was written, but an error is reported. */
enum space_fault { SPACE_WORKS, SPACE_FAILS, SPACE_UNWRITABLE, SPACE_LOST, SPACE_FAULTS };

struct space_setting {
	bool apart, locks, hotp, strict;
	enum space_flaw flaw;
};

struct space_end {
	int status; /* of user_credential_verify() */
	enum totpgroup_reason reason;
	bool accepted, conflicts, writes, known;
	uint16_t text; /* where it writes */
};

static struct space_setting setting;
static unsigned int times;

static bool space_is_long(void)
{
	const char *value = getenv("TOTPGROUP_LONG");

	return value != NULL && *value != '\0';
}

/* Texts have numbers. */
static struct text texts[TEXTS_MAX];
static unsigned int text_count;
static unsigned char opens[TEXTS_MAX]; /* 1: space_opens_again(), 2: not */
static struct space_end *ends;

/* The running transaction. */
struct store_token {
	char unused;
};

static struct {
	struct store_token token;
	uint16_t text;
	int64_t now;
	bool stale, wrong;
	enum space_fault fault;
	struct space_end end;
} running;

static const char head[] = SECRET "\n";

static const char *space_text(uint16_t number)
{
	return texts[number].data;
}

static uint16_t number_of_text(const struct text *text)
{
	for (unsigned int i = 0; i < text_count; i++)
		if (texts[i].length == text->length &&
			memcmp(texts[i].data, text->data, text->length) == 0)
			return (uint16_t)i;
	assert_true(text_count < TEXTS_MAX);
	assert_int_equal(text_append(&texts[text_count], text->data, text->length), 0);
	return (uint16_t)text_count++;
}

static int space_begin_record(
	struct store_place *place, struct store_record *record, struct error *error)
{
	const struct text *text = &texts[running.text];

	(void)place;
	/* After a conflict the search goes on with the newest text. */
	if (running.end.conflicts)
		return error_set(error, TOTPGROUP_EBUSY, "begun again");
	record->apart = setting.apart;
	record->now = running.now;
	record->token = &running.token;
	assert_int_equal(text_append(&record->secret, texts[0].data, texts[0].length), 0);
	if (setting.apart && running.text != 0)
		assert_int_equal(text_append(&record->state, text->data, text->length), 0);
	if (setting.apart)
		return 0;
	text_free(&record->secret);
	return text_append(&record->secret, text->data, text->length);
}

static void space_abort(struct store_place *place, struct store_record *record)
{
	(void)place;
	record->token = NULL;
}

static int space_commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error)
{
	space_abort(place, record);
	if (running.stale && setting.flaw != SPACE_NO_VERSIONS) {
		running.end.conflicts = true;
		return error_set(error, TOTPGROUP_ECONFLICT, "changed meanwhile");
	}
	if (running.fault == SPACE_FAILS)
		return error_set(error, TOTPGROUP_ESYSTEM, "no answer");
	if (running.fault == SPACE_UNWRITABLE)
		return error_set(error, TOTPGROUP_EUNWRITABLE, "read-only");
	running.end.writes = setting.flaw != SPACE_COUNTS_SUCCESS_ALONE || !running.wrong;
	running.end.text = number_of_text(change->has_state ? &change->state : &change->secret);
	return running.fault == SPACE_LOST ? error_set(error, TOTPGROUP_ESYSTEM, "no answer")
					   : 0;
}

static const struct store_operations space_operations = {
	.abi = STORE_ABI,
	.size = sizeof space_operations,
	.name = "small world",
	.begin = space_begin_record,
	.commit = space_commit,
	.abort = space_abort,
};

/* A code by its number: of step FIRST + i at time i, or the counter i + 1. */
static const char *text_of_code(unsigned int number)
{
	static code_text codes[CODES];
	const int64_t ahead = (int64_t)number - FIRST - 1;

	if (number == EMERGENCY)
		return "12345678";
	if (number == WRONG)
		return "000000";
	put_code(setting.hotp ? ahead + 2 : STEP + ahead, 6, 0, codes[number]);
	return codes[number];
}

/* Of the codes that change with time, those of the window. */
static bool space_is_typed(unsigned int code, unsigned int time)
{
	if (code < FIRST || setting.hotp)
		return code < FIRST + 5;
	return code - FIRST >= time && code - FIRST <= time + 2;
}

static struct space_end run_transaction(
	uint16_t text, int64_t now, const char *typed, bool stale, enum space_fault fault)
{
	static const struct store store = {&space_operations};
	struct store_place place = {.store = (struct store *)(uintptr_t)&store,
		.name = "secret",
		.state_name = setting.apart ? "state" : NULL};
	const struct user_credential credential = {.place = &place};
	struct attempt attempt = attempt_with(typed);
	struct error unrecorded = ERROR_INIT, error = ERROR_INIT;
	struct decision decision;

	memset(&running, 0, sizeof running);
	running.text = text;
	running.now = now;
	running.stale = stale;
	running.fault = fault;
	running.wrong = strcmp(typed, text_of_code(WRONG)) == 0;
	attempt.no_skew_adjust = true;
	attempt.blocked_uncounted = setting.strict;
	running.end.status = user_credential_verify(&credential, &attempt, &decision,
		setting.flaw == SPACE_LETS_IN_UNWRITTEN ? &unrecorded : NULL, &error);
	running.end.accepted = decision.result.verdict == TOTPGROUP_ACCEPTED;
	running.end.reason = decision.result.reason;
	running.end.known = true;
	assert_true(running.end.status == 0 || !running.end.accepted);
	return running.end;
}

static struct space_end space_end(
	uint16_t text, unsigned int time, unsigned int code, bool stale, enum space_fault fault)
{
	struct space_end *end;

	if (text == SPACE_CONFLICT)
		return (struct space_end){.status = TOTPGROUP_EBUSY, .conflicts = true};
	end = &ends[(((text * TIMES_MAX + time) * CODES + code) * 2 + stale) * SPACE_FAULTS +
		    fault];
	if (!end->known)
		*end = run_transaction(
			text, NOW + 30 * (int64_t)time, text_of_code(code), stale, fault);
	return *end;
}

static int64_t counter_of(uint16_t text)
{
	struct text joined = TEXT_INIT;
	totpgroup_credential *credential = NULL;
	struct error error = ERROR_INIT;
	bool damaged;
	int64_t counter;

	if (setting.apart) {
		assert_int_equal(state_apply(&texts[0], text != 0 ? &texts[text] : &joined,
					 &credential, &damaged, &error),
			0);
	} else {
		credential = load_bytes(texts[text].data, texts[text].length);
	}
	counter = credential_lenient_number(credential, "HOTP_COUNTER");
	totpgroup_credential_free(credential);
	return counter;
}

/* Whether a right code is accepted some time later. */
static bool space_opens_again(uint16_t text)
{
	const int64_t ahead = TIMES_MAX + INTERVAL;
	code_text code;

	if (opens[text] == 0) {
		put_code(setting.hotp ? counter_of(text) : STEP + ahead, 6, 0, code);
		opens[text] = run_transaction(text, NOW + 30 * ahead, code, false, SPACE_WORKS)
					      .accepted
				      ? 1
				      : 2;
	}
	return opens[text] == 1;
}

static void space_finish(void)
{
	for (unsigned int i = 0; i < text_count; i++)
		text_free(&texts[i]);
	free(ends);
	ends = NULL;
	text_count = 0;
}

static uint16_t space_begin(const struct space_setting *chosen)
{
	const char *kind = chosen->hotp ? "\" HOTP_COUNTER 1\n" : "\" TOTP_AUTH\n";

	space_finish();
	setting = *chosen;
	times = space_is_long() ? 5 : 3;
	ends = calloc((size_t)TEXTS_MAX * TIMES_MAX * CODES * 2 * SPACE_FAULTS, sizeof *ends);
	assert_non_null(ends);
	assert_int_equal(text_append_string(&texts[0], head), 0);
	assert_int_equal(text_append_string(&texts[0], kind), 0);
	assert_int_equal(text_append_string(&texts[0],
				 "\" DISALLOW_REUSE\n\" RATE_LIMIT 2 60\n12345678\n"),
		0);
	text_count = 1;
	memset(opens, 0, sizeof opens);
	return 0;
}

#endif
