/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file that a collector of metrics reads. Its folder may be another user's. */
#ifndef TOTPGROUP_DAEMON_METRICS_FILE_H
#define TOTPGROUP_DAEMON_METRICS_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Reads the file, and begins it with a newline, so that each line has one on both sides. text must
 * be TEXT_INIT. False where there is no regular file of a reasonable size. */
bool metrics_file_read(const char *path, struct text *text);

/* Puts the text in the file's place in one step. Everybody may read it. It need not survive a power
 * cut. TOTPGROUP_EUNWRITABLE, TOTPGROUP_EMEMORY. */
int metrics_file_write(const char *path, const struct text *text, struct error *error);

#endif
