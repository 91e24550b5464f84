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
	const char *secret;
	const char *user;
	const char *authtok_prompt;
	const char *group;
	bool nullok;
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
	bool debug;
	/* Which table rows were given, to find one that is repeated with another
	 * value. */
	uint64_t given;
};

#define OPTIONS_INIT                                                                           \
	{                                                                                      \
		.allowed_perm = 0600                                                           \
	}

enum option_kind {
	OPTION_FLAG,	/* the name alone */
	OPTION_STRING,	/* name=text, not empty */
	OPTION_PROMPT,	/* name=text, which may be empty */
	OPTION_USER,	/* name=user name or uid */
	OPTION_MODE,	/* name=octal, not 0 */
	OPTION_SECONDS, /* name=decimal; empty means 0 */
};

struct option_definition {
	const char *name;
	enum option_kind kind;
	size_t offset; /* of the value in struct options */
	/* Another spelling of the option that has this name, or NULL. */
	const char *alias_of;
};

/* The whole table, ended by a row whose name is NULL. */
extern const struct option_definition option_definitions[];

/*
 * Reads one option, `name` or `name=value`, into options. TOTPGROUP_ECONFIG
 * with a message that names it where it is unknown, malformed, or repeated
 * with another value.
 */
int options_read(struct options *options, const char *argument, struct error *error);

/* Reads a whole argument vector and checks what only makes sense together. */
int options_read_all(
	struct options *options, int count, const char *const *arguments, struct error *error);

#endif
