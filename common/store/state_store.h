/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files that hold the state of a credential (core/state.h), with the rights of the
 * calling process: mode 0600, its own, in a folder that nobody else may write.
 * A file that is not there holds STATE_EMPTY.
 */
#ifndef TOTPGROUP_STORE_STATE_STORE_H
#define TOTPGROUP_STORE_STATE_STORE_H

#include "base/error.h"
#include "base/text.h"
#include "store/file_store.h"

/* Reads the state without a lock. text must be TEXT_INIT, and is the caller's to
 * text_free(). Errors as file_store_look() but TOTPGROUP_ENOTFOUND. */
int state_store_look(const char *path, struct text *text, struct error *error);

/*
 * Locks the file and reads it; where it is missing it is made first, and the
 * folders above it with mode 0700. The caller ends the transaction with
 * file_store_commit() or file_store_abort(). Errors as file_store_begin() but
 * TOTPGROUP_ENOTFOUND, and as file_store_create() where the file cannot be made.
 */
int state_store_begin(const char *path, struct file_store_transaction **transaction,
	struct text *text, struct error *error);

#endif
