/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"
#include "totpgroup.h"

/* sd_listen_fds(3): they begin here. */
#define FIRST_DESCRIPTOR 3

static int64_t number_of(const char *name)
{
	const char *text = getenv(name);
	int64_t number = 0;

	if (text == NULL || !number_parse(text, strlen(text), 0, INT32_MAX, &number))
		return 0;
	return number;
}

static bool option_is(int descriptor, int option, int expected)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 &&
	       value == expected;
}

static int refuse_inherited(struct error *error)
{
	return error_set(error, TOTPGROUP_EARGUMENT,
		"what LISTEN_FDS hands over is not one listening stream socket; look at "
		"totp-verifyd.socket");
}

int listener_inherit(int *descriptor, struct error *error)
{
	int64_t process = number_of("LISTEN_PID"), count = number_of("LISTEN_FDS");
	int flags;

	*descriptor = -1;
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (process != getpid() || count == 0)
		return 0;
	if (count != 1 || !option_is(FIRST_DESCRIPTOR, SO_DOMAIN, AF_UNIX) ||
		!option_is(FIRST_DESCRIPTOR, SO_TYPE, SOCK_STREAM) ||
		!option_is(FIRST_DESCRIPTOR, SO_ACCEPTCONN, 1))
		return refuse_inherited(error);
	flags = fcntl(FIRST_DESCRIPTOR, F_GETFL);
	if (flags < 0 || fcntl(FIRST_DESCRIPTOR, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(FIRST_DESCRIPTOR, F_SETFD, FD_CLOEXEC) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "fcntl");
	*descriptor = FIRST_DESCRIPTOR;
	return 0;
}

/* Whether somebody accepts connections there. */
static bool is_alive(const struct sockaddr_un *address)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = true;

	if (descriptor < 0)
		return true;
	if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
		alive = errno != ECONNREFUSED;
	close(descriptor);
	return alive;
}

static int bind_there(int descriptor, const struct sockaddr_un *address, struct error *error)
{
	const struct sockaddr *any = (const struct sockaddr *)address;

	if (bind(descriptor, any, sizeof *address) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "%s", address->sun_path);
	if (is_alive(address))
		return error_set(error, TOTPGROUP_ECONFLICT,
			"%s: another process listens there; stop it, or choose another "
			"--socket",
			address->sun_path);
	if (unlink(address->sun_path) != 0 || bind(descriptor, any, sizeof *address) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "%s", address->sun_path);
	return 0;
}

static int listen_there(int descriptor, const char *path, struct error *error)
{
	/* Who may ask for what is decided by who asks. */
	if (chmod(path, 0666) == 0 && listen(descriptor, SOMAXCONN) == 0)
		return 0;
	return error_set_system(error, TOTPGROUP_ESYSTEM, "%s", path);
}

/* Only the last folder is made; that it exists is what is hoped for. */
static int make_folder(const char *path, struct error *error)
{
	char folder[sizeof(struct sockaddr_un)];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return 0;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	if (mkdir(folder, 0755) == 0) {
		/* Whatever the umask is, everybody has to get through. */
		if (chmod(folder, 0755) == 0)
			return 0;
	} else if (errno == EEXIST) {
		return 0;
	}
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
		status = bind_there(*descriptor, &address, error);
	if (status == 0)
		status = listen_there(*descriptor, path, error);
	if (status == 0)
		return 0;
	close(*descriptor);
	*descriptor = -1;
	return status;
}
