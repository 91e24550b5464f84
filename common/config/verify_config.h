/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may ask totp-verifyd about whom: the sections [verify NAME] and [daemon] of
 * the configuration file. totpgroup.conf(5) says what each key is for. */
#ifndef TOTPGROUP_CONFIG_VERIFY_CONFIG_H
#define TOTPGROUP_CONFIG_VERIFY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/configuration.h"
#include "config/keys.h"

#define VERIFY_GRANTS_MAX 32
#define VERIFY_NAME_MAX	  32

/* What the log calls the service of a peer that needs no grant. */
#define VERIFY_SERVICE_ROOT "root"
#define VERIFY_SERVICE_SELF "self"

/* One section [verify NAME]. */
struct verify_grant {
	char name[VERIFY_NAME_MAX + 1];
	const char *peer;	     /* names and uids separated by commas, or NULL */
	const char *peer_group;	     /* likewise groups, or NULL */
	const char *groups;	     /* of whose members it may ask; see gate/group_gate.h */
	bool root;		     /* of uid 0, too, if it is in one of them */
	bool status;		     /* not for codes alone */
	struct config_rate attempts; /* for each user asked about */
	struct config_rate peer_attempts; /* of each peer, whomever it asks about */
};

/* Begins as VERIFY_CONFIG_INIT. Strings are the configuration's. */
struct verify_config {
	struct verify_grant grants[VERIFY_GRANTS_MAX];
	size_t count;
	int idle_exit; /* seconds; 0: never */
	int connections;
	int peer_connections; /* of one uid */
	bool self;	      /* users may ask for themselves */
	struct config_rate self_attempts;
	bool self_enroll; /* users without a secret may get one */
};

#define VERIFY_CONFIG_INIT                                                                     \
	{                                                                                      \
		.idle_exit = 60, .connections = 4096, .peer_connections = 1024, .self = true,  \
		.self_attempts = {                                                             \
			.attempts = 3,                                                         \
			.seconds = 30                                                          \
		}                                                                              \
	}

/* The tables of both sections, each ended by a row whose name is NULL. */
extern const struct key_definition verify_definitions[];
extern const struct key_definition daemon_definitions[];

/*
 * Reads the sections of a configuration that was loaded, which must outlive the
 * result. TOTPGROUP_ECONFIG with file and line for an unknown key, a malformed
 * value, and a grant that lacks groups, or both peer and peer_group.
 */
int verify_config_read(const struct configuration *configuration, struct verify_config *config,
	struct error *error);

#endif
