/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can be asked for: the calls of both interfaces. */
#ifndef TOTPGROUP_DAEMON_CALL_H
#define TOTPGROUP_DAEMON_CALL_H

#include <stdbool.h>

#include "base/text.h"
#include "daemon/request.h"

/* Longer names than any system has. */
#define CALL_USER_MAX 255

enum call_method {
	CALL_NONE = 0,
	CALL_VERIFY,
	CALL_STATUS,
	CALL_ENROLL,
	CALL_CONFIRM,
};

/* A call that has to do with a user. Its strings lie in the frame. */
struct call {
	enum call_method method;
	const char *user; /* NULL: the peer itself */
	const char *code;
};

/*
 * Finds out what is asked for. Where that can be told at once, *answer is the frame to
 * send back and the method is CALL_NONE; it stays TEXT_INIT otherwise. Returns 0 or
 * TOTPGROUP_EMEMORY.
 */
int call_from_request(const struct request *request, struct call *call, struct text *answer);

#endif
