/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/group_walk.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/ui/terminal.h"

/* By name, or else by gid. */
static const struct group *find_group(const char *group)
{
	const struct group *entry;
	int64_t gid;

	errno = 0;
	entry = getgrnam(group);
	if (entry == NULL && number_parse(group, strlen(group), 0, UINT32_MAX - 1, &gid))
		entry = getgrgid((gid_t)gid);
	return entry;
}

static enum exit_status report_missing(const char *group, int problem)
{
	if (problem != 0 && problem != ENOENT && problem != ESRCH)
		return terminal_fail(STATUS_STORE_ERROR, "cannot look up the group '%s': %s",
			group, strerror(problem));
	return terminal_fail(STATUS_USAGE, "there is no group '%s'", group);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether a user is a member. Marks a name that the group lists as met. */
static bool is_member(struct group_walk *walk, const struct passwd *user)
{
	const char *name = user->pw_name;
	char **found = NULL;

	if (walk->name_count > 0)
		found = bsearch(
			&name, walk->names, walk->name_count, sizeof(char *), compare_names);
	if (found != NULL)
		walk->met[found - walk->names] = true;
	return found != NULL || user->pw_gid == walk->gid;
}

/* Copies the names that the group lists, and sorts them. */
static enum exit_status copy_names(struct group_walk *walk, char *const *names)
{
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	walk->names = calloc(count + 1, sizeof(char *));
	walk->met = calloc(count + 1, sizeof(bool));
	if (walk->names == NULL || walk->met == NULL)
		return terminal_out_of_memory();
	for (; walk->name_count < count; walk->name_count++) {
		walk->names[walk->name_count] = strdup(names[walk->name_count]);
		if (walk->names[walk->name_count] == NULL)
			return terminal_out_of_memory();
	}
	if (count > 1)
		qsort(walk->names, count, sizeof(char *), compare_names);
	return STATUS_DONE;
}

static void remove_repeated_names(struct group_walk *walk)
{
	size_t kept = 0;

	for (size_t i = 0; i < walk->name_count; i++) {
		if (kept > 0 && strcmp(walk->names[kept - 1], walk->names[i]) == 0)
			free(walk->names[i]);
		else
			walk->names[kept++] = walk->names[i];
	}
	walk->name_count = kept;
}

static void count_members(struct group_walk *walk)
{
	const struct passwd *user;

	setpwent();
	while ((user = getpwent()) != NULL)
		walk->total += is_member(walk, user);
	for (size_t i = 0; i < walk->name_count; i++)
		walk->total += !walk->met[i];
	setpwent();
}

enum exit_status group_walk_begin(struct group_walk *walk, const char *group)
{
	const struct group *entry = find_group(group);
	enum exit_status status;

	if (entry == NULL)
		return report_missing(group, errno);
	walk->gid = entry->gr_gid;
	walk->listing = true;
	status = copy_names(walk, entry->gr_mem);
	if (status != STATUS_DONE)
		return status;
	remove_repeated_names(walk);
	count_members(walk);
	return STATUS_DONE;
}

/* Gives the next listed name that the user database did not list. */
static bool next_unmet(struct group_walk *walk, const char **name)
{
	while (walk->at < walk->name_count) {
		size_t i = walk->at++;

		if (walk->met[i])
			continue;
		*name = walk->names[i];
		return true;
	}
	return false;
}

bool group_walk_next(struct group_walk *walk, const char **name, const struct passwd **entry)
{
	while (walk->listing) {
		*entry = getpwent();
		if (*entry == NULL) {
			walk->listing = false;
			endpwent();
		} else if (is_member(walk, *entry)) {
			*name = (*entry)->pw_name;
			return true;
		}
	}
	*entry = NULL;
	return next_unmet(walk, name);
}

void group_walk_end(struct group_walk *walk)
{
	if (walk->listing)
		endpwent();
	for (size_t i = 0; i < walk->name_count; i++)
		free(walk->names[i]);
	free(walk->names);
	free(walk->met);
	*walk = (struct group_walk){0};
}
