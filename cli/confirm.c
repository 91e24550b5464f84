/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "confirm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hmac.h"
#include "base/number.h"
#include "base/wipe.h"
#include "core/otp.h"
#include "terminal.h"
#include "totpgroup.h"

/* Steps to either side: those that the login accepts by default, and those
 * among which a clock that is set wrong is looked for. */
#define ACCEPTED_STEPS 1
#define SEARCHED_STEPS 1500

/* Offsets from here on are told in minutes. */
#define MINUTES_FROM 120

enum judgement {
	JUDGEMENT_WRONG = 0,
	JUDGEMENT_RIGHT,
	JUDGEMENT_SKIP,
	JUDGEMENT_NO_CODE, /* not even as many digits */
	JUDGEMENT_FAILED,
};

static void remove_blanks(char *line)
{
	char *end = line;

	for (const char *c = line; *c != '\0'; c++)
		if (*c != ' ' && *c != '\t')
			*end++ = *c;
	*end = '\0';
}

static bool find(struct hmac *hmac, int64_t step, int64_t distance, const char *code,
	bool *found, int64_t *match)
{
	struct otp_range range = {step - distance, step + distance};
	unsigned int digits = (unsigned int)strlen(code);
	int result = otp_search(hmac, range, step, code, digits, found, match);

	if (result != 0)
		terminal_complain("cannot compute codes: %s", totpgroup_strerror(result));
	return result == 0;
}

static void tell_offset(int64_t offset)
{
	int64_t size = offset < 0 ? -offset : offset;
	bool minutes = size >= MINUTES_FROM;

	terminal_say("This code belongs to another time.\n"
		     "Your phone's clock is %" PRId64 " %s %s: set it to automatic time.\n",
		minutes ? size / 60 : size, minutes ? "min" : "s",
		offset > 0 ? "ahead" : "behind");
}

static enum judgement judge_code(
	struct new_credential *credential, struct hmac *hmac, const char *code)
{
	unsigned int period = new_credential_period(credential);
	int64_t now = (int64_t)time(NULL);
	int64_t step = otp_time_step(now, period);
	int64_t match = 0;
	bool found = false;

	if (!find(hmac, step, ACCEPTED_STEPS, code, &found, &match))
		return JUDGEMENT_FAILED;
	if (found) {
		credential->spent_step = match;
		return JUDGEMENT_RIGHT;
	}
	if (!find(hmac, step, SEARCHED_STEPS, code, &found, &match))
		return JUDGEMENT_FAILED;
	if (found)
		tell_offset(otp_step_offset(match, now, period));
	else
		terminal_say("This code is wrong. Is it the one for this account, "
			     "and still on the screen?\n");
	return JUDGEMENT_WRONG;
}

static enum judgement judge_line(
	struct new_credential *credential, struct hmac *hmac, char *line)
{
	static const char *const words[] = {"six", "seven", "eight"};
	int64_t number;
	size_t length;

	remove_blanks(line);
	length = strlen(line);
	if (number_parse(line, length, INT32_MIN, -1, &number))
		return JUDGEMENT_SKIP;
	if (length == credential->digits && number_parse(line, length, 0, INT32_MAX, &number))
		return judge_code(credential, hmac, line);
	terminal_say("A code has %s digits.\n", words[credential->digits - OTP_DIGITS_MIN]);
	return JUDGEMENT_NO_CODE;
}

static enum judgement ask(struct new_credential *credential, struct hmac *hmac)
{
	enum judgement judgement;
	char line[128];

	terminal_say("Code from the app (-1 to skip): ");
	if (terminal_read_line(line, sizeof(line))) {
		judgement = judge_line(credential, hmac, line);
	} else {
		terminal_say("\n");
		terminal_complain("no code: nothing was written");
		judgement = JUDGEMENT_FAILED;
	}
	WIPE_ARRAY(line);
	return judgement;
}

enum exit_status confirm_with_app(struct new_credential *credential)
{
	enum judgement judgement = JUDGEMENT_WRONG;
	struct hmac *hmac;
	int result = hmac_open(
		&hmac, credential->algorithm, credential->key, credential->key_length);

	if (result != 0) {
		terminal_complain("cannot compute codes: %s", totpgroup_strerror(result));
		return STATUS_STORE_ERROR;
	}
	while (judgement == JUDGEMENT_WRONG || judgement == JUDGEMENT_NO_CODE)
		judgement = ask(credential, hmac);
	hmac_close(hmac);
	if (judgement == JUDGEMENT_FAILED)
		return STATUS_REFUSED;
	terminal_say(
		judgement == JUDGEMENT_RIGHT ? "Right: the app works.\n" : "Not confirmed.\n");
	return STATUS_DONE;
}
