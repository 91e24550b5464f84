/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/exchange/export_text.h"
#include "cli/exchange/options.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* How it went so far. */
struct tally {
	unsigned int done;
	unsigned int failed;
	enum exit_status first_failure;
};

static enum exit_status export_status(int result)
{
	return result == TOTPGROUP_ENOTFOUND ? STATUS_NOT_ENROLLED : STATUS_STORE_ERROR;
}

/* Reads one user's credential into the text; user is NULL for the caller. */
static enum exit_status add_user(struct export_text *export,
	const struct transfer_options *options, const struct host_defaults *defaults,
	const char *user, struct error *error)
{
	struct user_file file = {.as_user = true};
	struct text credential = TEXT_INIT;
	enum exit_status status =
		user_file_find_for_login(&file, user, defaults, options->secret, error);
	int result = 0;

	if (status == STATUS_DONE) {
		result = user_file_read(&file, &credential, error);
		if (result == 0)
			result = export_text_add(export, file.account.name, &credential, error);
		if (result != 0)
			status = export_status(result);
	}
	text_free(&credential);
	user_file_free(&file);
	return status;
}

static void export_one(struct export_text *export, const struct transfer_options *options,
	const struct host_defaults *defaults, const char *user, struct tally *tally)
{
	struct error error = ERROR_INIT;
	enum exit_status status = add_user(export, options, defaults, user, &error);

	if (status == STATUS_DONE) {
		tally->done++;
		return;
	}
	if (tally->failed++ == 0)
		tally->first_failure = status;
	if (user != NULL)
		terminal_complain("%s: %s", user, error.message);
	else
		terminal_complain_error(&error);
}

/* Each once for all users. */
static void say_notes(const struct export_text *export)
{
	const char *format = transfer_format_name(export->format);

	if (export->emergency_codes_left_out ||
		(export->notes & OTP_KEY_EMERGENCY_CODES_LEFT_OUT) != 0)
		terminal_complain(
			"emergency codes are left out, at least in part: the format %s "
			"cannot hold them",
			format);
	if ((export->notes & OTP_KEY_STATE_LEFT_OUT) != 0)
		terminal_complain("limits, windows, used codes and the like are left out: "
				  "the format %s cannot hold them",
			format);
	if ((export->notes & OTP_KEY_DEVICES_LEFT_OUT) != 0)
		terminal_complain("devices besides the first are left out: the format %s "
				  "cannot hold them",
			format);
	if (export->parameters_left_out)
		terminal_complain("google-authenticator itself takes no other algorithm than "
				  "SHA1, no more than 6 digits and no period over 60 s");
}

static enum exit_status conclude(const struct tally *tally, int user_count)
{
	if (tally->failed == 0)
		return STATUS_DONE;
	return user_count > 1 ? STATUS_SOME_FAILED : tally->first_failure;
}

static enum exit_status file_failed(const char *path)
{
	terminal_complain("cannot write %s: %s", path, strerror(errno));
	return STATUS_STORE_ERROR;
}

static enum exit_status check_output(const char *path, bool force)
{
	if (path == NULL && !force && isatty(STDOUT_FILENO)) {
		terminal_complain("this prints secrets: name a file with --output, "
				  "or say --force to see them here");
		return STATUS_REFUSED;
	}
	return STATUS_DONE;
}

static bool write_all(int fd, const struct text *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t n = write(fd, text->data + done, text->length - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static enum exit_status write_file(const char *path, const struct text *text)
{
	enum exit_status status = STATUS_DONE;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
		S_IRUSR | S_IWUSR);

	if (fd < 0)
		return file_failed(path);
	/* The mode above is cut by the umask, and could be too little to read. */
	if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || !write_all(fd, text) || fsync(fd) != 0)
		status = file_failed(path);
	if (close(fd) != 0 && status == STATUS_DONE)
		status = file_failed(path);
	if (status != STATUS_DONE)
		(void)unlink(path);
	return status;
}

static enum exit_status write_output(const char *path, const struct text *text)
{
	if (path != NULL)
		return write_file(path, text);
	if (terminal_print(text))
		return STATUS_DONE;
	terminal_complain("cannot write to standard output: %s", strerror(errno));
	return STATUS_STORE_ERROR;
}

static enum exit_status finish(struct export_text *export,
	const struct transfer_options *options, const struct tally *tally)
{
	struct error error = ERROR_INIT;
	enum exit_status status = STATUS_DONE;

	if (export_text_finish(export, &error) != 0) {
		terminal_complain_error(&error);
		return STATUS_STORE_ERROR;
	}
	/* With nothing to put in it, no file is made. */
	if (tally->done > 0)
		status = write_output(options->output, &export->text);
	if (status == STATUS_DONE && options->quiet == 0)
		say_notes(export);
	return status == STATUS_DONE ? conclude(tally, options->word_count) : status;
}

static enum exit_status check(const struct transfer_options *options)
{
	if (options->format == FORMAT_GOOGLE_AUTHENTICATOR && options->word_count > 1) {
		terminal_complain("a file of google-authenticator is for one user: "
				  "'%s' is too much",
			options->words[1]);
		return STATUS_USAGE;
	}
	return check_output(options->output, options->force != 0);
}

static enum exit_status export_with(const struct transfer_options *options)
{
	struct export_text export = {.format = options->format, .issuer = options->issuer};
	struct tally tally = {.done = 0};
	struct host_defaults defaults = {.configuration = NULL};
	enum exit_status status = check(options);

	if (status == STATUS_DONE)
		status = host_defaults_load(&defaults, options->conf);
	if (status != STATUS_DONE)
		return status;
	if (options->word_count == 0)
		export_one(&export, options, &defaults, NULL, &tally);
	for (int i = 0; i < options->word_count; i++)
		export_one(&export, options, &defaults, options->words[i], &tally);
	status = finish(&export, options, &tally);
	export_text_free(&export);
	host_defaults_free(&defaults);
	return status;
}

enum exit_status command_export(int argc, char **argv)
{
	struct transfer_options options = {.format = FORMAT_UNKNOWN};
	enum exit_status status =
		transfer_options_read(&options, export_options_table, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (options.format == FORMAT_UNKNOWN)
		options.format = FORMAT_URI;
	return export_with(&options);
}
