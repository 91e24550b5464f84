/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "enroll.h"

#include <stdbool.h>
#include <stddef.h>

#include "account.h"
#include "base/wipe.h"
#include "confirm.h"
#include "core/new_credential.h"
#include "device_add.h"
#include "enroll_daemon.h"
#include "enroll_options.h"
#include "help.h"
#include "host_defaults.h"
#include "message/app_support.h"
#include "present.h"
#include "provision.h"
#include "questions.h"
#include "target.h"
#include "terminal.h"
#include "totpgroup.h"

/* One enrolment from the first option to the file. */
struct enrolment {
	struct enroll_options options;
	struct enroll_options given; /* by flags alone */
	struct host_defaults defaults;
	struct account account;
	struct target target;
	bool exists;   /* there is a file already, which may be replaced by now */
	bool declined; /* nothing is to be written */
	struct new_credential credential;
};

static enum exit_status find_account(struct enrolment *enrolment)
{
	const struct enroll_options *options = &enrolment->options;
	const char *owner = options->secret_file == NULL ? enrolment->defaults.user : NULL;

	return account_find_and_become(&enrolment->account, options->user, owner);
}

/* To add a device, nobody means to replace a file, which is none that a login looks
 * for. */
static enum exit_status find_target(struct enrolment *enrolment)
{
	const char *device = enrolment->options.device;
	enum exit_status status = target_find(&enrolment->target, &enrolment->options,
		&enrolment->defaults, &enrolment->account);

	if (status == STATUS_DONE)
		status = target_look(&enrolment->target, &enrolment->exists);
	if (status != STATUS_DONE || device == NULL || !enrolment->exists)
		return status;
	terminal_complain("%s: this is not where a login looks; to add '%s' to it, name it "
			  "with --secret",
		enrolment->target.path, device);
	return STATUS_REFUSED;
}

static enum exit_status ask_type(struct enrolment *enrolment)
{
	enrolment->credential.device = enrolment->options.device;
	return question_time_based(&enrolment->options, &enrolment->credential);
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

static enum exit_status choose_kind(struct enrolment *enrolment)
{
	const struct enroll_options *options = &enrolment->options;
	struct new_credential *credential = &enrolment->credential;

	new_credential_choose_kind(credential, (enum hmac_algorithm)options->algorithm,
		(unsigned int)options->digits, credential->time_based ? options->step_size : 0);
	if (options->quiet != 0)
		return STATUS_DONE;
	return warn_of_apps(credential, credential->time_based && options->no_confirm == 0);
}

/* Hashed where nobody but the module is going to read them, and only if
 * somebody gets to see them. */
static bool are_codes_hashed(const struct enrolment *enrolment)
{
	if (enrolment->options.code_format != CODE_FORMAT_CHOOSE)
		return enrolment->options.code_format == CODE_FORMAT_HASHED;
	return enrolment->options.quiet == 0 && new_credential_is_ours(&enrolment->credential);
}

static enum exit_status draw_secret(struct enrolment *enrolment)
{
	struct new_credential *credential = &enrolment->credential;
	struct error error = ERROR_INIT;
	int result = new_credential_draw(credential, &error);

	if (result == 0)
		result = emergency_codes_draw(&credential->emergency_codes,
			(unsigned int)enrolment->options.emergency_codes,
			are_codes_hashed(enrolment), &error);
	if (result == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return STATUS_STORE_ERROR;
}

static enum exit_status show_secret(struct enrolment *enrolment)
{
	if (enrolment->options.quiet != 0)
		return STATUS_DONE;
	return present_secret(
		&enrolment->credential, &enrolment->options, enrolment->account.name);
}

static enum exit_status confirm(struct enrolment *enrolment)
{
	const struct enroll_options *options = &enrolment->options;

	if (!enrolment->credential.time_based || options->no_confirm != 0 ||
		options->quiet != 0)
		return STATUS_DONE;
	return confirm_with_app(&enrolment->credential);
}

static enum exit_status show_emergency_codes(struct enrolment *enrolment)
{
	if (enrolment->options.quiet != 0)
		return STATUS_DONE;
	return present_emergency_codes(&enrolment->credential.emergency_codes);
}

static enum exit_status ask_write(struct enrolment *enrolment)
{
	bool write;
	enum exit_status status = question_write(
		&enrolment->options, enrolment->target.path, enrolment->exists, &write);

	enrolment->declined = !write;
	return status;
}

static enum exit_status ask_reuse(struct enrolment *enrolment)
{
	return question_reuse(&enrolment->options, &enrolment->credential);
}

static enum exit_status ask_window(struct enrolment *enrolment)
{
	return question_window(&enrolment->options, &enrolment->credential);
}

static enum exit_status ask_rate_limit(struct enrolment *enrolment)
{
	return question_rate_limit(&enrolment->options, &enrolment->credential);
}

static enum exit_status write_file(struct enrolment *enrolment)
{
	bool replace = enrolment->exists || enrolment->options.force != 0;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (new_credential_append(&enrolment->credential, &text, &error) == 0) {
		status = target_write(&enrolment->target, &text, replace);
	} else {
		terminal_complain_error(&error);
		status = STATUS_STORE_ERROR;
	}
	text_free(&text);
	if (status == STATUS_DONE && enrolment->options.quiet == 0)
		terminal_say("\nDone: %s is written.\n", enrolment->target.path);
	return status;
}

/* The order of the questions is google-authenticator's: scripts answer them
 * one by one. */
static enum exit_status (*const steps[])(struct enrolment *) = {
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

static enum exit_status take_steps(struct enrolment *enrolment)
{
	enum exit_status status = STATUS_DONE;
	bool enrolled = false;

	if (enrolment->options.device != NULL)
		status = device_add(&enrolment->options, &enrolment->defaults, &enrolled);
	if (enrolled)
		return status;
	status = STATUS_DONE;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (status != STATUS_DONE || enrolment->declined)
			break;
		status = steps[i](enrolment);
	}
	return status;
}

/* Flags overrule the host's configuration, which one of them may name: so they
 * are read before it and once more over it. */
static enum exit_status read_options(
	struct enrolment *enrolment, int argc, char **argv, bool user_allowed)
{
	struct enroll_options *options = &enrolment->options;
	enum exit_status status = enroll_options_read(options, argc, argv, user_allowed);

	if (status != STATUS_DONE || options->help != 0 || options->version != 0)
		return status;
	status = enroll_options_check_source(options);
	if (status != STATUS_DONE)
		return status;
	enrolment->given = *options;
	status = host_defaults_load(&enrolment->defaults, options->conf_file);
	if (status != STATUS_DONE)
		return status;
	*options = (struct enroll_options)ENROLL_OPTIONS_INIT;
	enroll_options_preset(options, &enrolment->defaults.enroll);
	status = enroll_options_read(options, argc, argv, user_allowed);
	enroll_options_complete(options, &enrolment->defaults.enroll);
	return status;
}

/* The caller does it where he may write, and else somebody for him. */
static enum exit_status act(struct enrolment *enrolment)
{
	enum exit_status status;

	if (enroll_options_ask_nothing(&enrolment->options))
		return provision(&enrolment->options, &enrolment->defaults);
	if (!enroll_daemon_applies(&enrolment->options, &enrolment->defaults))
		return take_steps(enrolment);
	status = enroll_daemon_check(&enrolment->given);
	if (status != STATUS_DONE)
		return status;
	return enroll_daemon_run(&enrolment->options, &enrolment->defaults);
}

static enum exit_status enroll(int argc, char **argv, bool user_allowed)
{
	struct enrolment enrolment = {.options = ENROLL_OPTIONS_INIT};
	enum exit_status status = read_options(&enrolment, argc, argv, user_allowed);

	if (status == STATUS_DONE && enrolment.options.help != 0)
		return help_print();
	if (status == STATUS_DONE && enrolment.options.version != 0)
		return help_print_version();
	if (status == STATUS_DONE)
		status = act(&enrolment);
	account_free(&enrolment.account);
	target_free(&enrolment.target);
	host_defaults_free(&enrolment.defaults);
	WIPE_OBJECT(&enrolment.credential);
	return status;
}

enum exit_status enroll_self(int argc, char **argv)
{
	return enroll(argc, argv, false);
}

enum exit_status enroll_user(int argc, char **argv)
{
	return enroll(argc, argv, true);
}
