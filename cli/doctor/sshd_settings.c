/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of sshd, as `sshd -T` prints them, and what AuthenticationMethods demands. */

#include "config.h"

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
#include "totpgroup.h"

#define OUTPUT_MAXIMUM	(256 * 1024)
#define SECONDS_MAXIMUM 20
#define USUAL_FOLDER	"/usr/sbin"
/* How many bytes of sshd's own words go into a message. */
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
		"there is no sshd in PATH, nor is it " USUAL_FOLDER "/sshd");
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
	return error_set(error, TOTPGROUP_ESYSTEM, "%s -T failed: %.*s", program,
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
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot make a pipe");
	status = spawn_sshd(arguments, ends[1], &child);
	close(ends[1]);
	if (status != 0) {
		close(ends[0]);
		errno = status;
		return error_set_system(
			error, TOTPGROUP_ESYSTEM, "cannot run %s", arguments[0]);
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
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot wait for sshd");
	if (!WIFEXITED(ending) || WEXITSTATUS(ending) != 0)
		return report_failure(arguments[0], text, error);
	return 0;
}

int sshd_settings_run(
	struct text *settings, const char *config, const char *user, struct error *error)
{
	char test[] = "-T", file[] = "-f", about[] = "-C";
	char *config_copy = config != NULL ? strdup(config) : NULL;
	char *connection = NULL;
	char *arguments[7] = {NULL, test};
	int count = 2;
	int status = 0;

	if (user != NULL &&
		asprintf(&connection, "user=%s,host=localhost,addr=127.0.0.1", user) < 0)
		connection = NULL;
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
		status = run_sshd(arguments, settings, error);
	free(arguments[0]);
	free(connection);
	free(config_copy);
	return status;
}

int sshd_settings_read(struct text *settings, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	if (fd < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot open %s", path);
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

/* What a method demands of the user; a list demands what its methods demand. */
#define WITHOUT_PAM 1U
#define PASSWORD    2U
#define INTERACTIVE 4U

/* The methods, and the settings that switch them on. */
static const struct method {
	const char *name;
	const char *setting;
	unsigned int demand;
} methods[] = {
	{"publickey", "pubkeyauthentication", WITHOUT_PAM},
	{"hostbased", "hostbasedauthentication", WITHOUT_PAM},
	{"gssapi-with-mic", "gssapiauthentication", WITHOUT_PAM},
	{"password", "passwordauthentication", PASSWORD},
	{"keyboard-interactive", "kbdinteractiveauthentication", INTERACTIVE},
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* An older sshd that does not print the setting does not have the method. */
static bool is_on(const struct text *settings, const struct method *method)
{
	return sshd_settings_is(settings, method->setting, "yes");
}

static void add_demand(struct sshd_methods *found, unsigned int demand)
{
	if ((demand & (PASSWORD | INTERACTIVE)) == 0)
		found->without_pam = true;
	if ((demand & PASSWORD) != 0)
		found->password = true;
	if ((demand & INTERACTIVE) != 0)
		found->interactive = true;
	if (demand == INTERACTIVE)
		found->interactive_alone = true;
	if ((demand & INTERACTIVE) != 0 && (demand & WITHOUT_PAM) != 0)
		found->interactive_after_key = true;
}

static const struct method *find_method(const char *name, size_t length)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strlen(methods[i].name) == length &&
			memcmp(methods[i].name, name, length) == 0)
			return &methods[i];
	return NULL;
}

/* Methods with commas between them, each perhaps with a colon and a device. A method that
 * is switched off makes the list useless. */
static void add_list(struct sshd_methods *found, const struct text *settings, const char *list,
	size_t length)
{
	unsigned int demand = 0;

	while (length > 0) {
		size_t name = strcspn(list, ",: ");
		size_t word = strcspn(list, ", ");
		const struct method *method = find_method(list, name);

		if (method == NULL || !is_on(settings, method))
			return;
		demand |= method->demand;
		word += word < length;
		list += word;
		length -= word;
	}
	add_demand(found, demand);
}

struct sshd_methods sshd_methods_judge(const struct text *settings)
{
	struct sshd_methods found = {.password = false};
	char *value = sshd_settings_get(settings, "authenticationmethods");

	if (value == NULL || strcmp(value, "any") == 0) {
		for (size_t i = 0; i < METHODS; i++)
			if (is_on(settings, &methods[i]))
				add_demand(&found, methods[i].demand);
	} else {
		for (const char *list = value; *list != '\0'; list += strspn(list, " ")) {
			size_t length = strcspn(list, " ");

			add_list(&found, settings, list, length);
			list += length;
		}
	}
	free(value);
	return found;
}
