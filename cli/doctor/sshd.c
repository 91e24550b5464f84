/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of sshd: whether it asks PAM, and lets nobody in without a code. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "config/options.h"

#define SETTINGS_CHECK "sshd"
#define PAM_CHECK      "sshd-usepam"
#define PROMPT_CHECK   "sshd-kbdinteractive"
#define PASSWORD_CHECK "sshd-password"
#define METHODS_CHECK  "sshd-methods"
#define FACTORS_CHECK  "sshd-factors"
#define ROOT_CHECK     "sshd-root"

/* sshd uses the first value that it finds: the file's name sorts before others. */
#define CONFIG_FOLDER "/etc/ssh/sshd_config.d"
#define OWN_FILE      CONFIG_FOLDER "/10-totpgroup.conf"
#define MAIN_FILE     "/etc/ssh/sshd_config"

static void mend_setting(struct doctor *doctor, struct finding *finding, const char *setting)
{
	const char *file = doctor->options.sshd_config;

	if (file == NULL)
		file = access(CONFIG_FOLDER, F_OK) == 0 ? OWN_FILE : MAIN_FILE;
	finding_mend(finding, MEND_ADD, file, 0, "%s", setting);
}

/* For sshd as it runs, and for sshd that does not start. */
static void report_no_prompt(struct doctor *doctor, const char *what)
{
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, PROMPT_CHECK, "%s", what);

	finding_why(finding, "Prompts of PAM reach the user by keyboard-interactive only.");
	mend_setting(doctor, finding, "KbdInteractiveAuthentication yes");
}

static void report_unread(struct doctor *doctor, const struct error *error)
{
	struct finding *finding;

	/* The method is nearly always keyboard-interactive, which is off by default. */
	if (strstr(error->message, "AuthenticationMethods cannot be satisfied") != NULL) {
		report_no_prompt(doctor,
			"sshd does not start: AuthenticationMethods names a method that is "
			"switched off");
		return;
	}
	finding = report_add(doctor, FINDING_UNKNOWN, SETTINGS_CHECK,
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

static int read_settings(struct doctor *doctor, struct error *error)
{
	/* A user who is exempt from the code may log in by any method. */
	const char *user = doctor->options.user != NULL && !doctor->user_outside
				   ? doctor->user->pw_name
				   : doctor->example_user;

	if (doctor->options.sshd_settings != NULL)
		return sshd_settings_read(&doctor->sshd, doctor->options.sshd_settings, error);
	return sshd_settings_run(&doctor->sshd, doctor->options.sshd_config, user, error);
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
		finding = report_add(doctor, FINDING_PROBLEM, SETTINGS_CHECK,
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
		report_add(doctor, FINDING_OK, PAM_CHECK, "sshd uses PAM");
		return;
	}
	finding = report_add(
		doctor, FINDING_PROBLEM, PAM_CHECK, "sshd does not use PAM: UsePAM no");
	finding_why(finding, "Without PAM, no login reaches the module.");
	mend_setting(doctor, finding, "UsePAM yes");
}

static void check_prompt(struct doctor *doctor)
{
	if (sshd_settings_is(&doctor->sshd, "kbdinteractiveauthentication", "yes"))
		report_add(doctor, FINDING_OK, PROMPT_CHECK, "sshd can ask for a code");
	else
		report_no_prompt(
			doctor, "sshd cannot ask for a code: KbdInteractiveAuthentication no");
}

static void check_password(struct doctor *doctor, const struct sshd_methods *methods)
{
	struct finding *finding;

	if (!sshd_settings_is(&doctor->sshd, "passwordauthentication", "yes")) {
		report_add(
			doctor, FINDING_OK, PASSWORD_CHECK, "sshd leaves the password to PAM");
		return;
	}
	finding = report_add(doctor, methods->password ? FINDING_PROBLEM : FINDING_WARNING,
		PASSWORD_CHECK,
		"sshd asks for the password itself: PasswordAuthentication yes");
	if (methods->password)
		finding_why(finding,
			"It then answers every hidden prompt with the password, the prompt for "
			"the code too, and the login fails.");
	else
		finding_why(finding,
			"Only AuthenticationMethods keeps it from answering the prompt for the "
			"code with the password.");
	mend_setting(doctor, finding, "PasswordAuthentication no");
}

static const char *good_methods(const struct doctor *doctor)
{
	return doctor_has_other_factor(doctor)
		       ? "AuthenticationMethods keyboard-interactive:pam"
		       : "AuthenticationMethods publickey,keyboard-interactive:pam";
}

static void report_key_alone(struct doctor *doctor, const char *methods)
{
	bool guarded = doctor->guard_holds;
	struct finding *finding =
		report_add(doctor, guarded ? FINDING_WARNING : FINDING_PROBLEM, METHODS_CHECK,
			"%s: AuthenticationMethods %s",
			guarded ? "a key alone asks for no code, and the session guard then "
				  "refuses the "
				  "login"
				: "a key alone lets in, without a code",
			methods);

	if (guarded)
		finding_why(finding, "A user who has to give a code and logs in with a key is "
				     "never asked for it.");
	else
		finding_why(finding, "sshd does not ask PAM's auth lines if a key, a host or a "
				     "ticket is enough.");
	mend_setting(doctor, finding, good_methods(doctor));
	if (doctor->guard == NULL)
		doctor_mend_by_guard(doctor, finding);
}

/* With skip_after=publickey, a key alone is meant to be enough. */
static void check_methods(struct doctor *doctor, const struct sshd_methods *methods)
{
	const char *skip_after = doctor->module->skip_after;
	bool meant = skip_after != NULL && strstr(skip_after, "publickey") != NULL;
	char *value = sshd_settings_get(&doctor->sshd, "authenticationmethods");

	if (!methods->without_pam || meant)
		report_add(doctor, FINDING_OK, METHODS_CHECK, "no login over ssh bypasses PAM");
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

/* If the password's line is in a file without the module's line, the line that includes
 * that file goes; else the password's line. */
static void mend_password(
	struct doctor *doctor, struct finding *finding, const struct pam_line *password)
{
	if (password->includer != NULL && password->file != doctor->line->file)
		finding_mend(finding, MEND_REPLACE, password->includer,
			password->includer_number, "auth required pam_permit.so");
	else
		finding_mend_line(finding, MEND_REMOVE, password, NULL);
}

static void check_factors(struct doctor *doctor, const struct sshd_methods *methods)
{
	const struct pam_line *password = find_password_line(doctor);
	struct finding *finding;

	if (methods->interactive_alone && !doctor_has_other_factor(doctor)) {
		finding = report_add(doctor, FINDING_PROBLEM, FACTORS_CHECK,
			"a code alone lets in: neither a key nor a password is asked for");
		finding_why(finding,
			"The code should be a second factor. Whoever holds the phone can log "
			"in, and whoever guesses codes needs nothing else.");
		mend_setting(doctor, finding, good_methods(doctor));
	} else if (methods->interactive_after_key && password != NULL) {
		finding = report_add(doctor, FINDING_WARNING, FACTORS_CHECK,
			"after a key the password is asked for as well, then the code: %s, "
			"line %u",
			password->file, password->number);
		finding_why(finding,
			"It is safe, but seldom intended. Whether a key and a code are enough "
			"is your decision.");
		mend_password(doctor, finding, password);
	} else if (methods->interactive) {
		report_add(doctor, FINDING_OK, FACTORS_CHECK, "the code is a second factor");
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
	finding = report_add(doctor, FINDING_WARNING, ROOT_CHECK,
		"root cannot log in over ssh: PermitRootLogin does not let root give a code");
	finding_why(finding,
		"Log in as yourself and use sudo. If root has to come in with a code, then:");
	mend_setting(doctor, finding, "PermitRootLogin yes");
}

void doctor_check_sshd(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	int status = read_settings(doctor, &error);
	struct sshd_methods methods;

	if (!concerns_sshd(doctor))
		return;
	if (status != 0) {
		report_unread(doctor, &error);
		return;
	}
	check_service(doctor);
	check_pam(doctor);
	check_prompt(doctor);
	if (doctor->line == NULL)
		return;
	methods = sshd_methods_judge(&doctor->sshd);
	check_password(doctor, &methods);
	check_methods(doctor, &methods);
	check_factors(doctor, &methods);
	check_root(doctor, &methods);
}
