/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "stack_daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "config/options.h"
#include "daemon/server.h"

#define SOCKET "verifyd"

static pid_t process;

time_t *stack_daemon_prepare(bool *over_socket)
{
	time_t *clock = mmap(
		NULL, sizeof *clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (geteuid() != 0) {
		printf("1..0 # SKIP only root asks totp-verifyd before the prompt\n");
		exit(77);
	}
	assert_true(clock != MAP_FAILED);
	*over_socket = true;
	return clock;
}

static bool is_of_daemon(const char *option, size_t length)
{
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->daemons && strlen(row->name) == length &&
			memcmp(row->name, option, length) == 0)
			return true;
	return false;
}

static void add(char *text, size_t size, const char *words, size_t length)
{
	size_t used = strlen(text);

	assert_true(used + length < size);
	memcpy(text + used, words, length);
	text[used + length] = '\0';
}

/* An option stands on several lines; the configuration has it once. */
static void add_option(char *of_daemon, size_t size, const char *option, size_t length)
{
	char line[1024];

	snprintf(line, sizeof line, "%.*s%s\n", (int)length, option,
		memchr(option, '=', length) == NULL ? "=yes" : "");
	if (strstr(of_daemon, line) == NULL)
		add(of_daemon, size, line, strlen(line));
}

static void split_line(
	const char *line, size_t length, char *of_module, char *of_daemon, size_t size)
{
	bool is_module = strstr(line, "@R") < line + length && strstr(line, "@R") != NULL;
	const char *end = line + length;

	is_module |= strstr(line, "@M") != NULL && strstr(line, "@M") < end;
	while (line < end) {
		size_t word = strcspn(line, " \n"), name = strcspn(line, "= \n");

		if (is_module && is_of_daemon(line, name))
			add_option(of_daemon, size, line, word);
		else
			add(of_module, size, line, word);
		line += word;
		if (line < end)
			add(of_module, size, " ", 1);
		line += line < end;
	}
	if (is_module)
		add(of_module, size, " store=socket:@D/" SOCKET,
			strlen(" store=socket:@D/" SOCKET));
	add(of_module, size, "\n", 1);
}

void stack_daemon_split(const char *lines, char *of_module, char *of_daemon, size_t size)
{
	*of_module = *of_daemon = '\0';
	while (*lines != '\0') {
		size_t length = strcspn(lines, "\n");

		split_line(lines, length, of_module, of_daemon, size);
		lines += length + (lines[length] == '\n');
	}
}

static void serve(int listener)
{
	char conf[256];
	const struct server_settings settings = {.conf = conf, .listener = listener};
	struct error error = ERROR_INIT;
	bool unfinished = false;

	snprintf(conf, sizeof conf, "%s", in_folder("verifyd.conf"));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (process_prepare(&error) != 0 || server_run(&settings, &unfinished, &error) != 0)
		fprintf(stderr, "totp-verifyd: %s\n", error.message);
	_exit(0);
}

void stack_daemon_start(void)
{
	struct error error = ERROR_INIT;
	int listener;

	stack_daemon_stop();
	assert_int_equal(chmod(in_folder("verifyd.conf"), 0644), 0);
	if (listener_open(in_folder(SOCKET), &listener, &error) != 0)
		fail_msg("%s", error.message);
	fflush(NULL);
	process = fork();
	assert_true(process >= 0);
	if (process == 0)
		serve(listener);
	close(listener);
}

void stack_daemon_stop(void)
{
	if (process > 0) {
		kill(process, SIGKILL);
		waitpid(process, NULL, 0);
	}
	process = 0;
	unlink(in_folder(SOCKET));
}
