/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The socket that calls come to. */
#ifndef TOTPGROUP_DAEMON_LISTENER_H
#define TOTPGROUP_DAEMON_LISTENER_H

#include <stdbool.h>

#include "base/error.h"

#define LISTENER_PATH "/run/totpgroup/verify"

/*
 * Takes over the socket that a service manager has opened: *descriptor is -1 where there
 * is none. TOTPGROUP_EARGUMENT where there are several, or where it is no listening
 * stream socket of this host.
 */
int listener_inherit(int *descriptor, struct error *error);

/*
 * Makes one that everybody may connect to, and the folder that it is in. A socket that
 * nobody listens to any more is replaced; TOTPGROUP_ECONFLICT where somebody does.
 */
int listener_open(const char *path, int *descriptor, struct error *error);

#endif
