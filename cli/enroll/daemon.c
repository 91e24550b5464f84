/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/enroll/daemon.h"

#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "cli/enroll/show_new.h"
#include "cli/users/verifyd.h"
#include "cli/ui/terminal.h"
#include "client/enroll_client.h"
#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

/* Of a user by name or number; an unknown one is not the caller. */
static bool is_caller(const char *user)
{
	const struct passwd *entry;
	int64_t uid;

	if (number_parse(user, strlen(user), 0, UINT32_MAX - 1, &uid))
		return (uid_t)uid == getuid();
	entry = getpwnam(user);
	return entry != NULL && entry->pw_uid == getuid();
}

bool enroll_daemon_applies(
	const struct enroll_options *options, const struct host_defaults *defaults)
{
	return options->secret == NULL && defaults->user != NULL &&
	       !is_caller(defaults->user) &&
	       (options->user == NULL || is_caller(options->user)) &&
	       verifyd_is_there(defaults);
}

/* Whether a flag set this option. */
static bool is_given(const struct option_row *row, const struct enroll_options *given)
{
	const struct enroll_options none = ENROLL_OPTIONS_INIT;
	const void *value = (const char *)given + row->offset;
	const void *usual = (const char *)&none + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		return *(const int *)value == row->minimum;
	case OPTION_NUMBER:
	case OPTION_WORD:
		return *(const int *)value != *(const int *)usual;
	case OPTION_STRING:
		return *(const char *const *)value != NULL;
	default:
		return false;
	}
}

enum exit_status enroll_daemon_check(const struct enroll_options *given)
{
	for (const struct option_row *row = enroll_options_table; row->name != NULL; row++) {
		if (!is_given(row, given) ||
			row->offset == offsetof(struct enroll_options, conf) ||
			row->offset == offsetof(struct enroll_options, qr_mode))
			continue;
		terminal_complain("the secret is made by totp-verifyd, as totpgroup.conf says: "
				  "leave --%s out",
			row->name);
		return STATUS_USAGE;
	}
	return STATUS_DONE;
}

static enum exit_status status_of(enum enroll_answer answer, const struct error *error)
{
	if (answer == ENROLL_DONE)
		return STATUS_DONE;
	terminal_complain_error(error);
	switch (answer) {
	case ENROLL_NOT_PERMITTED:
		return STATUS_NOT_PERMITTED;
	case ENROLL_ALREADY:
	case ENROLL_GIVEN_UP:
		return STATUS_REFUSED;
	default:
		return STATUS_STORE_ERROR;
	}
}

/* The link is read and written anew, so that nothing gets to the terminal that is not
 * part of one. */
static enum exit_status present(
	const struct enroll_client *enroll, const struct enroll_options *options)
{
	struct enroll_options as_told = *options;
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_STORE_ERROR;
	char *label, *issuer;

	if (otpauth_uri_parse(&key, enroll->uri.data, enroll->uri.length, &error) != 0) {
		terminal_complain("totp-verifyd: %s", error.message);
		otp_key_free(&key);
		return status;
	}
	label = key.name != NULL ? strdup(key.name) : NULL;
	issuer = strdup(key.issuer != NULL ? key.issuer : "");
	as_told.label = label;
	as_told.issuer = issuer;
	if (label == NULL || issuer == NULL)
		terminal_complain("totp-verifyd gave no whole link");
	else
		status = present_account(&key, &as_told, label);
	free(label);
	free(issuer);
	otp_key_free(&key);
	return status;
}

/* One code, and what the daemon says of it. */
static enum enroll_answer confirm_once(struct enroll_client *enroll, struct error *error)
{
	enum enroll_answer answer = ENROLL_GIVEN_UP;
	char line[128];

	terminal_say("Code from the app: ");
	if (terminal_read_line(line, sizeof line)) {
		answer = enroll_client_confirm(enroll, line, error);
	} else {
		terminal_say("\n");
		error_set(error, TOTPGROUP_EARGUMENT, "no code: nothing was stored");
	}
	WIPE_ARRAY(line);
	if (answer == ENROLL_WRONG_CODE)
		terminal_say("That is no code of now: is the phone's clock right?\n");
	return answer;
}

static enum exit_status confirm(struct enroll_client *enroll)
{
	struct error error = ERROR_INIT;
	enum enroll_answer answer;

	do
		answer = confirm_once(enroll, &error);
	while (answer == ENROLL_WRONG_CODE);
	if (answer == ENROLL_DONE)
		terminal_say("Right: the app works, and the secret is stored.\n");
	return status_of(answer, &error);
}

static enum exit_status take_steps(
	struct enroll_client *enroll, const struct enroll_options *options)
{
	enum exit_status status = present(enroll, options);

	if (status == STATUS_DONE)
		status = confirm(enroll);
	return status == STATUS_DONE ? present_emergency_codes(&enroll->codes) : status;
}

enum exit_status enroll_daemon_run(
	const struct enroll_options *options, const struct host_defaults *defaults)
{
	const struct verify_client client = verifyd_client(defaults);
	struct enroll_client enroll = ENROLL_CLIENT_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status =
		status_of(enroll_client_begin(&enroll, &client, &error), &error);

	if (status == STATUS_DONE)
		status = take_steps(&enroll, options);
	enroll_client_end(&enroll);
	return status;
}
