/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Letters as standards mean them, whatever the locale says. */
#ifndef TOTPGROUP_BASE_ASCII_H
#define TOTPGROUP_BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

/* Whether length characters are that word, in either case. */
bool ascii_is_word(const char *characters, size_t length, const char *word);

/* Whether a control character, NUL among them, is in it. */
bool ascii_has_control(const char *characters, size_t length);

/* Writes '?' over each control character of a string. */
void ascii_hide_controls(char *text);

#endif
