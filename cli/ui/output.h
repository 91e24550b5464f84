/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Putting secrets where a person wants them, and nowhere else. */
#ifndef TOTPGROUP_CLI_UI_OUTPUT_H
#define TOTPGROUP_CLI_UI_OUTPUT_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/commands.h"

/* Looks whether there may be output, before anything is read for nothing: on a
 * terminal, where path is NULL, only with force. Reports what is wrong;
 * STATUS_REFUSED then. */
enum exit_status output_look(const char *path, bool force);

/* Writes the text; the file is new, belongs to the caller, and has the mode
 * 0600. Reports what fails, and leaves no file then. */
enum exit_status output_write(const char *path, const struct text *text);

#endif
