/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One varlink call, from the frame that it came in. */
#ifndef TOTPGROUP_DAEMON_REQUEST_H
#define TOTPGROUP_DAEMON_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* The longest frame, without its NUL. */
#define REQUEST_MAX 1024

#define REQUEST_PARAMETERS_MAX 4

/* A parameter: its value where that is a string, else NULL. */
struct request_parameter {
	const char *name;
	const char *value;
};

/* All strings lie in the frame. */
struct request {
	const char *interface; /* what stands before the last dot of the method */
	const char *method;    /* and behind it */
	bool oneway;	       /* no answer is wanted */
	bool upgrade;	       /* another protocol is wanted */
	struct request_parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t count;
	/* A parameter that came once before, or after too many others, or NULL. */
	const char *surplus;
};

/*
 * Reads a frame of length bytes, without its NUL, in place. False where it is no
 * call at all: no JSON object, an unknown, repeated or mistyped member, oneway and
 * more together, no method with a dot in it. It must not be answered then.
 */
bool request_read(struct request *request, char *frame, size_t length);

/*
 * Whether the parameters are exactly these strings, whose names end with NULL;
 * values has room for as many. *wrong is the name of one that is unknown, missing
 * or no string otherwise.
 */
bool request_take(const struct request *request, const char *const *names, const char **values,
	const char **wrong);

#endif
