/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where a credential is kept, for JSON. */
#ifndef TOTPGROUP_CLI_USERS_PLACE_JSON_H
#define TOTPGROUP_CLI_USERS_PLACE_JSON_H

#include <stdbool.h>

#include "base/text.h"
#include "cli/ui/json_output.h"
#include "cli/users/user_file.h"

/* Puts the members "file", which is null where the store has no files, "store" and "place"; all are
 * null where the credential was not found. False as json_put_string(). */
bool user_file_put_place(struct json_object *object, const struct user_file *file);

/* The same for a line of cli/ui/json_line.h. */
void user_file_write_place(struct text *lines, const struct user_file *file);

#endif
