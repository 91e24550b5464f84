/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the service manager is told: sd_notify(3) without its library. */
#ifndef TOTPGROUP_DAEMON_NOTIFY_H
#define TOTPGROUP_DAEMON_NOTIFY_H

/* Sends lines such as "READY=1" where NOTIFY_SOCKET says; nothing where it is not set.
 * That nobody listens is no error. */
void notify(const char *lines);

/* The same for the beginning of a reload, which has the time in it. */
void notify_reloading(void);

#endif
