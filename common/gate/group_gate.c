/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/group_gate.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "gate/group_list.h"
#include "gate/nss_sources.h"
#include "totpgroup.h"

/* A buffer that is too small costs a lookup that reads a part of a large group
 * in vain; so it grows fast. */
#define GROUP_BUFFER_FIRST   ((size_t)4096)
#define GROUP_BUFFER_GROWTH  16
#define GROUP_BUFFER_MAXIMUM ((size_t)64 << 20)
#define INTERRUPTIONS	     100

static bool lists_user(const struct group *group, const char *user)
{
	for (char **member = group->gr_mem; member != NULL && *member != NULL; member++) {
		if (strcmp(*member, user) == 0)
			return true;
	}
	return false;
}

/* The functions return the error; what they leave in errno means nothing. */
static int look_up(const struct group_entry *entry, struct group *group, char *buffer,
	size_t size, struct group **found)
{
	int failure;
	int tries = 0;

	do {
		*found = NULL;
		if (entry->numeric)
			failure = getgrgid_r(entry->gid, group, buffer, size, found);
		else
			failure = getgrnam_r(entry->name, group, buffer, size, found);
	} while (failure == EINTR && ++tries < INTERRUPTIONS);
	return failure;
}

static int look_up_with_buffer(
	struct group_entry *entry, const char *user, size_t size, int *failure)
{
	struct group group;
	struct group *found;
	char *buffer = malloc(size);

	if (buffer == NULL)
		return TOTPGROUP_EMEMORY;
	*failure = look_up(entry, &group, buffer, size, &found);
	if (*failure == 0 && found != NULL) {
		entry->gid = found->gr_gid;
		entry->lists_user = lists_user(found, user);
		entry->resolved = true;
	}
	free(buffer);
	return 0;
}

static int refuse_unresolved(const struct group_entry *entry, int failure, struct error *error)
{
	if (failure == 0 || failure == ENOENT || failure == ESRCH)
		return error_set(error, TOTPGROUP_EGROUP,
			"group %s of group= does not exist; create it or correct group=",
			entry->name);
	errno = failure;
	return error_set_system(error, TOTPGROUP_ESYSTEM,
		"group %s of group= cannot be looked up", entry->name);
}

static size_t next_buffer(size_t size)
{
	if (size == 0)
		return GROUP_BUFFER_FIRST;
	if (size > GROUP_BUFFER_MAXIMUM / GROUP_BUFFER_GROWTH)
		return GROUP_BUFFER_MAXIMUM;
	return size * GROUP_BUFFER_GROWTH;
}

static int resolve(struct group_entry *entry, const char *user, struct error *error)
{
	size_t size = 0;
	int failure = ERANGE;

	while (failure == ERANGE && size < GROUP_BUFFER_MAXIMUM) {
		size = next_buffer(size);
		if (look_up_with_buffer(entry, user, size, &failure) != 0)
			return error_set(error, TOTPGROUP_EMEMORY,
				"group %s of group= cannot be looked up: out of memory",
				entry->name);
	}
	return entry->resolved ? 0 : refuse_unresolved(entry, failure, error);
}

/* Every entry, whatever an earlier one says already, so that a broken list is
 * noticed by all users at once and not by some. */
static int resolve_all(struct group_list *groups, const char *user, struct error *error)
{
	int code = 0;

	for (size_t i = 0; i < groups->count && code == 0; i++)
		code = resolve(&groups->entries[i], user, error);
	return code;
}

static bool has_gid(const struct user_groups *groups, gid_t gid)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->gids[i] == gid)
			return true;
	return false;
}

/* The list that the C library gives may be cut short, so that a user who is in none of the
 * groups is looked for in each source once more. */
static int find_in_sources(struct group_list *entries, const char *user, struct error *error)
{
	struct user_groups groups = {.known = false};
	int status = nss_sources_read_groups(user, &groups, error);

	for (size_t i = 0; i < entries->count && status == 0; i++)
		entries->entries[i].lists_user |= has_gid(&groups, entries->entries[i].gid);
	user_groups_free(&groups);
	return status;
}

enum group_gate group_gate_judge(const char *list, const char *user, gid_t primary_gid,
	struct user_groups *groups, struct group_decision *decision, struct error *error)
{
	enum group_gate result = GROUP_GATE_ERROR;
	struct group_list entries = GROUP_LIST_INIT;
	struct user_groups own = {.known = false};
	struct group_decision ignored;

	if (groups == NULL)
		groups = &own;
	if (decision == NULL)
		decision = &ignored;
	if (group_list_parse(&entries, list, error) == 0 &&
		user_groups_read(groups, user, primary_gid, error) == 0 &&
		resolve_all(&entries, user, error) == 0)
		result = group_list_judge(
			&entries, primary_gid, groups->gids, groups->count, decision, error);
	/* An exemption is a group that the user is in, which needs no second look. */
	if (result == GROUP_GATE_OUTSIDE && !decision->exempt)
		result = find_in_sources(&entries, user, error) != 0
				 ? GROUP_GATE_ERROR
				 : group_list_judge(&entries, primary_gid, groups->gids,
					   groups->count, decision, error);
	user_groups_free(&own);
	group_list_free(&entries);
	return result;
}
