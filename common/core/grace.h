/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " LAST0 to " LAST9: the hosts that a code was last accepted from, when, and
 * for which service, as in `192.0.2.7 1800000000 sshd`. With a grace period such a
 * host is not asked again by that service until it is over. A line without a
 * service is google-authenticator's, which knows none, and is good for all. */
#ifndef TOTPGROUP_CORE_GRACE_H
#define TOTPGROUP_CORE_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credential.h"

/* Who asks for grace. */
struct grace_key {
	const char *service; /* of PAM; NULL: only what is good for all */
	const char *host;    /* a plain name or address; NULL: there is no grace */
};

/* Whether a code was accepted for key in the period seconds before now. A time
 * in the future does not count. */
bool grace_applies(const totpgroup_credential *credential, const struct grace_key *key,
	int64_t now, int64_t period);

/* Records that a code was accepted for key now. A host or a service that is no
 * plain name or address is left out. *changed is set when the credential was.
 * Returns 0 or TOTPGROUP_EMEMORY. */
int grace_record(totpgroup_credential *credential, const struct grace_key *key, int64_t now,
	bool *changed);

/* Forgets all hosts: in each line that there is stands none, at no time. Returns 0
 * or TOTPGROUP_EMEMORY. */
int grace_forget(totpgroup_credential *credential);

#endif
