/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/group_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "gate/comma_list.h"
#include "totpgroup.h"

/* The next gid, (gid_t)-1, means "no change" to the kernel. */
#define GID_MAXIMUM INT64_C(4294967294)

static int parse_gid(struct group_entry *entry, size_t length, struct error *error)
{
	int64_t gid;

	entry->numeric = strspn(entry->name, "0123456789") == length;
	if (!entry->numeric)
		return 0;
	if (!number_parse(entry->name, length, 0, GID_MAXIMUM, &gid))
		return error_set(error, TOTPGROUP_ECONFIG,
			"group= holds %.32s, which is no gid; gids go from 0 to %" PRId64,
			entry->name, GID_MAXIMUM);
	entry->gid = (gid_t)gid;
	return 0;
}

/* number is counted from 1. */
static int parse_entry(struct group_entry *entry, const char *text, size_t length,
	size_t number, struct error *error)
{
	entry->exempt = length > 0 && *text == '!';
	if (entry->exempt) {
		text++;
		length--;
		comma_list_trim(&text, &length);
	}
	if (length == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"entry %zu of group= names no group; name one or remove the entry",
			number);
	if (*text == '!')
		return error_set(error, TOTPGROUP_ECONFIG,
			"entry %zu of group= begins with more than one '!'; keep one", number);
	if (length > GROUP_NAME_MAXIMUM)
		return error_set(error, TOTPGROUP_ECONFIG,
			"entry %zu of group= is longer than %d bytes; correct the name", number,
			GROUP_NAME_MAXIMUM);
	memcpy(entry->name, text, length);
	return parse_gid(entry, length, error);
}

int group_list_parse(struct group_list *groups, const char *list, struct error *error)
{
	struct comma_list entries = {.rest = list};
	const char *text;
	size_t length;
	int code = 0;

	groups->count = 0;
	groups->entries = calloc(comma_list_count(list), sizeof *groups->entries);
	if (groups->entries == NULL)
		return error_set(
			error, TOTPGROUP_EMEMORY, "group= cannot be read: out of memory");
	while (code == 0 && comma_list_next(&entries, &text, &length))
		code = parse_entry(
			&groups->entries[groups->count++], text, length, entries.number, error);
	if (code != 0)
		group_list_free(groups);
	return code;
}

void group_list_free(struct group_list *groups)
{
	free(groups->entries);
	groups->entries = NULL;
	groups->count = 0;
}

static bool has_known_gid(const struct group_entry *entry)
{
	return entry->numeric || entry->resolved;
}

static bool is_same_group(const struct group_entry *one, const struct group_entry *other)
{
	if (has_known_gid(one) && has_known_gid(other))
		return one->gid == other->gid;
	return strcmp(one->name, other->name) == 0;
}

static bool asks_members(const struct group_list *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		if (!groups->entries[i].exempt)
			return true;
	}
	return false;
}

static bool is_exempt_too(const struct group_list *groups, const struct group_entry *entry)
{
	for (size_t i = 0; i < groups->count; i++) {
		if (groups->entries[i].exempt && is_same_group(&groups->entries[i], entry))
			return true;
	}
	return false;
}

const char *group_list_warning(const struct group_list *groups)
{
	if (!asks_members(groups))
		return NULL;
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_entry *entry = &groups->entries[i];

		if (!entry->exempt && !is_exempt_too(groups, entry))
			return NULL;
	}
	return "group= asks nobody, because each group that it asks is exempt too; "
	       "remove one of the two";
}

static enum group_membership membership_in(
	const struct group_entry *entry, gid_t primary_gid, const gid_t *gids, size_t count)
{
	if (entry->gid == primary_gid)
		return GROUP_MEMBERSHIP_PRIMARY;
	for (size_t i = 0; i < count; i++) {
		if (gids[i] == entry->gid)
			return GROUP_MEMBERSHIP_SUPPLEMENTARY;
	}
	return entry->lists_user && !entry->exempt ? GROUP_MEMBERSHIP_LISTED
						   : GROUP_MEMBERSHIP_NONE;
}

static int require_resolved(const struct group_list *groups, struct error *error)
{
	if (groups->count == 0)
		return error_set(
			error, TOTPGROUP_ECONFIG, "group= names no group; name at least one");
	for (size_t i = 0; i < groups->count; i++) {
		if (!groups->entries[i].resolved)
			return error_set(error, TOTPGROUP_EGROUP,
				"group %s of group= was not looked up",
				groups->entries[i].name);
	}
	return 0;
}

/* The first entry that the user is a member of, among the exempt ones or among the
 * others; or NULL. */
static const struct group_entry *find_entry(const struct group_list *groups, bool exempt,
	gid_t primary_gid, const gid_t *gids, size_t count, enum group_membership *membership)
{
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_entry *entry = &groups->entries[i];

		if (entry->exempt != exempt)
			continue;
		*membership = membership_in(entry, primary_gid, gids, count);
		if (*membership != GROUP_MEMBERSHIP_NONE)
			return entry;
	}
	return NULL;
}

static void note_decision(struct group_decision *decision, const struct group_list *groups,
	const struct group_entry *entry, enum group_membership membership)
{
	if (decision == NULL)
		return;
	*decision = (struct group_decision){.warning = group_list_warning(groups)};
	if (entry == NULL)
		return;
	memcpy(decision->name, entry->name, sizeof decision->name);
	decision->gid = entry->gid;
	decision->exempt = entry->exempt;
	decision->membership = membership;
}

enum group_gate group_list_judge(const struct group_list *groups, gid_t primary_gid,
	const gid_t *gids, size_t count, struct group_decision *decision, struct error *error)
{
	enum group_membership membership = GROUP_MEMBERSHIP_NONE;
	const struct group_entry *entry;

	if (require_resolved(groups, error) != 0)
		return GROUP_GATE_ERROR;
	entry = find_entry(groups, true, primary_gid, gids, count, &membership);
	if (entry == NULL)
		entry = find_entry(groups, false, primary_gid, gids, count, &membership);
	note_decision(decision, groups, entry, membership);
	if (entry != NULL)
		return entry->exempt ? GROUP_GATE_OUTSIDE : GROUP_GATE_INSIDE;
	return asks_members(groups) ? GROUP_GATE_OUTSIDE : GROUP_GATE_INSIDE;
}
