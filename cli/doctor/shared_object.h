/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifndef TOTPGROUP_CLI_DOCTOR_SHARED_OBJECT_H
#define TOTPGROUP_CLI_DOCTOR_SHARED_OBJECT_H

/* Why PAM could not use the file as a module, such as "is cut short"; a constant text. NULL where
 * nothing is wrong, or the file cannot be read. */
const char *shared_object_judge(const char *path);

#endif
