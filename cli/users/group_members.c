/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/group_members.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/ui/terminal.h"

static const struct group *look_up(const char *group)
{
	const struct group *entry;
	int64_t gid;

	errno = 0;
	entry = getgrnam(group);
	if (entry == NULL && number_parse(group, strlen(group), 0, UINT32_MAX - 1, &gid))
		entry = getgrgid((gid_t)gid);
	return entry;
}

static enum exit_status not_found(const char *group, int problem)
{
	if (problem != 0 && problem != ENOENT && problem != ESRCH) {
		terminal_complain(
			"cannot look up the group '%s': %s", group, strerror(problem));
		return STATUS_STORE_ERROR;
	}
	terminal_complain("there is no group '%s'", group);
	return STATUS_USAGE;
}

static enum exit_status add(struct group_members *members, const char *name)
{
	char **names = reallocarray(members->names, members->count + 1, sizeof(char *));

	if (names == NULL)
		return terminal_out_of_memory();
	members->names = names;
	names[members->count] = strdup(name);
	if (names[members->count] == NULL)
		return terminal_out_of_memory();
	members->count++;
	return STATUS_DONE;
}

static enum exit_status add_primary_members(struct group_members *members, gid_t gid)
{
	enum exit_status status = STATUS_DONE;
	const struct passwd *user;

	setpwent();
	while (status == STATUS_DONE && (user = getpwent()) != NULL)
		if (user->pw_gid == gid)
			status = add(members, user->pw_name);
	endpwent();
	return status;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_each_once(struct group_members *members)
{
	size_t kept = 0;

	if (members->count == 0)
		return;
	qsort(members->names, members->count, sizeof(char *), compare_names);
	for (size_t i = 1; i < members->count; i++) {
		if (strcmp(members->names[i], members->names[kept]) == 0)
			free(members->names[i]);
		else
			members->names[++kept] = members->names[i];
	}
	members->count = kept + 1;
}

enum exit_status group_members_find(const struct group **entry, const char *group)
{
	*entry = look_up(group);
	return *entry != NULL ? STATUS_DONE : not_found(group, errno);
}

enum exit_status group_members_list(struct group_members *members, const char *group)
{
	const struct group *entry;
	enum exit_status status = group_members_find(&entry, group);

	if (status != STATUS_DONE)
		return status;
	for (char **name = entry->gr_mem; status == STATUS_DONE && *name != NULL; name++)
		status = add(members, *name);
	if (status == STATUS_DONE)
		status = add_primary_members(members, entry->gr_gid);
	sort_each_once(members);
	return status;
}

void group_members_free(struct group_members *members)
{
	for (size_t i = 0; i < members->count; i++)
		free(members->names[i]);
	free(members->names);
	*members = (struct group_members){0};
}
