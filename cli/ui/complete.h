/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a shell offers behind a command line that is not finished. */
#ifndef TOTPGROUP_CLI_UI_COMPLETE_H
#define TOTPGROUP_CLI_UI_COMPLETE_H

#include "cli/commands.h"

/*
 * Prints what the last word may become. words are count words behind the program's name, at
 * least one; the last may be empty. commands is ended by a row without a name.
 *
 * Each line is a word, a tab and what it means. An option ends with '=' if it has an argument,
 * and only the argument is printed behind '='. The line is one of ":users", ":groups",
 * ":files" and ":folders" where the shell knows them better. Words that do not begin as the
 * last word does are printed, too: the shell chooses.
 */
enum exit_status complete_print(const struct command *commands, int count, char **words);

#endif
