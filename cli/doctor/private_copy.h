/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies of files in a private folder, on which doctor tries what it proposes. */
#ifndef TOTPGROUP_CLI_DOCTOR_PRIVATE_COPY_H
#define TOTPGROUP_CLI_DOCTOR_PRIVATE_COPY_H

#include "base/error.h"
#include "base/text.h"

/* Makes a folder that nobody else can look into; the caller frees its path. NULL after an
 * error. */
char *private_copy_folder(struct error *error);

/* Writes a file of the folder, in place of an older one of that name. TOTPGROUP_ESYSTEM or
 * TOTPGROUP_EMEMORY. */
int private_copy_write(
	const char *folder, const char *name, const struct text *text, struct error *error);

/* Removes the file, if there is one, and the folder if it is empty then; frees the path, which
 * may be NULL. */
void private_copy_remove(char *folder, const char *name);
/* The file alone. */
void private_copy_unlink(const char *folder, const char *name);

#endif
