/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files that hold the state of a credential (core/state.h), with the rights of the
 * calling process: mode 0600, its own, in a folder that nobody else may write.
 * A file that is not there holds STATE_EMPTY.
 */
#ifndef TOTPGROUP_STORE_STATE_FILE_H
#define TOTPGROUP_STORE_STATE_FILE_H

#include "base/error.h"
#include "base/text.h"
#include "store/locked_file.h"

/* Reads the state without a lock. text must be TEXT_INIT, and is the caller's to
 * text_free(). Errors as locked_file_look() but TOTPGROUP_ENOTFOUND. */
int state_file_look(const char *path, struct text *text, struct error *error);

/*
 * Locks the file and reads it; where it is missing it is made first, and the
 * folders above it with mode 0700. The caller ends the transaction with
 * locked_file_commit() or locked_file_abort(). Errors as locked_file_begin() but
 * TOTPGROUP_ENOTFOUND, and as locked_file_create() where the file cannot be made.
 */
int state_file_begin(const char *path, struct locked_file **transaction, struct text *text,
	struct error *error);

/*
 * Notes that the secret was removed on purpose (state_revoke()). *noted is false where the
 * state does not count the user as enrolled anyway, and where a caller may not read it,
 * which is no error: it is root's, and the caller a user. Other errors as
 * state_file_look(), state_file_begin() and locked_file_commit().
 */
int state_file_note_revoked(const char *path, bool *noted, struct error *error);

#endif
