/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one way to take on a user's rights on files: the file-system ids of the calling
 * thread. Other threads keep theirs, unlike with seteuid(3) and its kin. No process runs
 * with the user's uid, so the user can neither signal nor see one that does root's work.
 */
#ifndef TOTPGROUP_HOST_RIGHTS_H
#define TOTPGROUP_HOST_RIGHTS_H

#include <pwd.h>

#include "base/error.h"
#include "gate/user_groups.h"
#include "store/store.h"

/* Whose rights. The groups are the owner's, read where they are needed. */
struct rights {
	const struct passwd *owner;
	struct user_groups *groups;
};

/*
 * For struct store_rights; context is a struct rights.
 *
 * Does the task with the owner's file-system uid and primary gid, without any capability
 * that overrules them, and gives them up again. Where the task then fails with EACCES
 * (error->system_error), the owner's supplementary groups are looked up, unless they are
 * known, and the task is done once more with them: that is rare, and the lookup is the
 * slowest part of a login. A process that is not root's, and root for root's own files,
 * does the task with the rights it has.
 *
 * Signals wait until the task is done, and the thread cannot be cancelled
 * (pthread_cancel) meanwhile: no handler runs with these rights, and no half written file
 * is left behind. Afterwards the process dumps no core any more (PR_SET_DUMPABLE), and the
 * kernel has forgotten the thread's PR_SET_PDEATHSIG.
 *
 * Returns what the task returned; TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY where the rights
 * cannot be had, and the task was not done with them. A thread that cannot have its old
 * rights back must not go on: the process is aborted then.
 */
int rights_perform(void *context, store_task *task, void *argument, struct error *error);

#endif
