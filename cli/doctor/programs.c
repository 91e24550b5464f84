/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs that can ask once only, or never: what a line of the module does there. */

#include "config.h"

#include <string.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "message/translate.h"

#define CHECK "prompts"

/* They give one text, which was typed for a password, to every prompt. */
static const struct program {
	const char *service;
	bool as_user; /* it runs with the rights of the user who logs in */
	bool taught;  /* its own configuration can say what answers which prompt */
} once[] = {{.service = "vsftpd"}, {.service = "proftpd"}, {.service = "pure-ftpd"},
	{.service = "dovecot"}, {.service = "cups"}, {.service = "radiusd"},
	{.service = "freeradius"}, {.service = "xrdp-sesman"}, {.service = "sddm"},
	{.service = "openvpn", .taught = true}, {.service = "i3lock", .as_user = true},
	{.service = "swaylock", .as_user = true}};

/* They run what was planned before, and nobody is there to answer. */
static const char *const never[] = {"cron", "crond", "fcron", "atd", "systemd-user"};

bool doctor_asks_never(const char *service)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strcmp(never[i], service) == 0)
			return true;
	return false;
}

static const struct program *find_program(const char *service)
{
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (strcmp(once[i].service, service) == 0)
			return &once[i];
	return NULL;
}

bool doctor_asks_once(const char *service)
{
	return find_program(service) != NULL;
}

static const struct pam_trial *first_password(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].role == PAM_ROLE_PASSWORD)
			return &doctor->trials[i];
	return NULL;
}

/* The line with the option, above all lines of passwords: there, the module asks, and leaves the
 * password to them. */
void doctor_propose_forward_pass(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line)
{
	const struct pam_trial *password = first_password(doctor);
	const struct pam_line_change change = {.control = "requisite",
		.argument = -1,
		.more = line != NULL && doctor->module->forward_pass ? NULL : "forward_pass"};
	struct mend mend = {.action = line != NULL ? MEND_MOVE : MEND_ADD,
		.text = (char *)(uintptr_t) "auth requisite " DOCTOR_MODULE " forward_pass"};
	struct text text = TEXT_INIT;

	if (password == NULL || finding == NULL)
		return;
	if (line == NULL) {
		mend.file = doctor->stack.files[0];
		mend.line = password->line->top - 1;
	} else {
		mend.file = (char *)(uintptr_t)line->file;
		mend.line = line->number;
		mend.to_file = doctor->stack.files[0];
		mend.to_line = password->line->top - 1;
		if (pam_line_text(&text, line, &change) != 0)
			finding->report->out_of_memory = true;
		mend.text = text.data;
	}
	if (mend.text != NULL)
		finding_propose(finding, &mend);
	text_free(&text);
}

/* Whether the module asks for all that is typed, before the lines of the password. */
static bool asks_for_both(const struct doctor *doctor)
{
	const struct pam_trial *password = first_password(doctor);

	return doctor->module->forward_pass && doctor->line < password->line;
}

static void report_two_prompts(struct doctor *doctor, const struct program *program)
{
	struct finding *finding = report_add(doctor,
		program->taught ? FINDING_WARNING : FINDING_PROBLEM, CHECK,
		"%s, line %u: %s asks only once, and gives the answer to every prompt%s",
		doctor->line->file, doctor->line->number, doctor->service,
		program->taught
			? translate(", unless its own configuration says which answer is for "
				    "which prompt")
			: "");

	finding_why(finding,
		"So nobody whom the module asks can log in there. With forward_pass on a line "
		"of the module before the lines of passwords, the code is typed behind the "
		"password.");
	if (doctor->line->depth > 0)
		finding_why_more(finding,
			"Its own file then has to do without %s, which other services read, "
			"too.",
			doctor->line->file);
	if (!program->taught)
		doctor_propose_forward_pass(doctor, finding, doctor->line);
}

/* A user can neither read nor write what belongs to root. */
static void check_rights(struct doctor *doctor)
{
	const char *option = doctor->module->user != NULL    ? "user"
			     : doctor->module->state != NULL ? "state"
							     : NULL;
	struct option_origin origin;

	if (option == NULL || options_socket(doctor->module) != NULL)
		return;
	origin = doctor_option_origin(doctor, option);
	finding_why(report_add(doctor, FINDING_PROBLEM, CHECK,
			    "%s, line %u: %s=%s, and %s runs with the rights of the user who "
			    "logs in",
			    origin.file, origin.line, option, origin.text, doctor->service),
		"It can do nothing with the files of another user, so every code is refused. "
		"With store=socket on its line, the module asks totp-verifyd.");
}

static void check_once(struct doctor *doctor, const struct program *program)
{
	size_t before = doctor->report.count;

	if (first_password(doctor) != NULL && !asks_for_both(doctor))
		report_two_prompts(doctor, program);
	if (program->as_user)
		check_rights(doctor);
	if (doctor->report.count == before)
		report_add(doctor, FINDING_OK, CHECK,
			"%s asks only once, and the code is typed where it asks",
			doctor->service);
}

static void check_never(struct doctor *doctor)
{
	const struct pam_line *line = doctor->line;
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
		"%s, line %u: %s asks nobody, and so nobody can give a code there", line->file,
		line->number, doctor->service);

	finding_why(finding,
		"Some versions of it run the auth lines, and then refuse the jobs of all who "
		"would have to give a code; others never come to the line. %s",
		line->depth == 0
			? translate("Take the line away.")
			: translate("Let the option services= name the services that are to "
				    "ask, or let "
				    "them have a file of their own for the line."));
}

void doctor_check_programs(struct doctor *doctor)
{
	const struct program *program = find_program(doctor->service);

	if (doctor->line == NULL || doctor->misread || !doctor_asks_in_service(doctor))
		return;
	if (program != NULL)
		check_once(doctor, program);
	else if (doctor_asks_never(doctor->service))
		check_never(doctor);
}
