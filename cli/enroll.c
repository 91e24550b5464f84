/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "enroll.h"

#include <stdbool.h>
#include <stddef.h>

#include "account.h"
#include "base/wipe.h"
#include "confirm.h"
#include "enroll_options.h"
#include "help.h"
#include "new_credential.h"
#include "present.h"
#include "questions.h"
#include "target.h"
#include "terminal.h"
#include "totpgroup.h"

/* One enrolment from the first option to the file. */
struct enrolment {
	struct enroll_options options;
	struct account account;
	struct target target;
	bool exists; /* there is a file already, which may be replaced by now */
	struct new_credential credential;
};

static enum exit_status find_account(struct enrolment *enrolment)
{
	enum exit_status status = account_find(&enrolment->account, enrolment->options.user);

	return status == STATUS_DONE ? account_become(&enrolment->account) : status;
}

static enum exit_status find_target(struct enrolment *enrolment)
{
	enum exit_status status =
		target_find(&enrolment->target, &enrolment->options, &enrolment->account);

	if (status != STATUS_DONE)
		return status;
	return target_look(&enrolment->target, &enrolment->exists);
}

static enum exit_status ask_type(struct enrolment *enrolment)
{
	return question_time_based(&enrolment->options, &enrolment->credential);
}

static void warn_of_step_size(const struct enroll_options *options)
{
	if (options->step_size != 0 && options->step_size != NEW_CREDENTIAL_PERIOD &&
		options->quiet == 0)
		terminal_complain("many apps take every code for one of 30 seconds, "
				  "whatever the QR code says: confirm with one");
}

static enum exit_status draw_secret(struct enrolment *enrolment)
{
	const struct enroll_options *options = &enrolment->options;
	struct error error = ERROR_INIT;

	if (new_credential_draw(&enrolment->credential, (unsigned int)options->emergency_codes,
		    &error) != 0) {
		terminal_complain_error(&error);
		return STATUS_STORE_ERROR;
	}
	if (enrolment->credential.time_based) {
		enrolment->credential.step_size = options->step_size;
		warn_of_step_size(options);
	}
	return STATUS_DONE;
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
	return present_emergency_codes(&enrolment->credential);
}

static enum exit_status ask_write(struct enrolment *enrolment)
{
	return question_write(&enrolment->options, enrolment->target.path, enrolment->exists);
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
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (new_credential_append(&enrolment->credential, &text) == 0)
		status = target_write(&enrolment->target, &text, replace);
	else
		status = terminal_out_of_memory();
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

	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](enrolment);
	return status;
}

static enum exit_status enroll(int argc, char **argv, bool user_allowed)
{
	struct enrolment enrolment = {.options = ENROLL_OPTIONS_INIT};
	enum exit_status status =
		enroll_options_read(&enrolment.options, argc, argv, user_allowed);

	if (status != STATUS_DONE)
		return status;
	if (enrolment.options.help != 0)
		return help_print();
	if (enrolment.options.version != 0)
		return help_print_version();
	status = take_steps(&enrolment);
	account_free(&enrolment.account);
	target_free(&enrolment.target);
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
