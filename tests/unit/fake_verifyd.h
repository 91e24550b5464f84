/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A process in place of totp-verifyd, which gives the replies of a test, malformed ones
 * too. It writes the requests into the file "requests" of the temporary folder, one a
 * line.
 */
#ifndef TOTPGROUP_TESTS_FAKE_VERIFYD_H
#define TOTPGROUP_TESTS_FAKE_VERIFYD_H

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.h"
#include "test_support.h"

#define FAKE_SOCKET   "verify"
#define FAKE_REQUESTS "requests"

/* The reply to one request. */
struct fake_reply {
	const char *bytes; /* NULL for none */
	size_t length;	   /* 0 for the string with its NUL */
	/* What happens to the connection afterwards. */
	enum { FAKE_HANG_UP, FAKE_WAIT, FAKE_IN_PIECES, FAKE_HANG_UP_UNREAD } manner;
};

static struct {
	int listener;
	pid_t process; /* 0 for none */
} fake = {-1, 0};

static inline int fake_listen(const char *name, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	assert_true(strlen(in_folder(name)) < sizeof address.sun_path);
	strcpy(address.sun_path, in_folder(name));
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(chmod(in_folder(name), 0666), 0);
	assert_int_equal(listen(listener, backlog), 0);
	return listener;
}

/* The reply to Look, which only root asks: such a call is not among the requests. NULL: it is
 * answered like any other. */
static const char *fake_look;

/* Reads a request up to its NUL; false where the client hangs up before. */
static inline bool fake_read_request(int connection, bool *is_look)
{
	char request[8192];
	size_t length = 0;
	FILE *file;

	do
		if (length == sizeof request || read(connection, request + length, 1) != 1)
			return false;
	while (request[length++] != '\0');
	*is_look = fake_look != NULL && strstr(request, ".Verify.Look\"") != NULL;
	if (*is_look)
		return true;
	file = fopen(in_folder(FAKE_REQUESTS), "ae");
	return file != NULL && fprintf(file, "%s\n", request) > 0 && fclose(file) == 0;
}

static inline void fake_send(int connection, const struct fake_reply *reply)
{
	size_t length = reply->bytes == NULL ? 0
			: reply->length != 0 ? reply->length
					     : strlen(reply->bytes) + 1;
	size_t piece = reply->manner == FAKE_IN_PIECES ? 1 : length;

	for (size_t at = 0; at < length; at += piece)
		if (send(connection, reply->bytes + at, piece, MSG_NOSIGNAL) < 0)
			return;
}

static inline void fake_serve(int connection, const struct fake_reply *replies, size_t count)
{
	char byte;
	bool is_look;

	for (size_t i = 0; i < count; i++) {
		if (replies[i].manner == FAKE_HANG_UP_UNREAD ||
			!fake_read_request(connection, &is_look))
			return;
		if (is_look) {
			const struct fake_reply look = {fake_look, 0, FAKE_HANG_UP};

			fake_send(connection, &look);
			return;
		}
		fake_send(connection, &replies[i]);
		if (replies[i].manner == FAKE_WAIT && i + 1 == count)
			while (read(connection, &byte, 1) == 1)
				;
	}
}

/* The process listens when this returns. The replies are for one connection. */
static inline void fake_start(const struct fake_reply *replies, size_t count)
{
	assert_int_equal(fake.process, 0);
	fake.listener = fake_listen(FAKE_SOCKET, 8);
	unlink(in_folder(FAKE_REQUESTS));
	fake.process = fork();
	assert_true(fake.process >= 0);
	if (fake.process == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (fake.process == 0) {
		int connection = accept(fake.listener, NULL, NULL);

		if (connection < 0)
			_exit(1);
		fake_serve(connection, replies, count);
		close(connection);
	}
}

static inline void fake_stop(void)
{
	if (fake.process > 0) {
		kill(fake.process, SIGKILL);
		waitpid(fake.process, NULL, 0);
	}
	if (fake.listener >= 0)
		close(fake.listener);
	fake.process = 0;
	fake.listener = -1;
	unlink(in_folder(FAKE_SOCKET));
}

#endif
