/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/resync.h"

#include "base/wipe.h"
#include "core/otp.h"
#include "core/typed.h"

int resync_notice(struct hmac *hmac, const struct credential_parameters *parameters,
	const char *code, int64_t *behind)
{
	const struct otp_range range = {parameters->hotp_counter + (int64_t)parameters->window,
		parameters->hotp_counter + (int64_t)parameters->window + RESYNC_NOTICE - 1};
	int64_t counter;
	bool found;
	int status = otp_search(
		hmac, range, range.first, code, parameters->digits, &found, &counter);

	*behind = status == 0 && found ? counter + 1 - parameters->hotp_counter : 0;
	return status;
}

/* The first code may be there by chance ahead of its true place, so each place is tried. */
int resync_find(struct hmac *hmac, const struct credential_parameters *parameters,
	const char *first, const char *second, bool *found, int64_t *counter)
{
	struct otp_range range = {
		parameters->hotp_counter, parameters->hotp_counter + RESYNC_LOOK_AHEAD - 1};
	int status = 0;

	*found = false;
	while (status == 0 && !*found && range.first <= range.last) {
		struct otp_range next;
		int64_t ignored;
		bool found_first;

		status = otp_search(hmac, range, range.first, first, parameters->digits,
			&found_first, counter);
		if (status != 0 || !found_first)
			return status;
		next = (struct otp_range){*counter + 1, *counter + 1};
		status = otp_search(
			hmac, next, next.first, second, parameters->digits, found, &ignored);
		range.first = *counter + 1;
	}
	return status;
}

static int resync_codes(totpgroup_credential *credential,
	const struct credential_parameters *parameters, const char *first, const char *second,
	bool *found, int64_t *behind, struct error *error)
{
	struct hmac *hmac = NULL;
	int64_t counter = 0;
	int status = credential_first_hmac(credential, &hmac, error);

	if (status != 0)
		return status;
	status = resync_find(hmac, parameters, first, second, found, &counter);
	if (status != 0)
		return error_set(error, status, "libgcrypt failed to compute a code");
	if (!*found)
		return 0;
	*behind = counter - parameters->hotp_counter;
	status = credential_set_number(credential, "HOTP_COUNTER", counter + 2);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

int resync(totpgroup_credential *credential, const char *first, const char *second, bool *found,
	int64_t *behind, struct error *error)
{
	struct credential_parameters parameters;
	struct typed one, other;
	const char *code, *next;
	int status = credential_parameters(credential, &parameters, error);

	*found = false;
	if (status != 0)
		return status;
	if (parameters.totp || parameters.hotp_counter == 0)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"the codes do not change with each use, so there is no counter");
	if (parameters.hotp_counter > CREDENTIAL_HOTP_COUNTER_MAX - RESYNC_LOOK_AHEAD - 2)
		return error_set(error, TOTPGROUP_EARGUMENT, "the counter is at its end");
	typed_read(&one, first, false);
	typed_read(&other, second, false);
	code = typed_digits(&one, parameters.digits);
	next = typed_digits(&other, parameters.digits);
	if (code == NULL || next == NULL)
		status = error_set(
			error, TOTPGROUP_EARGUMENT, "a code has %u digits", parameters.digits);
	else
		status =
			resync_codes(credential, &parameters, code, next, found, behind, error);
	WIPE_OBJECT(&one);
	WIPE_OBJECT(&other);
	return status;
}
