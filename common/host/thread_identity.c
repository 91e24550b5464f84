/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/thread_identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "totpgroup.h"

/* As many as the kernel lets a process have. */
#define GROUPS_MAX 65536

/* Where uids have two sizes, that of the C library. */
#ifdef SYS_setgroups32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_GROUPS SYS_setgroups
#endif

/* What decides which files are within reach. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned */
	int count;
};

/* Only the calling thread's: setgroups() would change all. */
static int set_groups(const struct identity *identity)
{
	return (int)syscall(SET_GROUPS, (long)identity->count, identity->groups);
}

/* They return what was there before, and nobody has this uid or gid. */
static uid_t current_uid(void)
{
	return (uid_t)setfsuid((uid_t)-1);
}

static gid_t current_gid(void)
{
	return (gid_t)setfsgid((gid_t)-1);
}

/* What the thread has now. */
static int remember(struct identity *identity, struct error *error)
{
	int count = getgroups(0, NULL);

	*identity = (struct identity){.uid = current_uid(), .gid = current_gid()};
	if (count < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot read the groups of this thread");
	identity->groups = calloc((size_t)count + 1, sizeof *identity->groups);
	if (identity->groups == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	identity->count = getgroups(count, identity->groups);
	if (identity->count >= 0)
		return 0;
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot read the groups of this thread");
}

/* What the user has. A list that is too short for all groups is made longer. */
static int look_up(struct identity *identity, const struct passwd *user, struct error *error)
{
	int size = 16;

	*identity = (struct identity){.uid = user->pw_uid, .gid = user->pw_gid};
	for (; size <= GROUPS_MAX; size *= 2) {
		free(identity->groups);
		identity->groups = calloc((size_t)size, sizeof *identity->groups);
		if (identity->groups == NULL)
			return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		identity->count = size;
		if (getgrouplist(user->pw_name, user->pw_gid, identity->groups,
			    &identity->count) >= 0)
			return 0;
	}
	return error_set(error, TOTPGROUP_ESYSTEM, "uid %u is in more than %d groups",
		identity->uid, GROUPS_MAX);
}

static bool is_current(const struct identity *identity)
{
	return current_uid() == identity->uid && current_gid() == identity->gid;
}

/* Whether the thread still overrules what the owner of a file allows. A process can ask
 * the kernel to leave it that (SECBIT_NO_SETUID_FIXUP). */
static bool overrules(void)
{
	const uint32_t capabilities = UINT32_C(1) << CAP_DAC_OVERRIDE |
				      UINT32_C(1) << CAP_DAC_READ_SEARCH |
				      UINT32_C(1) << CAP_FOWNER | UINT32_C(1) << CAP_CHOWN;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &header, data) != 0 ||
	       (data[0].effective & capabilities) != 0;
}

/* Behind the groups. The uid goes last: with it the right to change the others might
 * go. */
static bool take_on_ids(const struct identity *identity)
{
	(void)setfsgid(identity->gid);
	(void)setfsuid(identity->uid);
	return is_current(identity) && !overrules();
}

static void go_back(const struct identity *identity)
{
	(void)setfsuid(identity->uid);
	(void)setfsgid(identity->gid);
	if (set_groups(identity) != 0 || !is_current(identity))
		abort();
}

static int cannot_take_on(const struct identity *identity, struct error *error)
{
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot take on the rights of uid %u", identity->uid);
}

static int perform(const struct identity *before, const struct identity *identity,
	rights_work work, void *argument, struct text *text, struct error *error)
{
	int status;

	errno = 0;
	/* Nothing is changed then. Who may not change groups, as root in some containers,
	 * could not put them back either. */
	if (set_groups(identity) != 0)
		return cannot_take_on(identity, error);
	status = take_on_ids(identity) ? work(argument, text, error)
				       : cannot_take_on(identity, error);
	go_back(before);
	return status;
}

int thread_identity_perform(const struct passwd *user, rights_work work, void *argument,
	struct text *text, struct error *error)
{
	struct identity before = {.groups = NULL}, identity = {.groups = NULL};
	int status = remember(&before, error);
	int cancellation;
	sigset_t all, signals;

	if (status == 0)
		status = look_up(&identity, user, error);
	if (status == 0) {
		sigfillset(&all);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
		pthread_sigmask(SIG_SETMASK, &all, &signals);
		status = perform(&before, &identity, work, argument, text, error);
		pthread_sigmask(SIG_SETMASK, &signals, NULL);
		pthread_setcancelstate(cancellation, NULL);
	}
	free(before.groups);
	free(identity.groups);
	return status;
}
