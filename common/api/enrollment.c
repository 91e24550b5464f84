/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions of enrollment, as totpgroup.h describes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "base/host_name.h"
#include "base/wipe.h"
#include "config/enroll_defaults.h"
#include "core/confirmation.h"
#include "exchange/otpauth_uri.h"

#define OPTIONS_LEAST sizeof(struct totpgroup_enrollment_options)

/* Holds secrets. */
struct totpgroup_enrollment {
	struct new_credential credential;
	struct text uri;
	char *user;
	bool confirmed;
};

/* Makes the URI, with the usual names where the caller gave none. */
static int append_uri(totpgroup_enrollment *enrollment, const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *options)
{
	const struct new_credential *credential = &enrollment->credential;
	char host[HOST_NAME_MAX + 1];
	struct text account = TEXT_INIT;
	struct otpauth_uri uri = {
		.secret = credential->secret,
		.issuer = options->issuer != NULL ? options->issuer : defaults->issuer,
		.algorithm = credential->algorithm,
		.parameters = {.digits = credential->digits,
			.period = new_credential_period(credential),
			.totp = true},
	};
	int status;

	host_name(host);
	if (uri.issuer == NULL)
		uri.issuer = host;
	if (options->account != NULL)
		status = text_append_string(&account, options->account);
	else
		status = text_append_format(&account, "%s@%s", options->user, host);
	uri.account_name = account.data;
	if (status == 0)
		status = otpauth_uri_append(&enrollment->uri, &uri);
	text_free(&account);
	return status;
}

static int draw_credential(totpgroup_enrollment *enrollment,
	const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *options, struct error *error)
{
	int status = default_credential_draw(defaults, &enrollment->credential, error);

	if (status != 0)
		return status;
	enrollment->user = strdup(options->user);
	status = enrollment->user != NULL ? append_uri(enrollment, defaults, options)
					  : TOTPGROUP_EMEMORY;
	return status == 0 ? 0
			   : error_set(error, status, "the new secret's URI cannot be made: %s",
				     totpgroup_strerror(status));
}

static int begin_enrollment(totpgroup_enrollment **enrollment,
	const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *theirs, struct error *error)
{
	struct totpgroup_enrollment_options options = TOTPGROUP_ENROLLMENT_OPTIONS_INIT;
	int status;

	if (!sized_read(&options, sizeof options, OPTIONS_LEAST, theirs))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"the options were not initialized with "
			"TOTPGROUP_ENROLLMENT_OPTIONS_INIT, or need a later version of the "
			"library");
	if (options.user == NULL || *options.user == '\0')
		return error_set(error, TOTPGROUP_EARGUMENT, "the options name no user");
	*enrollment = calloc(1, sizeof **enrollment);
	if (*enrollment == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = draw_credential(*enrollment, defaults, &options, error);
	if (status == 0)
		return 0;
	totpgroup_enrollment_free(*enrollment);
	*enrollment = NULL;
	return status;
}

int totpgroup_enrollment_begin(totpgroup_enrollment **enrollment, totpgroup_handle *handle,
	const struct totpgroup_enrollment_options *options)
{
	const struct enroll_defaults usual = ENROLL_DEFAULTS_INIT;
	struct error error = ERROR_INIT;
	int status = handle != NULL ? handle_begin(handle) : 0;

	*enrollment = NULL;
	if (status != 0)
		return status;
	if (handle == NULL)
		return begin_enrollment(enrollment, &usual, options, &error);
	return begin_enrollment(enrollment, &user_store_configuration(handle->store)->enroll,
		options, &handle->error);
}

const char *totpgroup_enrollment_uri(const totpgroup_enrollment *enrollment)
{
	return enrollment->uri.data;
}

const char *totpgroup_enrollment_secret(const totpgroup_enrollment *enrollment)
{
	return enrollment->credential.secret;
}

const char *totpgroup_enrollment_emergency_code(
	const totpgroup_enrollment *enrollment, unsigned int index)
{
	const struct emergency_codes *codes = &enrollment->credential.emergency_codes;

	return index < codes->count ? codes->code[index] : NULL;
}

static void translate_confirmation(
	const struct confirmation *confirmation, struct totpgroup_result *result)
{
	result->offset_known = confirmation->verdict == CONFIRMATION_RIGHT ||
			       confirmation->verdict == CONFIRMATION_OTHER_TIME;
	result->offset = result->offset_known ? confirmation->offset : 0;
	result->reason = TOTPGROUP_REASON_WRONG_CODE;
	if (confirmation->verdict != CONFIRMATION_RIGHT)
		return;
	result->verdict = TOTPGROUP_ACCEPTED;
	result->reason = TOTPGROUP_REASON_NONE;
	result->method = TOTPGROUP_METHOD_TOTP;
	result->step = confirmation->step;
}

int totpgroup_enrollment_confirm(totpgroup_enrollment *enrollment, const char *code,
	int64_t now, struct totpgroup_result *result)
{
	struct confirmation confirmation = {.verdict = CONFIRMATION_WRONG};
	struct error error = ERROR_INIT;
	int status =
		confirmation_judge(&enrollment->credential, code, now, &confirmation, &error);

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	if (status != 0)
		return status;
	translate_confirmation(&confirmation, result);
	if (result->verdict == TOTPGROUP_ACCEPTED) {
		enrollment->confirmed = true;
		enrollment->credential.spent_step = confirmation.step;
	}
	return 0;
}

/* until is 0 for a credential that was confirmed. */
static int store_enrollment(
	totpgroup_enrollment *enrollment, totpgroup_handle *handle, int64_t until)
{
	struct text text = TEXT_INIT;
	int status;

	enrollment->credential.pending_until = until;
	status = new_credential_append(&enrollment->credential, &text, &handle->error);
	enrollment->credential.pending_until = 0;
	if (status == 0)
		status = user_store_create(
			handle->store, enrollment->user, &text, &handle->error);
	text_free(&text);
	return status;
}

int totpgroup_enrollment_store(totpgroup_enrollment *enrollment, totpgroup_handle *handle)
{
	int status = handle_begin(handle);

	if (status != 0)
		return status;
	if (!enrollment->confirmed)
		return error_set(&handle->error, TOTPGROUP_EARGUMENT,
			"no code has confirmed the new secret, so it is not stored");
	return store_enrollment(enrollment, handle, 0);
}

int totpgroup_enrollment_store_unconfirmed(
	totpgroup_enrollment *enrollment, totpgroup_handle *handle, int64_t until)
{
	int status = handle_begin(handle);

	if (status != 0)
		return status;
	if (until <= 0)
		return error_set(&handle->error, TOTPGROUP_EARGUMENT,
			"a secret that is not confirmed needs a time until which it can be");
	return store_enrollment(enrollment, handle, until);
}

int totpgroup_enrollment_serialize(
	const totpgroup_enrollment *enrollment, char **text, size_t *length)
{
	struct error error = ERROR_INIT;
	struct text whole = TEXT_INIT;
	int status = new_credential_append(&enrollment->credential, &whole, &error);

	*text = NULL;
	*length = 0;
	if (status != 0) {
		text_free(&whole);
		return status;
	}
	/* The text's memory comes from malloc(3) and ends with a NUL. */
	*text = whole.data;
	*length = whole.length;
	return 0;
}

void totpgroup_enrollment_free(totpgroup_enrollment *enrollment)
{
	if (enrollment == NULL)
		return;
	text_free(&enrollment->uri);
	free(enrollment->user);
	wipe_free(enrollment, sizeof *enrollment);
}
