/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder for the files of a test, and short ways to make and read them. */
#ifndef TOTPGROUP_TESTS_TEMPORARY_FOLDER_H
#define TOTPGROUP_TESTS_TEMPORARY_FOLDER_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_support.h"

/* Resolved: no link is part of it. One for the whole program. */
extern char folder_path[256];
__attribute__((weak)) char folder_path[256];

static inline void folder_begin(void)
{
	const char *parent = getenv("TMPDIR");
	char template[200];
	char *resolved;

	snprintf(template, sizeof template, "%s/totpgroup-test-XXXXXX",
		parent != NULL && *parent == '/' ? parent : "/tmp");
	assert_non_null(mkdtemp(template));
	resolved = realpath(template, NULL);
	assert_non_null(resolved);
	assert_true(strlen(resolved) < sizeof folder_path);
	strcpy(folder_path, resolved);
	free(resolved);
}

static inline int folder_remove_one(
	const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)place;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static inline void folder_end(void)
{
	nftw(folder_path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The path of a name in the folder; good for the next seven calls. */
static inline const char *in_folder(const char *name)
{
	static char paths[8][PATH_MAX + 64];
	static unsigned int next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "%s/%s", folder_path, name);
	return path;
}

static inline void make_folder(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(in_folder(name), 0700), 0);
	assert_int_equal(chmod(in_folder(name), mode), 0);
}

static inline void put_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(in_folder(name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder(name), mode), 0);
}

static inline void put_link(const char *name, const char *target)
{
	assert_int_equal(symlink(target, in_folder(name)), 0);
}

static inline bool exists(const char *name)
{
	struct stat status;

	return lstat(in_folder(name), &status) == 0;
}

static inline mode_t mode_of(const char *name)
{
	struct stat status;

	assert_int_equal(lstat(in_folder(name), &status), 0);
	return status.st_mode;
}

/* The file's text, up to 4095 bytes; "(none)" where there is none. */
static inline const char *text_of(const char *name)
{
	static char text[4096];
	FILE *file = fopen(in_folder(name), "re");
	size_t length;

	if (file == NULL)
		return strcpy(text, "(none)");
	length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[length] = '\0';
	return text;
}

/* The state in a file as totpgroup-state(5) describes it, or the whole text of another file;
 * up to 4095 bytes; "(none)" where there is none. */
static inline const char *state_of(const char *name)
{
	static char text[4096];
	FILE *file = fopen(in_folder(name), "re");
	long long newest = -1, generation;
	char line[256], digest[40];
	size_t size, length;

	if (file == NULL)
		return strcpy(text, "(none)");
	*text = '\0';
	for (long at = 0;
		fseek(file, at, SEEK_SET) == 0 && fgets(line, sizeof line, file) != NULL;
		at += (long)size) {
		if (sscanf(line,
			    "totpgroup-slot 1 generation %lld size %zu length %zu sha256 %39s",
			    &generation, &size, &length, digest) != 4) {
			fclose(file);
			return newest < 0 ? strcpy(text, text_of(name)) : text;
		}
		if (generation < newest)
			continue;
		newest = generation;
		length = fread(text, 1, length < sizeof text ? length : sizeof text - 1, file);
		text[length] = '\0';
	}
	fclose(file);
	return text;
}

/* How many entries a folder below has, but for . and .. */
static inline unsigned int count_entries(const char *name)
{
	DIR *stream = opendir(in_folder(name));
	unsigned int count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count - 2;
}

#endif
