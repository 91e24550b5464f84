/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions of enrollment, as totpgroup.h describes them. */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handle.h"
#include "api/sized.h"
#include "base/host_name.h"
#include "base/wipe.h"
#include "config/default_credential.h"
#include "core/confirmation.h"
#include "core/credential.h"
#include "exchange/otpauth_uri.h"

#define OPTIONS_LEAST sizeof(struct totpgroup_enrollment_options)

/* Holds secrets. */
struct totpgroup_enrollment {
	struct new_credential credential;
	struct text uri;
	char *user;
	bool confirmed;
};

static int append_uri(totpgroup_enrollment *enrollment, const char *issuer, const char *account)
{
	const struct new_credential *credential = &enrollment->credential;
	const struct otpauth_uri description = {
		.secret = credential->secret,
		.issuer = issuer,
		.account_name = account,
		.algorithm = credential->algorithm,
		.parameters = {.digits = credential->digits,
			.period = new_credential_period(credential),
			.totp = true},
	};

	return otpauth_uri_append(&enrollment->uri, &description);
}

/* With the names that are usual where none are given. */
static int name_it(totpgroup_enrollment *enrollment, const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *options)
{
	const char *issuer = options->issuer != NULL ? options->issuer : defaults->issuer;
	char host[HOST_NAME_MAX + 1];
	struct text account = TEXT_INIT;
	int status;

	host_name(host);
	if (options->account != NULL)
		status = text_append_format(&account, "%s", options->account);
	else
		status = text_append_format(&account, "%s@%s", options->user, host);
	if (status == 0)
		status = append_uri(enrollment, issuer != NULL ? issuer : host, account.data);
	text_free(&account);
	return status;
}

static int draw(totpgroup_enrollment *enrollment, const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *options, struct error *error)
{
	int status = default_credential_draw(defaults, &enrollment->credential, error);

	if (status != 0)
		return status;
	enrollment->user = strdup(options->user);
	status = enrollment->user != NULL ? name_it(enrollment, defaults, options)
					  : TOTPGROUP_EMEMORY;
	return status == 0 ? 0
			   : error_set(error, status, "a new secret cannot be named: %s",
				     totpgroup_strerror(status));
}

static int make(totpgroup_enrollment **enrollment, const struct enroll_defaults *defaults,
	const struct totpgroup_enrollment_options *theirs, struct error *error)
{
	struct totpgroup_enrollment_options options = TOTPGROUP_ENROLLMENT_OPTIONS_INIT;
	int status;

	if (!sized_read(&options, sizeof options, OPTIONS_LEAST, theirs))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"the options did not begin with TOTPGROUP_ENROLLMENT_OPTIONS_INIT, or "
			"are those of a later version");
	if (options.user == NULL || *options.user == '\0')
		return error_set(error, TOTPGROUP_EARGUMENT, "the options name no user");
	*enrollment = calloc(1, sizeof **enrollment);
	if (*enrollment == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = draw(*enrollment, defaults, &options, error);
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
		return make(enrollment, &usual, options, &error);
	return make(enrollment, &user_store_configuration(handle->store)->enroll, options,
		&handle->error);
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

static void report(const struct confirmation *confirmation, struct totpgroup_result *result)
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
	report(&confirmation, result);
	if (result->verdict == TOTPGROUP_ACCEPTED) {
		enrollment->confirmed = true;
		enrollment->credential.spent_step = confirmation.step;
	}
	return 0;
}

/* Appends the credential's text; one that is to be confirmed by then has its line. */
static int append_text(const totpgroup_enrollment *enrollment, int64_t until, struct text *text,
	struct error *error)
{
	totpgroup_credential *credential = NULL;
	char last[24];
	int status = new_credential_append(&enrollment->credential, text, error);

	if (status != 0 || until == 0)
		return status;
	(void)snprintf(last, sizeof last, "%" PRId64, until);
	status = credential_load(&credential, text->data, text->length, error);
	if (status == 0 && credential_set(credential, "PENDING_UNTIL", last) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	text_free(text);
	if (status == 0) {
		*text = credential->text;
		credential->text = (struct text)TEXT_INIT;
	}
	totpgroup_credential_free(credential);
	return status;
}

static int store(totpgroup_enrollment *enrollment, totpgroup_handle *handle, int64_t until)
{
	struct text text = TEXT_INIT;
	int status = append_text(enrollment, until, &text, &handle->error);

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
	return store(enrollment, handle, 0);
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
	return store(enrollment, handle, until);
}

int totpgroup_enrollment_serialize(
	const totpgroup_enrollment *enrollment, char **text, size_t *length)
{
	struct error error = ERROR_INIT;
	struct text whole = TEXT_INIT;
	int status = append_text(enrollment, 0, &whole, &error);

	*text = NULL;
	*length = 0;
	if (status != 0) {
		text_free(&whole);
		return status;
	}
	/* It was made by malloc(3), and has a NUL at its end. */
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
