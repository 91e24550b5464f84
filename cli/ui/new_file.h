/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file that the caller names for something secret. */
#ifndef TOTPGROUP_CLI_UI_NEW_FILE_H
#define TOTPGROUP_CLI_UI_NEW_FILE_H

#include "base/text.h"
#include "cli/commands.h"

/* Writes a new file that only its owner can read. There must be none of that name, and none
 * is left behind where writing fails. Reports what fails: STATUS_STORE_ERROR. */
enum exit_status new_file_write(const char *path, const struct text *text);

#endif
