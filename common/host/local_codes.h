/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fail=local: emergency codes of this host alone, for a moment in which the store that hosts share
 * gives no answer. Each member of fail_group has a file of root's, in the format of a secret file, with
 * hashed codes and the state of its limit. Nothing in it is known to the store, and a code by time is
 * never accepted here: it would be good on each host.
 */
#ifndef TOTPGROUP_HOST_LOCAL_CODES_H
#define TOTPGROUP_HOST_LOCAL_CODES_H

#include <stdbool.h>

#include "base/error.h"
#include "config/configuration.h"
#include "core/decide.h"

/* A path as in the option secret=, and the folder that it is in. */
#define LOCAL_CODES_FOLDER "/var/lib/totpgroup/local"
#define LOCAL_CODES_PATH   LOCAL_CODES_FOLDER "/${USER}"

/* Where the daemon keeps which logins these codes let in, until the store's log has them. */
#define LOCAL_LOG_FOLDER "/var/lib/totpgroup/local-log"

/* Whether the configuration says store=pgsql and fail=local. */
bool local_codes_are_on(const struct configuration *configuration);

/*
 * Decides on an attempt after store_was_silent(). True where the codes of this host have judged it:
 * *decision is a verdict whose new state is durable, or a refusal with an error. False with the reason
 * in error, and *decision untouched, where they do not count: fail=local is not set, the text has not
 * the form of a hashed emergency code, the user is unknown or no member of fail_group, the groups
 * cannot be found out, or there is no file.
 *
 * attempt is as user_store_verify() takes it; there is no grace period. Reads NSS, and waits for the
 * lock of the file.
 */
bool local_codes_judge(const struct configuration *configuration, const char *user,
	const struct attempt *attempt, struct decision *decision, struct error *error);

/* The facts of a user's file, for people. */
struct local_codes {
	bool is_member;	    /* of fail_group= */
	unsigned int count; /* codes that are left */
	bool has_more;	    /* a secret or plain codes, too, which do not count here */
};

/*
 * Reads them, and changes nothing. TOTPGROUP_ENOTFOUND where there is no such user, or, with is_member
 * set, no file; TOTPGROUP_EGROUP; TOTPGROUP_ECONFIG; otherwise errors as of user_credential_look() and
 * credential_summarize().
 */
int local_codes_look(const struct configuration *configuration, const char *user,
	struct local_codes *codes, struct error *error);

#endif
