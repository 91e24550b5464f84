/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/group_gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/group_list.h"
#include "gate/group_record.h"
#include "gate/nss_sources.h"
#include "totpgroup.h"

static bool lists_user(const struct group *group, const char *user)
{
	for (char **member = group->gr_mem; member != NULL && *member != NULL; member++) {
		if (strcmp(*member, user) == 0)
			return true;
	}
	return false;
}

static int refuse_failure(const struct group_entry *entry, struct error *error)
{
	if (error->code == TOTPGROUP_EMEMORY)
		return error_set(error, TOTPGROUP_EMEMORY,
			"group %s of group= cannot be looked up: out of memory", entry->name);
	errno = error->system_error;
	return error_set_system(error, TOTPGROUP_ESYSTEM,
		"group %s of group= cannot be looked up", entry->name);
}

static int look_up(struct group_entry *entry, const char *user, struct error *error)
{
	struct group_record *record;
	int status = entry->numeric ? group_record_by_gid(&record, entry->gid, error)
				    : group_record_by_name(&record, entry->name, error);

	if (status != 0)
		return refuse_failure(entry, error);
	if (record == NULL)
		return error_set(error, TOTPGROUP_EGROUP,
			"group %s of group= does not exist; create it or correct group=",
			entry->name);
	entry->gid = record->group.gr_gid;
	entry->lists_user = lists_user(&record->group, user);
	entry->resolved = true;
	free(record);
	return 0;
}

static bool has_gid(const struct user_groups *groups, gid_t gid)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->gids[i] == gid)
			return true;
	return false;
}

/* Whether the user's groups show already that the group exists and has the user. The lookup
 * would send the whole list of members, which a directory takes long for. What exempts is
 * always looked up. */
static bool is_proven(
	const struct group_entry *entry, gid_t primary_gid, const struct user_groups *groups)
{
	return entry->numeric && !entry->exempt && entry->gid != primary_gid &&
	       has_gid(groups, entry->gid);
}

/* Whether the user's groups are needed before the entries are looked up: to exempt, to prove
 * a gid, or to tell people how the user belongs to a group. */
static bool begins_with_the_user(const struct group_list *entries, bool is_told)
{
	for (size_t i = 0; i < entries->count; i++)
		if (entries->entries[i].exempt || entries->entries[i].numeric)
			return true;
	return is_told;
}

/* Every other entry, whatever an earlier one says already, so that a broken list is
 * noticed by all users at once and not by some. */
static int resolve_all(struct group_list *entries, const char *user, gid_t primary_gid,
	const struct user_groups *groups, struct error *error)
{
	int code = 0;

	for (size_t i = 0; i < entries->count && code == 0; i++) {
		struct group_entry *entry = &entries->entries[i];

		entry->resolved = is_proven(entry, primary_gid, groups);
		if (!entry->resolved)
			code = look_up(entry, user, error);
	}
	return code;
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

/* Asks for no more than the answer needs. Without exemptions, a list of members or the
 * primary group that asks is an answer that the user's groups could not change. */
static enum group_gate judge_entries(struct group_list *entries, const char *user,
	gid_t primary_gid, struct user_groups *groups, struct group_decision *decision,
	struct error *error)
{
	enum group_gate result = group_list_judge(
		entries, primary_gid, groups->gids, groups->count, decision, error);

	if (result == GROUP_GATE_OUTSIDE && !groups->known) {
		if (user_groups_read(groups, user, primary_gid, error) != 0)
			return GROUP_GATE_ERROR;
		result = group_list_judge(
			entries, primary_gid, groups->gids, groups->count, decision, error);
	}
	/* An exemption is a group that the user is in, which needs no second look. */
	if (result != GROUP_GATE_OUTSIDE || decision->exempt)
		return result;
	if (find_in_sources(entries, user, error) != 0)
		return GROUP_GATE_ERROR;
	return group_list_judge(
		entries, primary_gid, groups->gids, groups->count, decision, error);
}

enum group_gate group_gate_judge(const char *list, const char *user, gid_t primary_gid,
	struct user_groups *groups, struct group_decision *decision, struct error *error)
{
	enum group_gate result = GROUP_GATE_ERROR;
	struct group_list entries = GROUP_LIST_INIT;
	struct user_groups own = {.known = false};
	struct group_decision untold;

	if (groups == NULL)
		groups = &own;
	if (group_list_parse(&entries, list, error) == 0 &&
		(!begins_with_the_user(&entries, decision != NULL) ||
			user_groups_read(groups, user, primary_gid, error) == 0) &&
		resolve_all(&entries, user, primary_gid, groups, error) == 0)
		result = judge_entries(&entries, user, primary_gid, groups,
			decision != NULL ? decision : &untold, error);
	user_groups_free(&own);
	group_list_free(&entries);
	return result;
}
