/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of sshd, as `sshd -T` prints them. */

#include "config.h"

#include <arpa/inet.h>
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
#include "cli/doctor/doctor.h"
#include "message/translate.h"
#include "totpgroup.h"

#define OUTPUT_MAXIMUM	(256 * 1024)
#define SECONDS_MAXIMUM 20
#define USUAL_FOLDER	"/usr/sbin"
#define USUAL_PORT	22
/* How many bytes of sshd's own words go into a message. */
#define WORDS_MAXIMUM 160

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

static bool is_program(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && S_ISREG(file.st_mode) && access(path, X_OK) == 0;
}

/* sshd -T needs to be called by an absolute path, which the caller frees. */
static int find_sshd(char **path, struct error *error)
{
	const char *variable = getenv("PATH");
	const char *folder;
	char *folders;
	char *rest;

	if (asprintf(&folders, "%s:" USUAL_FOLDER, variable != NULL ? variable : "") < 0)
		return out_of_memory(error);
	rest = folders;
	while (*path == NULL && (folder = strsep(&rest, ":")) != NULL) {
		if (folder[0] != '/')
			continue;
		if (asprintf(path, "%s/sshd", folder) < 0)
			*path = NULL;
		else if (!is_program(*path)) {
			free(*path);
			*path = NULL;
		}
	}
	free(folders);
	if (*path != NULL)
		return 0;
	return error_set(error, TOTPGROUP_ENOTFOUND,
		translate("there is no sshd in PATH, nor is it /usr/sbin/sshd"));
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

/* Reads to the end of the file or the pipe. */
static int read_settings(int fd, struct text *text, struct error *error)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	struct timespec end;
	char buffer[1024];

	if (clock_gettime(CLOCK_MONOTONIC, &end) != 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot tell the time"));
	end.tv_sec += SECONDS_MAXIMUM;
	for (;;) {
		int ready = poll(&waiting, 1, remaining_milliseconds(&end));
		ssize_t n = ready > 0 ? read(fd, buffer, sizeof(buffer)) : -1;

		if (ready == 0)
			return error_set(error, TOTPGROUP_ESYSTEM,
				translate("sshd -T did not end within %d seconds"),
				SECONDS_MAXIMUM);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_system(error, TOTPGROUP_ESYSTEM,
				translate("cannot read what sshd -T prints"));
		if (text->length + (size_t)n > OUTPUT_MAXIMUM)
			return error_set(
				error, TOTPGROUP_ESYSTEM, translate("sshd -T prints too much"));
		if (text_append(text, buffer, (size_t)n) != 0)
			return out_of_memory(error);
	}
}

static int spawn_sshd(char *const *arguments, int output, pid_t *child)
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

/* The last line that sshd prints says why it failed. */
static int report_failure(const char *program, const struct text *text, struct error *error)
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
	return error_set(error, TOTPGROUP_ESYSTEM, translate("%s -T failed: %.*s"), program,
		(int)(end - start), text->length > 0 ? text->data + start : "");
}

static int run_sshd(char *const *arguments, struct text *text, struct error *error)
{
	pid_t child = -1;
	pid_t waited;
	int ends[2];
	int ending = 0;
	int status;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot make a pipe"));
	status = spawn_sshd(arguments, ends[1], &child);
	close(ends[1]);
	if (status != 0) {
		close(ends[0]);
		errno = status;
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot run %s"), arguments[0]);
	}
	status = read_settings(ends[0], text, error);
	close(ends[0]);
	if (status != 0)
		kill(child, SIGKILL);
	do
		waited = waitpid(child, &ending, 0);
	while (waited < 0 && errno == EINTR);
	if (status != 0)
		return status;
	if (waited < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot wait for sshd"));
	if (!WIFEXITED(ending) || WEXITSTATUS(ending) != 0)
		return report_failure(arguments[0], text, error);
	return 0;
}

static bool is_ipv6(const char *address)
{
	struct in6_addr parsed;

	return inet_pton(AF_INET6, address, &parsed) == 1;
}

static bool is_ipv4(const char *address)
{
	struct in_addr parsed;

	return inet_pton(AF_INET, address, &parsed) == 1;
}

/* What sshd is told about the login whose Match blocks are judged; the caller frees it. NULL if
 * memory is out. sshd refuses Match blocks for ports and addresses of this host if it is not
 * told those. */
static char *connection(const struct sshd_login *login)
{
	const char *rhost = login->rhost != NULL ? login->rhost : "127.0.0.1";
	struct text text = TEXT_INIT;

	if (login->user != NULL)
		text_append_format(&text, "user=%s,host=%s,addr=%s,", login->user,
			login->rhost != NULL ? rhost : "localhost",
			is_ipv4(rhost) || is_ipv6(rhost) ? rhost : "127.0.0.1");
	text_append_format(&text, "laddr=%s,lport=%d", is_ipv6(rhost) ? "::1" : "127.0.0.1",
		login->local_port != 0 ? login->local_port : USUAL_PORT);
	if (text.status == 0)
		return text.data;
	text_free(&text);
	return NULL;
}

int sshd_settings_run(struct text *settings, const char *config, const struct sshd_login *login,
	struct error *error)
{
	static const struct sshd_login nobody = {.user = NULL};
	char test[] = "-T", file[] = "-f", about[] = "-C";
	char *config_copy = config != NULL ? strdup(config) : NULL;
	char *words = connection(login != NULL ? login : &nobody);
	char *arguments[7] = {NULL, test, about, words};
	int status = 0;

	if ((config != NULL && config_copy == NULL) || words == NULL)
		status = out_of_memory(error);
	if (config != NULL) {
		arguments[4] = file;
		arguments[5] = config_copy;
	}
	if (status == 0)
		status = find_sshd(&arguments[0], error);
	if (status == 0)
		status = run_sshd(arguments, settings, error);
	free(arguments[0]);
	free(words);
	free(config_copy);
	return status;
}

bool sshd_settings_start(const char *config)
{
	char test[] = "-t", file[] = "-f";
	char *arguments[5] = {NULL, test, file, strdup(config)};
	struct error error = ERROR_INIT;
	struct text words = TEXT_INIT;
	bool starts = arguments[3] != NULL && find_sshd(&arguments[0], &error) == 0 &&
		      run_sshd(arguments, &words, &error) == 0;

	text_free(&words);
	free(arguments[0]);
	free(arguments[3]);
	return starts;
}

int sshd_settings_read(struct text *settings, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	if (fd < 0)
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, translate("cannot open %s"), path);
	status = read_settings(fd, settings, error);
	close(fd);
	return status;
}

char *sshd_settings_get(const struct text *settings, const char *name)
{
	struct lines lines = {.text = settings->data, .length = settings->length};
	const char *line;
	size_t length;
	size_t name_length = strlen(name);

	while (lines_next(&lines, &line, &length))
		if (length > name_length && line[name_length] == ' ' &&
			memcmp(line, name, name_length) == 0)
			return strndup(line + name_length + 1, length - name_length - 1);
	return NULL;
}

bool sshd_settings_is(const struct text *settings, const char *name, const char *value)
{
	char *found = sshd_settings_get(settings, name);
	bool same = found != NULL && strcmp(found, value) == 0;

	free(found);
	return same;
}
