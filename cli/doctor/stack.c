/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The PAM stack: whether the module is in it, and what its other modules are for. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "totpgroup.h"

#define CHECK	     "pam-stack"
#define OTHER_CHECK  "other-module"
#define OTHER_MODULE "pam_google_authenticator.so"
#define OATH_MODULE  "pam_oath.so"

static const char *const password_modules[] = {"pam_unix.so", "pam_unix2.so", "pam_sss.so",
	"pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_systemd_home.so", "pam_pwdb.so",
	"pam_tcb.so", "pam_radius_auth.so", "pam_tacplus.so", "pam_mysql.so", "pam_pgsql.so",
	"pam_userdb.so", "pam_pwdfile.so", "pam_extrausers.so", "pam_himmelblau.so",
	"pam_lsass.so", "pam_heimdal.so", "pam_aad.so", NULL};

static const char *const gate_modules[] = {"pam_succeed_if.so", "pam_access.so",
	"pam_listfile.so", "pam_localuser.so", "pam_usertype.so", "pam_time.so", "pam_wheel.so",
	"pam_nologin.so", "pam_selinux_permit.so", "pam_sepermit.so", NULL};

static const char *const code_modules[] = {OTHER_MODULE, OATH_MODULE, NULL};

/* Modules that identify nobody, and those that ask for a code. */
static const char *const no_factor_modules[] = {"pam_permit.so", "pam_deny.so", "pam_env.so",
	"pam_nologin.so", "pam_faildelay.so", "pam_faillock.so", "pam_tally2.so",
	"pam_securetty.so", "pam_cap.so", "pam_group.so", "pam_warn.so", "pam_echo.so",
	"pam_debug.so", "pam_motd.so", "pam_mail.so", "pam_selinux.so", "pam_keyinit.so",
	"pam_loginuid.so", "pam_limits.so", "pam_umask.so", "pam_shells.so", "pam_issue.so",
	"pam_ssh_add.so", "pam_gnome_keyring.so", "pam_kwallet.so", "pam_kwallet5.so",
	"pam_mount.so", "pam_ecryptfs.so", "pam_fscrypt.so", "pam_zfs_key.so", "pam_systemd.so",
	"pam_lastlog.so", "pam_lastlog2.so", "pam_xauth.so", "pam_console.so", "pam_gdm.so",
	"pam_namespace.so", "pam_tty_audit.so", "pam_mkhomedir.so", "pam_tally.so",
	"pam_canonicalize_user.so", "pam_systemd_loadkey.so", DOCTOR_MODULE, OTHER_MODULE,
	OATH_MODULE, NULL};

static bool is_one_of(const struct pam_line *line, const char *const *modules)
{
	for (; *modules != NULL; modules++)
		if (pam_line_names(line, *modules))
			return true;
	return false;
}

bool doctor_asks_password(const struct pam_line *line)
{
	return is_one_of(line, password_modules);
}

bool doctor_is_gate(const struct pam_line *line)
{
	return is_one_of(line, gate_modules);
}

bool doctor_asks_other_code(const struct pam_line *line)
{
	return is_one_of(line, code_modules);
}

/* Whether the line's module finds out who the user is by something else than a password. */
static bool is_factor(const struct pam_line *line)
{
	return line->module != NULL && !is_one_of(line, no_factor_modules) &&
	       !doctor_is_gate(line) && !doctor_asks_password(line);
}

static enum pam_role role_of(const struct pam_line *line)
{
	if (doctor_asks_password(line))
		return PAM_ROLE_PASSWORD;
	return is_factor(line) ? PAM_ROLE_FACTOR : PAM_ROLE_NONE;
}

bool doctor_has_other_factor(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].role != PAM_ROLE_NONE)
			return true;
	return false;
}

const struct pam_line *doctor_find_auth_line(const struct doctor *doctor, const char *module)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (pam_line_names(doctor->trials[i].line, module))
			return doctor->trials[i].line;
	return NULL;
}

static bool has_argument(const struct pam_line *line, const char *argument)
{
	for (int i = 0; i < line->argument_count; i++)
		if (strcmp(line->arguments[i], argument) == 0)
			return true;
	return false;
}

/* The results that the line's module may have in the service. Those of DOCTOR_MODULE are
 * for options that exempt nobody; doctor_check_line() corrects them. */
static uint32_t possible_results(const struct pam_line *line, const char *service)
{
	if (pam_line_names(line, DOCTOR_MODULE))
		return ~PAM_RESULTS_IGNORE;
	if (pam_line_names(line, "pam_permit.so"))
		return PAM_RESULTS_SUCCESS;
	if (pam_line_names(line, "pam_deny.so"))
		return PAM_RESULTS_REFUSED;
	/* That root may become another user without a code is what su is for, and counts
	 * as no finding. sshd is always root: there the line would let in everybody. */
	if (pam_line_names(line, "pam_rootok.so") && strcmp(service, "sshd") != 0)
		return PAM_RESULTS_FAILURE;
	if (pam_line_names(line, "pam_faillock.so") && has_argument(line, "authfail"))
		return PAM_RESULTS_FAILURE & ~PAM_RESULTS_EXPIRED;
	/* They say yes or no. */
	if (doctor_asks_password(line))
		return ~PAM_RESULTS_IGNORE;
	return PAM_RESULTS_ALL;
}

struct pam_trial *doctor_make_trials(
	const struct pam_stack *stack, const char *service, size_t *count)
{
	struct pam_trial *trials = calloc(stack->count + 1, sizeof(*trials));

	*count = 0;
	for (size_t i = 0; trials != NULL && i < stack->count; i++) {
		const struct pam_line *line = &stack->lines[i];

		if (line->type == PAM_TYPE_AUTH)
			trials[(*count)++] = (struct pam_trial){
				.line = line,
				.results = possible_results(line, service),
				.watched = pam_line_names(line, DOCTOR_MODULE),
				.role = role_of(line),
			};
	}
	return trials;
}

/* The message begins with the file, a colon and the line. */
static void mend_carriage_returns(struct finding *finding, const char *message)
{
	const char *what = strstr(message, ": " PAM_STACK_CARRIAGE_RETURN);
	char *path = what != NULL ? strndup(message, (size_t)(what - message)) : NULL;
	char *colon = path != NULL ? strrchr(path, ':') : NULL;

	if (colon != NULL) {
		*colon = '\0';
		finding_mend_line_ends(finding, path);
	}
	free(path);
}

static void report_unreadable(struct doctor *doctor, int status, const struct error *error)
{
	bool broken = status == TOTPGROUP_EFORMAT || status == TOTPGROUP_ENOTFOUND;
	struct finding *finding = report_add(doctor, broken ? FINDING_PROBLEM : FINDING_UNKNOWN,
		CHECK, "%s", error->message);

	if (status == TOTPGROUP_ENOTFOUND) {
		finding_why(finding,
			"PAM then uses the service 'other', which is not checked here.");
		finding_run(finding, "ls /etc/pam.d /usr/lib/pam.d");
	} else if (broken) {
		finding_why(finding,
			"PAM refuses every login on a line that it does not understand; "
			"pam.d(5) says how lines are written.");
		mend_carriage_returns(finding, error->message);
	}
}

/* Below the last auth line of the service's own file; or above the first one of a password, where
 * the program asks once. */
static void mend_missing(struct doctor *doctor, struct finding *finding)
{
	if (doctor_asks_once(doctor->service)) {
		finding_why_more(finding,
			"%s asks only once: the code is typed behind the password there.",
			doctor->service);
		doctor_propose_forward_pass(doctor, finding, NULL);
	} else {
		finding_mend(finding, MEND_ADD, doctor->stack.files[0],
			doctor->trial_count > 0
				? doctor->trials[doctor->trial_count - 1].line->top
				: 0,
			"auth required " DOCTOR_MODULE);
	}
}

/* A new line replaces that of the other module. */
static void report_missing(struct doctor *doctor)
{
	const struct pam_line *other = doctor_find_auth_line(doctor, OTHER_MODULE);
	const struct pam_line_change change = {.module = DOCTOR_MODULE, .argument = -1};
	struct finding *finding;

	if (doctor_asks_never(doctor->service)) {
		report_add(doctor, FINDING_OK, CHECK,
			"%s asks nobody, and no auth line names pam_totpgroup.so",
			doctor->service);
		return;
	}
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s does not ask for a code: no auth line names pam_totpgroup.so",
		doctor->service);
	finding_why(finding, "Nobody has to give a code until there is such a line.");
	if (other != NULL)
		finding_mend_line(finding, MEND_REPLACE, other, &change);
	else
		mend_missing(doctor, finding);
}

/* pam_oath has a file of its own. */
static void report_oath(struct doctor *doctor)
{
	const struct pam_line *oath = doctor_find_auth_line(doctor, OATH_MODULE);

	if (oath == NULL)
		return;
	finding_why(report_add(doctor, FINDING_WARNING, OTHER_CHECK,
			    "%s, line %u: pam_oath.so asks for a code, too", oath->file,
			    oath->number),
		"A user then has to give two codes, of two secrets. Take that line away once "
		"its users are imported; totp-enroll import reads its file.");
}

static void report_other(struct doctor *doctor)
{
	const struct pam_line *other = doctor_find_auth_line(doctor, OTHER_MODULE);
	struct finding *finding;

	report_oath(doctor);
	if (other == NULL)
		return;
	finding = report_add(doctor, FINDING_PROBLEM, OTHER_CHECK,
		"%s asks for a code twice: pam_google_authenticator.so does so too",
		doctor->service);
	finding_why(finding,
		"Both spend codes of the same file, so a good code is refused the second "
		"time.");
	finding_mend_line(finding, MEND_REMOVE, other, NULL);
}

const char *const *doctor_pam_folders(const struct doctor *doctor, const char *given[2])
{
	given[0] = doctor->options.pam_folder;
	given[1] = NULL;
	return given[0] != NULL ? given : pam_stack_folders;
}

void doctor_check_stack(struct doctor *doctor)
{
	const char *given[2];
	struct error error = ERROR_INIT;
	int status = pam_stack_read_changed(&doctor->stack, doctor_pam_folders(doctor, given),
		doctor->service, doctor->changed, &error);

	if (status != 0) {
		report_unreadable(doctor, status, &error);
		return;
	}
	doctor->trials =
		doctor_make_trials(&doctor->stack, doctor->service, &doctor->trial_count);
	doctor->line = doctor_find_auth_line(doctor, DOCTOR_MODULE);
	if (doctor->trials == NULL) {
		doctor->report.out_of_memory = true;
	} else if (doctor->line == NULL) {
		report_missing(doctor);
	} else {
		report_add(doctor, FINDING_OK, CHECK, "%s asks for a code: %s, line %u",
			doctor->service, doctor->line->file, doctor->line->number);
		report_other(doctor);
	}
}
