/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A user's rights on files, taken on by the calling thread alone. What the C library
 * offers for that (seteuid(3) and its kin) changes all threads of the process at once,
 * while they are at work for others.
 */
#ifndef TOTPGROUP_HOST_THREAD_IDENTITY_H
#define TOTPGROUP_HOST_THREAD_IDENTITY_H

#include <pwd.h>

#include "base/error.h"
#include "store/credential_place.h"

/*
 * Does the work with the user's file system uid and gid, his supplementary groups and
 * no capability that overrules them, and gives all that up again. The caller is root.
 * The thread cannot be cancelled meanwhile (pthread_cancel), and its signals wait, so that
 * no handler runs with these rights. Other threads keep theirs. As after any change of
 * rights, the kernel dumps no core of the process any more, and forgets the thread's
 * PR_SET_PDEATHSIG.
 *
 * Returns what the work returned; TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY where the
 * rights cannot be had, and nothing was done. A thread that cannot have its old rights
 * back must not go on: then the process is aborted.
 */
int thread_identity_perform(const struct passwd *user, rights_work work, void *argument,
	struct text *text, struct error *error);

#endif
