/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/summary.h"

#include <string.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "core/emergency.h"
#include "core/emergency_hash.h"
#include "core/rate_limit.h"
#include "core/reuse.h"
#include "base/hmac.h"

#define LAST_LINES 10

/* The secret and what codes are made with, as the decision reads them. */
static int read_kind(const totpgroup_credential *credential, struct credential_summary *summary,
	struct error *error)
{
	struct credential_parameters parameters;
	struct credential_option option;
	struct hmac *hmac = NULL;
	int status = credential_open_hmac(credential, &hmac, error);

	hmac_close(hmac);
	if (status == 0)
		status = credential_parameters(credential, &parameters, error);
	if (status != 0)
		return status;
	summary->digits = parameters.digits;
	summary->period = parameters.period;
	summary->kind = parameters.totp		      ? SUMMARY_TOTP
			: parameters.hotp_counter > 0 ? SUMMARY_HOTP
						      : SUMMARY_EMERGENCY_ONLY;
	summary->algorithm = HMAC_SHA1;
	if (credential_find(credential, "ALGORITHM", &option))
		for (int i = HMAC_SHA1; i <= HMAC_SHA512; i++)
			if (ascii_is_word(option.value, option.length,
				    hmac_algorithm_name((enum hmac_algorithm)i)))
				summary->algorithm = (enum hmac_algorithm)i;
	return 0;
}

/* The largest of the numbers that are left in a line, from 0 to most; what is
 * none is passed over. */
static int64_t largest_number(struct credential_option rest, int64_t most)
{
	int64_t largest = 0, number;
	const char *word;
	size_t length;

	while (credential_next_word(&rest, &word, &length))
		if (number_parse(word, length, 0, most, &number) && number > largest)
			largest = number;
	return largest;
}

static int64_t latest_login(const totpgroup_credential *credential, int64_t now)
{
	struct credential_option rest;
	char key[] = "LAST0";
	int64_t latest = 0, time;
	const char *word;
	size_t length;

	for (int i = 0; i < LAST_LINES; i++) {
		key[4] = (char)('0' + i);
		if (credential_find(credential, key, &rest) &&
			credential_next_word(&rest, &word, &length) &&
			credential_next_word(&rest, &word, &length) &&
			number_parse(word, length, 0, now, &time) && time > latest)
			latest = time;
	}
	return latest;
}

/* A list that is damaged is refused by the decision, too. */
static int latest_code(const totpgroup_credential *credential, unsigned int period, int64_t now,
	int64_t *time, struct error *error)
{
	struct credential_option list;
	bool spent;
	int status = reuse_look(credential, 0, &spent, error);

	if (status != 0 || !credential_find(credential, "DISALLOW_REUSE", &list))
		return status;
	/* A device that is ahead has spent a step that is yet to come. */
	*time = largest_number(list, INT64_MAX / 4 / period) * period;
	if (*time > now)
		*time = now;
	return 0;
}

static int64_t latest_attempt(const totpgroup_credential *credential, int64_t now)
{
	struct credential_option rest;
	const char *word;
	size_t length;

	/* The limit comes first. */
	if (!credential_find(credential, "RATE_LIMIT", &rest) ||
		!credential_next_word(&rest, &word, &length) ||
		!credential_next_word(&rest, &word, &length))
		return 0;
	return largest_number(rest, now);
}

static void read_label(const totpgroup_credential *credential, char label[SUMMARY_LABEL_SIZE])
{
	struct credential_option option;
	size_t length;

	label[0] = '\0';
	if (!credential_find(credential, "LABEL", &option))
		return;
	length = option.length < SUMMARY_LABEL_SIZE ? option.length : SUMMARY_LABEL_SIZE - 1;
	memcpy(label, option.value, length);
	/* Not in the middle of a character of UTF-8. */
	while (length > 0 && length < option.length &&
		((unsigned char)option.value[length] & 0xc0) == 0x80)
		length--;
	label[length] = '\0';
	utf8_hide_unshown(label);
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
	status = read_kind(credential, summary, error);
	if (status == 0)
		status = read_devices(credential, summary, error);
	if (status == 0)
		status = pending_look(credential, now, &summary->pending, error);
	if (status == 0)
		status = rate_limit_look(credential, now, false, &limit, error);
	if (status == 0 && summary->kind == SUMMARY_TOTP)
		status = latest_code(
			credential, summary->period, now, &summary->used.code, error);
	if (status != 0)
		return status;
	summary->limited = limit.exceeded;
	summary->retry_after = limit.retry_after;
	summary->used.login = latest_login(credential, now);
	summary->used.attempt = latest_attempt(credential, now);
	summary->hashed_codes = emergency_hash_codes_left(credential);
	summary->plain_codes = emergency_codes_left(credential) - summary->hashed_codes;
	read_label(credential, summary->label);
	return 0;
}
