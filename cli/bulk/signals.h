/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals that end the program wait until it is at a place where that leaves
 * nothing half done, and looks for them there. */
#ifndef TOTPGROUP_CLI_BULK_SIGNALS_H
#define TOTPGROUP_CLI_BULK_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* Begins as BULK_SIGNALS_INIT. */
struct bulk_signals {
	int descriptor; /* a signalfd(2), readable when one has come */
	sigset_t before;
};

#define BULK_SIGNALS_INIT                                                                      \
	{                                                                                      \
		.descriptor = -1                                                               \
	}

/* From here on SIGHUP, SIGINT, SIGQUIT and SIGTERM wait, and SIGPIPE does nothing.
 * False, having said so, where that is not possible. */
bool bulk_signals_hold(struct bulk_signals *signals);

/* Whether one of them is waiting. */
bool bulk_signals_came(const struct bulk_signals *signals);

/* Waits until a file can be read, or one of them has come; true for the former. */
bool bulk_signals_wait_for(const struct bulk_signals *signals, int file);

/* In a child that is to be another program: as it was before. */
void bulk_signals_restore_in_child(const struct bulk_signals *signals);

/* Lets the one that is waiting, if any, end the program. */
void bulk_signals_release(struct bulk_signals *signals);

#endif
