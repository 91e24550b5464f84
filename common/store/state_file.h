/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files that hold the state of a credential (core/state.h), plain or sealed, with the rights of the
 * calling process: mode 0600, its own, in a folder that nobody else may write.
 * A file that is not there holds STATE_EMPTY.
 *
 * A file is written in place, in the form of store/state_slots.h, for one write that is
 * synced costs a quarter of a durable replacement. It is replaced where it has the form of
 * earlier versions, the text alone; where the state outgrows its slot; and where the file
 * system cannot write in place durably.
 */
#ifndef TOTPGROUP_STORE_STATE_FILE_H
#define TOTPGROUP_STORE_STATE_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "store/dir_entry.h"
#include "store/sealing.h"

/* One state between begin and commit or abort. */
struct state_file;

/* Opens the folder of a state, and judges it, so that several states are read in it. Errors as
 * locked_file_look(). The caller ends the entry with dir_entry_close(), also after an error. */
int state_file_open_folder(struct dir_entry *entry, const char *path, struct error *error);

/*
 * Reads the state without a lock; during a write it is the one before or the one after. beside
 * is an entry of state_file_open_folder() for this path or one beside it; or NULL. text must be
 * TEXT_INIT, and is the caller's to text_free(). Errors as locked_file_look() but
 * TOTPGROUP_ENOTFOUND; TOTPGROUP_EFORMAT where no slot is whole.
 */
int state_file_look(const char *path, const struct dir_entry *beside, struct text *text,
	struct error *error);

/*
 * Locks the file and reads it; where it is missing it is made first, and the
 * folders above it with mode 0700. The caller ends the transaction with
 * state_file_commit() or state_file_abort(). Errors as locked_file_begin() but
 * TOTPGROUP_ENOTFOUND, and as locked_file_create() where the file cannot be made;
 * TOTPGROUP_EFORMAT where no slot is whole. *transaction is NULL after an error.
 */
int state_file_begin(const char *path, struct state_file **transaction, struct text *text,
	struct error *error);

/*
 * Makes the next state durable; the rest as locked_file_commit(). After
 * TOTPGROUP_ECONFLICT the file that was read may hold the next state, but that is not the
 * file that has the name.
 */
int state_file_commit(struct state_file **transaction, const struct text *text,
	bool keep_locked, struct error *error);

/* Lets the commit replace the file, so that nothing of an earlier state is left in it: a slot that
 * is not overwritten could still be plain after the other was sealed. */
void state_file_leave_nothing(struct state_file *transaction);

/* Ends the transaction and leaves the file as it is. NULL is allowed. */
void state_file_abort(struct state_file *transaction);

/* Writes the state of a user who has no secret as `sealing` says: sealed with the first key, or
 * plain. Errors as state_file_begin(), state_file_commit(), sealing_open() and
 * sealing_close(). */
int state_file_reseal(const char *path, struct sealing *sealing, struct error *error);

/*
 * Notes that the secret was removed on purpose (state_revoke()). *noted is false where the
 * state does not count the user as enrolled anyway, and where a caller may not read it,
 * which is no error: it is root's, and the caller a user. Other errors as
 * state_file_look(), state_file_begin(), state_file_commit() and sealing_open().
 */
int state_file_note_revoked(
	const char *path, struct sealing *sealing, bool *noted, struct error *error);

#endif
