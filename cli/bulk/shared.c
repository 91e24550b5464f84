/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "message/translate.h"
#include "totpgroup.h"

static int set_failed(
	const struct bulk_shared_file *shared, const char *what, struct error *error)
{
	return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot %s %s/%s", what,
		shared->folder, shared->name);
}

static int refuse_file(const struct bulk_shared_file *shared, struct error *error)
{
	return error_set(error, TOTPGROUP_EUNSAFE,
		translate("%s/%s: no run of this kind left it like this; move it away"),
		shared->folder, shared->name);
}

/* Finds out whether the file has a text at an offset. */
static int compare_at(struct bulk_shared_file *shared, int64_t offset, const struct text *text,
	bool *same, struct error *error)
{
	char *bytes = malloc(text->length + 1);
	ssize_t n;

	if (bytes == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	n = pread(shared->file, bytes, text->length, offset);
	*same = n == (ssize_t)text->length &&
		(n == 0 || memcmp(bytes, text->data, text->length) == 0);
	wipe_free(bytes, text->length + 1);
	return n < 0 ? set_failed(shared, "read", error) : 0;
}

static int check_file(struct bulk_shared_file *shared, int64_t *size, struct error *error)
{
	struct stat status;

	if (fstat(shared->file, &status) != 0)
		return set_failed(shared, "examine", error);
	*size = status.st_size;
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1 ||
		(status.st_mode & 0077) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			translate("%s/%s: is no file of your own with mode 0600; move it away"),
			shared->folder, shared->name);
	return 0;
}

static int find_end(struct bulk_shared_file *shared, int64_t size, struct error *error)
{
	bool begins = true, ends = false;
	int status = 0;

	shared->end = size - (int64_t)shared->footer.length;
	if (shared->end < 0 ||
		(shared->fixed_header && shared->end < (int64_t)shared->header.length))
		return refuse_file(shared, error);
	if (shared->fixed_header)
		status = compare_at(shared, 0, &shared->header, &begins, error);
	if (status == 0)
		status = compare_at(shared, shared->end, &shared->footer, &ends, error);
	if (status == 0 && (!begins || !ends))
		status = refuse_file(shared, error);
	return status;
}

int bulk_shared_finish(struct bulk_shared_file *shared, struct error *error)
{
	if (lseek(shared->file, shared->end, SEEK_SET) < 0 ||
		durable_write_all(shared->file, &shared->footer) != 0 ||
		ftruncate(shared->file, shared->end + (int64_t)shared->footer.length) != 0)
		return set_failed(shared, "write", error);
	return 0;
}

/* Writes a file without pieces into the staging folder, and gives it its name. */
static int make_file(const struct bulk_shared_file *shared, const struct bulk_folder *folder,
	struct error *error)
{
	struct text text = TEXT_INIT;
	int status;

	text_append(&text, shared->header.data, shared->header.length);
	text_append(&text, shared->footer.data, shared->footer.length);
	status = text.status;
	if (status != 0)
		error_set(error, status, translate("out of memory"));
	else
		status = bulk_folder_write(folder, shared->name, &text, error);
	text_free(&text);
	if (status == 0 && durable_name_exclusively(folder->staging, shared->name,
				   folder->descriptor, shared->name) != 0)
		status = set_failed(shared, "name", error);
	return status;
}

/* Opens the existing file. *size is 0 where there is none, or where it is empty. */
static int open_file(struct bulk_shared_file *shared, const struct bulk_folder *folder,
	int64_t *size, struct error *error)
{
	*size = 0;
	shared->file = openat(folder->descriptor, shared->name,
		O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (shared->file >= 0)
		return check_file(shared, size, error);
	if (errno == ENOENT)
		return 0;
	return errno == ELOOP ? refuse_file(shared, error) : set_failed(shared, "open", error);
}

int bulk_shared_open(struct bulk_shared_file *shared, const struct bulk_folder *folder,
	int64_t known, struct error *error)
{
	int64_t size = 0;
	int status;

	shared->folder = folder->path;
	status = open_file(shared, folder, &size, error);
	if (status == 0 && size == 0 && known < 0) {
		/* A power cut may have left a new file empty. */
		if (shared->file >= 0 &&
			(close(shared->file) != 0 ||
				unlinkat(folder->descriptor, shared->name, 0) != 0))
			return set_failed(shared, "remove", error);
		status = make_file(shared, folder, error);
		if (status == 0)
			status = open_file(shared, folder, &size, error);
	}
	if (status != 0)
		return status;
	if (known < 0)
		return find_end(shared, size, error);
	if (known > size)
		return refuse_file(shared, error);
	shared->end = known;
	return bulk_shared_finish(shared, error);
}

int bulk_shared_append(struct bulk_shared_file *shared, int from, int64_t offset, size_t length,
	struct error *error)
{
	bool first = shared->end <= (int64_t)shared->header.length;
	size_t between = first ? 0 : strlen(shared->between);

	if (pwrite(shared->file, shared->between, between, shared->end) != (ssize_t)between ||
		lseek(shared->file, shared->end + (int64_t)between, SEEK_SET) < 0)
		return set_failed(shared, "write", error);
	shared->end += (int64_t)between;
	while (length > 0) {
		off_t at = offset;
		ssize_t n = sendfile(shared->file, from, &at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_failed(shared, "write", error);
		if (n == 0)
			return error_set(error, TOTPGROUP_ESYSTEM,
				translate("cannot read again what goes into %s/%s"),
				shared->folder, shared->name);
		shared->end += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

void bulk_shared_close(struct bulk_shared_file *shared)
{
	if (shared->name != NULL && shared->file >= 0)
		close(shared->file);
	text_free(&shared->header);
	text_free(&shared->footer);
	shared->name = NULL;
}
