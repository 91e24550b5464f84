/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/locked_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "store/dir_entry.h"
#include "store/durable_file.h"
#include "store/durable_steps.h"
#include "store/forced_removal.h"
#include "store/writable_folder.h"
#include "totpgroup.h"

/* How long a process sleeps between two looks at a lock, and how often it
 * looks. Counted, not timed, so that no clock can make it wait forever. */
#define LOCK_SLEEP_NANOSECONDS 1000000
#define LOCK_TRIES	       (LOCKED_FILE_SECONDS * 1000)

/* How often a file may be replaced under our hands before that is strange. */
#define REOPEN_TRIES 1000

struct locked_file {
	struct dir_entry entry;
	int file; /* -1 while none is open */
	bool is_locked;
	struct stat status;
	size_t longest; /* bytes that the file may have */
};

/* A link is not followed. A FIFO must not make us wait, nor a terminal become ours. */
#define FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Returns the file, or -1 with errno. Where it cannot be opened to write to it, too, it can still
 * be read, and perhaps be replaced. */
static int open_entry(const struct dir_entry *place, bool for_writing)
{
	int file = -1;

	if (for_writing)
		file = openat(place->folder, place->name, O_RDWR | FLAGS);
	if (!for_writing || (file < 0 && (errno == EROFS || errno == EACCES || errno == EPERM)))
		file = openat(place->folder, place->name, O_RDONLY | FLAGS);
	return file;
}

/* Opens the file that the place names now. */
static int open_file(const struct file_rules *rules, struct locked_file *transaction,
	bool for_writing, struct error *error)
{
	int status = 0;

	if (transaction->file >= 0)
		close(transaction->file);
	transaction->file = open_entry(&transaction->entry, for_writing);
	if (transaction->file < 0 && errno == ELOOP && rules->own_file) {
		status = dir_entry_follow(&transaction->entry, error);
		if (status == 0)
			transaction->file = open_entry(&transaction->entry, for_writing);
	}
	return transaction->file < 0 && status == 0 ? file_rules_open_failed(rules, error)
						    : status;
}

/* Notes what the open file is like. */
static int examine(
	const struct file_rules *rules, struct locked_file *transaction, struct error *error)
{
	if (fstat(transaction->file, &transaction->status) != 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot examine %s", rules->path);
	if (!S_ISREG(transaction->status.st_mode))
		return error_set(
			error, TOTPGROUP_EUNSAFE, "%s: not a regular file", rules->path);
	return 0;
}

/* Whether the place still names the file that is open. */
static bool is_named(const struct locked_file *transaction)
{
	struct stat named;

	return fstatat(transaction->entry.folder, transaction->entry.name, &named,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == transaction->status.st_dev &&
	       named.st_ino == transaction->status.st_ino;
}

/* Whether nobody has written to the open file, or removed it, since it was examined. */
static bool is_unchanged(const struct locked_file *transaction)
{
	const struct stat *before = &transaction->status;
	struct stat now;

	return fstat(transaction->file, &now) == 0 && now.st_nlink == before->st_nlink &&
	       now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* Waits for the lock of the open file, as long as *tries lasts. */
static int wait_for_lock(
	const struct file_rules *rules, int file, unsigned int *tries, struct error *error)
{
	const struct timespec pause = {0, LOCK_SLEEP_NANOSECONDS};

	while (flock(file, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot lock %s", rules->path);
		if (*tries == 0)
			return error_set(error, TOTPGROUP_EBUSY,
				"%s: locked by another process for %d seconds; end it, "
				"lslocks(8) shows it%s",
				rules->path, LOCKED_FILE_SECONDS,
				rules->if_locked != NULL ? rules->if_locked : "");
		(*tries)--;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static int never_the_same(const struct file_rules *rules, struct error *error)
{
	return error_set(error, TOTPGROUP_EBUSY, "%s: replaced again and again", rules->path);
}

/* Opens and locks the file that the place names when the lock is held. */
static int lock_file(
	const struct file_rules *rules, struct locked_file *transaction, struct error *error)
{
	unsigned int tries = LOCK_TRIES;
	int status;

	for (unsigned int i = 0; i < REOPEN_TRIES; i++) {
		status = open_file(rules, transaction, rules->in_place, error);
		if (status == 0)
			status = wait_for_lock(rules, transaction->file, &tries, error);
		transaction->is_locked = status == 0;
		/* What is judged is what the file is like under the lock. */
		if (status == 0)
			status = examine(rules, transaction, error);
		if (status != 0)
			return status;
		if (is_named(transaction))
			return 0;
	}
	return never_the_same(rules, error);
}

/* Reads the open file, which must be as long as its status says, into a text that is
 * TEXT_INIT. */
static int read_file(const struct file_rules *rules, const struct locked_file *transaction,
	struct text *text, struct error *error)
{
	size_t size = (size_t)transaction->status.st_size;
	size_t length = 0;
	ssize_t count = 1;
	char *buffer = malloc(size + 1);

	if (buffer == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	/* Less than was asked for is the end of a file, so that a second read() says nothing
	 * new: the file has its size, or it has changed. */
	while (count != 0 && length != size) {
		count = read(transaction->file, buffer + length, size + 1 - length);
		if (count < 0 && errno != EINTR)
			break;
		if (count > 0)
			length += (size_t)count;
	}
	if (count >= 0 && length == size) {
		buffer[length] = '\0';
		*text = (struct text){.data = buffer, .length = length, .capacity = size + 1};
		return 0;
	}
	if (count < 0)
		error_set_system(error, TOTPGROUP_ESYSTEM, "cannot read %s", rules->path);
	else
		error_set(
			error, TOTPGROUP_ESYSTEM, "%s: changed while it was read", rules->path);
	wipe_free(buffer, size + 1);
	return error->code;
}

/* Opens the place in a new transaction. */
static int open_place(
	const struct file_rules *rules, struct locked_file **transaction, struct error *error)
{
	int status;

	*transaction = calloc(1, sizeof **transaction);
	if (*transaction == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(*transaction)->file = -1;
	(*transaction)->longest = file_rules_longest(rules);
	(*transaction)->entry = (struct dir_entry)DIR_ENTRY_INIT;
	if (rules->beside != NULL)
		return dir_entry_open_beside(
			&(*transaction)->entry, rules->beside, rules->path, error);
	status = dir_entry_open(&(*transaction)->entry, rules->path, error);
	if (status != 0)
		return status;
	return file_rules_judge_folder(rules, &(*transaction)->entry, error);
}

/* A process that another thread has forked meanwhile holds the lock too, for as long as
 * it lives, so closing alone would not end it. */
static void close_file(const struct locked_file *transaction)
{
	if (transaction->is_locked)
		(void)flock(transaction->file, LOCK_UN);
	if (transaction->file >= 0)
		close(transaction->file);
}

void locked_file_abort(struct locked_file *transaction)
{
	if (transaction == NULL)
		return;
	close_file(transaction);
	dir_entry_close(&transaction->entry);
	free(transaction);
}

/* Opens the file that the place names and judges it. */
static int open_judged_file(
	const struct file_rules *rules, struct locked_file *transaction, struct error *error)
{
	for (unsigned int i = 0; i < REOPEN_TRIES; i++) {
		int status = open_file(rules, transaction, false, error);

		if (status == 0)
			status = examine(rules, transaction, error);
		if (status == 0)
			status = file_rules_judge(rules, &transaction->status, error);
		if (status != FILE_REPLACED)
			return status;
	}
	return never_the_same(rules, error);
}

int locked_file_look(const struct file_rules *rules, struct text *text, struct error *error)
{
	struct locked_file *transaction;
	int status = open_place(rules, &transaction, error);

	if (status == 0)
		status = open_judged_file(rules, transaction, error);
	if (status == 0)
		status = read_file(rules, transaction, text, error);
	locked_file_abort(transaction);
	return status;
}

int locked_file_begin(const struct file_rules *rules, struct locked_file **transaction,
	struct text *text, struct error *error)
{
	int status = open_place(rules, transaction, error);

	if (status == 0)
		status = lock_file(rules, *transaction, error);
	if (status == 0)
		status = file_rules_judge(rules, &(*transaction)->status, error);
	if (status == FILE_REPLACED)
		status = error_set(error, TOTPGROUP_ECONFLICT, "%s: was removed", rules->path);
	if (status == 0)
		status = read_file(rules, *transaction, text, error);
	if (status == 0)
		return 0;
	locked_file_abort(*transaction);
	*transaction = NULL;
	return status;
}

static int was_replaced(const struct locked_file *file, struct error *error)
{
	return error_set(error, TOTPGROUP_ECONFLICT, "%s: was replaced by another program",
		file->entry.path);
}

int locked_file_commit(struct locked_file **transaction, const struct text *text,
	bool keep_locked, struct error *error)
{
	struct locked_file *file = *transaction;
	int kept = -1;
	const struct durable_file properties = {
		.mode = file->status.st_mode & 0777,
		.previous = file->file,
		.exclusive = false,
		.kept = keep_locked ? &kept : NULL,
	};
	int status;

	if (text->length == 0 || text->length > file->longest)
		status = error_set(error, TOTPGROUP_ESYSTEM,
			"%s: would become longer than %zu bytes", file->entry.path,
			file->longest);
	else if (!is_named(file) || !is_unchanged(file))
		status = was_replaced(file, error);
	else
		status = durable_file_put(&file->entry, &properties, text, error);
	if (status == 0 && keep_locked) {
		close_file(file);
		file->file = kept;
		return 0;
	}
	locked_file_abort(file);
	*transaction = NULL;
	return status;
}

int locked_file_sync_name(const struct locked_file *transaction, struct error *error)
{
	int folder = openat(transaction->entry.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if ((folder < 0 && errno != EACCES) ||
		durable_sync_folder(folder, transaction->file) != 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM,
			"cannot sync the folder of %s", transaction->entry.path);
	if (folder >= 0)
		close(folder);
	return status;
}

int locked_file_overwrite(struct locked_file *transaction, const char *bytes, size_t length,
	off_t offset, struct error *error)
{
	int status = 0;

	if (!is_unchanged(transaction))
		return was_replaced(transaction, error);
	if (durable_overwrite(transaction->file, bytes, length, offset) != 0) {
		status = durable_write_failed(error, "write", transaction->entry.path);
		/* This is our own write, not one of somebody else. */
		(void)fstat(transaction->file, &transaction->status);
	} else if (!is_named(transaction)) {
		status = was_replaced(transaction, error);
	}
	return status;
}

int locked_file_create(const struct file_rules *rules, const struct text *text, mode_t mode,
	bool replace, struct error *error)
{
	struct locked_file *transaction;
	struct durable_file properties = {.mode = mode, .previous = -1, .exclusive = true};
	int status = open_place(rules, &transaction, error);

	if (status == 0 && replace) {
		status = lock_file(rules, transaction, error);
		if (status == 0) {
			properties.exclusive = false;
			properties.previous = transaction->file;
		} else if (status == TOTPGROUP_ENOTFOUND) {
			*error = (struct error)ERROR_INIT;
			status = 0;
		}
	} else if (status == 0 && rules->own_file) {
		status = dir_entry_follow(&transaction->entry, error);
	}
	if (status == 0)
		status = durable_file_put(&transaction->entry, &properties, text, error);
	locked_file_abort(transaction);
	return status;
}

/* What the owner of a file can do to keep others from its lock: hold it, exchange the file, or
 * forbid to open it, by its mode or a lease. */
static bool is_kept_from_lock(int status)
{
	return status == TOTPGROUP_EBUSY || status == TOTPGROUP_ESYSTEM;
}

static int remove_file(const struct file_rules *rules, bool or_without, struct error *error)
{
	struct locked_file *transaction;
	int status = open_place(rules, &transaction, error);

	if (status == 0) {
		status = lock_file(rules, transaction, error);
		if (status == 0) {
			status = durable_file_remove(
				&transaction->entry, transaction->file, error);
		} else if (or_without && is_kept_from_lock(status)) {
			*error = (struct error)ERROR_INIT;
			status = forced_removal(&transaction->entry, error);
		}
	}
	locked_file_abort(transaction);
	return status;
}

int locked_file_remove(const struct file_rules *rules, bool or_without, struct error *error)
{
	struct writable_folder folder = WRITABLE_FOLDER_INIT;
	int status = remove_file(rules, or_without, error);

	/* The owner of the folder, with whose rights this is done, may have forbidden it. */
	if (status != 0 && error->system_error == EACCES && or_without && rules->own_file &&
		writable_folder_begin(&folder, rules->path)) {
		*error = (struct error)ERROR_INIT;
		status = remove_file(rules, or_without, error);
		writable_folder_end(&folder);
	}
	return status;
}
