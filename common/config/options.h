/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's options: one table that whoever reads, checks or documents
 * them shares. pam_totpgroup(8) says what each is for. */
#ifndef TOTPGROUP_CONFIG_OPTIONS_H
#define TOTPGROUP_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Every option with its value. Strings point into the argument that they were
 * read from; NULL means not given. Begins as OPTIONS_INIT. */
struct options {
	const char *conf;
	const char *store; /* NULL: files; see options_socket() */
	const char *secret;
	const char *state; /* NULL: in the secret's own file */
	const char *user;
	const char *authtok_prompt;
	const char *services;
	const char *group;
	const char *skip_net;
	const char *skip_after;
	bool nullok;
	int64_t nullok_until;	/* seconds since 1970, the first that is too late; 0: no date */
	int64_t nullok_for;	/* seconds from first sight, 0: not given */
	const char *first_seen; /* where first sight is noted; see OPTIONS_FIRST_SEEN */
	bool enroll;
	bool try_first_pass;
	bool use_first_pass;
	bool forward_pass;
	bool noskewadj;
	bool no_increment_hotp;
	bool echo_verification_code;
	bool no_strict_owner;
	uint32_t allowed_perm; /* permission bits, default 0600 */
	int64_t grace_period;  /* seconds, default 0 */
	bool allow_readonly;
	bool disallow_reuse;
	bool strict; /* disallow_reuse and noskewadj are set with it */
	bool tell_reason;
	bool debug;
	/* Which table rows were given, to find one that is repeated with another
	 * value. */
	uint64_t given;
};

#define OPTIONS_INIT                                                                           \
	{                                                                                      \
		.allowed_perm = 0600                                                           \
	}

enum module_option_kind {
	MODULE_OPTION_FLAG,    /* the name alone, or name=yes, name=no */
	MODULE_OPTION_STRING,  /* name=text, not empty */
	MODULE_OPTION_PROMPT,  /* name=text, which may be empty */
	MODULE_OPTION_STORE,   /* name=file, name=socket or name=socket:path */
	MODULE_OPTION_USER,    /* name=user name or uid */
	MODULE_OPTION_PATH,    /* name=absolute path with ${USER} in it and no home */
	MODULE_OPTION_MODE,    /* name=octal, not 0 */
	MODULE_OPTION_SECONDS, /* name=decimal, with s, m, h or d after it; empty means 0 */
	MODULE_OPTION_DATE,    /* name=YYYY-MM-DD, the whole of that day in UTC */
};

struct option_definition {
	const char *name;
	enum module_option_kind kind;
	size_t offset; /* of the value in struct options */
	/* Another spelling of the option that has this name, or NULL. */
	const char *alias_of;
};

/* Where the day on which a user was first seen is noted, unless first_seen= says
 * otherwise. */
#define OPTIONS_FIRST_SEEN "/var/lib/totpgroup/first-seen/${USER}"

/* The whole table, ended by a row whose name is NULL. */
extern const struct option_definition option_definitions[];

/* The name of the option that an alias stands for; another name, known or not, as it is. */
const char *options_name(const char *name);

/* The socket of the daemon that decides, where store= names one; NULL where files
 * are the store. */
const char *options_socket(const struct options *options);

/* Sets back to their defaults those options that are the daemon's to know where
 * store= names its socket: a configuration file may have them, for the daemon and for
 * lines that use files. */
void options_leave_to_daemon(struct options *options);

/*
 * Sets one option; value is NULL where it was given by its name alone.
 * TOTPGROUP_ECONFIG with a message that names it where it is unknown, malformed,
 * or was given before with another value.
 */
int options_set(struct options *options, const char *name, size_t name_length,
	const char *value, struct error *error);

/* The same for `name` or `name=value`. */
int options_read(struct options *options, const char *argument, struct error *error);

/*
 * Reads a whole argument vector and checks what only makes sense together. What
 * stood in options before, from a configuration file, is overruled.
 */
int options_read_all(
	struct options *options, int count, const char *const *arguments, struct error *error);

#endif
