/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/account_index.h"

#include <stdlib.h>

#ifdef __GLIBC__

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gate/nss_sources.h"

/* Two changes that are closer than the kernel's clock ticks get the same time. This is far
 * longer than a tick. */
#define YOUNG 2

/* The strings of an account: a longer one is NSS's to read. */
#define STRINGS_SIZE 1024

#define LONGEST_FILE UINT32_MAX

/* A line of the file; a name's slot is the first free one from its hash on. */
struct account_slot {
	uint32_t hash;
	uint32_t next; /* the offset of the line plus 1; 0: a free slot */
};

/* FNV-1a. A collision costs time and nothing else: the name stands in the line. */
static uint32_t hash_of(const char *name, size_t length)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * UINT32_C(16777619);
	return hash;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       is_same_time(&a->st_mtim, &b->st_mtim) && is_same_time(&a->st_ctim, &b->st_ctim);
}

static bool is_old(const struct stat *file)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	       now.tv_sec - file->st_ctim.tv_sec > YOUNG;
}

/* The slot of a hash, or the free one where it would be. */
static struct account_slot *slot_of(const struct account_index *index, uint32_t hash)
{
	size_t at = hash & (index->room - 1);

	while (index->slots[at].next != 0 && index->slots[at].hash != hash)
		at = (at + 1) & (index->room - 1);
	return &index->slots[at];
}

/* Of several lines with one name the C library takes the first. */
static void add_line(struct account_index *index, const char *line, off_t offset)
{
	const char *name = line;
	struct account_slot *slot;
	uint32_t hash;

	while (isspace((unsigned char)*name))
		name++;
	hash = hash_of(name, strcspn(name, ":"));
	slot = slot_of(index, hash);
	if (slot->next == 0)
		*slot = (struct account_slot){hash, (uint32_t)offset + 1};
}

static size_t count_lines(FILE *file)
{
	size_t count = 1;
	int byte;

	while ((byte = getc_unlocked(file)) != EOF)
		count += byte == '\n';
	rewind(file);
	return count;
}

/* At most half of the slots are taken, so that there is always a free one. */
static bool read_lines(struct account_index *index, FILE *file)
{
	size_t lines = count_lines(file), size = 0;
	off_t offset = 0;
	char *line = NULL;
	ssize_t length;

	for (index->room = 2; index->room < 2 * lines;)
		index->room *= 2;
	index->slots = calloc(index->room, sizeof *index->slots);
	while (index->slots != NULL && lines-- > 0 &&
		(length = getline(&line, &size, file)) > 0) {
		add_line(index, line, offset);
		offset += length;
	}
	free(line);
	return index->slots != NULL && feof(file) != 0;
}

static bool begins_with_files(struct account_index *index)
{
	FILE *file = fopen(index->sources, "re");
	bool begins = file != NULL && fstat(fileno(file), &index->sources_file) == 0 &&
		      is_old(&index->sources_file) &&
		      nss_sources_begin_with_files(file, "passwd");

	if (file != NULL)
		fclose(file);
	return begins;
}

/* Makes the index of a file, which is open at its beginning. False where there is none. */
static bool make_index(struct account_index *index, FILE *file)
{
	struct stat after;

	account_index_free(index);
	if (fstat(fileno(file), &index->passwd_file) != 0 || !is_old(&index->passwd_file) ||
		index->passwd_file.st_size < ACCOUNT_INDEX_SHORTEST ||
		index->passwd_file.st_size >= LONGEST_FILE || !begins_with_files(index))
		return false;
	if (read_lines(index, file) && fstat(fileno(file), &after) == 0 &&
		is_same_file(&after, &index->passwd_file))
		return true;
	account_index_free(index);
	return false;
}

/* Whether the index is of this file, and of the sources as they are. */
static bool is_current(const struct account_index *index, FILE *file)
{
	struct stat passwd, sources;

	return index->slots != NULL && fstat(fileno(file), &passwd) == 0 &&
	       is_same_file(&passwd, &index->passwd_file) &&
	       stat(index->sources, &sources) == 0 &&
	       is_same_file(&sources, &index->sources_file);
}

static struct user_entry *read_entry(FILE *file, off_t offset, const char *name)
{
	struct user_entry *entry = malloc(sizeof *entry + STRINGS_SIZE);
	struct passwd *found = NULL;

	if (entry != NULL && fseeko(file, offset, SEEK_SET) == 0 &&
		fgetpwent_r(file, &entry->passwd, entry->strings, STRINGS_SIZE, &found) == 0 &&
		found != NULL && strcmp(found->pw_name, name) == 0)
		return entry;
	free(entry);
	return NULL;
}

struct user_entry *account_index_find(struct account_index *index, const char *name)
{
	const struct account_slot *slot;
	struct user_entry *entry = NULL;
	FILE *file;

	/* What the C library gives a meaning of its own, or has no account of. */
	if (*name == '\0' || strpbrk(name, "+-#: \t\n") == name)
		return NULL;
	file = fopen(index->passwd, "re");
	if (file == NULL)
		return NULL;
	if (is_current(index, file) || make_index(index, file)) {
		slot = slot_of(index, hash_of(name, strlen(name)));
		if (slot->next != 0)
			entry = read_entry(file, (off_t)slot->next - 1, name);
	}
	fclose(file);
	return entry;
}

#else

struct user_entry *account_index_find(struct account_index *index, const char *name)
{
	(void)index;
	(void)name;
	return NULL;
}

#endif

int account_index_look_up(struct account_index *index, struct user_entry **entry,
	const char *name, struct error *error)
{
	*entry = index != NULL ? account_index_find(index, name) : NULL;
	return *entry != NULL ? 0 : user_entry_by_name(entry, name, error);
}

void account_index_free(struct account_index *index)
{
	free(index->slots);
	index->slots = NULL;
}
