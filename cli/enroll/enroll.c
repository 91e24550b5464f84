/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/wipe.h"
#include "cli/enroll/confirm.h"
#include "cli/enroll/daemon.h"
#include "cli/enroll/device_add.h"
#include "cli/enroll/options.h"
#include "cli/enroll/show_new.h"
#include "cli/enroll/unattended.h"
#include "cli/ui/questions.h"
#include "cli/ui/terminal.h"
#include "cli/users/account.h"
#include "cli/users/host_defaults.h"
#include "cli/users/target.h"
#include "core/new_credential.h"
#include "message/app_support.h"
#include "totpgroup.h"

/* One enrollment from the first option to the file. */
struct enrollment {
	struct enroll_options options;
	struct enroll_options given; /* by flags alone */
	struct host_defaults defaults;
	struct account account;
	struct target target;
	bool exists;   /* there is a file already, which may be replaced by now */
	bool declined; /* nothing is to be written */
	struct new_credential credential;
};

static enum exit_status find_account(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	const char *owner = options->secret == NULL ? enrollment->defaults.user : NULL;

	return account_find_and_become(&enrollment->account, options->user, owner);
}

/* To add a device, nobody means to replace a file, which is none that a login looks
 * for. */
static enum exit_status find_target(struct enrollment *enrollment)
{
	const char *device = enrollment->options.device;
	enum exit_status status = target_find(&enrollment->target, &enrollment->options,
		&enrollment->defaults, &enrollment->account);

	if (status == STATUS_DONE)
		status = target_look(&enrollment->target, &enrollment->exists);
	if (status != STATUS_DONE || device == NULL || !enrollment->exists)
		return status;
	terminal_complain("%s: this is not where a login looks; to add '%s' to it, name it "
			  "with --secret",
		enrollment->target.path, device);
	return STATUS_REFUSED;
}

static enum exit_status ask_type(struct enrollment *enrollment)
{
	enrollment->credential.device = enrollment->options.device;
	return question_time_based(&enrollment->options, &enrollment->credential);
}

/* Where some apps take the credential for one of another kind. */
static enum exit_status warn_of_apps(const struct new_credential *credential, bool confirmed)
{
	struct text text = TEXT_INIT;
	int result = app_support_append(credential, &text);

	if (result == 0 && text.length > 0)
		terminal_complain("%s%s%s", text.data,
			new_credential_is_ours(credential)
				? " The program google-authenticator will not accept the codes."
				: "",
			confirmed
				? " The code from the app will tell."
				: " No code from the app is asked for, so nothing will tell.");
	text_free(&text);
	return result == 0 ? STATUS_DONE : terminal_out_of_memory();
}

static enum exit_status choose_kind(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct new_credential *credential = &enrollment->credential;

	new_credential_choose_kind(credential, (enum hmac_algorithm)options->algorithm,
		(unsigned int)options->digits, credential->time_based ? options->step_size : 0);
	if (options->quiet != 0)
		return STATUS_DONE;
	return warn_of_apps(credential, credential->time_based && options->no_confirm == 0);
}

/* Hashed where nobody but the module is going to read them, and only if
 * somebody gets to see them. */
static bool are_codes_hashed(const struct enrollment *enrollment)
{
	if (enrollment->options.code_format != CODE_FORMAT_CHOOSE)
		return enrollment->options.code_format == CODE_FORMAT_HASHED;
	return enrollment->options.quiet == 0 &&
	       new_credential_is_ours(&enrollment->credential);
}

static enum exit_status draw_secret(struct enrollment *enrollment)
{
	struct new_credential *credential = &enrollment->credential;
	struct error error = ERROR_INIT;
	int result = new_credential_draw(credential, &error);

	if (result == 0)
		result = emergency_codes_draw(&credential->emergency_codes,
			(unsigned int)enrollment->options.emergency_codes,
			are_codes_hashed(enrollment), &error);
	if (result == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return STATUS_STORE_ERROR;
}

static enum exit_status show_secret(struct enrollment *enrollment)
{
	if (enrollment->options.quiet != 0)
		return STATUS_DONE;
	return present_secret(
		&enrollment->credential, &enrollment->options, enrollment->account.name);
}

static enum exit_status confirm(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;

	if (!enrollment->credential.time_based || options->no_confirm != 0 ||
		options->quiet != 0)
		return STATUS_DONE;
	return confirm_with_app(&enrollment->credential);
}

static enum exit_status show_emergency_codes(struct enrollment *enrollment)
{
	if (enrollment->options.quiet != 0)
		return STATUS_DONE;
	return present_emergency_codes(&enrollment->credential.emergency_codes);
}

static enum exit_status ask_write(struct enrollment *enrollment)
{
	bool write;
	enum exit_status status = question_write(
		&enrollment->options, enrollment->target.path, enrollment->exists, &write);

	enrollment->declined = !write;
	return status;
}

static enum exit_status ask_reuse(struct enrollment *enrollment)
{
	return question_reuse(&enrollment->options, &enrollment->credential);
}

static enum exit_status ask_window(struct enrollment *enrollment)
{
	return question_window(&enrollment->options, &enrollment->credential);
}

static enum exit_status ask_rate_limit(struct enrollment *enrollment)
{
	return question_rate_limit(&enrollment->options, &enrollment->credential);
}

static enum exit_status write_file(struct enrollment *enrollment)
{
	bool replace = enrollment->exists || enrollment->options.force != 0;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (new_credential_append(&enrollment->credential, &text, &error) == 0) {
		status = target_write(&enrollment->target, &text, replace);
	} else {
		terminal_complain_error(&error);
		status = STATUS_STORE_ERROR;
	}
	text_free(&text);
	if (status == STATUS_DONE && enrollment->options.quiet == 0)
		terminal_say("\nDone: %s is written.\n", enrollment->target.path);
	return status;
}

/* The order of the questions is google-authenticator's: scripts answer them
 * one by one. */
static enum exit_status (*const steps[])(struct enrollment *) = {
	find_account,
	find_target,
	ask_type,
	choose_kind,
	draw_secret,
	show_secret,
	confirm,
	show_emergency_codes,
	ask_write,
	ask_reuse,
	ask_window,
	ask_rate_limit,
	write_file,
};

static enum exit_status take_steps(struct enrollment *enrollment)
{
	enum exit_status status = STATUS_DONE;
	bool enrolled = false;

	if (enrollment->options.device != NULL)
		status = device_add(&enrollment->options, &enrollment->defaults, &enrolled);
	if (enrolled)
		return status;
	status = STATUS_DONE;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (status != STATUS_DONE || enrollment->declined)
			break;
		status = steps[i](enrollment);
	}
	return status;
}

/* Flags overrule the host's configuration, which one of them may name: so they
 * are read before it and once more over it. */
static enum exit_status read_options(
	struct enrollment *enrollment, int argc, char **argv, bool user_allowed)
{
	struct enroll_options *options = &enrollment->options;
	enum exit_status status = enroll_options_read(options, argc, argv, user_allowed);

	if (status == STATUS_DONE)
		status = enroll_options_check_source(options);
	if (status != STATUS_DONE)
		return status;
	enrollment->given = *options;
	status = host_defaults_load(&enrollment->defaults, options->conf);
	if (status != STATUS_DONE)
		return status;
	*options = (struct enroll_options)ENROLL_OPTIONS_INIT;
	enroll_options_preset(options, &enrollment->defaults.enroll);
	status = enroll_options_read(options, argc, argv, user_allowed);
	enroll_options_complete(options, &enrollment->defaults.enroll);
	return status;
}

/* The caller does it where he may write, and else somebody for him. */
static enum exit_status act(struct enrollment *enrollment)
{
	enum exit_status status;

	if (enroll_options_ask_nothing(&enrollment->options))
		return provision(&enrollment->options, &enrollment->defaults);
	if (!enroll_daemon_applies(&enrollment->options, &enrollment->defaults))
		return take_steps(enrollment);
	status = enroll_daemon_check(&enrollment->given);
	if (status != STATUS_DONE)
		return status;
	return enroll_daemon_run(&enrollment->options, &enrollment->defaults);
}

static enum exit_status enroll(int argc, char **argv, bool user_allowed)
{
	struct enrollment enrollment = {.options = ENROLL_OPTIONS_INIT};
	enum exit_status status = read_options(&enrollment, argc, argv, user_allowed);

	if (status == STATUS_DONE)
		status = act(&enrollment);
	account_free(&enrollment.account);
	target_free(&enrollment.target);
	host_defaults_free(&enrollment.defaults);
	WIPE_OBJECT(&enrollment.credential);
	return status;
}

enum exit_status command_enroll_self(int argc, char **argv)
{
	return enroll(argc, argv, false);
}

enum exit_status command_enroll(int argc, char **argv)
{
	return enroll(argc, argv, true);
}
