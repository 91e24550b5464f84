/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/summary.h"

#include "base/number.h"
#include "base/utf8.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/grace.h"
#include "core/judge.h"
#include "core/rate_limit.h"

static int read_parameters(const totpgroup_credential *credential,
	struct credential_summary *summary, struct error *error)
{
	struct credential_parameters parameters;
	int status = credential_parameters(credential, &parameters, error);

	if (status == 0)
		status = credential_algorithm(credential, &summary->algorithm, error);
	if (status != 0)
		return status;
	summary->digits = parameters.digits;
	summary->period = parameters.period;
	if (parameters.totp)
		summary->kind = SUMMARY_TOTP;
	else if (parameters.hotp_counter > 0)
		summary->kind = SUMMARY_HOTP;
	return 0;
}

/* The largest of the remaining numbers of a line that are at most maximum. */
static int64_t largest_number(struct credential_option rest, int64_t maximum)
{
	int64_t largest = 0, number;
	struct word word;

	while (credential_next_word(&rest, &word))
		if (number_parse(word.start, word.length, 0, maximum, &number) &&
			number > largest)
			largest = number;
	return largest;
}

static int64_t latest_login(const totpgroup_credential *credential, int64_t now)
{
	struct credential_option rest;
	struct word host;
	int64_t latest = 0, time;

	for (unsigned int i = 0; i < GRACE_LINES; i++)
		if (grace_find(credential, i, &rest) && credential_next_word(&rest, &host) &&
			credential_next_number(&rest, 0, now, &time) && time > latest)
			latest = time;
	return latest;
}

static int64_t latest_code(
	const totpgroup_credential *credential, unsigned int period, int64_t now)
{
	struct credential_option list;
	int64_t time;

	if (!credential_find(credential, "DISALLOW_REUSE", &list))
		return 0;
	time = largest_number(list, INT64_MAX / 4 / period) * period;
	/* A device that is ahead has spent a step of the future. */
	return time < now ? time : now;
}

static int64_t latest_attempt(const totpgroup_credential *credential, int64_t now)
{
	struct credential_option rest;
	struct word word;

	/* The times follow the two numbers of the limit. */
	if (!credential_find(credential, "RATE_LIMIT", &rest) ||
		!credential_next_word(&rest, &word) || !credential_next_word(&rest, &word))
		return 0;
	return largest_number(rest, now);
}

static void read_label(const totpgroup_credential *credential, char label[SUMMARY_LABEL_SIZE])
{
	struct credential_option option;

	if (credential_find(credential, "LABEL", &option))
		utf8_copy_shown(label, SUMMARY_LABEL_SIZE, option.value, option.length);
}

static int read_devices(const totpgroup_credential *credential,
	struct credential_summary *summary, struct error *error)
{
	struct devices devices;
	int status = devices_read(credential, &devices, error);

	if (status != 0)
		return status;
	summary->device_count = devices.count;
	for (size_t i = 0; i < devices.count; i++)
		device_copy_name(&devices.device[i], summary->devices[i]);
	return 0;
}

int credential_summarize(const totpgroup_credential *credential, int64_t now,
	struct credential_summary *summary, struct error *error)
{
	struct rate_limit_answer limit = {false, 0};
	int status;

	*summary = (struct credential_summary){.kind = SUMMARY_EMERGENCY_ONLY};
	status = credential_judge(credential, error);
	if (status == 0)
		status = read_parameters(credential, summary, error);
	if (status == 0)
		status = read_devices(credential, summary, error);
	if (status == 0)
		status = pending_look(credential, now, &summary->pending, error);
	if (status == 0)
		status = rate_limit_look(credential, now, false, &limit, error);
	if (status != 0)
		return status;
	summary->limited = limit.exceeded;
	summary->retry_after = limit.retry_after;
	summary->used.login = latest_login(credential, now);
	if (summary->kind == SUMMARY_TOTP)
		summary->used.code = latest_code(credential, summary->period, now);
	summary->used.attempt = latest_attempt(credential, now);
	summary->hashed_codes = emergency_hash_codes_left(credential);
	summary->plain_codes = emergency_codes_left(credential) - summary->hashed_codes;
	read_label(credential, summary->label);
	return 0;
}
