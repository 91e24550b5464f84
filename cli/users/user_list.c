/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/user_list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ui/terminal.h"

static enum exit_status list_members(struct user_list *list, const struct life_options *options)
{
	enum exit_status status;

	if (options->group == NULL)
		return STATUS_DONE;
	if (getuid() != 0) {
		terminal_complain("only root may ask about a group");
		return STATUS_NOT_PERMITTED;
	}
	status = group_members_list(&list->members, options->group);
	if (status == STATUS_DONE && list->members.count == 0)
		terminal_complain("the group '%s' has no members", options->group);
	return status;
}

/* Those who were named are few. */
static void add(struct user_list *list, const char *name, size_t named)
{
	for (size_t i = 0; i < named && i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return;
	list->names[list->count++] = name;
}

enum exit_status user_list_make(struct user_list *list, const struct life_options *options)
{
	size_t named = (size_t)options->user_count;
	enum exit_status status = list_members(list, options);

	if (status != STATUS_DONE)
		return status;
	list->several = named > 1 || options->group != NULL;
	list->names = calloc(named + list->members.count + 1, sizeof *list->names);
	if (list->names == NULL)
		return terminal_out_of_memory();
	for (size_t i = 0; i < named; i++)
		add(list, options->users[i], named);
	for (size_t i = 0; i < list->members.count; i++)
		add(list, list->members.names[i], named);
	if (!list->several && named == 0)
		list->count = 1;
	return STATUS_DONE;
}

enum exit_status user_list_conclude(
	const struct user_list *list, size_t failed, enum exit_status first_failure)
{
	if (failed == 0)
		return STATUS_DONE;
	return list->several ? STATUS_SOME_FAILED : first_failure;
}

void user_list_free(struct user_list *list)
{
	free(list->names);
	group_members_free(&list->members);
	*list = (struct user_list){0};
}
