/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands for secrets that exist: codes, verify, status, show and revoke. */
#ifndef TOTPGROUP_CLI_MANAGE_MANAGE_H
#define TOTPGROUP_CLI_MANAGE_MANAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/ui/json_output.h"
#include "cli/ui/option_table.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "cli/users/user_status.h"
#include "core/emergency_codes.h"
#include "totpgroup.h"

/* The options of all these commands. Strings point into the argument vector; NULL where
 * not given. */
struct manage_options {
	const char *secret;
	const char *conf;
	const char *group;
	const char *label;
	const char *issuer;
	const char *device;
	const char *qr;	 /* what qr_option_read() reads */
	int number;	 /* of emergency codes */
	int code_format; /* enum code_format */
	int force;
	int json;
	int pipe;
	int quiet;
	int all;   /* users of the store */
	int local; /* codes of this host alone, for fail=local */
	int dry_run;
	const char *new_key; /* the id of a key to be drawn */
};

/* One run of such a command. Begins zeroed, ends with manage_end(). */
struct manage_member {
	char *name;
	struct user_entry *entry; /* or NULL */
};

struct manage {
	struct manage_options options;
	char **named; /* the users behind the options */
	size_t named_count;
	struct host_defaults defaults;
	/* The users, each once: those who were named, then the members of the group. If
	 * nobody was named, the only entry is NULL and means the caller. */
	const char **users;
	/* Of each of them, as the walk over the group met it; NULL where the user database did
	 * not list the user. */
	const struct passwd **entries;
	size_t user_count;
	/* Several were named, or a group, even of one member: messages name the user. */
	bool several;
	struct manage_member *members; /* of the group, sorted */
	size_t member_count;
	struct json_report report; /* with --json, once the command has begun it */
	size_t failed;
	enum exit_status first_failure;
};

/* Reads an argument vector by the command's table. At least so many users must be named
 * unless a group is. Reports what is wrong and returns STATUS_USAGE; else as
 * option_table_read(). */
enum exit_status manage_read_options(struct manage *manage, const struct option_row *table,
	size_t least, int argc, char **argv);

/* Reads the configuration and lists the users. Only root may name a group. Reports what is
 * wrong: STATUS_NOT_PERMITTED, or as host_defaults_load() and group_walk_begin(). */
enum exit_status manage_begin(struct manage *manage);

/* Counts the status of one user. */
void manage_count(struct manage *manage, enum exit_status status);

/* Calls act for each user and counts what it returns. */
void manage_each(
	struct manage *manage, enum exit_status (*act)(struct manage *, const char *user));

/* The exit status of the whole: that of the only user, or STATUS_SOME_FAILED where any of
 * several failed. */
enum exit_status manage_conclude(const struct manage *manage);

void manage_end(struct manage *manage);

/* New emergency codes for one user. Begins as NEW_CODES_INIT with manage, ends with
 * new_codes_free(). Holds secrets. */
struct new_codes {
	const struct manage *manage;
	bool by_flags;		    /* the file is found by google-authenticator's rules */
	struct user_file file;	    /* with the state */
	struct user_file writer;    /* the same without the state */
	struct store_record record; /* the texts from before */
	unsigned int old_count;
	bool hashed;
	struct emergency_codes codes;
	struct text lines; /* of the codes, for the file */
	struct error error;
};

#define NEW_CODES_INIT                                                                         \
	{                                                                                      \
		.record = STORE_RECORD_INIT, .lines = TEXT_INIT, .error = ERROR_INIT           \
	}

/* Replaces the codes of a user, or of the caller where user is NULL, and asks before that
 * unless the options say not to. With STATUS_DONE only the new codes are good, with
 * anything else only the old ones. */
enum exit_status new_codes_make(struct new_codes *new_codes, const char *user);

void new_codes_free(struct new_codes *new_codes);

/* One code of one user, judged and spent as at a login. Begins as VERIFICATION_INIT with
 * the user's name, ends with verification_free(). */
struct verification {
	const char *user;
	struct user_file file;
	bool any_store; /* no store was named, so that totp-verifyd may be asked */
	bool by_daemon; /* it is going to be asked */
	enum exit_status status;
	struct totpgroup_result result;
	struct error error; /* beside the verdict, or instead of one */
};

#define VERIFICATION_INIT                                                                      \
	{                                                                                      \
		.status = STATUS_STORE_ERROR, .result = TOTPGROUP_RESULT_INIT,                 \
		.error = ERROR_INIT                                                            \
	}

/* Finds the user's file, or the daemon that may read it. Sets the status: STATUS_DONE
 * where a code may be judged. */
void verification_find(struct verification *verification, const struct host_defaults *defaults,
	const char *specification);

/* Judges what was typed, and sets the status and the result. A right code is spent when
 * this returns. */
void verification_judge(struct verification *verification, const struct host_defaults *defaults,
	const char *typed);

void verification_free(struct verification *verification);

#endif
