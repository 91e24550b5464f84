/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the process gives up, and what it asks the kernel for, before it begins. */
#ifndef TOTPGROUP_DAEMON_PROCESS_H
#define TOTPGROUP_DAEMON_PROCESS_H

#include "base/error.h"

/*
 * Sees to it that no other process of the same user reads its memory, and that none is
 * written to a disk when it crashes; that files it makes are its own; that it may have
 * as many files open as the system allows it; and that signals wait to be read.
 */
int process_prepare(struct error *error);

#endif
