/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of sshd: whether it asks PAM, and lets nobody in without a code. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/sshd_proof.h"
#include "config/options.h"
#include "message/translate.h"

/* The least time, in seconds, in which somebody can install an app and enroll. */
#define TIME_TO_ENROLL 300

/* What would mend the finding, if it is in force. Of several for one finding the first that is
 * proven counts. */
static void propose(struct doctor *doctor, struct finding *finding, const char *setting)
{
	struct sshd_proposals *proposals = doctor->proposals;
	struct sshd_proposal *row;

	if (proposals == NULL || finding == NULL || proposals->count == SSHD_PROPOSALS_MAX)
		return;
	row = &proposals->rows[proposals->count];
	*row = (struct sshd_proposal){finding, strdup(setting)};
	if (row->setting == NULL)
		doctor->report.out_of_memory = true;
	else
		proposals->count++;
}

/* The methods that are demanded, each list with the code. */
static void propose_methods(struct doctor *doctor, struct finding *finding)
{
	char *value = sshd_settings_get(&doctor->sshd, "authenticationmethods");
	struct text mended = TEXT_INIT;
	char *setting = NULL;

	if (sshd_methods_with_code(
		    &mended, &doctor->sshd, value, doctor_has_other_factor(doctor)) == 0 &&
		asprintf(&setting, SSHD_METHODS_KEYWORD " %s", mended.data) >= 0)
		propose(doctor, finding, setting);
	else
		doctor->report.out_of_memory = true;
	free(setting);
	text_free(&mended);
	free(value);
}

/* For sshd as it runs, and for sshd that does not start. */
static struct finding *report_no_prompt(struct doctor *doctor, const char *what)
{
	struct finding *finding =
		report_add(doctor, FINDING_PROBLEM, SSHD_PROMPT_CHECK, "%s", what);

	finding_why(finding, "Prompts of PAM reach the user by keyboard-interactive only.");
	propose(doctor, finding, "KbdInteractiveAuthentication yes");
	return finding;
}

static void report_unread(struct doctor *doctor, const struct error *error)
{
	struct finding *finding;

	/* The method is nearly always keyboard-interactive, which is off by default. */
	if (strstr(error->message, "AuthenticationMethods cannot be satisfied") != NULL) {
		finding = report_no_prompt(doctor,
			"sshd does not start: AuthenticationMethods names a method that is "
			"switched off");
		propose_methods(doctor, finding);
		return;
	}
	finding = report_add(doctor, FINDING_UNKNOWN, SSHD_SETTINGS_CHECK,
		"sshd's settings could not be read: %s", error->message);
	/* The folder exists only while sshd runs. */
	if (strstr(error->message, "privilege separation directory: ") != NULL) {
		finding_why(finding, "sshd is not running, and needs that folder even for -T.");
		finding_run(finding, "install -d -m 0755 /run/sshd");
	} else if (geteuid() != 0) {
		finding_why(finding, "Only root can read its configuration and keys.");
		finding_run(finding, "sudo totp-enroll doctor");
	}
}

/* A user who is exempt from the code may log in by any method. */
static void choose_login(struct doctor *doctor)
{
	doctor->login = (struct sshd_login){
		.user = doctor->options.user != NULL && !doctor->user_outside
				? doctor->user->pw_name
				: doctor->example_user,
		.rhost = doctor->options.rhost,
		.local_port = doctor->options.local_port,
	};
	/* sshd looks at Match blocks for a user only. */
	if (doctor->login.user == NULL &&
		(doctor->login.rhost != NULL || doctor->login.local_port != 0))
		doctor->login.user = doctor->user->pw_name;
}

static int read_settings(struct doctor *doctor, struct error *error)
{
	if (doctor->options.sshd_settings != NULL)
		return sshd_settings_read(&doctor->sshd, doctor->options.sshd_settings, error);
	return sshd_settings_run(
		&doctor->sshd, doctor->options.sshd_config, &doctor->login, error);
}

/* sshd's settings matter to another service only if sshd uses that service. */
static bool concerns_sshd(const struct doctor *doctor)
{
	return strcmp(doctor->service, "sshd") == 0 || doctor->options.sshd_config != NULL ||
	       doctor->options.sshd_settings != NULL ||
	       sshd_settings_is(&doctor->sshd, "pamservicename", doctor->service);
}

static void check_service(struct doctor *doctor)
{
	char *service = sshd_settings_get(&doctor->sshd, "pamservicename");
	struct finding *finding;

	if (service != NULL && strcmp(service, doctor->service) != 0) {
		finding = report_add(doctor, FINDING_PROBLEM, SSHD_SETTINGS_CHECK,
			"sshd asks the PAM service %s, not %s", service, doctor->service);
		finding_why(finding,
			"PAMServiceName says so. These findings about %s do not apply to ssh.",
			doctor->service);
		finding_run(finding, "totp-enroll doctor --service=%s", service);
	}
	free(service);
}

static void check_pam(struct doctor *doctor)
{
	struct finding *finding;

	if (sshd_settings_is(&doctor->sshd, "usepam", "yes")) {
		report_add(doctor, FINDING_OK, SSHD_PAM_CHECK, "sshd uses PAM");
		return;
	}
	finding = report_add(
		doctor, FINDING_PROBLEM, SSHD_PAM_CHECK, "sshd does not use PAM: UsePAM no");
	finding_why(finding, "Without PAM, no login reaches the module.");
	propose(doctor, finding, "UsePAM yes");
}

static void check_prompt(struct doctor *doctor)
{
	if (sshd_settings_is(&doctor->sshd, "kbdinteractiveauthentication", "yes"))
		report_add(doctor, FINDING_OK, SSHD_PROMPT_CHECK, "sshd can ask for a code");
	else
		report_no_prompt(
			doctor, "sshd cannot ask for a code: KbdInteractiveAuthentication no");
}

static void check_password(struct doctor *doctor, const struct sshd_methods *methods)
{
	struct finding *finding;

	if (!sshd_settings_is(&doctor->sshd, "passwordauthentication", "yes")) {
		report_add(doctor, FINDING_OK, SSHD_PASSWORD_CHECK,
			"sshd leaves the password to PAM");
		return;
	}
	finding = report_add(doctor, methods->password ? FINDING_PROBLEM : FINDING_WARNING,
		SSHD_PASSWORD_CHECK,
		"sshd asks for the password itself: PasswordAuthentication yes");
	if (methods->password)
		finding_why(finding,
			"It then answers every hidden prompt with the password, the prompt for "
			"the code too, and the login fails.");
	else
		finding_why(finding,
			"Only AuthenticationMethods keeps it from answering the prompt for the "
			"code with the password.");
	propose(doctor, finding, "PasswordAuthentication no");
	/* sshd does not start if AuthenticationMethods names a method that is off. */
	if (methods->password)
		propose_methods(doctor, finding);
}

static void report_key_alone(struct doctor *doctor, const char *methods)
{
	bool guarded = doctor->guard_holds;
	struct finding *finding = report_add(doctor,
		guarded ? FINDING_WARNING : FINDING_PROBLEM, SSHD_METHODS_CHECK,
		"%s: AuthenticationMethods %s",
		guarded ? translate("a key alone asks for no code, and the session guard then "
				    "refuses the "
				    "login")
			: translate("a key alone lets in, without a code"),
		methods);

	if (guarded)
		finding_why(finding, "A user who has to give a code and logs in with a key is "
				     "never asked for it.");
	else
		finding_why(finding, "sshd does not ask PAM's auth lines if a key, a host or a "
				     "ticket is enough.");
	propose_methods(doctor, finding);
}

static void report_no_method(
	struct doctor *doctor, const char *methods, const struct sshd_methods *found)
{
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, SSHD_METHODS_CHECK,
		"nobody can log in over ssh: AuthenticationMethods %s", methods);

	finding_why(
		finding, found->other_device
				 ? N_("The only device of keyboard-interactive on this system "
				      "is pam.")
				 : N_("Each list names a method that is switched off."));
	propose_methods(doctor, finding);
}

/* With skip_after=publickey, a key alone is meant to be enough. */
static void check_methods(struct doctor *doctor, const struct sshd_methods *methods)
{
	const char *skip_after = doctor->module->skip_after;
	bool meant = skip_after != NULL && strstr(skip_after, "publickey") != NULL;
	char *value = sshd_settings_get(&doctor->sshd, "authenticationmethods");

	if (methods->none)
		report_no_method(doctor, value != NULL ? value : "any", methods);
	else if (!methods->without_pam || meant)
		report_add(doctor, FINDING_OK, SSHD_METHODS_CHECK,
			"no login over ssh bypasses PAM");
	else
		report_key_alone(doctor, value != NULL ? value : "any");
	free(value);
}

/* The first auth line that asks for a password, or NULL. */
static const struct pam_line *find_password_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor_asks_password(doctor->trials[i].line))
			return doctor->trials[i].line;
	return NULL;
}

static void check_factors(struct doctor *doctor, const struct sshd_methods *methods)
{
	const struct pam_line *password = find_password_line(doctor);
	struct finding *finding;

	if (methods->interactive_alone && !doctor_has_other_factor(doctor)) {
		finding = report_add(doctor, FINDING_PROBLEM, SSHD_FACTORS_CHECK,
			"a code alone lets in: neither a key nor a password is asked for");
		finding_why(finding,
			"The code should be a second factor. A person who holds the phone can "
			"log in, and a person who guesses codes needs nothing else.");
		propose_methods(doctor, finding);
	} else if (methods->interactive_after_key && password != NULL) {
		finding = report_add(doctor, FINDING_WARNING, SSHD_FACTORS_CHECK,
			"after a key the password is asked for as well, then the code: %s, "
			"line %u",
			password->file, password->number);
		finding_why(finding,
			"It is safe, but seldom intended. Whether a key and a code are enough "
			"is your decision; the example pam.d/sshd-key-and-code asks for no "
			"more.");
	} else if (methods->interactive) {
		report_add(
			doctor, FINDING_OK, SSHD_FACTORS_CHECK, "the code is a second factor");
	}
}

/* sshd lets root answer no prompt unless PermitRootLogin is yes. */
static void check_root(struct doctor *doctor, const struct sshd_methods *methods)
{
	struct finding *finding;

	if (doctor->options.user == NULL || doctor->user->pw_uid != 0 || methods->without_pam ||
		!methods->interactive ||
		sshd_settings_is(&doctor->sshd, "permitrootlogin", "yes"))
		return;
	finding = report_add(doctor, FINDING_WARNING, SSHD_ROOT_CHECK,
		"root cannot log in over ssh: PermitRootLogin does not let root give a code");
	finding_why(finding,
		"Log in as yourself and use sudo. Only if root has to come in with a code, set "
		"PermitRootLogin yes.");
}

/* Who is offered a secret at the prompt has to fetch a phone first. */
static void check_time(struct doctor *doctor)
{
	char *value = sshd_settings_get(&doctor->sshd, "logingracetime");
	int seconds = value != NULL ? atoi(value) : 0;
	struct finding *finding;

	free(value);
	if (!doctor->module->enroll || seconds == 0 || seconds >= TIME_TO_ENROLL)
		return;
	finding = report_add(doctor, FINDING_WARNING, SSHD_TIME_CHECK,
		"sshd gives %d seconds for a login, in which new users have to enroll: "
		"LoginGraceTime",
		seconds);
	finding_why(finding, "Because of the option enroll the secret is offered at a login. "
			     "Installing an app takes some minutes.");
	propose(doctor, finding, "LoginGraceTime 5m");
}

bool sshd_judge(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	int status = read_settings(doctor, &error);
	struct sshd_methods methods;

	if (!concerns_sshd(doctor))
		return false;
	if (status != 0) {
		report_unread(doctor, &error);
		return false;
	}
	check_service(doctor);
	check_pam(doctor);
	check_prompt(doctor);
	if (doctor->line == NULL)
		return true;
	methods = sshd_methods_judge(&doctor->sshd);
	check_password(doctor, &methods);
	check_methods(doctor, &methods);
	check_factors(doctor, &methods);
	check_root(doctor, &methods);
	check_time(doctor);
	return true;
}

/* A session line can refuse those who log in with a key alone, where they can log in with a
 * code instead. */
static void mend_by_guard(struct doctor *doctor, size_t first)
{
	struct sshd_methods methods = sshd_methods_judge(&doctor->sshd);

	if (doctor->line == NULL || doctor->guard != NULL || !methods.without_pam ||
		!methods.interactive || !sshd_settings_is(&doctor->sshd, "usepam", "yes"))
		return;
	for (size_t i = first; i < doctor->report.count; i++)
		if (strcmp(doctor->report.findings[i]->check, SSHD_METHODS_CHECK) == 0 &&
			doctor->report.findings[i]->level == FINDING_PROBLEM)
			doctor_mend_by_guard(doctor, doctor->report.findings[i]);
}

void doctor_check_sshd(struct doctor *doctor)
{
	struct sshd_proposals proposals = {.count = 0};
	size_t first = doctor->report.count;
	bool was_read;

	choose_login(doctor);
	doctor->proposals = &proposals;
	was_read = sshd_judge(doctor);
	doctor->proposals = NULL;
	sshd_prove(doctor, &proposals, was_read);
	if (!was_read)
		return;
	mend_by_guard(doctor, first);
	sshd_check_files(doctor);
}
