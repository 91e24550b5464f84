/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* varlink messages: the call in a frame, the method that it names, and replies. */
#ifndef TOTPGROUP_DAEMON_VARLINK_H
#define TOTPGROUP_DAEMON_VARLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define VERIFY_INTERFACE  "org.totpgroup.Verify"
#define SERVICE_INTERFACE "org.varlink.service"

#define ERROR_NOT_PERMITTED VERIFY_INTERFACE ".NotPermitted"
#define ERROR_STORE	    VERIFY_INTERFACE ".StoreError"
#define ERROR_BUSY	    VERIFY_INTERFACE ".Busy"
#define ERROR_INVALID	    SERVICE_INTERFACE ".InvalidParameter"

/* The longest frame in bytes, without its NUL. */
#define REQUEST_MAX 4096

#define REQUEST_PARAMETERS_MAX 8

struct request_parameter {
	const char *name;
	const char *value; /* NULL where the value is not a string */
};

/* A call as the client sent it. All strings lie in the frame. */
struct request {
	const char *interface; /* the member "method" up to its last dot */
	const char *method;    /* the rest, behind that dot */
	bool oneway;	       /* the client wants no reply */
	bool upgrade;	       /* the client wants to change to another protocol */
	struct request_parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t count;
	const char *unknown; /* the first member that varlink does not know, or NULL */
	const char *surplus; /* a parameter that is repeated or one too many, or NULL */
};

/*
 * Reads a frame of length bytes, without its NUL, in place. False where the frame is not a
 * call: no JSON object, a repeated or mistyped member, oneway together with more,
 * or a method without a dot. Such a frame must not be answered.
 */
bool request_read(struct request *request, char *frame, size_t length);

/*
 * Whether the parameters are exactly the strings with these names; names ends with NULL,
 * and values has room for as many. A parameter whose name has a '?' in front may be missing,
 * and its value is NULL then. Otherwise *wrong is the name of a parameter that is
 * unknown, missing or not a string.
 */
bool request_take(const struct request *request, const char *const *names, const char **values,
	const char **wrong);

enum call_method {
	CALL_NONE = 0,
	CALL_VERIFY,
	CALL_STATUS,
	CALL_ENROLL,
	CALL_CONFIRM,
	CALL_LOOK,
	CALL_CREATE,
};

/* What a code is to a login that has several texts. */
enum call_turn {
	CALL_TURN_ONLY = 0, /* the only text of its login */
	CALL_TURN_FIRST,    /* another may follow */
	CALL_TURN_LAST,	    /* a first one was refused; together they are one attempt */
	CALL_TURN_UNNEEDED, /* the login needs no code; what may be one is the end of a password */
};

/* The purpose of a look that is no login: nothing is written or logged. */
#define CALL_EXPLAIN "explain"

/* A call that a worker has to perform. Its strings lie in the frame. */
struct call {
	enum call_method method;
	const char *user; /* NULL: the peer itself */
	const char *code;
	bool behind_password; /* code may begin with the end of a password */
	/* For root alone; NULL where nothing is said. */
	const char *service;	/* of PAM */
	const char *rhost;	/* whom a grace period is counted for */
	const char *session;	/* the login session (host/login_session.h) */
	const char *turn_word;	/* as it was sent */
	const char *purpose;	/* as it was sent: CALL_EXPLAIN or NULL */
	const char *credential; /* the text of a new secret file */
	enum call_turn turn;
};

/*
 * Finds the method and checks the parameters. Where the reply is known at once, such as an
 * error or the description of an interface, it is appended to *reply and the method is
 * CALL_NONE. reply must be TEXT_INIT; otherwise it stays so. Returns 0 or TOTPGROUP_EMEMORY.
 */
int call_from_request(const struct request *request, struct call *call, struct text *reply);

/*
 * Writing a reply: begin, any number of parameters, end. The text must be TEXT_INIT at
 * the beginning, and is the caller's to text_free(). It remembers the first failure, so
 * that only the end has to be looked at.
 */

/* A reply with that error, or without one for NULL. */
void reply_begin(struct text *reply, const char *error_name);

/* Adds a parameter; a NULL string adds nothing. */
void reply_string(struct text *reply, const char *name, const char *value);
void reply_number(struct text *reply, const char *name, int64_t value);
void reply_flag(struct text *reply, const char *name, bool value);
void reply_strings(
	struct text *reply, const char *name, const char *const *values, size_t count);

/* Ends the reply with its NUL. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EARGUMENT for a
 * string that is not UTF-8; after an error the text is TEXT_INIT again. */
int reply_end(struct text *reply);

/* A whole reply with an error and one parameter, or none where value is NULL. Returns as
 * reply_end(). */
int reply_error(
	struct text *reply, const char *error_name, const char *name, const char *value);

#endif
