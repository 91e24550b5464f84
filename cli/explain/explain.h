/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command explain: says what the module would do with a login, and why. */
#ifndef TOTPGROUP_CLI_EXPLAIN_EXPLAIN_H
#define TOTPGROUP_CLI_EXPLAIN_EXPLAIN_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/pamconf/pamconf.h"
#include "login/outcome.h"
#include "totpgroup.h"

struct json_object;

/* A login with one line of the module, in login.c. */

/* The login to explain. NULL where nothing is known. */
struct explain_login {
	const char *user;
	const char *service;
	const char *rhost;
	const char *after; /* completed SSH methods, separated by commas */
};

struct explanation {
	enum login_outcome outcome;
	struct totpgroup_result result;
	const char *skip_reason; /* where it is LOGIN_SKIPPED; static */
	char message[320];	 /* what is wrong, or empty */
	int pam_code; /* what the module would return; PAM_SUCCESS after a right code */
};

/*
 * Goes as far as the prompt, with the very code that decides, and tells the watcher each
 * step. Nothing is written, logged or asked. STATUS_STORE_ERROR if memory is out, which is
 * reported.
 */
enum exit_status explain_login(const struct explain_login *login, const struct pam_line *line,
	const struct login_watcher *watcher, struct explanation *explanation);

/* The report, as text or as JSON, in report.c. */

/* The first three are set at the beginning; the rest is zeroed. */
struct explain_report {
	const char *user;
	const char *service;
	bool json;
	bool failed; /* something could not be printed, or memory ran out */
	unsigned int lines;
	const struct pam_line *line; /* the latest one */
	bool told_options;	     /* the steps "option" of that line are printed */
	bool told_secret;	     /* a step of that line was about the secret */
	struct json_object *root;
	struct json_object *json_line; /* of that line, in root */
};

void explain_report_begin(struct explain_report *report, const char *rhost);

/* Begins a line of the stack that names the module. */
void explain_report_line(struct explain_report *report, const struct pam_line *line);

/*
 * A step of that line; context is the report: for struct login_watcher. After the
 * configuration files, it adds a step "option" for each option that a file sets: its
 * value, the file and line, and whether the module's line overrules it.
 */
void explain_report_step(void *context, const char *step, const char *text);

/* With store=pgsql in that line, and as root: steps "store" about the store and what it has of the
 * user; nothing is spent, in store.c. */
void explain_store(
	const char *user, const struct pam_line *line, struct explain_report *report);

/* How that line ends. */
void explain_report_outcome(
	struct explain_report *report, const struct explanation *explanation);

/* The same if the caller may not read what decides. */
void explain_report_unknown(
	struct explain_report *report, const struct explanation *explanation);

/* Ends the report. False if something failed, which is reported then. */
bool explain_report_end(struct explain_report *report, enum exit_status status);

#endif
