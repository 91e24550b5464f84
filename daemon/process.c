/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The process around the server: its limits and signals, the socket that clients connect
 * to, and messages to the service manager. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"
#include "daemon/server.h"
#include "totpgroup.h"

/* The first descriptor that a service manager passes: sd_listen_fds(3). */
#define FIRST_DESCRIPTOR 3

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	/* After a failure there is room for fewer connections, which the server logs. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int process_prepare(struct error *error)
{
	const struct rlimit none = {0, 0};
	sigset_t signals;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "core dumps cannot be turned off");
	(void)umask(077);
	raise_file_limit();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM, "signals cannot be blocked");
	return 0;
}

/* The number in an environment variable; 0 where there is none. */
static int64_t environment_number(const char *name)
{
	const char *text = getenv(name);
	int64_t number = 0;

	if (text == NULL || !number_parse(text, strlen(text), 0, INT32_MAX, &number))
		return 0;
	return number;
}

static bool socket_option_is(int descriptor, int option, int expected)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 &&
	       value == expected;
}

int listener_inherit(int *descriptor, struct error *error)
{
	int64_t process = environment_number("LISTEN_PID");
	int64_t count = environment_number("LISTEN_FDS");
	int flags;

	*descriptor = -1;
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (process != getpid() || count == 0)
		return 0;
	if (count != 1 || !socket_option_is(FIRST_DESCRIPTOR, SO_DOMAIN, AF_UNIX) ||
		!socket_option_is(FIRST_DESCRIPTOR, SO_TYPE, SOCK_STREAM) ||
		!socket_option_is(FIRST_DESCRIPTOR, SO_ACCEPTCONN, 1))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"LISTEN_FDS does not pass exactly one listening stream socket of this "
			"host; look at totp-verifyd.socket");
	flags = fcntl(FIRST_DESCRIPTOR, F_GETFL);
	if (flags < 0 || fcntl(FIRST_DESCRIPTOR, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(FIRST_DESCRIPTOR, F_SETFD, FD_CLOEXEC) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "fcntl");
	*descriptor = FIRST_DESCRIPTOR;
	return 0;
}

/* Whether a process accepts connections at the address. */
static bool is_in_use(const struct sockaddr_un *address)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool in_use = true;

	if (descriptor < 0)
		return true;
	if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
		in_use = errno != ECONNREFUSED;
	close(descriptor);
	return in_use;
}

static int bind_and_listen(
	int descriptor, const struct sockaddr_un *address, struct error *error)
{
	const struct sockaddr *any = (const struct sockaddr *)address;
	const char *path = address->sun_path;
	int result = bind(descriptor, any, sizeof *address);

	if (result != 0 && errno == EADDRINUSE) {
		if (is_in_use(address))
			return error_set(error, TOTPGROUP_ECONFLICT,
				"%s: another process listens there; stop it, or choose another "
				"--socket",
				path);
		result = unlink(path);
		if (result == 0)
			result = bind(descriptor, any, sizeof *address);
	}
	/* Everybody may connect. The identity of the peer decides what it may ask. */
	if (result == 0 && chmod(path, 0666) == 0 && listen(descriptor, SOMAXCONN) == 0)
		return 0;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "%s", path);
}

/* Makes the last folder of the path, which everybody can enter whatever the umask is. */
static int make_folder(const char *path, struct error *error)
{
	char folder[sizeof(struct sockaddr_un)];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return 0;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	if (mkdir(folder, 0755) == 0 ? chmod(folder, 0755) == 0 : errno == EEXIST)
		return 0;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "%s", folder);
}

int listener_open(const char *path, int *descriptor, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int status;

	*descriptor = -1;
	if (*path != '/' || strlen(path) >= sizeof address.sun_path)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"--socket needs an absolute path of at most %zu bytes",
			sizeof address.sun_path - 1);
	strcpy(address.sun_path, path);
	*descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*descriptor < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "socket");
	status = make_folder(path, error);
	if (status == 0)
		status = bind_and_listen(*descriptor, &address, error);
	if (status == 0)
		return 0;
	close(*descriptor);
	*descriptor = -1;
	return status;
}

void notify(const char *lines)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = getenv("NOTIFY_SOCKET");
	size_t length = name != NULL ? strlen(name) : 0;
	int descriptor;

	if (length < 2 || length >= sizeof address.sun_path || (*name != '/' && *name != '@'))
		return;
	memcpy(address.sun_path, name, length);
	/* '@' stands for the NUL of an abstract socket. */
	if (*name == '@')
		address.sun_path[0] = '\0';
	descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return;
	(void)sendto(descriptor, lines, strlen(lines), MSG_NOSIGNAL,
		(const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(descriptor);
}

void notify_reloading(void)
{
	char lines[80];

	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		monotonic_microseconds());
	notify(lines);
}
