/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "show.h"

#include <stddef.h>
#include <unistd.h>

#include "core/account_credential.h"
#include "core/device.h"
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

/* Which of several it is that is shown. */
static void say_device(const struct devices *devices, size_t place)
{
	char name[DEVICE_NAME_SIZE];

	if (devices->count == 1)
		return;
	device_copy_name(&devices->device[place], name);
	terminal_say("\nDevice '%s', one of %zu.%s\n", name, devices->count,
		place == 0 ? " The others: --device=NAME; totp-enroll status names them." : "");
}

/* The first device, or the one that is named. */
static int choose_device(struct showing *showing, const totpgroup_credential *credential,
	struct text *alone, struct error *error)
{
	const char *name = showing->options.device;
	struct devices devices;
	size_t place = 0;
	int status = devices_read(credential, &devices, error);

	if (status == 0 && name != NULL)
		place = devices_find(&devices, name);
	if (status != 0)
		return status;
	if (place == devices.count)
		return error_set(error, TOTPGROUP_ENOTFOUND, "there is no device '%s'", name);
	say_device(&devices, place);
	return device_append_alone(credential, place, alone, error);
}

static int read_account(struct showing *showing, const struct text *text, struct error *error)
{
	totpgroup_credential *credential = NULL;
	struct text alone = TEXT_INIT;
	int status = credential_load(&credential, text->data, text->length, error);

	if (status == 0)
		status = choose_device(showing, credential, &alone, error);
	if (status == 0)
		status = otp_account_from_credential(
			&showing->account, alone.data, alone.length, error);
	totpgroup_credential_free(credential);
	text_free(&alone);
	return status;
}

static enum exit_status read_file(struct showing *showing)
{
	struct text text = TEXT_INIT;
	struct error why = ERROR_INIT;
	int status = user_file_read(&showing->file, &text, &showing->error);

	if (status == TOTPGROUP_ENOTFOUND)
		error_set(&showing->error, status, "%s is not enrolled: there is no %s",
			showing->file.account.name, showing->file.path);
	if (status == 0) {
		status = read_account(showing, &text, &why);
		if (status != 0)
			error_set(&showing->error, status, "%s: %s", showing->file.path,
				why.message);
	}
	text_free(&text);
	if (status == TOTPGROUP_ENOTFOUND)
		return STATUS_NOT_ENROLLED;
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
