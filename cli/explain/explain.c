/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain/explain.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "gate/comma_list.h"
#include "gate/ssh_methods.h"

#define USUAL_SERVICE "sshd"
#define MODULE	      "pam_totpgroup.so"

struct explain_options {
	struct explain_login login;
	const char *pam_folder;
	int json;
};

#define OPTIONS struct explain_options

const struct option_row explain_options_table[] = {
	STRING_ROW(0, "service", login.service, 's', 1, "SERVICE",
		"the PAM service that is logged in to; by default sshd"),
	STRING_ROW(0, "rhost", login.rhost, 'r', 1, "ADDRESS",
		"where the login comes from; by default from this host"),
	LIST_ROW(0, "after", login.after, 'a',
		"publickey|password|keyboard-interactive|hostbased|gssapi-with-mic", "METHODS",
		"the SSH methods that were completed before, such as publickey"),
	PAM_FOLDER_ROW,
	JSON_ROW,
	HELP_ROW,
	END_ROW,
};

/* Whether sshd has all of these methods. The one that asks for the code is among them, although
 * skip_after= cannot name it. */
static bool are_methods(const char *list)
{
	struct comma_list entries = {.rest = list};
	struct error error = ERROR_INIT;
	const char *entry;
	size_t length;
	unsigned int set;

	while (comma_list_next(&entries, &entry, &length)) {
		char method[32];

		(void)snprintf(method, sizeof method, "%.*s", (int)length, entry);
		if (strcmp(method, "keyboard-interactive") == 0 ||
			ssh_methods_parse(method, &set, &error) == 0)
			continue;
		terminal_complain(
			"--after: sshd has no method '%s'; it has publickey, password, "
			"keyboard-interactive, hostbased and gssapi-with-mic",
			method);
		return false;
	}
	return true;
}

static enum exit_status read_options(struct explain_options *options, int argc, char **argv)
{
	enum exit_status status = option_table_read(explain_options_table, options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (options->login.service == NULL)
		options->login.service = USUAL_SERVICE;
	if (argc - optind != 1) {
		terminal_complain("explain whose login? totp-enroll explain USER");
		return STATUS_USAGE;
	}
	options->login.user = argv[optind];
	return options->login.after == NULL || are_methods(options->login.after) ? STATUS_DONE
										 : STATUS_USAGE;
}

/* The explanation shows parts of the user's file. */
static bool may_explain(const char *user)
{
	const struct passwd *caller;

	if (getuid() == 0)
		return true;
	caller = getpwuid(getuid());
	if (caller != NULL && strcmp(caller->pw_name, user) == 0)
		return true;
	terminal_complain("only root may ask about another user");
	return false;
}

static bool is_refused(const struct explanation *explanation)
{
	return explanation->outcome == LOGIN_REFUSED ||
	       explanation->outcome == LOGIN_ASKED_IN_VAIN;
}

static enum exit_status status_of(const struct explanation *explanation)
{
	if (!is_refused(explanation))
		return STATUS_DONE;
	switch (explanation->result.reason) {
	case TOTPGROUP_REASON_NOT_ENROLLED:
		return STATUS_NOT_ENROLLED;
	case TOTPGROUP_REASON_RATE_LIMITED:
		return STATUS_LIMITED;
	case TOTPGROUP_REASON_CONFIG_ERROR:
	case TOTPGROUP_REASON_GROUP_ERROR:
	case TOTPGROUP_REASON_PENDING_EXPIRED:
		return STATUS_REFUSED;
	default:
		return STATUS_STORE_ERROR;
	}
}

/* Whether the explanation failed because the caller is not root, as the module is. */
static bool needs_root(const struct explanation *explanation)
{
	if (getuid() == 0 || !is_refused(explanation))
		return false;
	if (explanation->result.reason == TOTPGROUP_REASON_CONFIG_ERROR)
		return strstr(explanation->message, strerror(EACCES)) != NULL;
	return explanation->result.reason == TOTPGROUP_REASON_STORE_ERROR;
}

static enum exit_status explain_line(const struct explain_options *options,
	const struct pam_line *line, struct explain_report *report)
{
	const struct login_watcher watcher = {explain_report_step, report};
	struct explanation explanation;
	enum exit_status status;

	explain_report_line(report, line);
	status = explain_login(&options->login, line, &watcher, &explanation);
	if (status != STATUS_DONE)
		return status;
	explain_store(options->login.user, line, report);
	if (needs_root(&explanation)) {
		explain_report_unknown(report, &explanation);
		return STATUS_NOT_PERMITTED;
	}
	explain_report_outcome(report, &explanation);
	return status_of(&explanation);
}

/* Explains each line in turn; the worst answer is the status. */
static enum exit_status explain_lines(const struct explain_options *options,
	const struct pam_stack *stack, struct explain_report *report)
{
	enum exit_status worst = STATUS_DONE;

	for (size_t i = 0; i < stack->count; i++) {
		const struct pam_line *line = &stack->lines[i];
		enum exit_status status = STATUS_DONE;

		if (line->type == PAM_TYPE_AUTH && pam_line_names(line, MODULE))
			status = explain_line(options, line, report);
		if (status > worst)
			worst = status;
	}
	return worst;
}

static enum exit_status explain_stack(const struct explain_options *options)
{
	const char *const own_folder[] = {options->pam_folder, NULL};
	struct explain_report report = {.user = options->login.user,
		.service = options->login.service,
		.json = options->json != 0};
	struct pam_stack stack;
	struct error error = ERROR_INIT;
	enum exit_status status;

	if (pam_stack_read(&stack, options->pam_folder != NULL ? own_folder : pam_stack_folders,
		    options->login.service, &error) != 0) {
		terminal_complain_error(&error);
		return STATUS_STORE_ERROR;
	}
	explain_report_begin(&report, options->login.rhost);
	status = explain_lines(options, &stack, &report);
	if (!explain_report_end(&report, status))
		status = STATUS_STORE_ERROR;
	pam_stack_free(&stack);
	return status;
}

enum exit_status command_explain(int argc, char **argv)
{
	struct explain_options options = {0};
	enum exit_status status = read_options(&options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	return may_explain(options.login.user) ? explain_stack(&options) : STATUS_NOT_PERMITTED;
}
