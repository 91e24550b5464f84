/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/ui/terminal.h"

bool bulk_signals_hold(struct bulk_signals *signals)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGQUIT);
	sigaddset(&held, SIGTERM);
	/* A closed standard output must not end the program within a batch. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &held, &signals->before);
	signals->descriptor = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->descriptor >= 0)
		return true;
	terminal_complain("cannot watch for signals: %s", strerror(errno));
	return false;
}

bool bulk_signals_came(const struct bulk_signals *signals)
{
	struct pollfd one = {.fd = signals->descriptor, .events = POLLIN};

	return poll(&one, 1, 0) > 0;
}

bool bulk_signals_wait_for(const struct bulk_signals *signals, int file)
{
	struct pollfd both[] = {
		{.fd = file, .events = POLLIN},
		{.fd = signals->descriptor, .events = POLLIN},
	};

	while (poll(both, 2, -1) < 0)
		if (errno != EINTR)
			return true;
	return both[1].revents == 0;
}

void bulk_signals_restore_in_child(const struct bulk_signals *signals)
{
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

void bulk_signals_release(struct bulk_signals *signals)
{
	if (signals->descriptor < 0)
		return;
	close(signals->descriptor);
	signals->descriptor = -1;
	sigprocmask(SIG_SETMASK, &signals->before, NULL);
}
