/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/share.h"

#include <string.h>

#include "daemon/work.h"

enum share share_of(const struct work *work)
{
	const struct peer_identity *peer = work->peer;

	if (peer->uid == 0)
		return SHARE_ROOT;
	if (work->call.user == NULL || peer->policy != work->policy->number)
		return SHARE_SELF;
	return access_of(peer, work->policy, work->call.user).kind == ACCESS_FULL
		       ? SHARE_SELF
		       : SHARE_OTHERS;
}

void share_count(
	struct share_count *count, const struct work *waiting, const struct work *running)
{
	if (running->share != waiting->share)
		return;
	if (running->peer->uid == waiting->peer->uid)
		count->same_peer++;
	if (waiting->share == SHARE_SELF)
		count->blocked = count->same_peer > 0;
	else if (strcmp(running->key, waiting->key) == 0 ||
		 (waiting->share == SHARE_OTHERS && count->same_peer >= SHARE_PEER_THREADS))
		count->blocked = true;
}
