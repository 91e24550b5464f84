/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading a whole file or standard input, which may hold secrets. */
#ifndef TOTPGROUP_CLI_UI_INPUT_H
#define TOTPGROUP_CLI_UI_INPUT_H

#include "base/error.h"
#include "base/text.h"

/* The longest input, in bytes. */
#define INPUT_MAX (16 * 1024 * 1024)

/* Appends a whole file to text; "-" is standard input. Returns 0, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the file is longer than INPUT_MAX. The
 * message does not name the file. */
int input_read(const char *path, struct text *text, struct error *error);

/* The name of the input for a message. */
const char *input_name(const char *path);

#endif
