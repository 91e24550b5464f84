/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/modules.h"

#include <string.h>

#define OTHER_PROGRAM "pam_google_authenticator.so"

static const char *const password_modules[] = {"pam_unix.so", "pam_unix2.so", "pam_sss.so",
	"pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_systemd_home.so", "pam_pwdb.so",
	NULL};

static const char *const gate_modules[] = {"pam_succeed_if.so", "pam_access.so",
	"pam_listfile.so", "pam_localuser.so", "pam_usertype.so", "pam_time.so", "pam_wheel.so",
	"pam_nologin.so", NULL};

/* They identify nobody. */
static const char *const helper_modules[] = {"pam_permit.so", "pam_deny.so", "pam_env.so",
	"pam_nologin.so", "pam_faildelay.so", "pam_faillock.so", "pam_tally2.so",
	"pam_securetty.so", "pam_cap.so", "pam_group.so", "pam_warn.so", "pam_echo.so",
	"pam_debug.so", "pam_motd.so", "pam_mail.so", "pam_selinux.so", "pam_keyinit.so",
	"pam_loginuid.so", "pam_limits.so", "pam_umask.so", "pam_shells.so", "pam_issue.so",
	DOCTOR_MODULE, OTHER_PROGRAM, NULL};

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

const struct pam_line *doctor_password_line(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor_asks_password(doctor->trials[i].line))
			return doctor->trials[i].line;
	return NULL;
}

bool doctor_has_other_factor(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->trial_count; i++) {
		const struct pam_line *line = doctor->trials[i].line;

		if (line->module != NULL && !is_one_of(line, helper_modules) &&
			!doctor_is_gate(line))
			return true;
	}
	return false;
}

bool doctor_may_step_aside(const struct options *options)
{
	return options->services != NULL || options->group != NULL ||
	       options->skip_net != NULL || options->skip_after != NULL || options->nullok ||
	       options->nullok_until > 0 || options->nullok_for > 0;
}

uint32_t doctor_results_of(const struct pam_line *line, const char *service)
{
	if (pam_line_names(line, DOCTOR_MODULE))
		return ~PAM_RESULTS_IGNORE;
	if (pam_line_names(line, "pam_permit.so"))
		return PAM_RESULTS_SUCCESS;
	if (pam_line_names(line, "pam_deny.so"))
		return PAM_RESULTS_FAILURE;
	/* Lets root go on to be another user, which is what su is for. In sshd
	 * it would let in everybody: sshd is root. */
	if (pam_line_names(line, "pam_rootok.so") && strcmp(service, "sshd") != 0)
		return PAM_RESULTS_FAILURE;
	return PAM_RESULTS_ALL;
}
