/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/wipe.h"
#include "totpgroup.h"

#define NAME		"journal"
#define NEW_NAME	"journal.new"
#define HANDED		"handed"
#define JOURNAL_VERSION "1"

/* More was not written by this program. */
#define SIZE_LIMIT ((size_t)64 * 1024 * 1024)

static int append(struct text *text, const char *name, const char *data, size_t length)
{
	int status = text_append_format(text, "%s %zu\n", name, length);

	if (status == 0)
		status = text_append(text, data, length);
	return status == 0 ? text_append(text, "\n", 1) : status;
}

static int append_string(struct text *text, const char *name, const char *value)
{
	return append(text, name, value, strlen(value));
}

static int append_number(struct text *text, const char *name, int64_t number)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%" PRId64, number);
	return append_string(text, name, digits);
}

/* The letters' formats, in the order in which they were named. */
static int append_formats(struct text *text, const struct bulk_formats *formats)
{
	struct text list = TEXT_INIT;
	int status = 0;

	for (size_t i = 0; status == 0 && i < formats->letter_count; i++)
		status = text_append_format(
			&list, "%s%s", i > 0 ? "," : "", bulk_format_name(formats->letters[i]));
	if (status == 0 && formats->csv)
		status = text_append_format(&list, "%scsv", list.length > 0 ? "," : "");
	if (status == 0 && formats->json)
		status = text_append_format(&list, "%sjson", list.length > 0 ? "," : "");
	if (status == 0)
		status = append_string(text, "formats", list.data);
	text_free(&list);
	return status;
}

static int append_head(struct text *text, const struct bulk_batch *batch)
{
	int status = append_string(text, "version", JOURNAL_VERSION);

	if (status == 0)
		status = append_string(text, "suffix", batch->suffix);
	if (status == 0)
		status = append_formats(text, &batch->formats);
	if (status == 0)
		status = append_number(text, "exec", batch->exec);
	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		status = append_number(text, "end", batch->ends[i]);
	return status;
}

static int append_entry(struct text *text, const struct bulk_entry *entry)
{
	int status = append_string(text, "user", bulk_entry_user(entry));

	if (status == 0)
		status = append_string(text, "path", entry->file.path);
	if (status == 0)
		status = append_string(text, "previous", entry->previous);
	for (size_t i = 0; status == 0 && i < BULK_SHARED; i++)
		status = append_number(text, "piece", (int64_t)entry->pieces[i]);
	return status == 0 ? append(text, "text", entry->text.data, entry->text.length)
			   : status;
}

int bulk_journal_write(
	const struct bulk_folder *folder, const struct bulk_batch *batch, struct error *error)
{
	struct text text = TEXT_INIT;
	int status = append_head(&text, batch);

	for (size_t i = 0; status == 0 && i < batch->count; i++)
		status = append_entry(&text, &batch->entries[i]);
	if (status == 0)
		status = append_string(&text, "end-of-journal", "");
	if (status != 0)
		error_set(error, status, "out of memory");
	else
		status = bulk_folder_write(folder, folder->staging, NEW_NAME, &text, error);
	text_free(&text);
	return status;
}

static int failed(const struct bulk_folder *folder, const char *what, struct error *error)
{
	return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot %s %s/" BULK_STAGING "/" NAME,
		what, folder->path);
}

int bulk_journal_complete(const struct bulk_folder *folder, struct error *error)
{
	if (renameat(folder->staging, NEW_NAME, folder->staging, NAME) != 0)
		return failed(folder, "name", error);
	return fsync(folder->staging) == 0 ? 0 : failed(folder, "sync", error);
}

int bulk_journal_drop(const struct bulk_folder *folder, struct error *error)
{
	if (unlinkat(folder->staging, NAME, 0) != 0)
		return failed(folder, "remove", error);
	return fsync(folder->staging) == 0 ? 0 : failed(folder, "sync", error);
}

/* Reading. */
struct reader {
	const char *data;
	size_t length;
	size_t at;
	const char *value; /* of the field that was read last */
	size_t value_length;
};

/* Reads the next field, which has to have that name. */
static bool next(struct reader *reader, const char *name)
{
	const char *here = reader->data + reader->at;
	size_t left = reader->length - reader->at;
	size_t name_length = strlen(name);
	const char *newline = memchr(here, '\n', left);
	int64_t length;

	if (newline == NULL || left < name_length + 2 || memcmp(here, name, name_length) != 0 ||
		here[name_length] != ' ' ||
		!number_parse(here + name_length + 1,
			(size_t)(newline - here) - name_length - 1, 0, INT32_MAX, &length))
		return false;
	left -= (size_t)(newline - here) + 1;
	if ((size_t)length + 1 > left || newline[1 + length] != '\n')
		return false;
	reader->value = newline + 1;
	reader->value_length = (size_t)length;
	reader->at = (size_t)(newline + 2 + length - reader->data);
	return true;
}

static bool next_number(struct reader *reader, const char *name, int64_t *number)
{
	return next(reader, name) &&
	       number_parse(reader->value, reader->value_length, -1, INT64_MAX / 2, number);
}

/* A string in new memory; NULL where it has a NUL in it, or memory is out. */
static char *next_string(struct reader *reader, const char *name)
{
	if (!next(reader, name) || memchr(reader->value, '\0', reader->value_length) != NULL)
		return NULL;
	return strndup(reader->value, reader->value_length);
}

static bool next_word(struct reader *reader, const char *name, char *word, size_t size)
{
	if (!next(reader, name) || reader->value_length >= size)
		return false;
	memcpy(word, reader->value, reader->value_length);
	word[reader->value_length] = '\0';
	return true;
}

static bool read_head(struct reader *reader, struct bulk_batch *batch)
{
	char version[8];
	char *formats;
	int64_t exec;
	bool good = next_word(reader, "version", version, sizeof version) &&
		    strcmp(version, JOURNAL_VERSION) == 0 &&
		    next_word(reader, "suffix", batch->suffix, sizeof batch->suffix) &&
		    durable_is_suffix(batch->suffix);

	if (!good)
		return false;
	formats = next_string(reader, "formats");
	good = formats != NULL && bulk_formats_parse(&batch->formats, formats) &&
	       next_number(reader, "exec", &exec);
	free(formats);
	for (size_t i = 0; good && i < BULK_SHARED; i++)
		good = next_number(reader, "end", &batch->ends[i]);
	batch->exec = good && exec != 0;
	return good;
}

static bool read_entry(struct reader *reader, struct bulk_entry *entry)
{
	bool good;

	entry->user = next_string(reader, "user");
	entry->path = entry->user != NULL ? next_string(reader, "path") : NULL;
	good = entry->path != NULL &&
	       next_word(reader, "previous", entry->previous, sizeof entry->previous);
	for (size_t i = 0; good && i < BULK_SHARED; i++) {
		int64_t length = 0;

		good = next_number(reader, "piece", &length) && length >= 0;
		entry->pieces[i] = (size_t)length;
	}
	return good && next(reader, "text") && reader->value_length > 0 &&
	       text_append(&entry->text, reader->value, reader->value_length) == 0;
}

static bool read_fields(struct reader *reader, struct bulk_batch *batch)
{
	bool good = read_head(reader, batch);

	while (good && !next(reader, "end-of-journal")) {
		good = batch->count < BULK_BATCH_MAX;
		if (good)
			good = read_entry(reader, &batch->entries[batch->count++]);
	}
	return good && reader->at == reader->length;
}

/* Reads a whole file of the folder; nothing where it is missing. */
static int read_file(const struct bulk_folder *folder, const char *name, struct text *text,
	struct error *error)
{
	char buffer[1024];
	int file = openat(folder->staging, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = 1;
	int status = 0;

	if (file < 0 && errno == ENOENT)
		return TOTPGROUP_ENOTFOUND;
	while (file >= 0 && status == 0 && n != 0) {
		n = read(file, buffer, sizeof buffer);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			status = text->length < SIZE_LIMIT
					 ? text_append(text, buffer, (size_t)n)
					 : TOTPGROUP_EFORMAT;
	}
	if (file < 0 || n < 0)
		status = failed(folder, "read", error);
	else if (status != 0)
		error_set(error, status, "cannot read %s/" BULK_STAGING "/%s: %s", folder->path,
			name, totpgroup_strerror(status));
	WIPE_ARRAY(buffer);
	if (file >= 0)
		close(file);
	return status;
}

/* Those whom the list of the handed names, one on a line. */
static void mark_handed(struct bulk_batch *batch, const struct text *list)
{
	const char *at = list->data;
	const char *newline;

	for (; at != NULL && (newline = strchr(at, '\n')) != NULL; at = newline + 1)
		for (size_t i = 0; i < batch->count; i++) {
			const char *user = batch->entries[i].user;
			size_t length = strlen(user);

			if (length == (size_t)(newline - at) && memcmp(user, at, length) == 0)
				batch->entries[i].handed = true;
		}
}

int bulk_journal_read(
	const struct bulk_folder *folder, struct bulk_batch *batch, struct error *error)
{
	struct text text = TEXT_INIT, handed = TEXT_INIT;
	int status = read_file(folder, NAME, &text, error);
	struct reader reader = {.data = text.data, .length = text.length};

	if (status == 0 && (text.data == NULL || !read_fields(&reader, batch)))
		status = error_set(error, TOTPGROUP_EFORMAT,
			"%s/" BULK_STAGING "/" NAME
			" is damaged; see who of it is enrolled with "
			"totp-enroll status, and remove that folder",
			folder->path);
	if (status == 0) {
		status = read_file(folder, HANDED, &handed, error);
		if (status == TOTPGROUP_ENOTFOUND)
			status = 0;
		else if (status == 0)
			mark_handed(batch, &handed);
	}
	batch->recovered = true;
	text_free(&handed);
	text_free(&text);
	return status;
}

int bulk_journal_note_handed(
	const struct bulk_folder *folder, const struct bulk_entry *entry, struct error *error)
{
	struct text line = TEXT_INIT;
	int file = openat(folder->staging, HANDED,
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int status = text_append_format(&line, "%s\n", bulk_entry_user(entry));

	if (status != 0)
		error_set(error, status, "out of memory");
	else if (file < 0 || durable_write_all(file, &line) != 0)
		status = failed(folder, "write beside", error);
	if (file >= 0)
		close(file);
	text_free(&line);
	return status;
}
