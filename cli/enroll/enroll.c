/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/wipe.h"
#include "cli/commands.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/terminal.h"
#include "cli/users/user_file.h"
#include "message/enrollment_text.h"
#include "message/translate.h"

/* One enrollment, from the first option to the file. */
struct enrollment {
	struct enroll_options options;
	struct enroll_options given; /* by flags alone */
	struct host_defaults defaults;
	struct user_file file;
	bool exists; /* there is a file already */
	struct new_credential credential;
};

/* With --device, the file that a login uses does not exist. A file that exists elsewhere
 * is not replaced: the person wants to add a device, not to lose the others. */
static enum exit_status find_file(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct user_file *file = &enrollment->file;
	struct error error = ERROR_INIT;
	enum exit_status status = user_file_find_by_flags(file, options->user,
		&enrollment->defaults, options->secret, options->quiet != 0, &error);

	if (status == STATUS_DONE &&
		user_credential_examine(file->credential, &enrollment->exists, &error) != 0)
		status = STATUS_STORE_ERROR;
	if (status != STATUS_DONE) {
		terminal_complain_error(&error);
		return status;
	}
	if (options->device == NULL || !enrollment->exists)
		return STATUS_DONE;
	return terminal_fail(STATUS_REFUSED,
		"%s: this is not where a login looks; to add '%s' to it, name it with --secret",
		file->path, options->device);
}

/* Warns where some apps take the credential for one of another kind. */
static enum exit_status warn_about_apps(const struct new_credential *credential, bool confirmed)
{
	enum exit_status status = STATUS_DONE;
	struct text text = TEXT_INIT;

	enrollment_append_app_support(credential, &text);
	if (text.length > 0 && new_credential_is_ours(credential))
		text_append_string(&text, translate(" The program google-authenticator will "
						    "not accept the codes."));
	if (text.length > 0)
		text_append_string(
			&text, confirmed ? translate(" The code from the app will tell.")
					 : translate(" No code from the app is asked for, so "
						     "nothing will tell."));
	if (text.status != 0)
		status = terminal_out_of_memory();
	else if (text.length > 0)
		terminal_complain("%s", text.data);
	text_free(&text);
	return status;
}

static enum exit_status choose_kind(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct new_credential *credential = &enrollment->credential;

	new_credential_choose_kind(credential, (enum hmac_algorithm)options->algorithm,
		(unsigned int)options->digits, credential->time_based ? options->step_size : 0);
	if (options->quiet != 0)
		return STATUS_DONE;
	return warn_about_apps(credential, credential->time_based && options->no_confirm == 0);
}

/* Emergency codes are hashed where only the module is going to read the file, and only if
 * somebody sees them now. */
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
	return result == 0 ? STATUS_DONE : terminal_complain_error(&error);
}

static enum exit_status show_new_secret(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct new_credential *credential = &enrollment->credential;
	enum exit_status status;

	if (options->quiet != 0)
		return STATUS_DONE;
	status = show_secret(credential, options, enrollment->file.name);
	if (status == STATUS_DONE && credential->time_based && options->no_confirm == 0)
		status = question_app_code(credential);
	return status == STATUS_DONE ? show_emergency_codes(&credential->emergency_codes)
				     : status;
}

static enum exit_status write_file(struct enrollment *enrollment)
{
	bool replace = enrollment->exists || enrollment->options.force != 0;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	enum exit_status status;

	terminal_hold_signals();
	if (new_credential_append(&enrollment->credential, &text, &error) == 0)
		status = user_file_write(&enrollment->file, &text, replace, &error) == 0
				 ? STATUS_DONE
				 : terminal_complain_error(&error);
	else
		status = terminal_complain_error(&error);
	text_free(&text);
	if (status == STATUS_DONE && enrollment->options.quiet == 0)
		terminal_say("\nDone: %s is written.\n", enrollment->file.path);
	return status;
}

/* The answers that suit nearly everybody are taken. The code from the app is the only
 * question, unless there is a file already, or no code to be asked for. */
static enum exit_status enroll_briefly(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct new_credential *credential = &enrollment->credential;
	enum exit_status status = STATUS_DONE;
	bool write = true;

	questions_take_defaults(options, credential);
	if (enrollment->exists)
		status = question_replace(enrollment->file.path, &write);
	if (status != STATUS_DONE || !write) {
		if (status == STATUS_DONE)
			terminal_say("Nothing was changed.\n");
		return status;
	}
	if ((status = choose_kind(enrollment)) != STATUS_DONE ||
		(status = draw_secret(enrollment)) != STATUS_DONE ||
		(status = show_new_secret(enrollment)) != STATUS_DONE)
		return status;
	if (!credential->time_based && !enrollment->exists)
		status = question_write(options, enrollment->file.path, false, &write);
	if (status == STATUS_DONE && write)
		status = write_file(enrollment);
	if (status == STATUS_DONE && write)
		questions_say_defaults(credential);
	return status;
}

/* The order of the questions is google-authenticator's: scripts answer them one by one. */
static enum exit_status enroll_by_questions(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	struct new_credential *credential = &enrollment->credential;
	enum exit_status status;
	bool write = false;

	if ((status = question_time_based(options, credential)) != STATUS_DONE ||
		(status = choose_kind(enrollment)) != STATUS_DONE ||
		(status = draw_secret(enrollment)) != STATUS_DONE ||
		(status = show_new_secret(enrollment)) != STATUS_DONE ||
		(status = question_write(options, enrollment->file.path, enrollment->exists,
			 &write)) != STATUS_DONE ||
		!write)
		return status;
	if ((status = question_reuse(options, credential)) != STATUS_DONE ||
		(status = question_window(options, credential)) != STATUS_DONE ||
		(status = question_rate_limit(options, credential)) != STATUS_DONE)
		return status;
	return write_file(enrollment);
}

static enum exit_status enroll_at_terminal(struct enrollment *enrollment)
{
	enum exit_status status = find_file(enrollment);

	enrollment->credential.device = enrollment->options.device;
	if (status != STATUS_DONE)
		return status;
	return enroll_options_ask_all(&enrollment->given) ? enroll_by_questions(enrollment)
							  : enroll_briefly(enrollment);
}

/* Flags overrule the configuration, and one of them may name it. So the flags are read
 * before the configuration, and once more over it. */
static enum exit_status read_options(
	struct enrollment *enrollment, int argc, char **argv, bool user_allowed)
{
	struct enroll_options *options = &enrollment->options;
	enum exit_status status = enroll_options_read(options, argc, argv, user_allowed);

	if (status == STATUS_DONE)
		status = enroll_options_check_flags(options);
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

static enum exit_status choose_way(struct enrollment *enrollment)
{
	const struct enroll_options *options = &enrollment->options;
	const struct host_defaults *defaults = &enrollment->defaults;
	enum exit_status status;
	bool enrolled;

	if (enroll_options_ask_nothing(options))
		return enroll_unattended(options, defaults);
	if (enroll_daemon_applies(options, defaults)) {
		status = enroll_daemon_check(&enrollment->given);
		return status == STATUS_DONE ? enroll_with_daemon(options, defaults) : status;
	}
	if (options->device != NULL) {
		status = enroll_device(options, defaults, &enrolled);
		if (enrolled)
			return status;
	}
	return enroll_at_terminal(enrollment);
}

static enum exit_status enroll(int argc, char **argv, bool user_allowed)
{
	struct enrollment enrollment = {.options = ENROLL_OPTIONS_INIT};
	enum exit_status status = read_options(&enrollment, argc, argv, user_allowed);

	if (status == STATUS_DONE)
		status = choose_way(&enrollment);
	user_file_free(&enrollment.file);
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
