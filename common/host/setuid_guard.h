/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A set-user-ID program, such as su, keeps the real uid, the resource limits and the
 * environment of the user who started it. That user can send it signals, stop it, choose
 * limits under which one answer can be recorded and another cannot, and set variables that
 * make a source of users or groups silent. These functions take that away for a while, as
 * sudo does for itself. In any other program they change nothing.
 */
#ifndef TOTPGROUP_HOST_SETUID_GUARD_H
#define TOTPGROUP_HOST_SETUID_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SETUID_LIMITS 7

/* What was there before. */
struct setuid_inherited {
	bool is_on;
	char **environment;
	char *language[2]; /* the environment meanwhile */
	struct rlimit before[SETUID_LIMITS];
	bool is_raised[SETUID_LIMITS];
};

/* Whether another user may have started this program with more rights than that user has.
 * It stays true where such a program took on root's real uid since, as sudo does. */
bool setuid_is_set(void);

/*
 * Takes away all variables of the environment but LANGUAGE, which says what messages are in,
 * and raises the limits of memory, time, file size and open files, before anything is looked
 * up or written. setuid_inherited_put_back() puts them back. A limit that the process may not
 * raise stays as it is.
 *
 * Both count for the whole process: not for a program with several threads that call this
 * at the same time.
 */
void setuid_inherited_set_aside(struct setuid_inherited *inherited);
void setuid_inherited_put_back(const struct setuid_inherited *inherited);

/* What a transaction replaces. */
struct setuid_guard {
	bool is_on;
	uid_t real_uid;
	sigset_t signals;
};

/*
 * Gives the calling thread root's real uid, so that no other user may signal or stop it,
 * and lets all signals wait, also those of a timer or a terminal. Between this and
 * setuid_guard_end() the caller waits for nobody but a lock. Where the process has no
 * right to do that, nothing is changed.
 *
 * In a program with several threads the others keep their real uid, so that the process
 * can still be stopped. Not even a guarded program is safe from a user who may kill its
 * control group, or from the lack of memory. So an attempt is counted before it is judged
 * where setuid_is_set() (see user_credential_verify()).
 */
void setuid_guard_begin(struct setuid_guard *guard);

/* Aborts the process where the real uid cannot be put back. */
void setuid_guard_end(const struct setuid_guard *guard);

#endif
