/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Counts and watches the system calls of the code under test, and lets some of them
 * fail. The program that includes this is linked statically with that code and with
 * -Wl,--wrap=NAME for every NAME that has a __wrap_NAME here. Only calls between
 * calls_arm() and calls_disarm() count.
 */
#ifndef TOTPGROUP_TESTS_SYSTEM_CALLS_H
#define TOTPGROUP_TESTS_SYSTEM_CALLS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct {
	bool armed;
	unsigned int count;    /* calls since it was armed */
	const char *only;      /* count only these calls; NULL for all */
	unsigned int fail_at;  /* the call that fails, from 1; 0 for none */
	unsigned int fail_for; /* how many fail from there on, at least 1 */
	int error;	       /* errno of the failure */
	size_t write_at_most;  /* bytes for one write(); 0 for no limit */
	/* Called before every call; its own calls do not count. */
	void (*watch)(const char *name, int fd, const char *path);
} calls;

static inline void calls_reset(void)
{
	memset(&calls, 0, sizeof calls);
}

/* Begins to count, and lets call number fail_at fail. */
static inline void calls_arm(unsigned int fail_at, int error)
{
	calls.count = 0;
	calls.fail_at = fail_at;
	calls.error = error;
	calls.armed = true;
}

static inline void calls_disarm(void)
{
	calls.armed = false;
}

/* Whether this call has to fail; errno is set then. */
static inline bool call_fails(const char *name, int fd, const char *path)
{
	unsigned int last;

	if (!calls.armed)
		return false;
	if (calls.watch != NULL) {
		calls.armed = false;
		calls.watch(name, fd, path);
		calls.armed = true;
	}
	if (calls.only != NULL && strcmp(calls.only, name) != 0)
		return false;
	calls.count++;
	last = calls.fail_at + (calls.fail_for > 0 ? calls.fail_for - 1 : 0);
	if (calls.fail_at == 0 || calls.count < calls.fail_at || calls.count > last)
		return false;
	errno = calls.error;
	return true;
}

/* Returns the number of open descriptors of this process. */
static inline unsigned int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned int count = 0;

	if (folder == NULL)
		abort();
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* Defines a wrapper from type, name, parameters, arguments, the result of a failure, and
 * the descriptor and path for the watcher. */
#define WRAP(type, name, parameters, arguments, failure, fd, path)                             \
	type __real_##name parameters;                                                         \
	type __wrap_##name parameters;                                                         \
	type __wrap_##name parameters                                                          \
	{                                                                                      \
		return call_fails(#name, fd, path) ? failure : __real_##name arguments;        \
	}

WRAP(int, fstat, (int fd, struct stat *status), (fd, status), -1, fd, NULL)
WRAP(int, fstatat, (int fd, const char *path, struct stat *status, int flags),
	(fd, path, status, flags), -1, fd, path)
WRAP(int, flock, (int fd, int operation), (fd, operation), -1, fd, NULL)
WRAP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1, fd, NULL)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, fd, NULL)
WRAP(int, fsync, (int fd), (fd), -1, fd, NULL)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, -1, path)
WRAP(int, posix_fadvise, (int fd, off_t offset, off_t size, int advice),
	(fd, offset, size, advice), calls.error, fd, NULL)
WRAP(int, syncfs, (int fd), (fd), -1, fd, NULL)
WRAP(int, renameat, (int from, const char *old, int to, const char *name),
	(from, old, to, name), -1, from, old)
WRAP(int, renameat2, (int from, const char *old, int to, const char *name, unsigned int flags),
	(from, old, to, name, flags), -1, from, old)
WRAP(int, linkat, (int from, const char *old, int to, const char *name, int flags),
	(from, old, to, name, flags), -1, from, old)
WRAP(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), -1, fd, path)
WRAP(ssize_t, getrandom, (void *data, size_t size, unsigned int flags), (data, size, flags), -1,
	-1, NULL)
WRAP(ssize_t, readlinkat, (int fd, const char *path, char *target, size_t size),
	(fd, path, target, size), -1, fd, path)
WRAP(DIR *, fdopendir, (int fd), (fd), NULL, fd, NULL)
WRAP(void *, malloc, (size_t size), (size), NULL, -1, NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL, -1, NULL)
WRAP(void *, realloc, (void *memory, size_t size), (memory, size), NULL, -1, NULL)
WRAP(char *, strdup, (const char *string), (string), NULL, -1, NULL)
WRAP(char *, strndup, (const char *string, size_t size), (string, size), NULL, -1, NULL)

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return call_fails("openat", fd, path) ? -1 : __real_openat(fd, path, flags, mode);
}

/* What headers make of a call with flags that the compiler does not know. */
int __wrap___openat_2(int fd, const char *path, int flags);
int __wrap___openat_2(int fd, const char *path, int flags)
{
	return __wrap_openat(fd, path, flags);
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (call_fails("write", fd, NULL))
		return calls.error != 0 ? -1 : 0;
	if (calls.armed && calls.write_at_most > 0 && size > calls.write_at_most)
		size = calls.write_at_most;
	return __real_write(fd, data, size);
}

/* A write that fails may have written a part. */
ssize_t __real_pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags);
ssize_t __wrap_pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags);
ssize_t __wrap_pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags)
{
	struct iovec piece = pieces[0];
	bool fails = call_fails("pwritev2", fd, NULL);
	int saved = errno;

	if (calls.armed && calls.write_at_most > 0 && piece.iov_len > calls.write_at_most)
		piece.iov_len = calls.write_at_most;
	if (!fails)
		return __real_pwritev2(fd, &piece, count, offset, flags);
	if (calls.error == 0)
		return 0;
	if (calls.write_at_most > 0)
		(void)__real_pwritev2(fd, &piece, count, offset, flags);
	errno = saved;
	return -1;
}

/* A wait for a lock takes no time. The watcher does what the process waits for. */
int __wrap_nanosleep(const struct timespec *duration, struct timespec *left);
int __wrap_nanosleep(const struct timespec *duration, struct timespec *left)
{
	(void)duration;
	(void)left;
	(void)call_fails("nanosleep", -1, NULL);
	return 0;
}

/* free() may change errno, so errno must not be read after it. */
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
	__real_free(memory);
	if (calls.armed)
		errno = EDOM;
}

/* The functions that _FORTIFY_SOURCE calls instead. */
ssize_t __wrap___read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __wrap___read_chk(int fd, void *data, size_t size, size_t room)
{
	if (size > room)
		abort();
	return __wrap_read(fd, data, size);
}

ssize_t __wrap___readlinkat_chk(
	int fd, const char *path, char *target, size_t size, size_t room);
ssize_t __wrap___readlinkat_chk(
	int fd, const char *path, char *target, size_t size, size_t room)
{
	if (size > room)
		abort();
	return __wrap_readlinkat(fd, path, target, size);
}

#endif
