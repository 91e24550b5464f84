/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/hidden_line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/ui/terminal.h"

/* The terminal while the line is typed. */
struct hiding {
	struct termios before;
	sigset_t signals;
	sigset_t unblocked; /* the mask before */
	int signal_fd;
};

static void hide(const struct hiding *hiding)
{
	struct termios hidden = hiding->before;

	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* Somebody else's newline ends the line, and shows where it ended. */
	hidden.c_lflag |= ECHONL | ICANON;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
}

/* Lets the signal that is waiting have its effect; we come back where it does
 * not end the process. */
static void take_signal(const struct hiding *hiding)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hiding->before);
	sigprocmask(SIG_SETMASK, &hiding->unblocked, NULL);
	sigprocmask(SIG_BLOCK, &hiding->signals, NULL);
	hide(hiding);
}

/* Waits until a line can be read, or until reading tells why not. */
static void wait_for_line(const struct hiding *hiding)
{
	struct pollfd fds[] = {
		{STDIN_FILENO, POLLIN, 0},
		{hiding->signal_fd, POLLIN, 0},
	};

	for (;;) {
		int ready = poll(fds, 2, -1);

		if (ready < 0 && errno != EINTR)
			return;
		if (ready > 0 && fds[1].revents != 0)
			take_signal(hiding);
		else if (ready > 0)
			return;
	}
}

static bool read_hidden(struct hiding *hiding, const char *prompt, char *line, size_t size)
{
	bool read;

	sigemptyset(&hiding->signals);
	sigaddset(&hiding->signals, SIGHUP);
	sigaddset(&hiding->signals, SIGINT);
	sigaddset(&hiding->signals, SIGQUIT);
	sigaddset(&hiding->signals, SIGTERM);
	sigaddset(&hiding->signals, SIGTSTP);
	hiding->signal_fd = signalfd(-1, &hiding->signals, SFD_CLOEXEC);
	if (hiding->signal_fd < 0)
		return false;
	sigprocmask(SIG_BLOCK, &hiding->signals, &hiding->unblocked);
	hide(hiding);
	dprintf(STDERR_FILENO, "%s", prompt);
	wait_for_line(hiding);
	read = terminal_read_line(line, size);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hiding->before);
	sigprocmask(SIG_SETMASK, &hiding->unblocked, NULL);
	close(hiding->signal_fd);
	return read;
}

bool hidden_line_read(const char *prompt, char *line, size_t size)
{
	struct hiding hiding;

	line[0] = '\0';
	if (tcgetattr(STDIN_FILENO, &hiding.before) != 0)
		return terminal_read_line(line, size);
	return read_hidden(&hiding, prompt, line, size);
}
