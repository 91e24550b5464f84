/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file of a user's secret: what mends it, and the room that it needs. */
#ifndef TOTPGROUP_CLI_DOCTOR_SECRET_FILE_H
#define TOTPGROUP_CLI_DOCTOR_SECRET_FILE_H

#include "cli/doctor/doctor.h"

struct user_credential;

/* Whether totp-enroll finds the secret's path by itself: the host's configuration has it, and
 * not the module's line or a file that conf= names. */
bool doctor_program_knows_path(const struct doctor *doctor);

/* Adds the command that makes the file as the rules demand, if one does. */
void doctor_mend_secret_file(struct doctor *doctor, struct finding *finding,
	const struct user_credential *credential);

/* Reports that the secret cannot be read because user=root is missing, and returns true: with
 * that option it could be read, or there would be none yet. */
bool doctor_lacks_owner(struct doctor *doctor);

/* Whether a login can write a new file into the secret's folder; else it is reported. */
void doctor_check_writable(struct doctor *doctor, struct user_credential *credential);

/* Emergency codes and the limit to attempts of a good secret, in secret_content.c. */
void doctor_check_content(struct doctor *doctor);

#endif
