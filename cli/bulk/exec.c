/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "totpgroup.h"

__attribute__((noreturn)) static void be_command(
	const char *command, int letter, const char *user, const struct bulk_signals *signals)
{
	if (dup2(letter, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
		setenv(BULK_EXEC_VARIABLE, user, 1) != 0)
		_exit(126);
	bulk_signals_restore_in_child(signals);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int wait_for(pid_t child, struct error *error)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot wait for the command");
	if (WIFSIGNALED(status))
		return error_set(error, TOTPGROUP_ESYSTEM,
			"is enrolled, but the command was ended by signal %d; the letter is "
			"still "
			"there",
			WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(error, TOTPGROUP_ESYSTEM,
			"is enrolled, but the command ended with status %d; the letter is "
			"still "
			"there",
			WEXITSTATUS(status));
	return 0;
}

int bulk_exec(const char *command, const struct bulk_folder *folder, const char *letter,
	const char *user, const struct bulk_signals *signals, struct error *error)
{
	int fd = openat(folder->descriptor, letter,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	pid_t child;

	if (fd < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"is enrolled, but the letter %s cannot be read", letter);
	child = fork();
	if (child == 0)
		be_command(command, fd, user, signals);
	close(fd);
	if (child < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"is enrolled, but the command cannot be started");
	return wait_for(child, error);
}
