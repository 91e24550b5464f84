/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

bool terminal_print(const struct text *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t n = write(STDOUT_FILENO, text->data + done, text->length - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

bool terminal_say(const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vdprintf(STDOUT_FILENO, format, arguments);
	va_end(arguments);
	return n >= 0;
}

void terminal_complain(const char *format, ...)
{
	va_list arguments;
	char line[1024];

	/* In one piece, so that lines of several processes do not mix. */
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	dprintf(STDERR_FILENO, "totp-enroll: %s\n", line);
}

void terminal_complain_error(const struct error *error)
{
	terminal_complain("%s", error->message);
}

enum exit_status terminal_out_of_memory(void)
{
	terminal_complain("out of memory");
	return STATUS_STORE_ERROR;
}

/* 1 for a byte, 0 at the end, -1 where reading fails. */
static int read_byte(char *byte)
{
	ssize_t n;

	do
		n = read(STDIN_FILENO, byte, 1);
	while (n < 0 && errno == EINTR);
	return (int)n;
}

bool terminal_at_end(void)
{
	char byte = 0;

	return read_byte(&byte) == 0;
}

bool terminal_read_line(char *line, size_t size)
{
	size_t length = 0;
	bool any = false;
	char byte = 0;
	int n;

	while ((n = read_byte(&byte)) == 1) {
		any = true;
		if (byte == '\n')
			break;
		if (length < size - 1)
			line[length++] = byte;
	}
	if (n < 0)
		any = false;
	if (!any)
		length = 0;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	return any;
}

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

bool terminal_read_hidden_line(const char *prompt, char *line, size_t size)
{
	struct hiding hiding;

	line[0] = '\0';
	if (tcgetattr(STDIN_FILENO, &hiding.before) != 0)
		return terminal_read_line(line, size);
	return read_hidden(&hiding, prompt, line, size);
}

bool terminal_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return size.ws_col > 0 && size.ws_row > 0;
}
