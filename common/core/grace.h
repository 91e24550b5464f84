/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* " LAST0 to " LAST9: hosts from which a code was accepted, when, and for which service,
 * as in `192.0.2.7 1800000000 sshd`. Within a grace period the service does not ask that
 * host again. Lines of google-authenticator have no service, and are valid for all.
 *
 * A login without a host can be remembered for its login session (host/login_session.h), as in
 * `session:NAME 1800000000 sudo 5000`, where the last number is the uptime of the machine in
 * seconds: such a line ends when the clock is set back. Only a credential that root alone can
 * write may be asked about sessions: its owner could write such a line. */
#ifndef TOTPGROUP_CORE_GRACE_H
#define TOTPGROUP_CORE_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/credential.h"

#define GRACE_LINES 10

/* Who asks for grace. */
struct grace_key {
	const char *service; /* of PAM; NULL: only lines without a service apply */
	const char *host;    /* a plain name or address; NULL: not one of a host */
	const char *session; /* of a login without a host; NULL: not one of a session */
	int64_t uptime;	     /* of the machine at that moment, in seconds; for a session */
};

/* Whether a code was accepted for key in the `period` seconds before now. Times in the
 * future do not count. */
bool grace_applies(const totpgroup_credential *credential, const struct grace_key *key,
	int64_t now, int64_t period);

/* Records that a code was accepted for key at `now`, unless host, session or service is
 * not a plain name or address. A session needs a service. Sets *changed when the credential was changed. Returns 0 or
 * TOTPGROUP_EMEMORY. */
int grace_record(totpgroup_credential *credential, const struct grace_key *key, int64_t now,
	bool *changed);

/* Forgets all hosts: every line that is there gets the host `-` and the time 0. Returns
 * 0 or TOTPGROUP_EMEMORY. */
int grace_forget(totpgroup_credential *credential);

/* Finds " LAST0 to " LAST9 by its number. */
bool grace_find(const totpgroup_credential *credential, unsigned int number,
	struct credential_option *option);

#endif
