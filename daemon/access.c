/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gate/group_gate.h"
#include "host/user_entry.h"
#include "totpgroup.h"

/* Reads the supplementary groups of a peer. The caller frees *gids, also after an error. */
static int read_groups(int socket, gid_t **gids, size_t *count, struct error *error)
{
	socklen_t size = 0;

	/* The kernel reports the size where there is too little room. */
	while (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, *gids, &size) != 0) {
		if (errno != ERANGE)
			return error_set_system(error, TOTPGROUP_ESYSTEM,
				"the groups of the peer cannot be read");
		free(*gids);
		*gids = malloc(size);
		if (*gids == NULL)
			return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	}
	*count = size / sizeof **gids;
	return 0;
}

static bool has_id(const struct id_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

static bool is_granted(const struct peer_identity *peer, const gid_t *gids, size_t count,
	const struct policy_grant *grant)
{
	bool granted = has_id(&grant->uids, peer->uid) || has_id(&grant->gids, peer->gid);

	for (size_t i = 0; !granted && i < count; i++)
		granted = has_id(&grant->gids, gids[i]);
	return granted;
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
	gid_t *gids = NULL;
	size_t count = 0;
	int status;

	if (peer->policy == policy->number)
		return 0;
	status = read_groups(socket, &gids, &count, error);
	if (status == 0)
		status = find_name(peer, error);
	if (status == 0) {
		peer->grants = 0;
		for (unsigned int i = (unsigned int)policy->verify.count; i-- > 0;)
			if (is_granted(peer, gids, count, &policy->grants[i])) {
				peer->grants |= UINT32_C(1) << i;
				peer->first = i;
			}
		peer->policy = policy->number;
	}
	free(gids);
	return status;
}

void peer_identity_free(struct peer_identity *peer)
{
	free(peer->name);
	*peer = (struct peer_identity){.uid = peer->uid, .gid = peer->gid};
}

struct access access_of(
	const struct peer_identity *peer, const struct policy *policy, const char *user)
{
	if (peer->uid == 0)
		return (struct access){ACCESS_FULL, VERIFY_SERVICE_ROOT, 0};
	if (policy->verify.self && peer->name != NULL && strcmp(peer->name, user) == 0)
		return (struct access){ACCESS_FULL, VERIFY_SERVICE_SELF, 0};
	if (peer->grants != 0)
		return (struct access){
			ACCESS_FRONT_END, policy->verify.grants[peer->first].name, peer->first};
	return (struct access){ACCESS_NONE, NULL, 0};
}

/* entry is NULL for a user who does not exist, for whom the groups are read, too. The groups
 * are those of the name that the user database has: it may take several spellings for one. */
static int grant_covers(const struct verify_grant *grant, const char *user,
	const struct user_entry *entry, bool *covers, struct error *error)
{
	const char *name = entry != NULL ? entry->passwd.pw_name : user;
	gid_t primary = entry != NULL ? entry->passwd.pw_gid : (gid_t)-1;
	enum group_gate gate =
		group_gate_judge(grant->groups, name, primary, NULL, NULL, error);

	if (gate == GROUP_GATE_ERROR)
		return error->code != 0 ? error->code : TOTPGROUP_EGROUP;
	*covers = gate == GROUP_GATE_INSIDE && entry != NULL &&
		  (grant->root || entry->passwd.pw_uid != 0);
	return 0;
}

static bool grant_allows(const struct verify_grant *grant, enum access_purpose purpose)
{
	return purpose == ACCESS_TO_VERIFY || (purpose == ACCESS_TO_STATUS && grant->status) ||
	       (purpose == ACCESS_TO_ENROLL && grant->self_enroll);
}

int access_covers(const struct peer_identity *peer, const struct policy *policy,
	const char *user, enum access_purpose purpose, struct coverage *coverage,
	struct error *error)
{
	struct user_entry *entry;
	bool covers = false;
	int status = user_entry_by_name(&entry, user, error);

	*coverage = (struct coverage){.covered = false};
	for (unsigned int i = 0; status == 0 && !covers && i < policy->verify.count; i++) {
		const struct verify_grant *grant = &policy->verify.grants[i];

		if ((peer->grants >> i & 1) == 0 || !grant_allows(grant, purpose))
			continue;
		status = grant_covers(grant, user, entry, &covers, error);
		if (status == 0 && covers)
			*coverage = (struct coverage){true, grant->name, entry->passwd.pw_uid};
	}
	free(entry);
	return status;
}
