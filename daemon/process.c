/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "totpgroup.h"

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* With fewer there is room for fewer connections, which is then said. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int block_signals(struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0)
		return 0;
	return error_set(error, TOTPGROUP_ESYSTEM, "signals cannot be blocked");
}

int process_prepare(struct error *error)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "core dumps cannot be turned off");
	(void)umask(077);
	raise_file_limit();
	return block_signals(error);
}
