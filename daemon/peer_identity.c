/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/peer_identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/user_entry.h"
#include "totpgroup.h"

/* The groups of a peer, its main one apart. */
struct groups {
	gid_t *gids;
	size_t count;
};

/* The kernel says how much room they take where there is too little. */
static int read_groups(int socket, struct groups *groups, struct error *error)
{
	socklen_t size = 0;

	while (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups->gids, &size) != 0) {
		if (errno != ERANGE)
			return error_set_system(error, TOTPGROUP_ESYSTEM,
				"the groups of the peer cannot be had");
		free(groups->gids);
		groups->gids = malloc(size);
		if (groups->gids == NULL)
			return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	groups->count = size / sizeof *groups->gids;
	return 0;
}

static bool has_uid(const struct policy_grant *grant, uid_t uid)
{
	for (size_t i = 0; i < grant->uid_count; i++)
		if (grant->uids[i] == uid)
			return true;
	return false;
}

static bool has_gid(const struct policy_grant *grant, gid_t gid)
{
	for (size_t i = 0; i < grant->gid_count; i++)
		if (grant->gids[i] == gid)
			return true;
	return false;
}

static bool is_granted(const struct peer_identity *peer, const struct groups *groups,
	const struct policy_grant *grant)
{
	if (has_uid(grant, peer->uid) || has_gid(grant, peer->gid))
		return true;
	for (size_t i = 0; i < groups->count; i++)
		if (has_gid(grant, groups->gids[i]))
			return true;
	return false;
}

static void find_grants(
	struct peer_identity *peer, const struct groups *groups, const struct policy *policy)
{
	peer->grants = 0;
	for (unsigned int i = (unsigned int)policy->verify.count; i-- > 0;)
		if (is_granted(peer, groups, &policy->grants[i])) {
			peer->grants |= UINT32_C(1) << i;
			peer->first = i;
		}
}

static int find_name(struct peer_identity *peer, struct error *error)
{
	struct user_entry *entry;
	int status = user_entry_by_uid(&entry, peer->uid, error);

	free(peer->name);
	peer->name = NULL;
	if (status == 0 && entry != NULL) {
		peer->name = strdup(entry->passwd.pw_name);
		if (peer->name == NULL)
			status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	free(entry);
	return status;
}

int peer_identity_find(struct peer_identity *peer, int socket, const struct policy *policy,
	struct error *error)
{
	struct groups groups = {NULL, 0};
	int status;

	if (peer->policy == policy->number)
		return 0;
	status = read_groups(socket, &groups, error);
	if (status == 0)
		status = find_name(peer, error);
	if (status == 0) {
		find_grants(peer, &groups, policy);
		peer->policy = policy->number;
	}
	free(groups.gids);
	return status;
}

bool peer_identity_is(const struct peer_identity *peer, const char *user)
{
	return peer->name != NULL && strcmp(peer->name, user) == 0;
}

void peer_identity_free(struct peer_identity *peer)
{
	free(peer->name);
	*peer = (struct peer_identity){.uid = peer->uid, .gid = peer->gid};
}
