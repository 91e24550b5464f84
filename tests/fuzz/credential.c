/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The secret file, and the decision on a code:
 *
 *     the typed text; = is the code of now, =1 the next one, =-1 the one before
 *     letters that switch parts of the attempt on, as in make_attempt()
 *     the text of the credential
 */

#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decide.h"
#include "core/judge.h"
#include "core/otp.h"
#include "core/summary.h"

#define TYPED_SIZE 128

static struct attempt make_attempt(const char *letters)
{
	struct attempt attempt = ATTEMPT_INIT;

	attempt.now = FUZZ_NOW;
	attempt.password_before_code = strchr(letters, 'p') != NULL;
	attempt.grace.host = strchr(letters, 'h') != NULL ? "192.0.2.7" : NULL;
	attempt.grace_period = strchr(letters, 'g') != NULL ? 100 : 0;
	attempt.count = strchr(letters, 'c') == NULL;
	attempt.front_end = strchr(letters, 'f') != NULL;
	attempt.last = strchr(letters, 'l') == NULL;
	attempt.disallow_reuse = strchr(letters, 'd') != NULL;
	attempt.no_skew_adjust = strchr(letters, 'n') != NULL;
	attempt.no_increment_hotp = strchr(letters, 'i') != NULL;
	attempt.resync_hotp = strchr(letters, 'r') != NULL;
	attempt.blocked_uncounted = strchr(letters, 'b') != NULL;
	if (strchr(letters, 'o') != NULL)
		attempt.now = 0;
	return attempt;
}

/* The code of a time step, or of a counter, that is so far away from the one of now. */
static void append_right_code(const totpgroup_credential *credential,
	const struct attempt *attempt, int64_t distance, char *code)
{
	struct credential_parameters parameters;
	struct error error = ERROR_INIT;
	struct hmac *hmac;

	*code = '\0';
	if (credential_parameters(credential, &parameters, &error) != 0 ||
		credential_first_hmac(credential, &hmac, &error) != 0)
		return;
	distance += parameters.totp ? otp_time_step(attempt->now, parameters.period)
				    : parameters.hotp_counter;
	if (distance >= 0)
		(void)otp_generate(hmac, (uint64_t)distance, parameters.digits, code);
}

/* Puts right codes in the places of =, =1, =-1 and so on. typed has TYPED_SIZE bytes. */
static void put_right_codes(
	const totpgroup_credential *credential, const struct attempt *attempt, char *typed)
{
	char pattern[TYPED_SIZE], *end;
	size_t length = 0;

	strcpy(pattern, typed);
	for (char *at = pattern; *at != '\0' && length + OTP_DIGITS_MAX + 1 < TYPED_SIZE;) {
		if (*at != '=') {
			typed[length++] = *at++;
			continue;
		}
		long distance = strtol(at + 1, &end, 10);

		at = end > at + 1 ? end : at + 1;
		append_right_code(credential, attempt, distance % 100000, typed + length);
		length += strlen(typed + length);
	}
	typed[length] = '\0';
}

static void check_text(const totpgroup_credential *credential)
{
	const struct text *text = &credential->text;

	FUZZ_CHECK(text->data[text->length] == '\0');
	FUZZ_CHECK(strlen(text->data) == text->length);
}

static unsigned int count_emergency_codes(totpgroup_credential *credential, int64_t now)
{
	struct credential_summary summary;
	struct error error = ERROR_INIT;

	if (credential_summarize(credential, now, &summary, &error) != 0)
		return 0;
	return summary.plain_codes + summary.hashed_codes;
}

/* A step counts once where that is demanded; of emergency codes one is gone each time. */
static void check_spent(const struct attempt *attempt, const struct totpgroup_result *first,
	const struct totpgroup_result *second)
{
	if (first->verdict == TOTPGROUP_ACCEPTED && first->method == TOTPGROUP_METHOD_TOTP &&
		attempt->disallow_reuse)
		FUZZ_CHECK(second->verdict != TOTPGROUP_ACCEPTED ||
			   second->method != TOTPGROUP_METHOD_TOTP ||
			   second->step != first->step);
}

static void decide_twice(totpgroup_credential *credential, struct attempt *attempt)
{
	struct totpgroup_result before;
	struct decision first = DECISION_INIT, second = DECISION_INIT;
	struct error judged = ERROR_INIT, error = ERROR_INIT;
	bool sound = credential_judge(credential, &judged) == 0;
	unsigned int codes = count_emergency_codes(credential, attempt->now);

	if (!sound)
		fuzz_check_error(&judged);
	FUZZ_CHECK(decide_before_prompt(credential, attempt, &before, &error) == 0);
	FUZZ_CHECK(before.verdict != TOTPGROUP_ACCEPTED ||
		   before.method == TOTPGROUP_METHOD_GRACE);
	error = (struct error)ERROR_INIT;
	FUZZ_CHECK(decide(credential, attempt, &first, &error) == 0);
	check_text(credential);
	if (first.result.reason == TOTPGROUP_REASON_BAD_FILE) {
		FUZZ_CHECK(!sound);
		fuzz_check_error(&error);
	}
	/* A summary may be out of reach where an emergency code still counts. */
	if (first.result.verdict == TOTPGROUP_ACCEPTED &&
		first.result.method == TOTPGROUP_METHOD_EMERGENCY && codes > 0)
		FUZZ_CHECK(count_emergency_codes(credential, attempt->now) == codes - 1);
	FUZZ_CHECK(!(first.no_match && first.result.verdict == TOTPGROUP_ACCEPTED));
	FUZZ_CHECK(decide(credential, attempt, &second, &error) == 0);
	check_text(credential);
	check_spent(attempt, &first.result, &second.result);
}

void fuzz_credential(struct fuzz_input input)
{
	char typed[TYPED_SIZE], letters[32];
	struct credential_summary summary;
	struct error error = ERROR_INIT;
	totpgroup_credential *credential;
	struct attempt attempt;
	char *copy;

	fuzz_take_line(&input, typed, sizeof typed);
	fuzz_take_line(&input, letters, sizeof letters);
	copy = fuzz_copy(input);
	attempt = make_attempt(letters);
	attempt.typed = typed;
	if (credential_load(&credential, copy, input.length, &error) != 0) {
		FUZZ_CHECK(credential == NULL);
		fuzz_check_error(&error);
		fuzz_copy_free(copy);
		return;
	}
	if (credential_summarize(credential, attempt.now, &summary, &error) != 0)
		fuzz_check_error(&error);
	put_right_codes(credential, &attempt, typed);
	decide_twice(credential, &attempt);
	totpgroup_credential_free(credential);
	fuzz_copy_free(copy);
}
