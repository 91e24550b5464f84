/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* totp-verifyd beside the stack of a test. Weak: programs that have no need of it are linked
 * without. */
#ifndef TOTPGROUP_TESTS_STACK_DAEMON_H
#define TOTPGROUP_TESTS_STACK_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Sets *over_socket, and returns a clock that both processes have. Exits with 77 and a reason where
 * that cannot be. */
__attribute__((weak)) time_t *stack_daemon_prepare(bool *over_socket);

/* Splits the lines of a service: in those of the module the daemon's options are left out, and
 * store= is added; the options become lines of a configuration. Both have room for size bytes. */
__attribute__((weak)) void stack_daemon_split(
	const char *lines, char *of_module, char *of_daemon, size_t size);

/* Starts a daemon with the file verifyd.conf, in place of the one before. It listens when this
 * returns. */
__attribute__((weak)) void stack_daemon_start(void);
__attribute__((weak)) void stack_daemon_stop(void);

#endif
