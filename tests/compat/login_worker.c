/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Makes any number of logins, so that a test of many thousand logins does not start
 * as many processes. Reads one login a line from standard input, with fields
 * separated by tabs:
 *
 *     TIME SERVICE USER RHOST ANSWER [METHODS]
 *
 * `-` for RHOST means none, and `!` for ANSWER makes the conversation fail. METHODS
 * is SSH_AUTH_INFO_0 with commas instead of newlines. Writes `RESULT PROMPTS TOKEN`
 * for each login. libfaketime, which must be preloaded, gets the time through its
 * environment variable; with `-` for TIME it is not needed.
 */

#include "config.h"

#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define FIELDS 6

/* These replace the functions of libc, also for the modules. Without a log daemon, libc
 * writes each line to the console, which takes longer than the login. */
void syslog(int priority, const char *format, ...);
void vsyslog(int priority, const char *format, va_list arguments);
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

void syslog(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	(void)priority;
	(void)format;
	(void)arguments;
}

void __syslog_chk(int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)priority;
	(void)flag;
	(void)format;
	(void)arguments;
}

/* The answer of the conversation, and how often it was asked. */
struct script {
	const char *answer;
	unsigned int prompts;
};

static int converse(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	struct script *script = data;

	*responses = calloc((size_t)count, sizeof **responses);
	for (int i = 0; *responses != NULL && i < count; i++) {
		if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF &&
			messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
			continue;
		script->prompts++;
		if (strcmp(script->answer, "!") == 0) {
			free(*responses);
			*responses = NULL;
			return PAM_CONV_ERR;
		}
		(*responses)[i].resp = strdup(script->answer);
	}
	return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void set_clock(const char *seconds)
{
	time_t when = (time_t)strtoll(seconds, NULL, 10);
	char text[64];
	struct tm parts;

	gmtime_r(&when, &parts);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
	setenv("FAKETIME", text, 1);
	if (time(NULL) != when) {
		fprintf(stderr, "the clock is not %s: is libfaketime preloaded?\n", text);
		exit(2);
	}
}

static int put_methods(pam_handle_t *pamh, const char *methods)
{
	char variable[256];

	(void)snprintf(variable, sizeof variable, "SSH_AUTH_INFO_0=%s", methods);
	for (char *comma = variable; (comma = strchr(comma, ',')) != NULL;)
		*comma = '\n';
	return pam_putenv(pamh, variable);
}

static int log_in(const char *folder, char *fields[FIELDS])
{
	struct script script = {fields[4], 0};
	struct pam_conv conversation = {converse, &script};
	pam_handle_t *pamh = NULL;
	const char *token;
	int result;

	if (strcmp(fields[0], "-") != 0)
		set_clock(fields[0]);
	if (pam_start_confdir(fields[1], fields[2], &conversation, folder, &pamh) !=
		PAM_SUCCESS)
		return -1;
	if (strcmp(fields[3], "-") != 0)
		pam_set_item(pamh, PAM_RHOST, fields[3]);
	if (fields[5] != NULL)
		put_methods(pamh, fields[5]);
	result = pam_authenticate(pamh, 0);
	token = pam_getenv(pamh, "TOKEN");
	printf("%d %u %s\n", result, script.prompts, token != NULL ? token : "-");
	pam_end(pamh, result);
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[4096];

	while (argc == 2 && fgets(line, sizeof line, stdin) != NULL) {
		char *fields[FIELDS];
		char *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (int i = 0; i < FIELDS; i++)
			if ((fields[i] = strsep(&rest, "\t")) == NULL && i < FIELDS - 1)
				return 2;
		if (log_in(argv[1], fields) != 0)
			return 2;
	}
	return argc == 2 ? 0 : 2;
}
