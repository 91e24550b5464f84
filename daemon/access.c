/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/access.h"

#include <stdlib.h>

#include "gate/group_gate.h"
#include "host/user_entry.h"
#include "totpgroup.h"

struct access access_of(
	const struct peer_identity *peer, const struct policy *policy, const char *user)
{
	if (peer->uid == 0)
		return (struct access){ACCESS_FULL, VERIFY_SERVICE_ROOT, 0};
	if (policy->verify.self && peer_identity_is(peer, user))
		return (struct access){ACCESS_FULL, VERIFY_SERVICE_SELF, 0};
	if (peer->grants != 0)
		return (struct access){
			ACCESS_FRONT_END, policy->verify.grants[peer->first].name, peer->first};
	return (struct access){ACCESS_NONE, NULL, 0};
}

/* One grant, for a user who may not exist. */
static int compare(const struct verify_grant *grant, const char *user,
	const struct user_entry *entry, bool *covers, struct error *error)
{
	gid_t primary = entry != NULL ? entry->passwd.pw_gid : (gid_t)-1;
	enum group_gate gate = group_gate_judge(grant->groups, user, primary, NULL, error);

	if (gate == GROUP_GATE_ERROR)
		return error->code != 0 ? error->code : TOTPGROUP_EGROUP;
	*covers = gate == GROUP_GATE_INSIDE && entry != NULL &&
		  (grant->root || entry->passwd.pw_uid != 0);
	return 0;
}

int access_covers(const struct peer_identity *peer, const struct policy *policy,
	const char *user, bool for_status, bool *covers, const char **service,
	struct error *error)
{
	struct user_entry *entry;
	int status = user_entry_by_name(&entry, user, error);

	*covers = false;
	for (unsigned int i = 0; status == 0 && !*covers && i < policy->verify.count; i++) {
		const struct verify_grant *grant = &policy->verify.grants[i];

		if ((peer->grants >> i & 1) == 0 || (for_status && !grant->status))
			continue;
		status = compare(grant, user, entry, covers, error);
		if (status == 0 && *covers)
			*service = grant->name;
	}
	*covers = *covers && status == 0;
	free(entry);
	return status;
}
