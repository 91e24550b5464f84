/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making what is handed out: the letters of each user, and the pieces of the shared
 * files. */
#ifndef TOTPGROUP_CLI_BULK_LETTERS_H
#define TOTPGROUP_CLI_BULK_LETTERS_H

#include <limits.h>

#include "base/error.h"
#include "cli/bulk/batch.h"
#include "cli/bulk/folder.h"
#include "cli/bulk/options.h"
#include "cli/bulk/shared.h"
#include "cli/commands.h"
#include "cli/letter/letter.h"
#include "cli/users/host_defaults.h"

/* Begins zeroed; ends with bulk_letters_end(). */
struct bulk_letters {
	struct letter_template *letter_template;
	char host[HOST_NAME_MAX + 1];
	const char *issuer;
};

/* Reads the template and sets the language. Reports what is wrong. */
enum exit_status bulk_letters_begin(struct bulk_letters *letters,
	const struct bulk_options *options, const struct host_defaults *defaults);

void bulk_letters_end(struct bulk_letters *letters);

/* The files that hold a piece for each user, as the formats say, not yet opened: those
 * that are not made have no name. */
int bulk_letters_name_shared(const struct bulk_letters *letters,
	const struct bulk_formats *formats, struct bulk_shared_file shared[BULK_SHARED],
	struct error *error);

/* The name in the folder of what is not finished for the pieces of a shared file. */
const char *bulk_letters_pieces_name(enum bulk_shared_kind kind);

/*
 * Writes the letters of all entries, and the pieces one behind the other, into the
 * folder of what is not finished. Returns 0 or a TOTPGROUP_E... with a message; what
 * was written so far stays.
 */
int bulk_letters_stage(const struct bulk_letters *letters, const struct bulk_folder *folder,
	struct bulk_batch *batch, struct error *error);

#endif
