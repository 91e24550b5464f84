/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "show.h"

#include <stddef.h>
#include <unistd.h>

#include "core/account_credential.h"
#include "enroll_options.h"
#include "help.h"
#include "host_defaults.h"
#include "life_options.h"
#include "present.h"
#include "terminal.h"
#include "totpgroup.h"
#include "user_file.h"

/* One secret on its way to the screen. */
struct showing {
	struct life_options options;
	struct host_defaults defaults;
	struct user_file file;
	struct otp_account account;
	struct error error;
};

/* A file or a pipe may be read by others, or for ever. */
static enum exit_status check_output(struct showing *showing)
{
	if (showing->options.force != 0 || isatty(STDOUT_FILENO) == 1)
		return STATUS_DONE;
	error_set(&showing->error, TOTPGROUP_EARGUMENT,
		"this prints a secret, and standard output is no terminal: say --force if it "
		"is to go there");
	return STATUS_REFUSED;
}

static enum exit_status find(struct showing *showing)
{
	const struct life_options *options = &showing->options;
	const char *user = options->user_count > 0 ? options->users[0] : NULL;

	return user_file_find_for_login(
		&showing->file, user, &showing->defaults, options->secret, &showing->error);
}

static enum exit_status read_file(struct showing *showing)
{
	struct text text = TEXT_INIT;
	struct error why = ERROR_INIT;
	int status = user_file_read(&showing->file, &text, &showing->error);

	if (status == 0) {
		status = otp_account_from_credential(
			&showing->account, text.data, text.length, &why);
		if (status != 0)
			error_set(&showing->error, status, "%s: %s", showing->file.path,
				why.message);
	}
	text_free(&text);
	if (status == TOTPGROUP_ENOTFOUND) {
		error_set(&showing->error, status, "%s is not enrolled: there is no %s",
			showing->file.account.name, showing->file.path);
		return STATUS_NOT_ENROLLED;
	}
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status present(struct showing *showing)
{
	struct enroll_options options = ENROLL_OPTIONS_INIT;

	enroll_options_preset(&options, &showing->defaults.enroll);
	options.label = showing->options.label;
	if (showing->options.issuer != NULL)
		options.issuer = showing->options.issuer;
	if (showing->options.qr_mode != QR_MODE_AUTO)
		options.qr_mode = showing->options.qr_mode;
	return present_account(&showing->account, &options, showing->file.account.name);
}

static enum exit_status (*const steps[])(struct showing *) = {
	check_output,
	find,
	read_file,
	present,
};

enum exit_status show(int argc, char **argv)
{
	struct showing showing = {.account = OTP_ACCOUNT_INIT, .error = ERROR_INIT};
	enum exit_status status =
		life_options_read(&showing.options, show_options_table, 0, 1, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (showing.options.help != 0)
		return help_print();
	status = host_defaults_load(&showing.defaults, showing.options.conf);
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&showing);
	if (showing.error.code != 0)
		terminal_complain_error(&showing.error);
	otp_account_free(&showing.account);
	user_file_free(&showing.file);
	host_defaults_free(&showing.defaults);
	return status;
}
