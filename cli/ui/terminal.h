/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Talking with the person. Input and output are not buffered, so that no copy of a secret
 * stays behind in a buffer. */
#ifndef TOTPGROUP_CLI_UI_TERMINAL_H
#define TOTPGROUP_CLI_UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"

/* Writes the whole text to standard output. False, with errno, where that fails. */
bool terminal_print(const struct text *text);

/* Does the same, and reports the failure of an append or of the writing:
 * STATUS_STORE_ERROR then. */
enum exit_status terminal_write(const struct text *text);

/* Prints a formatted string without secrets to standard output, as it is: JSON, say. False,
 * with errno, where that fails. */
bool terminal_emit(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The functions below translate their format or question (message/translate.h) and print words
 * for a person. On a terminal no line is wider than it
 * (fitted_text_append()); elsewhere the words are as they are.
 *
 * Prints a formatted string without secrets to standard output or to a descriptor. False,
 * with errno, where that fails.
 */
bool terminal_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool terminal_say_on(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints words that may hold a secret, and reports as terminal_write() does. */
enum exit_status terminal_write_words(const struct text *text);

/* Prints one line on standard error, with the program's name before it. */
void terminal_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Does the same and returns status, so that a function can end with
 * `return terminal_fail(STATUS_USAGE, "...", ...)`. */
enum exit_status terminal_fail(enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reports an error, that memory is out, or, with errno, that standard output cannot be
 * written. Returns STATUS_STORE_ERROR. */
enum exit_status terminal_complain_error(const struct error *error);
enum exit_status terminal_out_of_memory(void);
enum exit_status terminal_output_failed(void);

/*
 * Reads one line from standard input, byte by byte: what follows the line stays unread.
 * The newline, and a CR before it, is cut off. A line that does not fit is read to its
 * end, and cut. False, with an empty line, at the end of the input or where it cannot be
 * read.
 */
bool terminal_read_line(char *line, size_t size);

/*
 * Does the same without showing what is typed. If standard input is a terminal, the
 * prompt is shown on standard error first. A signal that ends or stops the process finds
 * the terminal as it was.
 */
bool terminal_read_hidden_line(const char *prompt, char *line, size_t size);

/* Whether an answer begins with the letter for yes, the English one or that of the language. */
bool terminal_is_yes(const char *answer);

/* Asks on the descriptor fd until the answer is yes or no. The letters for that are the
 * English ones and those of the language. An empty line takes the preset.
 * STATUS_REFUSED, which is reported, at the end of the input. */
enum exit_status terminal_ask(int fd, const char *question, bool preset, bool *yes);

/* From here on, signals that end the process wait for its end: what was stored has to be
 * shown. */
void terminal_hold_signals(void);

/* Waits for the end of standard input or more bytes; true at the end. */
bool terminal_at_end(void);

/* Gives the size of the terminal on a descriptor. False where there is no terminal or its
 * size is not known. */
bool terminal_size(int fd, unsigned int *columns, unsigned int *rows);

/* Whether so many useless answers mean that no person gives them, but a program such as
 * yes(1): standard input is not a terminal. Complains then. */
bool terminal_is_pointless(unsigned int useless);

#endif
