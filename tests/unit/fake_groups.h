/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A group database in memory that fails as it is told to. The program that
 * includes this defines the functions of <grp.h>, so what is linked into it
 * asks here and not the host. */
#ifndef TOTPGROUP_TESTS_FAKE_GROUPS_H
#define TOTPGROUP_TESTS_FAKE_GROUPS_H

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gate/nss_sources.h"
#include "totpgroup.h"

struct fake_group {
	const char *name;
	gid_t gid;
	const char *const *members; /* ended by NULL; NULL for none */
};

static struct {
	const struct fake_group *groups; /* ended by a NULL name */
	const gid_t *gids;		 /* what getgrouplist() knows beside the primary */
	int gid_count;

	/* Lookups of the gid failing_gid give failure for the first failures
	 * times. */
	gid_t failing_gid;
	int failure;
	unsigned failures;

	/* getgrouplist() gives -1 this often, and never says how much it wants. */
	unsigned list_failures;
	bool list_is_silent;
	int list_extra; /* added to the count that it reports where it succeeds */

	/* What the sources say one by one: a gid, or that one of them does not answer. */
	gid_t source_gid; /* 0 for none */
	bool source_is_down;
	unsigned source_calls;

	/* What was seen. */
	unsigned lookups;
	size_t largest_buffer;
	unsigned list_calls;
	int largest_list;
} fake;

static int fake_fill(
	const struct fake_group *source, struct group *group, char *buffer, size_t size)
{
	size_t members = 0;
	size_t needed = strlen(source->name) + 1;
	char **list = (char **)(void *)buffer;

	for (; source->members != NULL && source->members[members] != NULL; members++)
		needed += strlen(source->members[members]) + 1;
	needed += (members + 1) * sizeof *list;
	if (needed > size)
		return ERANGE;
	buffer += (members + 1) * sizeof *list;
	for (size_t i = 0; i < members; i++) {
		list[i] = buffer;
		buffer = stpcpy(buffer, source->members[i]) + 1;
	}
	list[members] = NULL;
	*group = (struct group){
		.gr_name = strcpy(buffer, source->name), .gr_gid = source->gid, .gr_mem = list};
	return 0;
}

/* errno says the opposite of what is returned, and a failure leaves a group
 * behind: nothing may rely on either. */
static int fake_lookup(const struct fake_group *source, gid_t gid, struct group *group,
	char *buffer, size_t size, struct group **found)
{
	int failure = 0;

	*found = NULL;
	fake.lookups++;
	if (size > fake.largest_buffer)
		fake.largest_buffer = size;
	errno = 0;
	if (gid == fake.failing_gid && fake.failures > 0) {
		fake.failures--;
		if (fake.failure != 0) {
			*group = (struct group){.gr_gid = gid};
			*found = group;
		}
		return fake.failure;
	}
	errno = EIO;
	if (source->name != NULL)
		failure = fake_fill(source, group, buffer, size);
	if (failure == 0 && source->name != NULL)
		*found = group;
	return failure;
}

int getgrnam_r(const char *restrict name, struct group *restrict group, char *restrict buffer,
	size_t size, struct group **restrict found)
{
	const struct fake_group *source = fake.groups;

	while (source->name != NULL && strcmp(source->name, name) != 0)
		source++;
	return fake_lookup(source, source->gid, group, buffer, size, found);
}

int getgrgid_r(gid_t gid, struct group *restrict group, char *restrict buffer, size_t size,
	struct group **restrict found)
{
	const struct fake_group *source = fake.groups;

	while (source->name != NULL && source->gid != gid)
		source++;
	return fake_lookup(source, gid, group, buffer, size, found);
}

int nss_sources_read_groups(const char *user, struct user_groups *groups, struct error *error)
{
	(void)user;
	fake.source_calls++;
	if (fake.source_is_down)
		return error_set(error, TOTPGROUP_ESYSTEM, "a source does not answer");
	groups->gids = malloc(sizeof *groups->gids);
	if (groups->gids == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	groups->gids[0] = fake.source_gid;
	groups->count = fake.source_gid != 0;
	return 0;
}

int getgrouplist(const char *user, gid_t primary, gid_t *gids, int *count)
{
	int room = *count;

	(void)user;
	fake.list_calls++;
	if (room > fake.largest_list)
		fake.largest_list = room;
	if (fake.list_failures > 0) {
		fake.list_failures--;
		return -1;
	}
	for (int i = 0; i < room && i <= fake.gid_count; i++)
		gids[i] = i == 0 ? primary : fake.gids[i - 1];
	if (fake.gid_count + 1 > room) {
		*count = fake.list_is_silent ? room : fake.gid_count + 1;
		return -1;
	}
	*count = fake.gid_count + 1 + fake.list_extra;
	return *count;
}

#endif
