/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The journal is a sequence of strings, each ended by a NUL, which no name, path or
 * credential contains. Numbers are decimal.
 *
 *   FORMAT, suffix, formats, exec, the ends of the shared files, the number of entries;
 *   for each entry: user, path, previous, the lengths of the pieces, text.
 */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "message/translate.h"
#include "totpgroup.h"

#define NAME	 "journal"
#define NEW_NAME "journal.new"

/* A file with one byte for each entry that bulk_journal_note_concluded() noted. */
#define CONCLUDED "concluded"

#define FORMAT "totp-enroll bulk 2"

/* This program writes no longer journal. */
#define SIZE_LIMIT ((size_t)64 * 1024 * 1024)

static void put_string(struct text *text, const char *string)
{
	(void)text_append(text, string, strlen(string) + 1);
}

static void put_number(struct text *text, int64_t number)
{
	(void)text_append_format(text, "%" PRId64, number);
	(void)text_append(text, "", 1);
}

static void put_entry(struct text *text, const struct bulk_entry *entry)
{
	put_string(text, entry->user);
	put_string(text, entry->path);
	put_string(text, entry->previous);
	for (size_t i = 0; i < BULK_SHARED; i++)
		put_number(text, (int64_t)entry->pieces[i]);
	put_string(text, entry->text.data);
}

int bulk_journal_write(const struct bulk_run *run, struct error *error)
{
	const struct bulk_batch *batch = run->batch;
	struct text text = TEXT_INIT;
	int status;

	put_string(&text, FORMAT);
	put_string(&text, batch->suffix);
	put_string(&text, run->options.format);
	put_number(&text, batch->exec);
	for (size_t i = 0; i < BULK_SHARED; i++)
		put_number(&text, batch->ends[i]);
	put_number(&text, (int64_t)batch->count);
	for (size_t i = 0; i < batch->count; i++)
		put_entry(&text, &batch->entries[i]);
	status = text.status;
	if (status != 0)
		error_set(error, status, translate("out of memory"));
	else
		status = bulk_folder_write(&run->folder, NEW_NAME, &text, error);
	text_free(&text);
	return status;
}

static int set_failed(const struct bulk_folder *folder, const char *what, struct error *error)
{
	return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot %s %s/" BULK_STAGING "/" NAME,
		what, folder->path);
}

static int sync_staging(const struct bulk_folder *folder, struct error *error)
{
	return fsync(folder->staging) == 0 ? 0 : set_failed(folder, "sync", error);
}

int bulk_journal_complete(const struct bulk_folder *folder, struct error *error)
{
	if (renameat(folder->staging, NEW_NAME, folder->staging, NAME) != 0)
		return set_failed(folder, "name", error);
	return sync_staging(folder, error);
}

int bulk_journal_drop(const struct bulk_folder *folder, struct error *error)
{
	if (unlinkat(folder->staging, NAME, 0) != 0)
		return set_failed(folder, "remove", error);
	return sync_staging(folder, error);
}

int bulk_journal_note_concluded(const struct bulk_folder *folder, struct error *error)
{
	int file = openat(folder->staging, CONCLUDED,
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int status = 0;

	if (file < 0 || write(file, "\n", 1) != 1)
		status = set_failed(folder, "write beside", error);
	if (file >= 0)
		close(file);
	return status;
}

/* The strings that are not read yet. */
struct reader {
	const char *at;
	size_t left;
};

/* Takes the next string off; NULL where there is none. */
static const char *take_string(struct reader *reader)
{
	const char *string = reader->at;
	const char *end = reader->left > 0 ? memchr(string, '\0', reader->left) : NULL;

	if (end == NULL)
		return NULL;
	reader->left -= (size_t)(end - string) + 1;
	reader->at = end + 1;
	return string;
}

static bool take_number(
	struct reader *reader, int64_t minimum, int64_t maximum, int64_t *number)
{
	const char *string = take_string(reader);

	return string != NULL && number_parse(string, strlen(string), minimum, maximum, number);
}

static bool take_entry(struct reader *reader, struct bulk_entry *entry)
{
	const char *previous, *text;
	int64_t length = 0;

	entry->user = take_string(reader);
	entry->path = take_string(reader);
	previous = take_string(reader);
	if (previous == NULL || strlen(previous) > BULK_DIGEST_LENGTH)
		return false;
	strcpy(entry->previous, previous);
	for (size_t i = 0; i < BULK_SHARED; i++) {
		if (!take_number(reader, 0, INT32_MAX, &length))
			return false;
		entry->pieces[i] = (size_t)length;
	}
	text = take_string(reader);
	return text != NULL && text_append_string(&entry->text, text) == 0;
}

/* Whether all of the journal is as this program writes it. */
static bool take_batch(struct reader *reader, struct bulk_batch *batch)
{
	const char *format = take_string(reader), *suffix = take_string(reader);
	const char *formats = take_string(reader);
	int64_t exec, count;

	if (formats == NULL || strcmp(format, FORMAT) != 0 || !durable_is_suffix(suffix) ||
		!bulk_formats_parse(&batch->formats, formats) ||
		!take_number(reader, 0, 1, &exec))
		return false;
	strcpy(batch->suffix, suffix);
	batch->exec = exec != 0;
	for (size_t i = 0; i < BULK_SHARED; i++)
		if (!take_number(reader, -1, INT64_MAX / 2, &batch->ends[i]))
			return false;
	if (!take_number(reader, 1, BULK_BATCH_MAX, &count))
		return false;
	while (batch->count < (size_t)count)
		if (!take_entry(reader, &batch->entries[batch->count++]))
			return false;
	return reader->left == 0;
}

/* Reads the journal. TOTPGROUP_ENOTFOUND comes without a message. */
static int read_file(const struct bulk_folder *folder, struct text *text, struct error *error)
{
	char buffer[1024];
	int file = openat(folder->staging, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = 1;
	int status = 0;

	if (file < 0 && errno == ENOENT)
		return TOTPGROUP_ENOTFOUND;
	while (file >= 0 && status == 0 && n != 0 && text->length < SIZE_LIMIT) {
		n = read(file, buffer, sizeof buffer);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			status = text_append(text, buffer, (size_t)n);
	}
	if (file < 0 || n < 0)
		status = set_failed(folder, "read", error);
	else if (status != 0)
		error_set(error, status, translate("out of memory"));
	WIPE_ARRAY(buffer);
	if (file >= 0)
		close(file);
	return status;
}

int bulk_journal_read(
	const struct bulk_folder *folder, struct bulk_batch *batch, struct error *error)
{
	struct reader reader;
	struct stat concluded;
	int status = read_file(folder, &batch->journal, error);

	batch->recovered = true;
	reader = (struct reader){.at = batch->journal.data, .left = batch->journal.length};
	if (status == 0 && !take_batch(&reader, batch))
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("%s/%s/%s is damaged; use totp-enroll status to see which of "
				  "its users are enrolled, then remove that folder"),
			folder->path, BULK_STAGING, NAME);
	if (status == 0 &&
		fstatat(folder->staging, CONCLUDED, &concluded, AT_SYMLINK_NOFOLLOW) == 0)
		batch->concluded = (size_t)concluded.st_size;
	return status;
}
