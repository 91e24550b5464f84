/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/group_walk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

/* What is read from the database is counted on a terminal after this many seconds. */
#define PROGRESS_AFTER 1

/* By name, or else by gid. *record is NULL where there is no such group. */
static int find_group(struct group_record **record, const char *group, struct error *error)
{
	int status = group_record_by_name(record, group, error);
	int64_t gid;

	if (status == 0 && *record == NULL &&
		number_parse(group, strlen(group), 0, UINT32_MAX - 1, &gid))
		status = group_record_by_gid(record, (gid_t)gid, error);
	return status;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether a user is a member. Marks a name that the group lists as met. */
static bool is_member(struct group_walk *walk, const struct passwd *user)
{
	const char *name = user->pw_name;
	char **names = walk->group->group.gr_mem;
	char **found = NULL;

	if (walk->name_count > 0)
		found = bsearch(&name, names, walk->name_count, sizeof *names, compare_names);
	if (found != NULL)
		walk->met[found - names] = true;
	return found != NULL || user->pw_gid == walk->group->group.gr_gid;
}

/* Sorts the names that the group lists, and drops repeated ones. */
static void sort_names(struct group_walk *walk)
{
	char **names = walk->group->group.gr_mem;
	size_t count = 0, kept = 0;

	while (names != NULL && names[count] != NULL)
		count++;
	if (count > 1)
		qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	walk->name_count = kept;
}

enum exit_status group_walk_begin(struct group_walk *walk, const char *group)
{
	struct error error = ERROR_INIT;
	int status = find_group(&walk->group, group, &error);

	if (status == TOTPGROUP_EMEMORY)
		return terminal_out_of_memory();
	if (status != 0)
		return terminal_fail(STATUS_STORE_ERROR, "cannot look up the group '%s': %s",
			group, strerror(error.system_error));
	if (walk->group == NULL)
		return terminal_fail(STATUS_USAGE, "there is no group '%s'", group);
	sort_names(walk);
	walk->met = calloc(walk->name_count + 1, sizeof(bool));
	if (walk->met == NULL)
		return terminal_out_of_memory();
	walk->listing = true;
	progress_begin(&walk->progress, PROGRESS_ACCOUNTS, 0, false);
	walk->progress.after = PROGRESS_AFTER;
	setpwent();
	return STATUS_DONE;
}

/* Gives the next member whom the user database lists; NULL at its end. */
static const struct passwd *next_listed(struct group_walk *walk)
{
	const struct passwd *user;

	while ((user = getpwent()) != NULL) {
		progress_show(&walk->progress, ++walk->read, -1);
		if (is_member(walk, user))
			break;
	}
	return user;
}

size_t group_walk_count(struct group_walk *walk)
{
	size_t total = 0;

	while (next_listed(walk) != NULL)
		total++;
	for (size_t i = 0; i < walk->name_count; i++)
		total += !walk->met[i];
	progress_clear(&walk->progress);
	/* The second pass is not worth a bar of its own. */
	walk->progress.silent = true;
	setpwent();
	return total;
}

/* Gives the next listed name that the user database did not list. */
static bool next_unmet(struct group_walk *walk, const char **name)
{
	while (walk->at < walk->name_count) {
		size_t i = walk->at++;

		if (walk->met[i])
			continue;
		*name = walk->group->group.gr_mem[i];
		return true;
	}
	return false;
}

bool group_walk_next(struct group_walk *walk, const char **name, const struct passwd **entry)
{
	*entry = walk->listing ? next_listed(walk) : NULL;
	if (*entry != NULL) {
		*name = (*entry)->pw_name;
		return true;
	}
	if (walk->listing) {
		walk->listing = false;
		progress_clear(&walk->progress);
		endpwent();
	}
	return next_unmet(walk, name);
}

void group_walk_end(struct group_walk *walk)
{
	if (walk->listing) {
		progress_clear(&walk->progress);
		endpwent();
	}
	free(walk->group);
	free(walk->met);
	*walk = (struct group_walk){.group = NULL};
}
