/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "cli/users/verifyd.h"
#include "client/verify_client.h"
#include "config/configuration.h"
#include "exchange/otpauth_uri.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Whether a user, by name or by number, is the caller. */
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
	bool is_others = options_is_shared(&defaults->configuration->options) ||
			 (defaults->user != NULL && !is_caller(defaults->user));

	return options->secret == NULL && is_others &&
	       (options->user == NULL || is_caller(options->user)) &&
	       verifyd_is_there(defaults);
}

enum exit_status enroll_daemon_check(const struct enroll_options *given)
{
	for (const struct option_row *row = enroll_options_table; row->name != NULL; row++)
		if (enroll_options_is_given(given, row) &&
			row->offset != offsetof(struct enroll_options, conf) &&
			row->offset != offsetof(struct enroll_options, qr))
			return terminal_fail(STATUS_USAGE,
				"the secret is made by totp-verifyd, as totpgroup.conf says: "
				"leave --%s out",
				row->name);
	return STATUS_DONE;
}

static enum exit_status report_answer(enum enroll_answer answer, const struct error *error)
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

/* Parses the URI and writes it anew, so that only parts of a URI reach the terminal. */
static enum exit_status show_offer(
	const struct enroll_client *enroll, const struct enroll_options *options)
{
	struct enroll_options labels = *options;
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status;
	char *label = NULL, *issuer = NULL;

	if (otpauth_uri_parse(&key, enroll->uri.data, enroll->uri.length, &error) != 0) {
		status = terminal_fail(STATUS_STORE_ERROR, "totp-verifyd: %s", error.message);
		goto out;
	}
	/* show_key() replaces the name and the issuer of the key. */
	label = key.name != NULL ? strdup(key.name) : NULL;
	issuer = strdup(key.issuer != NULL ? key.issuer : "");
	labels.label = label;
	labels.issuer = issuer;
	if (label == NULL || issuer == NULL)
		status = terminal_fail(
			STATUS_STORE_ERROR, "totp-verifyd gave an incomplete link");
	else
		status = show_key(&key, &labels, label);
out:
	free(label);
	free(issuer);
	otp_key_free(&key);
	return status;
}

/* Asks for one code, and gives it to the daemon. */
static enum enroll_answer confirm_once(struct enroll_client *enroll, struct error *error)
{
	enum enroll_answer answer = ENROLL_GIVEN_UP;
	char line[128];

	terminal_say("Code from the app: ");
	if (terminal_read_line(line, sizeof line)) {
		answer = enroll_client_confirm(enroll, line, error);
	} else {
		terminal_say("\n");
		error_set(error, TOTPGROUP_EARGUMENT, translate("no code: nothing was stored"));
	}
	WIPE_ARRAY(line);
	if (answer == ENROLL_WRONG_CODE)
		terminal_say("This is not the current code. Is the phone's clock right?\n");
	return answer;
}

static enum exit_status confirm_secret(struct enroll_client *enroll)
{
	struct error error = ERROR_INIT;
	enum enroll_answer answer;

	do
		answer = confirm_once(enroll, &error);
	while (answer == ENROLL_WRONG_CODE);
	if (answer == ENROLL_DONE)
		terminal_say("Right: the app works, and the secret is stored.\n");
	return report_answer(answer, &error);
}

enum exit_status enroll_with_daemon(
	const struct enroll_options *options, const struct host_defaults *defaults)
{
	const struct verify_client client = verifyd_client(defaults);
	struct enroll_client enroll = ENROLL_CLIENT_INIT;
	struct error error = ERROR_INIT;
	enum exit_status status =
		report_answer(enroll_client_begin(&enroll, &client, &error), &error);

	if (status == STATUS_DONE)
		status = show_offer(&enroll, options);
	if (status == STATUS_DONE)
		status = confirm_secret(&enroll);
	if (status == STATUS_DONE)
		status = show_emergency_codes(&enroll.codes);
	enroll_client_end(&enroll);
	return status;
}
