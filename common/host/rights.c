/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "totpgroup.h"

/* The call with 32-bit gids, where a system has both. */
#ifdef SYS_setgroups32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_GROUPS SYS_setgroups
#endif

/* The ids that decide which files are within reach. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int count;
};

/* Goes from one list of groups to another. The C library's setgroups() would change all
 * threads. */
static int set_groups(const struct identity *from, const struct identity *to)
{
	if (from->count == 0 && to->count == 0)
		return 0;
	return (int)syscall(SET_GROUPS, (long)to->count, to->groups);
}

/* Both calls return the id from before, and nobody has the uid or gid -1. */
static uid_t current_uid(void)
{
	return (uid_t)setfsuid((uid_t)-1);
}

static gid_t current_gid(void)
{
	return (gid_t)setfsgid((gid_t)-1);
}

/* Reads the groups of the thread, which are the caller's to free, also after an error. */
static int remember_groups(struct identity *identity, struct error *error)
{
	int count = getgroups(0, NULL);

	*identity = (struct identity){.count = 0};
	if (count > 0) {
		identity->groups = calloc((size_t)count, sizeof *identity->groups);
		if (identity->groups == NULL)
			return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
		count = getgroups(count, identity->groups);
	}
	identity->count = count;
	if (count >= 0)
		return 0;
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot read the groups of this thread");
}

static bool is_current(const struct identity *identity)
{
	return current_uid() == identity->uid && current_gid() == identity->gid;
}

/* Whether the thread still overrules what the owner of a file allows: a process can ask
 * the kernel to leave it that right (SECBIT_NO_SETUID_FIXUP). */
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

/* Sets the uid, and returns the one from before. The kernel may allow core dumps then
 * (fs.suid_dumpable), and the memory may hold secrets. */
static uid_t set_uid(uid_t uid)
{
	uid_t before = (uid_t)setfsuid(uid);

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return before;
}

static void give_up(const struct identity *identity, const struct identity *before)
{
	(void)set_uid(before->uid);
	(void)setfsgid(before->gid);
	if (set_groups(identity, before) != 0 || !is_current(before))
		abort();
}

/* Takes the identity on, and remembers the uid and gid from before, which the calls return.
 * After an error the thread has the identity from before. */
static int take_on(
	const struct identity *identity, struct identity *before, struct error *error)
{
	errno = 0;
	/* A process that may not change its groups, such as root in some containers, could
	 * not put them back either. Nothing is changed then. */
	if (set_groups(before, identity) == 0) {
		/* The uid goes last: without root's uid the right to change the gid might
		 * be gone. */
		before->gid = (gid_t)setfsgid(identity->gid);
		before->uid = set_uid(identity->uid);
		if (is_current(identity) && !overrules())
			return 0;
		give_up(identity, before);
	}
	return error_set_system(
		error, TOTPGROUP_ESYSTEM, "cannot take on the rights of uid %u", identity->uid);
}

/* Adds the owner's supplementary groups to the identity. */
static int add_groups(
	const struct rights *rights, struct identity *identity, struct error *error)
{
	const struct passwd *owner = rights->owner;
	int status;

	*error = (struct error)ERROR_INIT;
	status = user_groups_read(rights->groups, owner->pw_name, owner->pw_gid, error);
	identity->groups = rights->groups->gids;
	identity->count = (int)rights->groups->count;
	return status;
}

/* First with the primary group alone, and only where that does not do with all groups. */
int rights_perform(void *context, store_task *task, void *argument, struct error *error)
{
	const struct rights *rights = context;
	struct identity owner = {.uid = rights->owner->pw_uid, .gid = rights->owner->pw_gid};
	struct identity before = {.groups = NULL};
	bool is_direct = geteuid() != 0 || owner.uid == 0;
	bool again = false;
	int cancellation, status;
	sigset_t all, signals;

	sigfillset(&all);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
	pthread_sigmask(SIG_SETMASK, &all, &signals);
	status = is_direct ? task(argument, error) : remember_groups(&before, error);
	while (!is_direct && status == 0) {
		status = take_on(&owner, &before, error);
		if (status != 0)
			break;
		status = task(argument, error);
		give_up(&owner, &before);
		if (status == 0 || error->system_error != EACCES || again)
			break;
		again = true;
		status = add_groups(rights, &owner, error);
	}
	pthread_sigmask(SIG_SETMASK, &signals, NULL);
	pthread_setcancelstate(cancellation, NULL);
	free(before.groups);
	return status;
}
