/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line that is not to be seen by who looks over the shoulder. */
#ifndef TOTPGROUP_CLI_UI_HIDDEN_LINE_H
#define TOTPGROUP_CLI_UI_HIDDEN_LINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads a line as terminal_read_line() does. If standard input is a terminal the
 * prompt is shown on standard error first, and nothing that is typed; a signal
 * that ends or stops the process finds the terminal as it was.
 */
bool hidden_line_read(const char *prompt, char *line, size_t size);

#endif
