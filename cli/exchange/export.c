/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/exchange/exchange.h"
#include "cli/ui/new_file.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* One run of the command. */
struct export
{
	struct exchange_options options;
	struct host_defaults defaults;
	struct export_text text;
	unsigned int done;
	unsigned int failed;
	enum exit_status first_failure;
};

/* Secrets on a terminal need --force. This is checked before anything is read. */
static enum exit_status check_options(const struct exchange_options *options)
{
	if (options->format == FORMAT_GOOGLE_AUTHENTICATOR && options->word_count > 1)
		return terminal_fail(STATUS_USAGE,
			"a file of google-authenticator is for one user: '%s' is one too many",
			options->words[1]);
	if (options->output == NULL && options->force == 0 && isatty(STDOUT_FILENO))
		return terminal_fail(STATUS_REFUSED,
			"this prints secrets: name a file with --output, or say --force to "
			"see them here");
	return STATUS_DONE;
}

/* Reads the credential of a user, or of the caller where user is NULL, into the text. What a
 * state of its own has is in it, too. */
static enum exit_status add_user(struct export *export, const char *user, struct error *error)
{
	struct user_file file = {.path = NULL};
	totpgroup_credential *credential = NULL;
	enum exit_status status =
		user_file_find(&file, user, &export->defaults, export->options.secret, error);
	bool lacks_state = false;
	int result = 0;

	if (status == STATUS_DONE)
		result = user_file_load(&file, &credential, &lacks_state, error);
	if (status == STATUS_DONE && result == 0)
		result = export_text_add(&export->text, file.name, credential, error);
	export->text.state_not_read |= lacks_state;
	totpgroup_credential_free(credential);
	user_file_free(&file);
	if (result == 0)
		return status;
	return result == TOTPGROUP_ENOTFOUND ? STATUS_NOT_ENROLLED : STATUS_STORE_ERROR;
}

static void export_one(struct export *export, const char *user)
{
	struct error error = ERROR_INIT;
	enum exit_status status = add_user(export, user, &error);

	if (status == STATUS_DONE) {
		export->done++;
		return;
	}
	if (export->failed++ == 0)
		export->first_failure = status;
	if (user != NULL)
		terminal_complain("%s: %s", user, error.message);
	else
		terminal_complain_error(&error);
}

/* Says what was left out, once for all users. */
static void say_notes(const struct export_text *text)
{
	const char *format = exchange_format_name(text->format);

	if (text->emergency_codes_left_out ||
		(text->notes & OTP_KEY_EMERGENCY_CODES_LEFT_OUT) != 0)
		terminal_complain(
			"emergency codes are left out, at least in part: the format %s "
			"cannot hold them",
			format);
	if ((text->notes & OTP_KEY_STATE_LEFT_OUT) != 0)
		terminal_complain("limits, windows, used codes and the like are left out: "
				  "the format %s cannot hold them",
			format);
	if (text->device_names_left_out)
		terminal_complain("names of devices are left out: the format %s cannot hold "
				  "them",
			format);
	if (text->state_not_read)
		terminal_complain("counters and used codes are left out where root keeps "
				  "them apart from the secret: only root can read them");
	if (text->parameters_left_out)
		terminal_complain("google-authenticator itself takes no other algorithm than "
				  "SHA1, no more than 6 digits and no period over 60 s");
}

static enum exit_status finish_export(struct export *export)
{
	const char *output = export->options.output;
	struct text *text = &export->text.text;
	enum exit_status status = STATUS_DONE;
	struct error error = ERROR_INIT;

	if (export_text_finish(&export->text, &error) != 0)
		return terminal_complain_error(&error);
	/* No file is made for nothing. */
	if (export->done > 0)
		status = output != NULL ? new_file_write(output, text) : terminal_write(text);
	if (status == STATUS_DONE && export->options.quiet == 0)
		say_notes(&export->text);
	if (status != STATUS_DONE || export->failed == 0)
		return status;
	return export->options.word_count > 1 ? STATUS_SOME_FAILED : export->first_failure;
}

static enum exit_status export_all(struct export *export)
{
	const struct exchange_options *options = &export->options;

	export->text.format = options->format;
	export->text.issuer = options->issuer;
	if (options->word_count == 0)
		export_one(export, NULL);
	for (int i = 0; i < options->word_count; i++)
		export_one(export, options->words[i]);
	return finish_export(export);
}

enum exit_status command_export(int argc, char **argv)
{
	struct export export = {.options = {.format = FORMAT_UNKNOWN}};
	struct exchange_options *options = &export.options;
	enum exit_status status =
		exchange_options_read(options, export_options_table, argc, argv);

	if (options->format == FORMAT_UNKNOWN)
		options->format = FORMAT_URI;
	if (status == STATUS_DONE)
		status = check_options(options);
	if (status == STATUS_DONE)
		status = host_defaults_load(&export.defaults, options->conf);
	if (status == STATUS_DONE)
		status = export_all(&export);
	export_text_free(&export.text);
	host_defaults_free(&export.defaults);
	return status;
}
