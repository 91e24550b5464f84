/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a malformed setting of the module was meant to be. */
#ifndef TOTPGROUP_CLI_DOCTOR_CORRECTIONS_H
#define TOTPGROUP_CLI_DOCTOR_CORRECTIONS_H

#include <stdbool.h>

#include "cli/doctor/doctor.h"

/* Says whether a correction does: whether all is right with it, or what is wrong is elsewhere. */
typedef bool (*correction_judge)(const void *context, const char *setting);

/* A setting, an argument of the module's line or (in_file) a line of a configuration file, as it
 * was meant to be, if the judge takes it. The problem is the module's message about it. The caller
 * frees it. NULL: nobody can tell, or memory is out. */
char *correction_find(const char *written, const char *problem, bool in_file,
	correction_judge judge, const void *context);

/* Whether the module may go on without the setting: not if it says who is asked, where secrets
 * are or what ends, or makes the module stricter. */
bool correction_may_remove(const char *setting);

/* The arguments of a line with two or three in place of which one was meant, such as `group =
 * totp` or `secret=/a b`. False if there are none such. The text is the whole line. */
bool correction_join(struct text *text, const struct pam_line *line, int wrong);

/* A line of a configuration file as it was meant to be; NULL as above. All the files that the
 * configuration has read are read again for it, with a copy of that one. */
char *correction_find_line(const struct configuration *configuration, const char *path,
	unsigned int number, const char *written, const char *problem);
/* Whether the module understands that line of the file without what is in it. */
bool correction_does_without_line(
	const struct configuration *configuration, const char *path, unsigned int number);
/* Whether the module understands the line if all lines of the file end in LF alone. */
bool correction_is_line_end(
	const struct configuration *configuration, const char *path, unsigned int number);

#endif
