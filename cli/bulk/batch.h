/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users who are enrolled together: what is slow about the disk is waited for once for
 * all of them. */
#ifndef TOTPGROUP_CLI_BULK_BATCH_H
#define TOTPGROUP_CLI_BULK_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/bulk/options.h"
#include "cli/bulk/report.h"
#include "cli/bulk/shared.h"
#include "cli/users/user_file.h"
#include "core/new_credential.h"
#include "store/durable_steps.h"

#define BULK_BATCH_MAX 512

/* The hexadecimal digits of an HMAC-SHA256. */
#define BULK_DIGEST_LENGTH 64

struct bulk_entry {
	struct user_file file;		  /* whose it is, and where the secret goes */
	struct new_credential credential; /* zeroed where an interrupted run drew it */
	struct text text;		  /* what goes into the file */
	/* With --rotate, what tells the secret that is replaced: a digest of it, keyed
	 * with the new one. */
	char previous[BULK_DIGEST_LENGTH + 1];
	char *path;		    /* where an interrupted run meant to put it, or NULL */
	char *user;		    /* as the journal names him; else NULL */
	size_t pieces[BULK_SHARED]; /* the lengths of what goes into the shared files */
	size_t published;	    /* how many of the letters have their names */
	bool placed;		    /* the secret is there, or may be */
	bool handed;		    /* the command has had the letter, in an earlier run */
	enum bulk_reason reason;    /* why not, with the error; BULK_NONE */
	struct error error;
};

/* Begins as a zeroed one in new memory; ends with bulk_batch_clear(). */
struct bulk_batch {
	struct bulk_entry entries[BULK_BATCH_MAX];
	size_t count;
	char suffix[DURABLE_SUFFIX_LENGTH + 1]; /* of temporary files beside the secrets */
	struct bulk_formats formats;
	bool exec;
	bool recovered; /* from a journal */
	/* Where the pieces of the shared files ended before; negative: no such file. */
	int64_t ends[BULK_SHARED];
};

/* The user's name. */
const char *bulk_entry_user(const struct bulk_entry *entry);

/* Notes that it cannot be; the first reason stands. */
void bulk_entry_fail(
	struct bulk_entry *entry, enum bulk_reason reason, const struct error *error);

/* The name of an entry's letter: good until name is. False where it would be longer
 * than a file's name can be. */
bool bulk_entry_letter_name(
	const struct bulk_entry *entry, enum letter_format format, char name[NAME_MAX + 1]);

/* Digests the secret of a credential text, keyed with that of another. */
int bulk_digest(const struct text *key, const struct text *of,
	char digest[BULK_DIGEST_LENGTH + 1], struct error *error);

/* Whether two credential texts begin with the same secret. */
bool bulk_same_secret(const struct text *one, const struct text *other);

/* Wipes and frees the entry that was added last. */
void bulk_batch_drop_last(struct bulk_batch *batch);

/* Wipes and frees the entries; the batch is empty again. */
void bulk_batch_clear(struct bulk_batch *batch);

#endif
