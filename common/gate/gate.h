/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a second factor is due: services, groups, networks and SSH methods
 * judged together. */
#ifndef TOTPGROUP_GATE_GATE_H
#define TOTPGROUP_GATE_GATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "gate/user_groups.h"

/* The values of the options of those names; NULL where one is not given. */
struct gate_rules {
	const char *services;
	const char *group;
	const char *skip_net;
	const char *skip_after;
};

/* What is known of the login. NULL stands for what is missing. */
struct gate_facts {
	const char *service; /* PAM_SERVICE */
	const char *user;
	bool user_known; /* to the system; primary_gid means nothing else */
	gid_t primary_gid;
	/* The user's, read where group= needs them; NULL: nobody else wants them. */
	struct user_groups *groups;
	const char *rhost; /* PAM_RHOST */
	/* Of the PAM environment, where sshd puts them: never of the process's
	 * own, which whoever starts su or sudo decides. */
	const char *ssh_connection; /* SSH_CONNECTION */
	const char *ssh_auth_info;  /* SSH_AUTH_INFO_0 */
};

/* Only GATE_SKIP lets a user pass without a code: its value is not one that
 * memory holds by chance. */
enum gate { GATE_ERROR = 0, GATE_ASK = 1, GATE_SKIP = 0x65c39a1d };

struct gate_answer {
	enum gate gate;
	/* For the log, where it is GATE_SKIP: "service", "not-in-group", "network"
	 * or "method". Else NULL. */
	const char *reason;
};

/* Who is told each step, named as its option, and the fact behind it: one line
 * without control characters, valid during the call. */
struct gate_note {
	void (*tell)(void *context, const char *step, const char *line);
	void *context;
};

/*
 * Judges a login. The rules that are given are judged in the order services,
 * group, skip_net, skip_after, and the first that does not apply, or that
 * skips, is the answer; with none left, and with no rules at all, it is
 * GATE_ASK. note may be NULL.
 *
 * GATE_ERROR with a message where any rule is malformed, even one that comes
 * after a rule that would skip; where a rule that is reached misses its fact,
 * the service or the user's name; and where the groups cannot be judged, as
 * group_gate_judge() says. A user whom the system does not know is skipped by
 * services alone, which does not depend on him: that he is asked, too, tells
 * nobody who exists.
 *
 * Reads NSS where group is given and reached; thread-safe.
 */
struct gate_answer gate_judge(const struct gate_rules *rules, const struct gate_facts *facts,
	const struct gate_note *note, struct error *error);

#endif
