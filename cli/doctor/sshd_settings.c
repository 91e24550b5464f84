/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/sshd_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/lines.h"
#include "totpgroup.h"

#define OUTPUT_MAXIMUM	(256 * 1024)
#define SECONDS_MAXIMUM 20
#define USUAL_PLACE	"/usr/sbin/sshd"
/* The most of sshd's own words that go into a message. */
#define WORDS_MAXIMUM 160

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

static bool is_program(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

/* sshd insists on being called by an absolute path. */
static char *find_in_path(void)
{
	const char *folders = getenv("PATH");
	char *path = NULL;

	while (folders != NULL && *folders != '\0') {
		int length = (int)strcspn(folders, ":");

		if (folders[0] == '/') {
			if (asprintf(&path, "%.*s/sshd", length, folders) < 0)
				return NULL;
			if (is_program(path))
				return path;
			free(path);
			path = NULL;
		}
		folders += length + (folders[length] == ':');
	}
	return NULL;
}

static int find_sshd(char **path, struct error *error)
{
	*path = find_in_path();
	if (*path == NULL && is_program(USUAL_PLACE))
		*path = strdup(USUAL_PLACE);
	if (*path != NULL)
		return 0;
	return error_set(
		error, TOTPGROUP_ENOTFOUND, "there is no sshd in PATH, nor is it " USUAL_PLACE);
}

static int remaining_milliseconds(const struct timespec *end)
{
	struct timespec now;
	time_t seconds;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	seconds = end->tv_sec - now.tv_sec;
	return seconds > 0 ? (int)seconds * 1000 : 0;
}

/* Reads to the end, what comes for the most part at once. */
static int collect(int fd, struct text *text, struct error *error)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	struct timespec end;
	char buffer[1024];

	if (clock_gettime(CLOCK_MONOTONIC, &end) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot tell the time");
	end.tv_sec += SECONDS_MAXIMUM;
	for (;;) {
		int ready = poll(&waiting, 1, remaining_milliseconds(&end));
		ssize_t n = ready > 0 ? read(fd, buffer, sizeof(buffer)) : -1;

		if (ready == 0)
			return error_set(error, TOTPGROUP_ESYSTEM,
				"sshd -T did not end within %d seconds", SECONDS_MAXIMUM);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot read what sshd -T prints");
		if (text->length + (size_t)n > OUTPUT_MAXIMUM)
			return error_set(error, TOTPGROUP_ESYSTEM, "sshd -T prints too much");
		if (text_append(text, buffer, (size_t)n) != 0)
			return out_of_memory(error);
	}
}

static int spawn(char *const *arguments, int output, pid_t *child)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char locale[] = "LC_ALL=C";
	char *const environment[] = {path, locale, NULL};
	posix_spawn_file_actions_t actions;
	int status = posix_spawn_file_actions_init(&actions);

	if (status != 0)
		return status;
	status = posix_spawn_file_actions_addopen(
		&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (status == 0)
		status = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (status == 0)
		status = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (status == 0)
		status = posix_spawn(
			child, arguments[0], &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* Its last line says why it failed. */
static int complain(const char *program, const struct text *text, struct error *error)
{
	size_t end = text->length;
	size_t start;

	while (end > 0 && (text->data[end - 1] == '\n' || text->data[end - 1] == '\r'))
		end--;
	start = end;
	while (start > 0 && text->data[start - 1] != '\n')
		start--;
	if (end - start > WORDS_MAXIMUM)
		end = start + WORDS_MAXIMUM;
	return error_set(error, TOTPGROUP_ESYSTEM, "%s -T failed: %.*s", program,
		(int)(end - start), text->length > 0 ? text->data + start : "");
}

static int wait_for(pid_t child, bool *good, struct error *error)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot wait for sshd");
	*good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return 0;
}

static int run(char *const *arguments, struct text *text, struct error *error)
{
	bool good = false;
	pid_t child = -1;
	int ends[2];
	int status;
	int waited;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot make a pipe");
	status = spawn(arguments, ends[1], &child);
	close(ends[1]);
	if (status != 0) {
		close(ends[0]);
		errno = status;
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot run %s", arguments[0]);
	}
	status = collect(ends[0], text, error);
	close(ends[0]);
	if (status != 0)
		kill(child, SIGKILL);
	waited = wait_for(child, &good, error);
	if (status == 0 && waited == 0 && !good)
		return complain(arguments[0], text, error);
	return status != 0 ? status : waited;
}

/* What sshd is asked about; NULL where memory is out. */
static char *connection_of(const char *user)
{
	char *connection;

	if (asprintf(&connection, "user=%s,host=localhost,addr=127.0.0.1", user) < 0)
		return NULL;
	return connection;
}

int sshd_settings_run(struct sshd_settings *settings, const char *config, const char *user,
	struct error *error)
{
	char test[] = "-T", file[] = "-f", about[] = "-C";
	char *config_copy = config != NULL ? strdup(config) : NULL;
	char *connection = user != NULL ? connection_of(user) : NULL;
	char *arguments[7] = {NULL, test};
	int count = 2;
	int status = 0;

	if ((config != NULL && config_copy == NULL) || (user != NULL && connection == NULL))
		status = out_of_memory(error);
	if (config != NULL) {
		arguments[count++] = file;
		arguments[count++] = config_copy;
	}
	if (user != NULL) {
		arguments[count++] = about;
		arguments[count++] = connection;
	}
	if (status == 0)
		status = find_sshd(&arguments[0], error);
	if (status == 0)
		status = run(arguments, &settings->text, error);
	free(arguments[0]);
	free(connection);
	free(config_copy);
	return status;
}

int sshd_settings_read(struct sshd_settings *settings, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	if (fd < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot open %s", path);
	status = collect(fd, &settings->text, error);
	close(fd);
	return status;
}

char *sshd_settings_get(const struct sshd_settings *settings, const char *name)
{
	struct lines lines = {.text = settings->text.data, .length = settings->text.length};
	const char *line;
	size_t length;
	size_t name_length = strlen(name);

	while (lines_next(&lines, &line, &length))
		if (length > name_length && line[name_length] == ' ' &&
			memcmp(line, name, name_length) == 0)
			return strndup(line + name_length + 1, length - name_length - 1);
	return NULL;
}

bool sshd_settings_is(const struct sshd_settings *settings, const char *name, const char *value)
{
	char *found = sshd_settings_get(settings, name);
	bool same = found != NULL && strcmp(found, value) == 0;

	free(found);
	return same;
}

void sshd_settings_free(struct sshd_settings *settings)
{
	text_free(&settings->text);
}
