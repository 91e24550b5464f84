/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which peers may ask totp-verifyd about which users: the sections [verify NAME] and
 * [daemon] of the configuration file. totpgroup.conf(5) says what each key is for. */
#ifndef TOTPGROUP_CONFIG_VERIFY_CONFIG_H
#define TOTPGROUP_CONFIG_VERIFY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/configuration.h"
#include "config/keys.h"

#define VERIFY_GRANTS_MAX 32
#define VERIFY_NAME_MAX	  32

/* The services in the log for peers that need no grant. */
#define VERIFY_SERVICE_ROOT "root"
#define VERIFY_SERVICE_SELF "self"

/* One section [verify NAME]. */
struct verify_grant {
	char name[VERIFY_NAME_MAX + 1];
	const char *peer;	     /* names and uids, separated by commas; or NULL */
	const char *peer_group;	     /* names and gids of groups of peers, likewise; or NULL */
	const char *groups;	     /* it may ask about their members; see gate/group_gate.h */
	bool root;		     /* also about uid 0, if it is a member */
	bool status;		     /* may call Status, too */
	bool self_enroll;	     /* may give users without a secret their first one */
	struct config_rate attempts; /* about each user */
	struct config_rate peer_attempts; /* of each peer, about all users together */
};

/* Begins as VERIFY_CONFIG_INIT. Strings are the configuration's. */
struct verify_config {
	struct verify_grant grants[VERIFY_GRANTS_MAX];
	size_t count;
	int idle_exit; /* seconds; 0: never */
	int connections;
	int peer_connections; /* of one uid */
	bool self;	      /* users may ask about themselves */
	struct config_rate self_attempts;
	bool self_enroll;    /* users without a secret may get one */
	const char *metrics; /* absolute path of the file for them, or NULL */
};

#define VERIFY_CONFIG_INIT                                                                     \
	{                                                                                      \
		.idle_exit = 60, .connections = 4096, .peer_connections = 1024, .self = true,  \
		.self_attempts = {                                                             \
			.attempts = 3,                                                         \
			.seconds = 30                                                          \
		}                                                                              \
	}

extern const struct key_definition verify_definitions[];
extern const struct key_definition daemon_definitions[];

/*
 * Reads the sections of a loaded configuration, which must outlive the result.
 * TOTPGROUP_ECONFIG with file and line for an unknown key or a malformed value, and for a
 * grant without groups, or with neither peer nor peer_group.
 */
int verify_config_read(const struct configuration *configuration, struct verify_config *config,
	struct error *error);

#endif
