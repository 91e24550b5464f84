/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon at work: one thread that waits for all connections, and a pool that
 * performs calls. */
#ifndef TOTPGROUP_DAEMON_SERVER_H
#define TOTPGROUP_DAEMON_SERVER_H

#include <stdbool.h>

#include "base/error.h"

struct server_settings {
	const char *conf; /* a configuration file, or NULL for the usual ones */
	int listener;	  /* non-blocking, and the caller's to close */
	bool activated;	  /* somebody else holds it open, so that one may end when idle */
};

/*
 * Serves until SIGTERM or SIGINT, or, where it is activated, until nobody has been there
 * for long enough; then every call that has come is answered first. SIGHUP reads the
 * configuration anew; one with a mistake in it is reported, and the old one stays. These
 * signals must be blocked. Returns 0, or a TOTPGROUP_E... where it could not begin.
 */
int server_run(const struct server_settings *settings, struct error *error);

#endif
