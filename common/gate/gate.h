/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a login needs a code: services, groups, networks and SSH methods judged
 * together. */
#ifndef TOTPGROUP_GATE_GATE_H
#define TOTPGROUP_GATE_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "gate/user_groups.h"

/* The values of the options with these names; NULL for an option that is not given. */
struct gate_rules {
	const char *services;
	const char *grace_services; /* skips nobody, but has to be well-formed, too */
	const char *group;
	const char *skip_net;
	const char *skip_after;
};

/* The facts of a login. NULL for a missing one. */
struct gate_facts {
	const char *service; /* PAM_SERVICE */
	const char *user;
	bool user_known;   /* by NSS */
	gid_t primary_gid; /* of a known user */
	/* The user's groups, looked up here where group= needs them. NULL where the caller
	 * does not need them. */
	struct user_groups *groups;
	const char *rhost; /* PAM_RHOST */
	/* From the PAM environment, which sshd fills in. Never from the environment of the
	 * process, which belongs to the user who starts su or sudo. */
	const char *ssh_connection; /* SSH_CONNECTION */
	const char *ssh_auth_info;  /* SSH_AUTH_INFO_0 */
};

/* Only GATE_SKIP lets a user pass without a code. Its value is unlikely to be in memory
 * by chance. */
enum gate { GATE_ERROR = 0, GATE_ASK = 1, GATE_SKIP = 0x65c39a1d };

#define GATE_REASON_SERVICE "service"

struct gate_answer {
	enum gate gate;
	/* The reason of GATE_SKIP in the log: GATE_REASON_SERVICE, "not-in-group", "network"
	 * or "method". Otherwise NULL. */
	const char *reason;
};

/* A callback for each rule that is judged. step is the name of the option. line says the
 * fact and the answer, has no control characters, and is valid during the call. */
struct gate_note {
	void (*tell)(void *context, const char *step, const char *line);
	void *context;
};

/*
 * Judges a login by the given rules in the order services, group, skip_net, skip_after.
 * The first rule that says to skip is the answer; without one it is GATE_ASK. note may
 * be NULL.
 *
 * GATE_ERROR with a message where any rule is malformed, even one after a rule that
 * would skip; where services or group is reached and the service or the user's name is
 * missing; and where group_gate_judge() fails. Only services skips a user whom NSS does
 * not know: a skipped unknown user would show who exists.
 *
 * Looks up groups through NSS where group is reached; thread-safe.
 */
struct gate_answer gate_judge(const struct gate_rules *rules, const struct gate_facts *facts,
	const struct gate_note *note, struct error *error);

#endif
