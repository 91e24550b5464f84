/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_LINUX_CALLS_H
#define STORE_LINUX_CALLS_H

/* System calls of Linux for which the C library of this host has no function; older ones of musl
 * have none. The arguments and results are those of the manual pages in section 2. config.h and
 * the C library's own headers have to come first. */

#if !defined HAVE_RENAMEAT2 || !defined HAVE_PWRITEV2
#include <linux/fs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#endif

#ifndef HAVE_RENAMEAT2
static inline int renameat2(
	int from, const char *name, int folder, const char *new_name, unsigned int flags)
{
	return (int)syscall(SYS_renameat2, from, name, folder, new_name, flags);
}
#endif

#ifndef HAVE_PWRITEV2
/* The system call takes the lower and the upper half of the offset. Where a long holds all of it,
 * the upper half does not count. */
static inline ssize_t pwritev2(
	int file, const struct iovec *vectors, int count, off_t offset, int flags)
{
	return syscall(
		SYS_pwritev2, file, vectors, count, (long)offset, (long)(offset >> 32), flags);
}
#endif

#endif
