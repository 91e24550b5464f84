/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <stddef.h>
#include <unistd.h>

#include "cli/enroll/options.h"
#include "cli/enroll/show_new.h"
#include "cli/manage/options.h"
#include "cli/ui/terminal.h"
#include "cli/users/file_state.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "cli/users/user_list.h"
#include "core/device.h"
#include "core/state.h"
#include "exchange/otp_key_credential.h"
#include "totpgroup.h"

/* One secret on its way to the screen. */
struct showing {
	const struct life_options *options;
	const struct host_defaults *defaults;
	bool several;
	struct user_file file;
	struct text state; /* kept apart from the secret, if it is */
	bool state_is_roots;
	struct otp_key key;
	struct error error;
};

/* A file or a pipe may be read by others, or for ever. */
static enum exit_status check_output(const struct life_options *options)
{
	if (options->force != 0 || isatty(STDOUT_FILENO) == 1)
		return STATUS_DONE;
	terminal_complain("this prints a secret, and standard output is no terminal: say "
			  "--force if it is to go there");
	return STATUS_REFUSED;
}

/* Which code comes next of those that are counted stands in the state. */
static enum exit_status read_state(struct showing *showing)
{
	if (file_state_look(showing->defaults, showing->file.account.name, &showing->state,
		    &showing->error) == 0)
		return STATUS_DONE;
	showing->state_is_roots = file_state_is_roots(&showing->error);
	if (!showing->state_is_roots)
		return STATUS_STORE_ERROR;
	showing->error = (struct error)ERROR_INIT;
	return STATUS_DONE;
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
	const char *name = showing->options->device;
	struct devices devices;
	size_t place = 0;
	int status = devices_read(credential, &devices, error);

	if (status == 0 && name != NULL)
		place = devices_find(&devices, name);
	if (status != 0)
		return status;
	if (place == devices.count)
		return error_set(error, TOTPGROUP_ENOTFOUND, "there is no device '%s'", name);
	if (showing->several)
		terminal_say("\n%s:\n", showing->file.account.name);
	say_device(&devices, place);
	return device_append_alone(credential, place, alone, error);
}

static int take(struct showing *showing, const struct text *secret)
{
	totpgroup_credential *effective = NULL;
	struct text alone = TEXT_INIT;
	struct error why = ERROR_INIT;
	bool damaged_state = false;
	int status = state_apply(secret, &showing->state, &effective, &damaged_state, &why);

	if (status == 0)
		status = choose_device(showing, effective, &alone, &why);
	if (status == 0)
		status = otp_key_from_credential(&showing->key, alone.data, alone.length, &why);
	if (status != 0 && damaged_state)
		file_state_is_damaged(
			showing->defaults, showing->file.account.name, &why, &showing->error);
	else if (status != 0)
		error_set(&showing->error, status, "%s: %s", showing->file.path, why.message);
	totpgroup_credential_free(effective);
	text_free(&alone);
	return status;
}

static enum exit_status read_file(struct showing *showing)
{
	struct text text = TEXT_INIT;
	int status = user_file_read(&showing->file, &text, &showing->error);

	if (status == TOTPGROUP_ENOTFOUND)
		error_set(&showing->error, status, "%s is not enrolled: there is no %s",
			showing->file.account.name, showing->file.path);
	if (status == 0)
		status = take(showing, &text);
	text_free(&text);
	if (status == TOTPGROUP_ENOTFOUND)
		return STATUS_NOT_ENROLLED;
	if (status == 0 && showing->key.hotp && showing->state_is_roots) {
		error_set(&showing->error, TOTPGROUP_EUNSAFE,
			"only root may do that: the counter is kept apart from the secret");
		return STATUS_NOT_PERMITTED;
	}
	return status == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

static enum exit_status present(struct showing *showing)
{
	struct enroll_options options = ENROLL_OPTIONS_INIT;

	enroll_options_preset(&options, &showing->defaults->enroll);
	options.label = showing->options->label;
	if (showing->options->issuer != NULL)
		options.issuer = showing->options->issuer;
	if (showing->options->qr_mode != QR_MODE_AUTO)
		options.qr_mode = showing->options->qr_mode;
	return present_account(&showing->key, &options, showing->file.account.name);
}

static enum exit_status (*const steps[])(struct showing *) = {
	read_state,
	read_file,
	present,
};

static enum exit_status show_one(const struct showing *how, const char *user)
{
	struct showing showing = *how;
	enum exit_status status = user_file_find_for_login(
		&showing.file, user, how->defaults, how->options->secret, &showing.error);
	const char *name = showing.file.account.name != NULL ? showing.file.account.name : user;

	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&showing);
	if (showing.error.code != 0 && how->several)
		terminal_complain("%s: %s", name, showing.error.message);
	else if (showing.error.code != 0)
		terminal_complain_error(&showing.error);
	otp_key_free(&showing.key);
	text_free(&showing.state);
	user_file_free(&showing.file);
	return status;
}

static enum exit_status show_all(const struct showing *how, const struct user_list *users)
{
	enum exit_status first_failure = STATUS_DONE;
	size_t failed = 0;

	for (size_t i = 0; i < users->count; i++) {
		enum exit_status status = show_one(how, users->names[i]);

		if (status != STATUS_DONE && failed++ == 0)
			first_failure = status;
	}
	return user_list_conclude(users, failed, first_failure);
}

enum exit_status command_show(int argc, char **argv)
{
	struct life_options options = {.users = NULL};
	struct host_defaults defaults = {.configuration = NULL};
	struct showing how = {.options = &options,
		.defaults = &defaults,
		.state = TEXT_INIT,
		.key = OTP_KEY_INIT,
		.error = ERROR_INIT};
	struct user_list users = {.count = 0};
	enum exit_status status =
		life_options_read(&options, show_options_table, 0, argc, argv);

	if (status == STATUS_DONE)
		status = check_output(&options);
	if (status == STATUS_DONE)
		status = host_defaults_load(&defaults, options.conf);
	if (status == STATUS_DONE)
		status = user_list_make(&users, &options);
	how.several = users.several;
	if (status == STATUS_DONE)
		status = show_all(&how, &users);
	user_list_free(&users);
	host_defaults_free(&defaults);
	return status;
}
