/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <unistd.h>

#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/terminal.h"
#include "cli/users/user_file.h"
#include "config/configuration.h"
#include "exchange/otp_key.h"
#include "message/translate.h"
#include "totpgroup.h"

/* A new device on its way to the file. */
struct addition {
	const struct enroll_options *options;
	const struct host_defaults *defaults;
	struct user_file file;
	struct new_credential credential;
	bool replaces; /* there is a device of that name */
	struct error error;
};

static struct device_change change_of(const struct addition *addition)
{
	return (struct device_change){
		.name = addition->options->device,
		.secret = addition->credential.secret,
		.replace = addition->replaces,
		.spent_step = addition->credential.spent_step,
		.disallow_reuse = addition->defaults->configuration->options.disallow_reuse,
	};
}

/* Draws a secret of the same kind as the first device's. */
static enum exit_status draw_secret(struct addition *addition, const struct text *text)
{
	struct otp_key key = OTP_KEY_INIT;
	int result = otp_key_from_credential(&key, text->data, text->length, &addition->error);

	if (result == 0) {
		new_credential_choose_kind(
			&addition->credential, key.algorithm, key.digits, (int)key.period);
		result = new_credential_draw(&addition->credential, &addition->error);
	}
	otp_key_free(&key);
	return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

/* Checks whether the device can be added, before anybody scans anything. Any secret does
 * for that. text gets the text of the file. */
static enum exit_status try_change(struct addition *addition, struct text *text)
{
	struct device_change change = change_of(addition);
	enum exit_status status;

	change.secret = "A2";
	change.replace = true;
	status = user_file_try_device(&addition->file, &change, text, &addition->error);
	if (status != STATUS_DONE)
		return status;
	change.replace = false;
	text_free(text);
	status = user_file_try_device(&addition->file, &change, text, &addition->error);
	addition->replaces = status == STATUS_REFUSED;
	if (addition->replaces)
		addition->error = (struct error)ERROR_INIT;
	return addition->replaces ? STATUS_DONE : status;
}

static enum exit_status ask_to_replace(struct addition *addition)
{
	enum exit_status status;
	bool yes;

	if (!addition->replaces || addition->options->force != 0)
		return STATUS_DONE;
	terminal_say("%s has a device '%s' already.\nIt can give no code any more once another "
		     "replaces it.\n",
		addition->file.path, addition->options->device);
	status = terminal_ask(STDOUT_FILENO, "Replace it?", false, &yes);
	if (status != STATUS_DONE || yes)
		return status;
	error_set(&addition->error, TOTPGROUP_EARGUMENT, translate("nothing was changed"));
	return STATUS_REFUSED;
}

static enum exit_status show_new_secret(struct addition *addition)
{
	const struct enroll_options *options = addition->options;
	enum exit_status status;

	if (options->quiet != 0)
		return STATUS_DONE;
	status = show_secret(&addition->credential, options, addition->file.name);
	if (status != STATUS_DONE || options->no_confirm != 0)
		return status;
	return question_app_code(&addition->credential);
}

static enum exit_status write_device(struct addition *addition)
{
	const struct device_change change = change_of(addition);
	enum exit_status status;

	terminal_hold_signals();
	status = user_file_change_device(&addition->file, &change, &addition->error);
	if (status == STATUS_DONE && addition->options->quiet == 0)
		terminal_say("\nDone: the device '%s' is in %s.\nLimits, spent codes and "
			     "emergency codes are as they were, for all devices.\n",
			change.name, addition->file.path);
	return status;
}

/* *enrolled is false where the user has no secret. */
static enum exit_status add_device(struct addition *addition, bool *enrolled)
{
	struct text text = TEXT_INIT;
	enum exit_status status = try_change(addition, &text);

	*enrolled = addition->error.code != TOTPGROUP_ENOTFOUND;
	if (status == STATUS_DONE)
		status = ask_to_replace(addition);
	if (status == STATUS_DONE)
		status = draw_secret(addition, &text);
	text_free(&text);
	if (status == STATUS_DONE)
		status = show_new_secret(addition);
	return status == STATUS_DONE ? write_device(addition) : status;
}

enum exit_status enroll_device(const struct enroll_options *options,
	const struct host_defaults *defaults, bool *enrolled)
{
	struct addition addition = {
		.options = options,
		.defaults = defaults,
		.credential = NEW_CREDENTIAL_DEFAULT,
		.error = ERROR_INIT,
	};
	enum exit_status status = user_file_find(
		&addition.file, options->user, defaults, options->secret, &addition.error);

	*enrolled = true;
	if (status == STATUS_DONE)
		status = add_device(&addition, enrolled);
	if (*enrolled && addition.error.code != 0)
		terminal_complain_error(&addition.error);
	user_file_free(&addition.file);
	WIPE_OBJECT(&addition.credential);
	return status;
}
