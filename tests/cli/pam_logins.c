/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Logs in by PAM's files in a folder, many times in one process, and tells who was let in.
 *
 *     pam_logins FOLDER SERVICE OURS SECRET
 *
 * A request on standard input is a line with names of modules that are copies of pam_answer.so,
 * divided by blanks, a line for each login, and an empty line. A login is the numbers that these
 * modules answer, in that order. It may go on with USER, TEXT and FILE: then the real module OURS
 * takes part, SECRET becomes a copy of FILE (which is removed where FILE is -), and TEXT is what
 * USER types at each prompt.
 *
 * The answer is a line for each login: 1 or 0 for who is let in or not, and the names of the
 * modules that took part; OURS is one of them if the real one has asked for something.
 *
 * Nothing goes to the host's log. Logins without the real module share one transaction. The last
 * one is made again in a transaction of its own, and must end as it did.
 */

#include "config.h"

#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define NAMES_MAX 32
#define WORDS_MAX (NAMES_MAX + 3)

/* libpam and the module log by these. Parentheses keep a macro of the same name away, which there is
 * with FORTIFY_SOURCE. */
void(syslog)(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

void(vsyslog)(int priority, const char *format, va_list arguments)
{
	(void)priority;
	(void)format;
	(void)arguments;
}

__attribute__((format(printf, 3, 4))) void __syslog_chk(
	int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	(void)priority;
	(void)flag;
	(void)format;
}

__attribute__((format(printf, 3, 0))) void __vsyslog_chk(
	int priority, int flag, const char *format, va_list arguments);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)priority;
	(void)flag;
	(void)format;
	(void)arguments;
}

struct words {
	char *at[WORDS_MAX];
	size_t count;
};

struct work {
	const char *folder;
	const char *service;
	const char *ours;
	const char *secret;
	struct words names;
};

struct person {
	const char *typed;
	unsigned int prompts;
};

_Noreturn static void give_up(const char *what)
{
	(void)fprintf(stderr, "pam_logins: %s\n", what);
	exit(2);
}

static struct words split(char *line)
{
	struct words words = {.count = 0};
	char *rest;

	for (char *word = strtok_r(line, " \n", &rest); word != NULL;
		word = strtok_r(NULL, " \n", &rest)) {
		if (words.count == WORDS_MAX)
			give_up("too many words");
		words.at[words.count++] = word;
	}
	return words;
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	struct person *person = data;

	*responses = calloc((size_t)count, sizeof **responses);
	for (int i = 0; *responses != NULL && i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
			messages[i]->msg_style == PAM_PROMPT_ECHO_ON) {
			person->prompts++;
			(*responses)[i].resp = strdup(person->typed);
		}
	return *responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static pam_handle_t *start(
	const struct work *work, const char *user, const struct pam_conv *conversation)
{
	pam_handle_t *handle = NULL;

	if (pam_start_confdir(work->service, user, conversation, work->folder, &handle) !=
		PAM_SUCCESS)
		give_up("pam_start_confdir() fails");
	return handle;
}

static void give_answers(
	const struct work *work, pam_handle_t *handle, const struct words *login)
{
	char variable[256];

	for (size_t i = 0; i < work->names.count; i++) {
		(void)snprintf(
			variable, sizeof variable, "%s=%s", work->names.at[i], login->at[i]);
		if (pam_putenv(handle, variable) != PAM_SUCCESS)
			give_up("pam_putenv() fails");
	}
}

/* Whether the module of that name ran; it is forgotten then. */
static bool ran(pam_handle_t *handle, const char *name)
{
	char variable[256];

	(void)snprintf(variable, sizeof variable, "ran%s", name);
	return pam_getenv(handle, variable) != NULL &&
	       pam_putenv(handle, variable) == PAM_SUCCESS;
}

static void print_login(
	const struct work *work, pam_handle_t *handle, bool let_in, const struct person *person)
{
	(void)printf("%d", let_in);
	for (size_t i = 0; i < work->names.count; i++) {
		const char *name = work->names.at[i];
		bool real = person != NULL && strcmp(name, work->ours) == 0;

		if (real ? person->prompts > 0 : ran(handle, name))
			(void)printf(" %s", name);
	}
	(void)printf("\n");
}

static void copy_secret(const struct work *work, const char *from)
{
	char content[1024];
	size_t length;
	FILE *file;

	(void)unlink(work->secret);
	if (strcmp(from, "-") == 0)
		return;
	file = fopen(from, "re");
	if (file == NULL)
		give_up("there is no such secret");
	length = fread(content, 1, sizeof content, file);
	(void)fclose(file);
	file = fopen(work->secret, "we");
	if (file == NULL || fwrite(content, 1, length, file) != length || fclose(file) != 0)
		give_up("the secret cannot be copied");
}

/* Behind the answers: USER, TEXT, FILE. */
static void log_in_really(const struct work *work, const struct words *login)
{
	char *const *more = &login->at[work->names.count];
	struct person person = {.typed = more[1]};
	const struct pam_conv conversation = {converse, &person};
	pam_handle_t *handle = start(work, more[0], &conversation);

	copy_secret(work, more[2]);
	give_answers(work, handle, login);
	print_login(work, handle, pam_authenticate(handle, PAM_SILENT) == PAM_SUCCESS, &person);
	(void)pam_end(handle, PAM_SUCCESS);
}

static bool log_in(const struct work *work, pam_handle_t *handle, const struct words *login)
{
	bool let_in;

	give_answers(work, handle, login);
	let_in = pam_authenticate(handle, PAM_SILENT) == PAM_SUCCESS;
	print_login(work, handle, let_in, NULL);
	return let_in;
}

static void make_again(const struct work *work, char *line, bool was_let_in)
{
	const struct pam_conv nobody = {converse, NULL};
	const struct words login = split(line);
	pam_handle_t *handle = start(work, "somebody", &nobody);

	give_answers(work, handle, &login);
	if ((pam_authenticate(handle, PAM_SILENT) == PAM_SUCCESS) != was_let_in)
		give_up("a login ends otherwise in a transaction of its own");
	(void)pam_end(handle, PAM_SUCCESS);
}

/* The logins of a request, up to the empty line. */
static void read_logins(const struct work *work)
{
	const struct pam_conv nobody = {converse, NULL};
	pam_handle_t *shared = start(work, "somebody", &nobody);
	char *line = NULL, *last = NULL;
	bool let_in = false;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 1) {
		char *copy = strdup(line);
		const struct words login = split(line);

		if (copy == NULL || login.count < work->names.count)
			give_up("a word is missing");
		if (login.count == work->names.count + 3) {
			log_in_really(work, &login);
			free(copy);
			continue;
		}
		let_in = log_in(work, shared, &login);
		free(last);
		last = copy;
	}
	if (last != NULL)
		make_again(work, last, let_in);
	(void)pam_end(shared, PAM_SUCCESS);
	free(last);
	free(line);
}

int main(int argc, char **argv)
{
	struct work work;
	char *line = NULL;
	size_t size = 0;

	if (argc != 5)
		give_up("wrong arguments");
	work = (struct work){argv[1], argv[2], argv[3], argv[4], {.count = 0}};
	/* The module refuses a secret that others can read. */
	(void)umask(077);
	while (getline(&line, &size, stdin) > 0) {
		work.names = split(line);
		if (work.names.count > NAMES_MAX)
			give_up("too many names");
		read_logins(&work);
		(void)fflush(stdout);
	}
	free(line);
	return 0;
}
