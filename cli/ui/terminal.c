/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "cli/ui/wrap.h"
#include "message/translate.h"

static bool write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return true;
}

bool terminal_print(const struct text *text)
{
	return write_all(STDOUT_FILENO, text->data, text->length);
}

enum exit_status terminal_write(const struct text *text)
{
	if (text->status != 0)
		return terminal_out_of_memory();
	return terminal_print(text) ? STATUS_DONE : terminal_output_failed();
}

bool terminal_emit(const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vdprintf(STDOUT_FILENO, format, arguments);
	va_end(arguments);
	return n >= 0;
}

/* Writes in one piece, so that lines of several processes do not mix. */
static bool write_words(int fd, const char *words)
{
	unsigned int columns, rows;
	struct text fitted = TEXT_INIT;
	bool written;

	if (!terminal_size(fd, &columns, &rows) ||
		fitted_text_append(&fitted, words, columns) != 0)
		written = write_all(fd, words, strlen(words));
	else
		written = write_all(fd, fitted.data, fitted.length);
	text_free(&fitted);
	return written;
}

enum exit_status terminal_write_words(const struct text *text)
{
	if (text->status != 0)
		return terminal_out_of_memory();
	if (text->length == 0 || write_words(STDOUT_FILENO, text->data))
		return STATUS_DONE;
	return terminal_output_failed();
}

__attribute__((format(printf, 2, 0))) static bool say_on(
	int fd, const char *format, va_list arguments)
{
	char *words;
	bool written;

	if (vasprintf(&words, translate(format), arguments) < 0)
		return false;
	written = write_words(fd, words);
	free(words);
	return written;
}

bool terminal_say(const char *format, ...)
{
	va_list arguments;
	bool said;

	va_start(arguments, format);
	said = say_on(STDOUT_FILENO, format, arguments);
	va_end(arguments);
	return said;
}

bool terminal_say_on(int fd, const char *format, ...)
{
	va_list arguments;
	bool said;

	va_start(arguments, format);
	said = say_on(fd, format, arguments);
	va_end(arguments);
	return said;
}

__attribute__((format(printf, 1, 0))) static void print_complaint(
	const char *format, va_list arguments)
{
	char line[1024];

	vsnprintf(line, sizeof(line), translate(format), arguments);
	terminal_say_on(STDERR_FILENO, "totp-enroll: %s\n", line);
}

void terminal_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_complaint(format, arguments);
	va_end(arguments);
}

enum exit_status terminal_fail(enum exit_status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_complaint(format, arguments);
	va_end(arguments);
	return status;
}

enum exit_status terminal_complain_error(const struct error *error)
{
	return terminal_fail(STATUS_STORE_ERROR, "%s", error->message);
}

enum exit_status terminal_out_of_memory(void)
{
	return terminal_fail(STATUS_STORE_ERROR, "out of memory");
}

enum exit_status terminal_output_failed(void)
{
	return terminal_fail(
		STATUS_STORE_ERROR, "cannot write to standard output: %s", strerror(errno));
}

/* Returns 1 for a byte, 0 at the end, -1 where reading fails. */
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

/* The terminal while a hidden line is typed. */
struct hiding {
	struct termios before;
	sigset_t signals;   /* that must find the terminal as it was */
	sigset_t unblocked; /* the signal mask before */
	int signal_fd;
};

static void hide_typing(const struct hiding *hiding)
{
	struct termios hidden = hiding->before;

	hidden.c_lflag &= ~(tcflag_t)ECHO;
	/* The newline is shown, so that the next output starts on a line of its own. */
	hidden.c_lflag |= ECHONL | ICANON;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
}

static void show_typing(const struct hiding *hiding)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hiding->before);
}

/* Lets a pending signal act. This returns where the signal does not end the process. */
static void deliver_signal(const struct hiding *hiding)
{
	show_typing(hiding);
	sigprocmask(SIG_SETMASK, &hiding->unblocked, NULL);
	sigprocmask(SIG_BLOCK, &hiding->signals, NULL);
	hide_typing(hiding);
}

/* Waits until standard input can be read, or until poll() fails. */
static void wait_for_input(const struct hiding *hiding)
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
			deliver_signal(hiding);
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
	hide_typing(hiding);
	terminal_say_on(STDERR_FILENO, "%s", prompt);
	wait_for_input(hiding);
	read = terminal_read_line(line, size);
	show_typing(hiding);
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

#define USELESS_MAX 20

bool terminal_is_pointless(unsigned int useless)
{
	if (useless < USELESS_MAX || isatty(STDIN_FILENO) == 1)
		return false;
	terminal_complain("%u answers in a row were not valid: nothing was written", useless);
	return true;
}

/* Whether a line begins with the English letter, or with that of the language. */
static bool is_answer(const char *line, char english, char local)
{
	char letter = line[0];

	/* Not tolower(): a Turkish locale has another 'i'. */
	if (letter >= 'A' && letter <= 'Z')
		letter = (char)(letter - 'A' + 'a');
	if (local >= 'A' && local <= 'Z')
		local = (char)(local - 'A' + 'a');
	return letter == english || (letter == local && letter != '\0');
}

bool terminal_is_yes(const char *answer)
{
	return is_answer(answer, 'y', *translate("y/N"));
}

enum exit_status terminal_ask(int fd, const char *question, bool preset, bool *yes)
{
	/* Translators: the letters for yes and no. Those of English are taken, too. */
	const char *choice = preset ? translate("Y/n") : translate("y/N");
	char line[128];

	*yes = false;
	for (unsigned int useless = 0; !terminal_is_pointless(useless); useless++) {
		terminal_say_on(fd, "%s [%s] ", translate(question), choice);
		if (!terminal_read_line(line, sizeof(line))) {
			terminal_say_on(fd, "\n");
			return terminal_fail(STATUS_REFUSED, "no answer: nothing was written");
		}
		*yes = is_answer(line, 'y', choice[0]) || (line[0] == '\0' && preset);
		if (*yes || is_answer(line, 'n', choice[strlen(choice) - 1]) || line[0] == '\0')
			return STATUS_DONE;
	}
	return STATUS_REFUSED;
}

bool terminal_size(int fd, unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return size.ws_col > 0 && size.ws_row > 0;
}

void terminal_hold_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}
