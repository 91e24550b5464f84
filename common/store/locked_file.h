/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Credentials in files: one file, its lock, and its durable replacement.
 *
 * The protocol, which every writer of the project follows:
 *
 *   1. The folder is opened once, and the file only ever through it, never
 *      through its path again.
 *   2. The file is opened without following a link and without blocking, and
 *      judged by its descriptor: type, owner, mode, links, size.
 *   3. The file that is there is locked (flock), for at most
 *      LOCKED_FILE_SECONDS. If the name means another file by then, that
 *      one is opened and locked instead. Only a removal goes on without the
 *      lock, if the caller says so: the owner of a file can hold it for ever.
 *   4. The new text goes to a new file beside it, is synced, and is renamed
 *      over the name; the folder is synced. Only then is it committed. Or, where
 *      the text says by itself which part of it counts (store/state_slots.h), the
 *      other part of the file is overwritten and synced.
 *   5. The lock is given up, also for processes that were forked meanwhile, and
 *      would be by closing the descriptor. A process that dies at any moment
 *      leaves the old text or the new one, and at most one temporary file,
 *      which the next writer removes under the lock.
 *
 * All of it happens with the rights that the calling thread has.
 */
#ifndef TOTPGROUP_STORE_LOCKED_FILE_H
#define TOTPGROUP_STORE_LOCKED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "store/file_rules.h"

#define LOCKED_FILE_SECONDS 5

/* One file between begin and commit or abort: lock, descriptors, identity. */
struct locked_file;

/*
 * Reads the file without a lock. text must be TEXT_INIT, and is the caller's
 * to text_free().
 *
 * TOTPGROUP_ENOTFOUND where there is no file (or no folder), TOTPGROUP_EUNSAFE
 * where it is not as the rules say, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY;
 * error says which file and why.
 */
int locked_file_look(const struct file_rules *rules, struct text *text, struct error *error);

/*
 * Locks the file and reads it. On success the caller ends the transaction
 * with locked_file_commit() or locked_file_abort(), soon and without waiting for
 * anybody. Errors as locked_file_look(), and TOTPGROUP_EBUSY where the lock was
 * not free in time. *transaction is NULL after an error.
 */
int locked_file_begin(const struct file_rules *rules, struct locked_file **transaction,
	struct text *text, struct error *error);

/*
 * Replaces the file durably, keeping its permission bits and security label. Returns 0
 * only when the new text survives a power cut. The transaction has ended then, and
 * *transaction is NULL; but with keep_locked the new file stays locked after success,
 * until locked_file_abort().
 *
 * TOTPGROUP_ECONFLICT where the name means another file by now: begin again
 * and decide anew. TOTPGROUP_EUNWRITABLE where the state cannot be written
 * (EROFS, EACCES, EPERM, ENOSPC, EDQUOT): the old text stands.
 * TOTPGROUP_ESYSTEM for anything else: the old text or the new one stands.
 */
int locked_file_commit(struct locked_file **transaction, const struct text *text,
	bool keep_locked, struct error *error);

/*
 * Makes the name of the file durable. locked_file_commit() and locked_file_create() do that
 * themselves; this is for a file that a process has put in place which may have died before
 * it did so. TOTPGROUP_ESYSTEM.
 */
int locked_file_sync_name(const struct locked_file *transaction, struct error *error);

/*
 * Overwrites length bytes of the file, from offset on, durably; the file does not become
 * longer. The rules say in_place. The transaction goes on after success as after an error,
 * but nothing else can be written in it after success.
 *
 * TOTPGROUP_ECONFLICT where somebody else has written to the file, or the name means another
 * file by now. TOTPGROUP_EUNWRITABLE as locked_file_commit(). TOTPGROUP_ESYSTEM for anything
 * else, with EOPNOTSUPP or EBADF in error where the file can only be replaced. After an error
 * these bytes may be anything, and the others are as they were.
 */
int locked_file_overwrite(struct locked_file *transaction, const char *bytes, size_t length,
	off_t offset, struct error *error);

/* Ends the transaction and leaves the file as it is. NULL is allowed. */
void locked_file_abort(struct locked_file *transaction);

/*
 * Puts a new file in place durably, with exactly that mode and the identity
 * of the calling process. Where there is one already: TOTPGROUP_ECONFLICT,
 * unless replace is set; it is then replaced under its lock, whatever is in
 * it, so long as it is a regular file or a link to one that own_file allows.
 * The old file stands until the new one is durable. Other errors as
 * locked_file_commit().
 */
int locked_file_create(const struct file_rules *rules, const struct text *text, mode_t mode,
	bool replace, struct error *error);

/*
 * Removes the file durably, under its lock, whatever is in it and whatever its
 * mode and owner are, so long as it is a regular file or a link to one that
 * own_file allows; the link stays. With or_without the file is removed without
 * its lock where that is not to be had: see forced_removal(); and also from a
 * folder that its owner has forbidden himself to write to. Errors as
 * locked_file_begin() and locked_file_commit().
 */
int locked_file_remove(const struct file_rules *rules, bool or_without, struct error *error);

#endif
