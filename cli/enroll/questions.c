/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/terminal.h"
#include "core/confirmation.h"
#include "message/enrollment_text.h"
#include "message/translate.h"

/* The window after a yes, as in google-authenticator. */
#define LARGE_WINDOW 17

/* The smallest windows: one counter, or one time step with its neighbors, for clocks that
 * are a little off. */
#define MINIMAL_WINDOW_COUNTER 1
#define MINIMAL_WINDOW_TIME    3

static int chosen_window(
	const struct enroll_options *options, const struct new_credential *credential)
{
	if (options->minimal_window == 0)
		return options->window_size;
	return credential->time_based ? MINIMAL_WINDOW_TIME : MINIMAL_WINDOW_COUNTER;
}

static void set_usual_limit(struct new_credential *credential)
{
	credential->rate_limit = NEW_CREDENTIAL_RATE_LIMIT;
	credential->rate_time = NEW_CREDENTIAL_RATE_TIME;
}

void questions_take_defaults(
	const struct enroll_options *options, struct new_credential *credential)
{
	credential->time_based = options->time_based != ENROLL_NO;
	credential->disallow_reuse =
		credential->time_based && options->disallow_reuse != ENROLL_NO;
	credential->window_size = chosen_window(options, credential);
	credential->rate_limit = options->rate_limit;
	credential->rate_time = options->rate_time;
	if (options->no_rate_limit == 0 && options->rate_limit == 0)
		set_usual_limit(credential);
}

void questions_say_defaults(const struct new_credential *credential)
{
	if (credential->time_based)
		terminal_say(credential->disallow_reuse
				     ? N_("Each code is good for one login.\n")
				     : N_("A code is good until its time is over.\n"));
	if (credential->rate_limit > 0)
		terminal_say("There may be %d attempts in %d seconds.\n",
			credential->rate_limit, credential->rate_time);
	else
		terminal_say("There may be any number of attempts.\n");
	terminal_say("To be asked about that: totp-enroll --ask\n");
}

static enum exit_status ask_yes_no(const char *question, bool preset, bool *yes)
{
	return terminal_ask(STDOUT_FILENO, question, preset, yes);
}

enum exit_status question_time_based(
	const struct enroll_options *options, struct new_credential *credential)
{
	credential->time_based = options->time_based == ENROLL_YES;
	if (options->time_based != ENROLL_ASK)
		return STATUS_DONE;
	return ask_yes_no("Shall codes change with time (else with each use)?", true,
		&credential->time_based);
}

/* The answer to the question for a code of the app. */
enum app_answer {
	APP_WRONG = 0, /* another code may be given */
	APP_RIGHT,
	APP_SKIPPED,
	APP_FAILED,
	APP_ENDED, /* the input ended */
};

static void remove_blanks(char *line)
{
	char *end = line;

	for (const char *c = line; *c != '\0'; c++)
		if (*c != ' ' && *c != '\t')
			*end++ = *c;
	*end = '\0';
}

static enum app_answer say_what_is_wrong(
	const struct new_credential *credential, const struct confirmation *confirmation)
{
	struct text text = TEXT_INIT;
	int result = enrollment_append_wrong_code(credential, confirmation, &text);

	if (result == 0)
		terminal_say("%s", text.data);
	else
		terminal_out_of_memory();
	text_free(&text);
	return result == 0 ? APP_WRONG : APP_FAILED;
}

static enum app_answer judge_line(struct new_credential *credential, char *line)
{
	struct confirmation confirmation;
	struct error error = ERROR_INIT;
	int64_t number;

	remove_blanks(line);
	if (number_parse(line, strlen(line), INT32_MIN, -1, &number))
		return APP_SKIPPED;
	if (confirmation_judge(credential, line, (int64_t)time(NULL), &confirmation, &error) !=
		0) {
		terminal_complain_error(&error);
		return APP_FAILED;
	}
	if (confirmation.verdict != CONFIRMATION_RIGHT)
		return say_what_is_wrong(credential, &confirmation);
	credential->spent_step = confirmation.step;
	return APP_RIGHT;
}

static enum app_answer ask_for_code(struct new_credential *credential)
{
	enum app_answer answer = APP_ENDED;
	char line[128];

	terminal_say("Code from the app (-1 to skip): ");
	if (terminal_read_line(line, sizeof(line))) {
		answer = judge_line(credential, line);
	} else {
		terminal_say("\n");
		terminal_complain("no code: nothing was written");
	}
	WIPE_ARRAY(line);
	return answer;
}

enum exit_status question_app_code(struct new_credential *credential)
{
	enum app_answer answer = APP_WRONG;

	for (unsigned int wrong = 0; answer == APP_WRONG; wrong++)
		answer = terminal_is_pointless(wrong) ? APP_ENDED : ask_for_code(credential);
	if (answer == APP_FAILED)
		return STATUS_STORE_ERROR;
	if (answer == APP_ENDED)
		return STATUS_REFUSED;
	terminal_say(
		answer == APP_RIGHT ? N_("Right: the app works.\n") : N_("Not confirmed.\n"));
	return STATUS_DONE;
}

enum exit_status question_replace(const char *path, bool *replace)
{
	terminal_say(
		"\n%s exists already.\nThe secret and the codes in it end with it.\n", path);
	return ask_yes_no("Replace it?", false, replace);
}

enum exit_status question_write(
	const struct enroll_options *options, const char *path, bool exists, bool *write)
{
	enum exit_status status;

	*write = options->force != 0;
	if (*write)
		return STATUS_DONE;
	if (exists) {
		status = question_replace(path, write);
	} else {
		terminal_say("\nThe secret goes to %s.\n", path);
		status = ask_yes_no("Write it?", true, write);
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
	credential->disallow_reuse = options->disallow_reuse == ENROLL_YES;
	if (options->disallow_reuse != ENROLL_ASK)
		return STATUS_DONE;
	terminal_say("\nA person who sees a code can use it, too, until its time is over.\n");
	return ask_yes_no("Shall each code be good for one login only?", true,
		&credential->disallow_reuse);
}

static void explain_window(const struct new_credential *credential)
{
	unsigned int period = new_credential_period(credential);

	if (credential->time_based)
		terminal_say("\nA phone's clock may be off by %u seconds. If that is not "
			     "enough, it can be %u.\n",
			period, LARGE_WINDOW / 2 * period);
	else
		terminal_say("\nThe app may be 2 codes ahead of this host. If that is not "
			     "enough, it can be %d.\n",
			LARGE_WINDOW - 1);
}

enum exit_status question_window(
	const struct enroll_options *options, struct new_credential *credential)
{
	enum exit_status status;
	bool yes = false;

	credential->window_size = chosen_window(options, credential);
	if (credential->window_size != 0)
		return STATUS_DONE;
	explain_window(credential);
	status = ask_yes_no("Accept that many more codes?", false, &yes);
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
	terminal_say(
		"\nA limit of %d attempts in %d seconds keeps people from guessing codes.\n",
		NEW_CREDENTIAL_RATE_LIMIT, NEW_CREDENTIAL_RATE_TIME);
	status = ask_yes_no("Limit the attempts?", true, &yes);
	if (yes)
		set_usual_limit(credential);
	return status;
}
