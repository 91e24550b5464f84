/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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

bool terminal_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return size.ws_col > 0 && size.ws_row > 0;
}
