/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/group_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "totpgroup.h"

/* The gid after it, (gid_t)-1, means "leave it as it is" to the kernel. */
#define GID_MAXIMUM INT64_C(4294967294)

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static void trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank((*text)[0])) {
		*text += 1;
		*length -= 1;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		*length -= 1;
}

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

/* number counts from 1, for a person who looks for the entry. */
static int parse_entry(struct group_entry *entry, const char *text, size_t length,
	size_t number, struct error *error)
{
	trim(&text, &length);
	entry->exempt = length > 0 && *text == '!';
	if (entry->exempt) {
		text++;
		length--;
		trim(&text, &length);
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

static size_t count_entries(const char *list)
{
	size_t count = 1;

	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

int group_list_parse(struct group_list *groups, const char *list, struct error *error)
{
	size_t count = count_entries(list);
	int code = 0;

	groups->count = 0;
	groups->entries = calloc(count, sizeof *groups->entries);
	if (groups->entries == NULL)
		return error_set(
			error, TOTPGROUP_EMEMORY, "group= cannot be read: out of memory");
	while (code == 0 && groups->count < count) {
		size_t length = strcspn(list, ",");

		code = parse_entry(&groups->entries[groups->count], list, length,
			groups->count + 1, error);
		groups->count++;
		list += length + 1;
	}
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

static bool has_gid(gid_t wanted, gid_t primary_gid, const gid_t *gids, size_t count)
{
	bool found = wanted == primary_gid;

	for (size_t i = 0; i < count; i++)
		found = found || gids[i] == wanted;
	return found;
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

enum group_gate group_list_judge(const struct group_list *groups, gid_t primary_gid,
	const gid_t *gids, size_t count, struct error *error)
{
	bool asks_members = false;
	bool asked = false;
	bool exempt = false;

	if (require_resolved(groups, error) != 0)
		return GROUP_GATE_ERROR;
	for (size_t i = 0; i < groups->count; i++) {
		const struct group_entry *entry = &groups->entries[i];
		bool member = has_gid(entry->gid, primary_gid, gids, count);

		if (entry->exempt) {
			exempt = exempt || member;
		} else {
			asks_members = true;
			asked = asked || member || entry->lists_user;
		}
	}
	if (!exempt && (asked || !asks_members))
		return GROUP_GATE_INSIDE;
	return GROUP_GATE_OUTSIDE;
}
