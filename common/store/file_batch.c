/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/file_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/dir_entry.h"
#include "store/durable_steps.h"
#include "store/locked_file.h"
#include "totpgroup.h"

/* The files of one folder. */
struct crowd {
	struct file_batch_file *files;
	size_t count;
	const char *suffix;
	mode_t mode;
	int folder; /* opened with O_PATH */
	int file;   /* the last one that was written, or -1 */
};

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void write_failed(struct file_batch_file *file, const char *what)
{
	file->status = durable_write_failed(&file->error, what, file->path);
}

/* The same failure for every file that has come so far. */
static void all_failed(struct crowd *crowd, const char *what)
{
	int saved = errno;

	for (size_t i = 0; i < crowd->count; i++) {
		struct file_batch_file *file = &crowd->files[i];

		if (file->status == 0)
			file->status = error_set(&file->error, TOTPGROUP_ESYSTEM,
				"cannot %s of %s: %s", what, file->path, strerror(saved));
	}
}

static bool has_name(const struct file_batch_file *file)
{
	const char *name = name_of(file->path);

	return *name != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Writes the temporary file of one. */
static void write_one(struct crowd *crowd, struct file_batch_file *file)
{
	char temporary[NAME_MAX + 1];
	int fd = -1;

	if (!has_name(file)) {
		file->status = error_set(
			&file->error, TOTPGROUP_EUNSAFE, "%s: names no file", file->path);
		return;
	}
	if (durable_temporary_name(name_of(file->path), crowd->suffix, temporary) == 0)
		fd = openat(crowd->folder, temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);
	if (fd < 0) {
		write_failed(file, "write beside");
		return;
	}
	file->written = true;
	if (durable_write_all(fd, file->text) != 0 || fchmod(fd, crowd->mode) != 0)
		write_failed(file, "write the new");
	if (crowd->file >= 0)
		close(crowd->file);
	crowd->file = fd;
}

static void name_one(struct crowd *crowd, struct file_batch_file *file)
{
	char temporary[NAME_MAX + 1];

	if (durable_temporary_name(name_of(file->path), crowd->suffix, temporary) == 0 &&
		durable_name_exclusively(
			crowd->folder, temporary, crowd->folder, name_of(file->path)) == 0) {
		file->written = false;
		return;
	}
	if (errno == EEXIST)
		file->status = error_set(
			&file->error, TOTPGROUP_ECONFLICT, "%s: exists already", file->path);
	else
		write_failed(file, "name the new");
}

static void remove_temporaries(const struct crowd *crowd, bool all)
{
	char temporary[NAME_MAX + 1];

	for (size_t i = 0; i < crowd->count; i++)
		if ((all || crowd->files[i].written) && has_name(&crowd->files[i]) &&
			durable_temporary_name(
				name_of(crowd->files[i].path), crowd->suffix, temporary) == 0)
			(void)unlinkat(crowd->folder, temporary, 0);
}

static void place_in_folder(struct crowd *crowd)
{
	int folder = openat(crowd->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 && errno != EACCES) {
		all_failed(crowd, "open the folder");
		return;
	}
	for (size_t i = 0; i < crowd->count; i++)
		if (crowd->files[i].status == 0)
			write_one(crowd, &crowd->files[i]);
	/* Of the descriptors the one that was opened first: it has heard of every failure
	 * since. */
	if (crowd->file >= 0 && syncfs(folder >= 0 ? folder : crowd->file) != 0)
		all_failed(crowd, "sync the file system");
	for (size_t i = 0; i < crowd->count; i++)
		if (crowd->files[i].status == 0)
			name_one(crowd, &crowd->files[i]);
	if (crowd->file >= 0 && durable_sync_folder(folder, crowd->file) != 0)
		all_failed(crowd, "sync the folder");
	remove_temporaries(crowd, false);
	if (folder >= 0)
		close(folder);
	if (crowd->file >= 0)
		close(crowd->file);
}

/* Opens the folder of a crowd, and judges it. */
static int open_folder(struct crowd *crowd, struct dir_entry *place, struct error *error)
{
	const struct file_rules rules = {
		.path = crowd->files[0].path,
		.owner = geteuid(),
	};
	int status = dir_entry_open(place, rules.path, error);

	if (status == 0)
		status = file_rules_judge_folder(&rules, place, error);
	crowd->folder = place->folder;
	return status;
}

/* The next files that lie in one folder. */
static struct crowd next_crowd(struct file_batch_file *files, size_t count)
{
	struct crowd crowd = {.files = files, .count = 1, .folder = -1, .file = -1};

	while (strrchr(files->path, '/') != NULL && crowd.count < count &&
		dir_entry_is_beside(files->path, files[crowd.count].path))
		crowd.count++;
	return crowd;
}

void file_batch_put(
	struct file_batch_file *files, size_t count, const char *suffix, mode_t mode)
{
	for (size_t i = 0; i < count;) {
		struct crowd crowd = next_crowd(files + i, count - i);
		struct dir_entry place = DIR_ENTRY_INIT;
		struct error error = ERROR_INIT;
		int status = open_folder(&crowd, &place, &error);

		crowd.suffix = suffix;
		crowd.mode = mode;
		for (size_t j = 0; j < crowd.count && status != 0; j++) {
			crowd.files[j].status = status;
			crowd.files[j].error = error;
		}
		if (status == 0)
			place_in_folder(&crowd);
		dir_entry_close(&place);
		i += crowd.count;
	}
}

void file_batch_sweep(struct file_batch_file *files, size_t count, const char *suffix)
{
	for (size_t i = 0; i < count;) {
		struct crowd crowd = next_crowd(files + i, count - i);
		struct dir_entry place = DIR_ENTRY_INIT;
		struct error ignored = ERROR_INIT;

		crowd.suffix = suffix;
		if (open_folder(&crowd, &place, &ignored) == 0)
			remove_temporaries(&crowd, true);
		dir_entry_close(&place);
		i += crowd.count;
	}
}
