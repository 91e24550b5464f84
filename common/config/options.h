/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's options: one table for the module's line, the configuration file,
 * `totp-enroll doctor` and the check of the manual. pam_totpgroup(8) says what each
 * option is for. */
#ifndef TOTPGROUP_CONFIG_OPTIONS_H
#define TOTPGROUP_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Every option with its value. Strings point into the argument that they were read from,
 * and are NULL where the option is not given. Begins as OPTIONS_INIT. */
struct options {
	const char *conf;
	const char *store; /* NULL: files; see options_socket() and options_is_shared() */
	const char *secret;
	const char *state; /* NULL: in the secret's own file */
	const char *user;
	const char *seal_key; /* the file of keys that seal root's secrets; NULL: none */
	const char *authtok_prompt;
	const char *services;
	const char *group;
	const char *skip_net;
	const char *skip_after;
	bool nullok;
	int64_t nullok_until;	/* seconds since 1970: the end of the day; 0: not given */
	int64_t nullok_for;	/* seconds from the first login; 0: not given */
	const char *first_seen; /* NULL: OPTIONS_FIRST_SEEN */
	bool enroll;
	bool try_first_pass;
	bool use_first_pass;
	bool forward_pass;
	bool noskewadj;
	bool no_increment_hotp;
	bool resync_hotp;
	bool echo_verification_code;
	bool no_strict_owner;
	uint32_t allowed_perm; /* permission bits, default 0600 */
	int64_t grace_period;  /* seconds, default 0 */
	/* Services that remember a login session, too; NULL: none. */
	const char *grace_services;
	bool allow_readonly;
	bool disallow_reuse;
	bool strict; /* disallow_reuse and noskewadj are set with it */
	bool tell_reason;
	bool debug;
	/* A bit for each row of the table that was given, to find repetitions. */
	uint64_t given;
};

#define OPTIONS_INIT                                                                           \
	{                                                                                      \
		.allowed_perm = 0600                                                           \
	}

enum module_option_kind {
	MODULE_OPTION_FLAG,   /* the name alone, or name=yes, name=no */
	MODULE_OPTION_STRING, /* name=text, not empty */
	MODULE_OPTION_PROMPT, /* name=text, which may be empty */
	MODULE_OPTION_STORE,  /* name=file, name=socket, name=socket:path or name=pgsql */
	MODULE_OPTION_USER,   /* name=user name or uid */
	MODULE_OPTION_FILE, /* name=path in which only ~, ${USER} and ${HOME} stand for more */
	MODULE_OPTION_PATH, /* the same: an absolute path with ${USER} in it and no home */
	MODULE_OPTION_MODE, /* name=octal, not 0 */
	MODULE_OPTION_SECONDS, /* name=decimal, with s, m, h or d after it; empty means 0 */
	MODULE_OPTION_DATE,    /* name=YYYY-MM-DD, the whole of that day in UTC */
};

struct option_definition {
	const char *name;
	enum module_option_kind kind;
	size_t offset;	      /* of the value in struct options */
	const char *alias_of; /* the name of the option that this is another spelling of, or
				 NULL */
	bool daemons;	      /* with store=socket, only the daemon's value counts */
};

/* The default of first_seen=: the file that records when a user first logged in. */
#define OPTIONS_FIRST_SEEN "/var/lib/totpgroup/first-seen/${USER}"

/* The whole table, ended by a row whose name is NULL. */
extern const struct option_definition option_definitions[];

/* Whether the option is a path in which variables are replaced, as option_path_expand()
 * does. */
bool option_is_path(const struct option_definition *definition);

/* The name of the option that an alias stands for; any other name unchanged. */
const char *options_name(const char *name);

/* The value of store= for a store that hosts share. */
#define OPTIONS_STORE_PGSQL "pgsql"

/* Whether store= names a store that hosts share. */
bool options_is_shared(const struct options *options);

/* The path of the daemon's socket where store= names one, or a store that the module leaves to the
 * daemon; NULL where files are the store. */
const char *options_socket(const struct options *options);

/* Clients, scripts and password managers look for these very words: they are not translated. */
#define OPTIONS_PROMPT "Verification code: "

/* The prompt that a user sees: that of authtok_prompt=, or one that says whether the password is
 * typed with the code (forward_pass). */
const char *options_prompt(const struct options *options);

/* With store=socket, resets the options that only the daemon needs to their defaults. A
 * configuration file may set them for the daemon and for lines that use files. */
void options_leave_to_daemon(struct options *options);

/*
 * Sets one option; value is NULL where only the name was given. TOTPGROUP_ECONFIG, with
 * a message that names the option, where it is unknown or malformed, or was given before
 * with another value.
 */
int options_set(struct options *options, const char *name, size_t name_length,
	const char *value, struct error *error);

/* The same for `name` or `name=value`. */
int options_read(struct options *options, const char *argument, struct error *error);

/*
 * Reads all arguments of a line, which overrule the options that are set, and checks
 * options that exclude each other. TOTPGROUP_ECONFIG as above.
 */
int options_read_all(
	struct options *options, int count, const char *const *arguments, struct error *error);

#endif
