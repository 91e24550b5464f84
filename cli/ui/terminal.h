/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Talking with the person: unbuffered, so that no copy of a secret stays
 * behind in a buffer. */
#ifndef TOTPGROUP_CLI_UI_TERMINAL_H
#define TOTPGROUP_CLI_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"

/* Writes all of the text to standard output. False, with errno, when it
 * could not be written. */
bool terminal_print(const struct text *text);

/* The same for a formatted string without secrets. */
bool terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard error, with the program's name before it. */
void terminal_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void terminal_complain_error(const struct error *error);

/* Says that memory ran out, and returns STATUS_STORE_ERROR. */
enum exit_status terminal_out_of_memory(void);

/*
 * Reads one line from standard input, byte by byte: what follows it is left
 * for others. The newline, and a CR before it, is cut off. A line that does
 * not fit is read to its end and given as far as it fits. False at the end of
 * the input or where it cannot be read, and line is empty then.
 */
bool terminal_read_line(char *line, size_t size);

/*
 * Does the same without showing what is typed. If standard input is a terminal, the
 * prompt is shown on standard error first. A signal that ends or stops the process finds
 * the terminal as it was.
 */
bool terminal_read_hidden_line(const char *prompt, char *line, size_t size);

/* Whether nothing follows on standard input, whose end it waits for. */
bool terminal_at_end(void);

/* How large the terminal on standard output is; false where there is none or
 * it does not know. */
bool terminal_size(unsigned int *columns, unsigned int *rows);

#endif
