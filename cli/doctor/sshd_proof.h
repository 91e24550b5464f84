/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What could mend the findings about sshd, and the proof that it does. */
#ifndef TOTPGROUP_CLI_DOCTOR_SSHD_PROOF_H
#define TOTPGROUP_CLI_DOCTOR_SSHD_PROOF_H

#include "cli/doctor/doctor.h"

#define SSHD_SETTINGS_CHECK "sshd"
#define SSHD_PAM_CHECK	    "sshd-usepam"
#define SSHD_PROMPT_CHECK   "sshd-kbdinteractive"
#define SSHD_PASSWORD_CHECK "sshd-password"
#define SSHD_METHODS_CHECK  "sshd-methods"
#define SSHD_FACTORS_CHECK  "sshd-factors"
#define SSHD_ROOT_CHECK	    "sshd-root"
#define SSHD_TIME_CHECK	    "sshd-time"
#define SSHD_MATCH_CHECK    "sshd-match"
#define SSHD_DROP_IN_CHECK  "sshd-drop-in"

#define SSHD_METHODS_KEYWORD "AuthenticationMethods"

/* A setting that would mend a finding, wherever sshd reads it. */
struct sshd_proposal {
	struct finding *finding;
	char *setting; /* a keyword, a blank and a value */
};

#define SSHD_PROPOSALS_MAX 16

/* Begins zeroed; sshd_prove() frees the settings. */
struct sshd_proposals {
	struct sshd_proposal rows[SSHD_PROPOSALS_MAX];
	size_t count;
};

/* Reads sshd's settings for doctor->login, and adds the findings to the report, and to
 * doctor->proposals, unless that is NULL, what could mend them. False if the settings could not
 * be read. In sshd.c. */
bool sshd_judge(struct doctor *doctor);

/*
 * Adds what mends them to the findings: the change of one line that is in force, or a new one
 * where there is none. Each is tried on copies of sshd's files, and is left out unless the
 * finding is gone or less grave after it, all findings together are less grave, there is no new
 * problem, also for logins to which no Match block applies, no key that was needed is left
 * out, and sshd starts. `was_read` is what sshd_judge() returned.
 */
void sshd_prove(struct doctor *doctor, struct sshd_proposals *proposals, bool was_read);

/* How grave the worst finding of each check is. */
#define SSHD_VERDICT_CHECKS 8

struct sshd_verdict {
	unsigned char ranks[SSHD_VERDICT_CHECKS];
	bool read; /* whether the settings could be read */
	struct sshd_methods methods;
};

/* Judges that configuration for the login as doctor->options would have it judged. */
struct sshd_verdict sshd_verdict_of(
	const struct doctor *doctor, const char *config, const struct sshd_login *login);
/* Whether a check has a problem in `after` only. */
bool sshd_verdict_has_new_problem(
	const struct sshd_verdict *after, const struct sshd_verdict *before);

/* sshd's own configuration file, or the one that the options name. */
const char *sshd_main_file(const struct doctor *doctor);

/* The Match blocks: which were judged, and whether others let in without a code; and drop-ins
 * that sshd does not read. In sshd_match.c. */
void sshd_check_files(struct doctor *doctor);

#endif
