/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading a whole file, or standard input, that may hold secrets. */
#ifndef TOTPGROUP_CLI_UI_INPUT_H
#define TOTPGROUP_CLI_UI_INPUT_H

#include "base/error.h"
#include "base/text.h"

/* The longest input. */
#define INPUT_MAX (16 * 1024 * 1024)

/* Appends all of a file to text; "-" is standard input. Returns 0,
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where it is longer
 * than INPUT_MAX. */
int input_read(const char *path, struct text *text, struct error *error);

/* What to call it in a message. */
const char *input_name(const char *path);

#endif
