/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/forced_removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/durable_file.h"
#include "store/locked_file.h"
#include "totpgroup.h"

/* As in locked_file.c: counted, so that no clock can make it wait forever. */
#define SLEEP_NANOSECONDS 1000000
#define SLEEPS		  (LOCKED_FILE_SECONDS * 1000)

/* How often a file may come back before that is no accident. */
#define ROUNDS 10

/* Looks whether there is a file, and what it is. What is behind a link was found when the
 * place was opened, so a link is none. */
static int look(const struct dir_entry *place, struct error *error)
{
	struct stat status;

	if (fstatat(place->folder, place->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return error_set_system(error,
			errno == ENOENT ? TOTPGROUP_ENOTFOUND : TOTPGROUP_ESYSTEM,
			"cannot examine %s", place->path);
	if (!S_ISREG(status.st_mode))
		return error_set(
			error, TOTPGROUP_EUNSAFE, "%s: not a regular file", place->path);
	return 0;
}

/* Waits until nobody has the lock of the removed file: a later holder sees that it has no name
 * any more, and writes nothing. Who holds it for longer is no login. */
static void wait_for_writer(int file, unsigned int *sleeps)
{
	const struct timespec pause = {0, SLEEP_NANOSECONDS};

	while (*sleeps > 0 && flock(file, LOCK_EX | LOCK_NB) != 0 &&
		(errno == EWOULDBLOCK || errno == EINTR)) {
		(*sleeps)--;
		(void)nanosleep(&pause, NULL);
	}
	(void)flock(file, LOCK_UN);
}

/* A file that cannot be opened, for its mode or a lease, can be removed all the same. */
static int remove_once(const struct dir_entry *place, unsigned int *sleeps, struct error *error)
{
	int file = openat(place->folder, place->name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int status = durable_file_remove(place, file, error);

	if (file >= 0) {
		if (status == 0)
			wait_for_writer(file, sleeps);
		close(file);
	}
	return status;
}

int forced_removal(const struct dir_entry *place, struct error *error)
{
	unsigned int sleeps = SLEEPS;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		int status = look(place, error);

		if (status == 0)
			status = remove_once(place, &sleeps, error);
		/* Where it was there before, that is what was wanted. */
		if (status == TOTPGROUP_ENOTFOUND && round > 0) {
			*error = (struct error)ERROR_INIT;
			return 0;
		}
		if (status != 0)
			return status;
	}
	return error_set(error, TOTPGROUP_EBUSY,
		"%s: another process puts it back again and again; end the user's processes, "
		"and revoke it once more",
		place->path);
}
