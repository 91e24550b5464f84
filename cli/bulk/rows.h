/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What programs read of a bulk run: rows for users.csv and users.json. */
#ifndef TOTPGROUP_CLI_BULK_ROWS_H
#define TOTPGROUP_CLI_BULK_ROWS_H

#include "base/error.h"
#include "base/text.h"
#include "cli/letter/letter.h"

/* What stands before and behind the rows of users.json, which have commas between.
 * Returns 0 or TOTPGROUP_EMEMORY. */
int bulk_rows_frame(struct text *header, struct text *footer);

/* Append the row of a user; credential is the text of the secret file. Hashed
 * emergency codes are in JSON only: what reads the CSV knows no others than plain
 * ones. Return 0 or a TOTPGROUP_E... with a message. */
int bulk_rows_append_csv(const struct letter *letter, const struct text *credential,
	struct text *text, struct error *error);
int bulk_rows_append_json(const struct letter *letter, struct text *text, struct error *error);

#endif
