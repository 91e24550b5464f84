/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/setuid_guard.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The call with 32-bit uids, where a system has both. */
#ifdef SYS_setresuid32
#define SET_UIDS SYS_setresuid32
#else
#define SET_UIDS SYS_setresuid
#endif

/* As many as most systems allow from the start. The kernel gives no process more than
 * fs.nr_open. */
#define FILES_WANTED 1024

static const unsigned int resources[SETUID_LIMITS] = {RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_AS,
	RLIMIT_STACK, RLIMIT_CPU, RLIMIT_RTTIME, RLIMIT_NOFILE};

bool setuid_is_set(void)
{
	/* The kernel says it when the program is started. A program that changed its uids
	 * later, such as a daemon, was started by its own user. */
	return getauxval(AT_SECURE) != 0;
}

/* The hard limit as well, or at least the soft one up to that. */
static bool raise_limit(unsigned int resource, rlim_t wanted, const struct rlimit *before)
{
	struct rlimit raised = *before;

	raised.rlim_cur = wanted;
	if (raised.rlim_max < wanted)
		raised.rlim_max = wanted;
	if (setrlimit(resource, &raised) == 0)
		return true;
	raised.rlim_cur = raised.rlim_max = before->rlim_max;
	return setrlimit(resource, &raised) == 0;
}

static char *find_variable(const char *name)
{
	for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
		if (strncmp(*variable, name, strlen(name)) == 0)
			return *variable;
	return NULL;
}

void setuid_inherited_set_aside(struct setuid_inherited *inherited)
{
	*inherited = (struct setuid_inherited){.is_on = setuid_is_set()};
	if (!inherited->is_on)
		return;
	inherited->environment = environ;
	inherited->language[0] = find_variable("LANGUAGE=");
	environ = inherited->language;
	for (size_t i = 0; i < SETUID_LIMITS; i++) {
		const rlim_t wanted =
			resources[i] == RLIMIT_NOFILE ? FILES_WANTED : RLIM_INFINITY;
		struct rlimit *before = &inherited->before[i];

		if (getrlimit(resources[i], before) == 0 && before->rlim_cur < wanted)
			inherited->is_raised[i] = raise_limit(resources[i], wanted, before);
	}
}

void setuid_inherited_put_back(const struct setuid_inherited *inherited)
{
	if (!inherited->is_on)
		return;
	environ = inherited->environment;
	for (size_t i = 0; i < SETUID_LIMITS; i++)
		if (inherited->is_raised[i])
			(void)setrlimit(resources[i], &inherited->before[i]);
}

/* The C library's setresuid() would change all threads. */
static int set_real_uid(uid_t uid)
{
	return (int)syscall(SET_UIDS, uid, (uid_t)-1, (uid_t)-1);
}

void setuid_guard_begin(struct setuid_guard *guard)
{
	sigset_t all;

	*guard = (struct setuid_guard){.is_on = setuid_is_set(), .real_uid = getuid()};
	if (!guard->is_on)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &guard->signals);
	if (guard->real_uid != 0 && set_real_uid(0) != 0)
		guard->real_uid = 0;
}

void setuid_guard_end(const struct setuid_guard *guard)
{
	if (!guard->is_on)
		return;
	if (guard->real_uid != 0 && set_real_uid(guard->real_uid) != 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &guard->signals, NULL);
}
