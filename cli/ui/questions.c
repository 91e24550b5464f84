/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/questions.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/ui/terminal.h"

/* What a yes to the window means, as in google-authenticator. */
#define LARGE_WINDOW 17

/* The fewest codes: one counter; or one step, and its neighbours for clocks
 * that are a little off. */
#define MINIMAL_WINDOW_COUNTER 1
#define MINIMAL_WINDOW_TIME    3

void questions_take_defaults(
	const struct enroll_options *options, struct new_credential *credential)
{
	credential->time_based = options->time_based != CHOICE_NO;
	credential->disallow_reuse =
		credential->time_based && options->disallow_reuse != CHOICE_NO;
	credential->window_size = options->window_size;
	if (options->minimal_window != 0)
		credential->window_size =
			credential->time_based ? MINIMAL_WINDOW_TIME : MINIMAL_WINDOW_COUNTER;
	credential->rate_limit = options->rate_limit;
	credential->rate_time = options->rate_time;
	if (options->no_rate_limit == 0 && options->rate_limit == 0) {
		credential->rate_limit = NEW_CREDENTIAL_RATE_LIMIT;
		credential->rate_time = NEW_CREDENTIAL_RATE_TIME;
	}
}

static enum exit_status input_ended(int fd)
{
	dprintf(fd, "\n");
	terminal_complain("no answer: nothing was written");
	return STATUS_REFUSED;
}

/* Asks on a descriptor until there is an answer; an empty line takes preset. */
static enum exit_status ask_on(int fd, const char *question, bool preset, bool *yes)
{
	char line[128];

	*yes = false;
	for (;;) {
		dprintf(fd, "%s [%s] ", question, preset ? "Y/n" : "y/N");
		if (!terminal_read_line(line, sizeof(line)))
			return input_ended(fd);
		*yes = line[0] == 'y' || line[0] == 'Y' || (line[0] == '\0' && preset);
		if (*yes || line[0] == 'n' || line[0] == 'N' || line[0] == '\0')
			return STATUS_DONE;
	}
}

static enum exit_status ask(const char *question, bool preset, bool *yes)
{
	return ask_on(STDOUT_FILENO, question, preset, yes);
}

enum exit_status question_time_based(
	const struct enroll_options *options, struct new_credential *credential)
{
	credential->time_based = options->time_based == CHOICE_YES;
	if (options->time_based != CHOICE_ASK)
		return STATUS_DONE;
	return ask("Shall codes change with time (else with each use)?", true,
		&credential->time_based);
}

enum exit_status question_write(
	const struct enroll_options *options, const char *path, bool exists, bool *write)
{
	enum exit_status status;

	*write = options->force != 0;
	if (*write)
		return STATUS_DONE;
	if (exists) {
		terminal_say(
			"\n%s exists already.\nThe secret and the codes in it end with it.\n",
			path);
		status = ask("Replace it?", false, write);
	} else {
		terminal_say("\nThe secret goes to %s.\n", path);
		status = ask("Write it?", true, write);
	}
	if (status == STATUS_DONE && !*write && options->quiet == 0)
		terminal_say("Nothing was written; the secret above is void.\n");
	return status;
}

enum exit_status question_reuse(
	const struct enroll_options *options, struct new_credential *credential)
{
	if (!credential->time_based)
		return STATUS_DONE;
	credential->disallow_reuse = options->disallow_reuse == CHOICE_YES;
	if (options->disallow_reuse != CHOICE_ASK)
		return STATUS_DONE;
	terminal_say("\nWhoever sees a code can use it too, until its time is over.\n");
	return ask("Shall each code be good for one login only?", true,
		&credential->disallow_reuse);
}

static void explain_window(const struct new_credential *credential)
{
	unsigned int period = new_credential_period(credential);

	if (credential->time_based)
		terminal_say("\nA phone's clock may be off by %u seconds. Should that not be "
			     "enough, it can be %u.\n",
			period, LARGE_WINDOW / 2 * period);
	else
		terminal_say("\nThe app may be 2 codes ahead of this host. Should that not be "
			     "enough, it can be %d.\n",
			LARGE_WINDOW - 1);
}

enum exit_status question_window(
	const struct enroll_options *options, struct new_credential *credential)
{
	enum exit_status status;
	bool yes = false;

	if (options->minimal_window != 0)
		credential->window_size =
			credential->time_based ? MINIMAL_WINDOW_TIME : MINIMAL_WINDOW_COUNTER;
	else
		credential->window_size = options->window_size;
	if (credential->window_size != 0)
		return STATUS_DONE;
	explain_window(credential);
	status = ask("Accept that many more codes?", false, &yes);
	if (yes)
		credential->window_size = LARGE_WINDOW;
	return status;
}

enum exit_status question_rate_limit(
	const struct enroll_options *options, struct new_credential *credential)
{
	enum exit_status status;
	bool yes = false;

	credential->rate_limit = options->rate_limit;
	credential->rate_time = options->rate_time;
	if (options->no_rate_limit != 0 || options->rate_limit != 0)
		return STATUS_DONE;
	terminal_say("\nA limit of %d attempts in %d seconds stops whoever tries codes at "
		     "random.\n",
		NEW_CREDENTIAL_RATE_LIMIT, NEW_CREDENTIAL_RATE_TIME);
	status = ask("Limit the attempts?", true, &yes);
	if (yes) {
		credential->rate_limit = NEW_CREDENTIAL_RATE_LIMIT;
		credential->rate_time = NEW_CREDENTIAL_RATE_TIME;
	}
	return status;
}

enum exit_status question_replace_device(const char *path, const char *device, bool *yes)
{
	terminal_say("%s has a device '%s' already.\nIt can give no code any more once another "
		     "takes its place.\n",
		path, device);
	return ask("Replace it?", false, yes);
}

/* On standard error, because standard output may be a pipe that the codes go
 * into. */
enum exit_status question_new_codes(const char *path, unsigned int old, bool *yes)
{
	dprintf(STDERR_FILENO,
		"%s has %u emergency code%s left, void as soon as there are new ones.\n", path,
		old, old == 1 ? "" : "s");
	return ask_on(STDERR_FILENO, "Make new ones?", false, yes);
}
