/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Says what the module would do with a login, and why: the command explain. */
#ifndef TOTPGROUP_CLI_EXPLAIN_EXPLAIN_H
#define TOTPGROUP_CLI_EXPLAIN_EXPLAIN_H

#include "cli/commands.h"

struct option_row;

enum exit_status explain(int argc, char **argv);

/* The table of option_table.h, for help. */
const struct option_row *explain_options_rows(void);

#endif
