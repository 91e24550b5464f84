/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <unistd.h>

#include "cli/commands.h"
#include "cli/enroll/enroll.h"
#include "cli/manage/manage.h"
#include "cli/ui/qr_option.h"
#include "cli/ui/terminal.h"
#include "cli/users/user_file.h"
#include "core/device.h"
#include "exchange/otp_key.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The secret of one user on its way to the screen. */
struct showing {
	const struct manage *manage;
	struct user_file file;
	struct otp_key key;
	struct error error;
};

/* Others may read a file or a pipe, or it may be kept for ever. */
static enum exit_status check_output(const struct manage_options *options)
{
	if (options->force != 0 || isatty(STDOUT_FILENO) == 1)
		return STATUS_DONE;
	return terminal_fail(STATUS_REFUSED,
		"this prints a secret, and standard output is no terminal: say --force if it "
		"is to go there");
}

static enum exit_status check_picture(const struct manage *manage)
{
	enum qr_mode mode = QR_MODE_AUTO;
	const char *file = NULL;
	enum exit_status status = qr_option_read(manage->options.qr, &mode, &file);

	if (status == STATUS_DONE && file != NULL && manage->user_count > 1)
		return terminal_fail(STATUS_USAGE,
			"--qr: a picture has the QR code of one user; name one, or see bulk");
	return status;
}

/* Says which of several devices is shown. */
static void say_device(const struct devices *devices, size_t index)
{
	char name[DEVICE_NAME_SIZE];

	if (devices->count == 1)
		return;
	device_copy_name(&devices->device[index], name);
	terminal_say("\nDevice '%s', one of %zu.%s\n", name, devices->count,
		index == 0
			? translate(
				  " The others: --device=NAME; totp-enroll status names them.")
			: "");
}

/* Takes the first device, or the one that is named. */
static int choose_device(struct showing *showing, const totpgroup_credential *credential,
	struct text *alone, struct error *error)
{
	const char *name = showing->manage->options.device;
	struct devices devices;
	size_t index = 0;
	int status = devices_read(credential, &devices, error);

	if (status == 0 && name != NULL)
		index = devices_find(&devices, name);
	if (status != 0)
		return status;
	if (index == devices.count)
		return error_set(
			error, TOTPGROUP_ENOTFOUND, translate("there is no device '%s'"), name);
	if (showing->manage->several)
		terminal_say("\n%s:\n", showing->file.name);
	say_device(&devices, index);
	return device_append_alone(credential, index, alone, error);
}

static int read_key(struct showing *showing, const totpgroup_credential *credential)
{
	struct text alone = TEXT_INIT;
	struct error why = ERROR_INIT;
	int status = choose_device(showing, credential, &alone, &why);

	if (status == 0)
		status = otp_key_from_credential(&showing->key, alone.data, alone.length, &why);
	if (status != 0)
		error_set(&showing->error, status, "%s: %s", showing->file.path, why.message);
	text_free(&alone);
	return status;
}

/* The state has the counter of an HOTP secret. */
static enum exit_status read_file(struct showing *showing)
{
	totpgroup_credential *credential = NULL;
	bool lacks_state;
	int status = user_file_load(&showing->file, &credential, &lacks_state, &showing->error);

	if (status == TOTPGROUP_ENOTFOUND)
		error_set(&showing->error, status,
			translate("%s is not enrolled: there is no %s"), showing->file.name,
			showing->file.path);
	if (status == 0)
		status = read_key(showing, credential);
	totpgroup_credential_free(credential);
	if (status == TOTPGROUP_ENOTFOUND)
		return STATUS_NOT_ENROLLED;
	if (status == 0 && showing->key.hotp && lacks_state) {
		error_set(&showing->error, TOTPGROUP_EUNSAFE,
			translate("only root may do that: the counter is kept apart from the "
				  "secret"));
		return STATUS_NOT_PERMITTED;
	}
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status print_secret(struct showing *showing)
{
	const struct manage_options *given = &showing->manage->options;
	struct enroll_options options = ENROLL_OPTIONS_INIT;

	enroll_options_preset(&options, &showing->manage->defaults.enroll);
	options.label = given->label;
	if (given->issuer != NULL)
		options.issuer = given->issuer;
	/* It was read once already, so that nobody is shown before a mistake is found. */
	if (given->qr != NULL && option_word_find(QR_MODE_WORDS, given->qr) != QR_MODE_AUTO)
		(void)qr_option_read(given->qr, &options.qr_mode, &options.qr_file);
	return show_key(&showing->key, &options, showing->file.name);
}

static enum exit_status show_one(struct manage *manage, const char *user)
{
	struct showing showing = {.manage = manage, .key = OTP_KEY_INIT, .error = ERROR_INIT};
	enum exit_status status = user_file_find(
		&showing.file, user, &manage->defaults, manage->options.secret, &showing.error);
	const char *name = showing.file.name != NULL ? showing.file.name : user;

	if (status == STATUS_DONE)
		status = read_file(&showing);
	if (status == STATUS_DONE)
		status = print_secret(&showing);
	if (showing.error.code != 0 && manage->several)
		terminal_complain("%s: %s", name, showing.error.message);
	else if (showing.error.code != 0)
		terminal_complain_error(&showing.error);
	otp_key_free(&showing.key);
	user_file_free(&showing.file);
	return status;
}

enum exit_status command_show(int argc, char **argv)
{
	struct manage manage = {.user_count = 0};
	enum exit_status status =
		manage_read_options(&manage, show_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = check_output(&manage.options);
	if (status == STATUS_DONE)
		status = manage_begin(&manage);
	if (status == STATUS_DONE)
		status = check_picture(&manage);
	if (status == STATUS_DONE) {
		manage_each(&manage, show_one);
		status = manage_conclude(&manage);
	}
	manage_end(&manage);
	return status;
}
