/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "stack.h"

#include <dlfcn.h>
#include <grp.h>
#include <liboath/oath.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "stack_daemon.h"

#define WRAPPER "libnss_wrapper.so"

const char stack_fails[] = "(fails)";
const char stack_null_answer[] = "(null answer)";
const char stack_no_responses[] = "(no responses)";

static time_t own_clock = STACK_NOW;
time_t *stack_clock = &own_clock;
bool stack_over_socket;
bool (*stack_on_time)(void *caller);
char stack_log[65536];
struct stack_login stack_last;
static char everything[1 << 20];

static const char *const users[] = {"alice", "bob", "carol"};

/* These replace functions of the C library. */
time_t time(time_t *result)
{
	if (stack_on_time != NULL && stack_on_time(__builtin_return_address(0)))
		return -1;
	if (result != NULL)
		*result = stack_now;
	return stack_now;
}

static void append(char *buffer, size_t size, const char *text)
{
	size_t length = strlen(buffer);

	assert_true(length + strlen(text) < size);
	strcpy(buffer + length, text);
}

/* A test with thousands of logins loses the first lines. */
static void keep(const char *text)
{
	if (strlen(everything) + strlen(text) >= sizeof everything)
		*everything = '\0';
	append(everything, sizeof everything, text);
}

__attribute__((format(printf, 2, 0))) static void log_line(
	int priority, const char *format, va_list arguments)
{
	char line[4096], text[4200];
	const char *message = line;

	vsnprintf(line, sizeof line, format, arguments);
	if (strncmp(line, "pam_totpgroup(test:auth): ", 26) == 0)
		message = line + 26;
	snprintf(text, sizeof text, "<%d>%s\n", LOG_PRI(priority), message);
	append(stack_log, sizeof stack_log, text);
	keep(text);
}

void syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(priority, format, arguments);
	va_end(arguments);
}

void vsyslog(int priority, const char *format, va_list arguments)
{
	log_line(priority, format, arguments);
}

__attribute__((format(printf, 3, 4))) void __syslog_chk(
	int priority, int flag, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	log_line(priority, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 3, 0))) void __vsyslog_chk(
	int priority, int flag, const char *format, va_list arguments);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments)
{
	(void)flag;
	log_line(priority, format, arguments);
}

bool stack_saw(const char *text)
{
	return strstr(everything, text) != NULL;
}

static const char *module_path(const char *variable, const char *name)
{
	static char paths[2][PATH_MAX];
	char *path = paths[strcmp(name, "pam_totpgroup.so") == 0];
	const char *given = getenv(variable);
	const char *build = getenv("top_builddir");

	if (given != NULL && *given == '/')
		snprintf(path, PATH_MAX, "%s", given);
	else
		snprintf(path, PATH_MAX, "%s/.libs/%s", build != NULL ? build : "", name);
	return path;
}

static const char *module(void)
{
	return module_path("TOTPGROUP_MODULE", "pam_totpgroup.so");
}

static void need_module(void)
{
	if (access(module(), R_OK) != 0) {
		fprintf(stderr, "no module at %s: set TOTPGROUP_MODULE to its path\n",
			module());
		exit(99);
	}
}

uid_t stack_uid(const char *user)
{
	if (geteuid() != 0)
		return geteuid();
	for (unsigned int i = 0; i < COUNT(users); i++)
		if (strcmp(user, users[i]) == 0)
			return 20001 + i;
	return 0;
}

/* Writes the users. Some of them have unusual homes or names. */
static void write_users(void)
{
	FILE *file = fopen(in_folder("passwd"), "we");
	gid_t gid = geteuid() == 0 ? 0 : getegid();

	assert_non_null(file);
	for (unsigned int i = 0; i < COUNT(users); i++) {
		uid_t uid = stack_uid(users[i]);

		fprintf(file, "%s:x:%u:%u::%s/home/%s:/bin/sh\n", users[i], uid,
			geteuid() == 0 ? uid : gid, folder_path, users[i]);
	}
	fprintf(file, "root:x:0:0::%s/home/root:/bin/sh\n", folder_path);
	fprintf(file, "lost:x:%u:%u::%s/home/none:/bin/sh\n", stack_uid("alice"), gid,
		folder_path);
	fprintf(file, "homeless:x:%u:%u:::/bin/sh\n", stack_uid("alice"), gid);
	fprintf(file, "relative:x:%u:%u::home/alice:/bin/sh\n", stack_uid("alice"), gid);
	fprintf(file, ".dot:x:%u:%u::%s/home/alice:/bin/sh\n", stack_uid("alice"), gid,
		folder_path);
	fprintf(file, "sla/sh:x:%u:%u::%s/home/alice:/bin/sh\n", stack_uid("alice"), gid,
		folder_path);
	assert_int_equal(fclose(file), 0);
}

static void write_groups(void)
{
	FILE *file = fopen(in_folder("group"), "we");

	assert_non_null(file);
	fprintf(file, "totp:x:30001:alice,carol\nexempt:x:30002:carol\nempty:x:30003:\n");
	for (unsigned int i = 0; geteuid() == 0 && i < COUNT(users); i++)
		fprintf(file, "%s:x:%u:\n", users[i], stack_uid(users[i]));
	assert_int_equal(fclose(file), 0);
}

extern void __asan_init(void) __attribute__((weak));

/* The library of the address sanitizer, which must be loaded before all others, and a blank. Empty
 * in a program that was built without it. */
static const char *sanitizer_library(char *room, size_t size)
{
	Dl_info info;

	room[0] = '\0';
	if (__asan_init != NULL && dladdr((void *)__asan_init, &info) != 0)
		snprintf(room, size, "%s ", info.dli_fname);
	return room;
}

/* nss_wrapper reads the names of its files once, when the program starts. So this writes the files
 * and starts the program again. */
static void start_again(char **argv)
{
	char preload[4096], sanitizer[2048];

	folder_begin();
	assert_int_equal(chmod(folder_path, 0755), 0);
	write_users();
	write_groups();
	setenv("TOTPGROUP_TEST_FOLDER", folder_path, 1);
	setenv("NSS_WRAPPER_PASSWD", in_folder("passwd"), 1);
	setenv("NSS_WRAPPER_GROUP", in_folder("group"), 1);
	snprintf(preload, sizeof preload, "%s" WRAPPER,
		sanitizer_library(sanitizer, sizeof sanitizer));
	setenv("LD_PRELOAD", preload, 1);
	/* The sanitizer cannot be loaded twice, as nss_wrapper would otherwise have it. */
	setenv("NSS_WRAPPER_DISABLE_DEEPBIND", "1", 1);
	/* Under valgrind /proc/self/exe is valgrind. */
	if (strchr(argv[0], '/') != NULL)
		execv(argv[0], argv);
	execv("/proc/self/exe", argv);
	perror("cannot start again with " WRAPPER);
	folder_end();
	exit(99);
}

void stack_main(char **argv)
{
	const char *path = getenv("TOTPGROUP_TEST_FOLDER");

	need_module();
	if (path == NULL && dlopen(WRAPPER, RTLD_LAZY) == NULL) {
		printf("1..0 # SKIP %s is not installed (Debian: libnss-wrapper)\n", WRAPPER);
		exit(77);
	}
	if (path == NULL)
		start_again(argv);
	snprintf(folder_path, sizeof folder_path, "%s", path);
	unsetenv("TOTPGROUP_TEST_FOLDER");
	unsetenv("LD_PRELOAD");
	if (getenv("TOTPGROUP_STACK_STORE") != NULL && stack_daemon_prepare != NULL)
		stack_clock = stack_daemon_prepare(&stack_over_socket);
	/* nss_wrapper opens its files here, and keeps them open. */
	if (getpwnam("alice") == NULL || getgrnam("totp") == NULL) {
		fprintf(stderr, "%s does not know alice\n", WRAPPER);
		exit(99);
	}
}

int stack_end(void **state)
{
	(void)state;
	folder_end();
	return 0;
}

static void make_homes(void)
{
	char name[64];

	make_folder("home", 0755);
	make_folder("home/root", 0700);
	for (unsigned int i = 0; i < COUNT(users); i++) {
		snprintf(name, sizeof name, "home/%s", users[i]);
		make_folder(name, 0700);
		if (geteuid() == 0)
			assert_int_equal(chown(in_folder(name), stack_uid(users[i]),
						 stack_uid(users[i])),
				0);
	}
}

int stack_setup(void **state)
{
	(void)state;
	make_folder("services", 0755);
	make_homes();
	stack_options("");
	put_link("services/sshd", "test");
	put_link("services/sudo", "test");
	put_file("services/other", "auth required pam_deny.so\n", 0644);
	stack_now = STACK_NOW;
	*stack_log = '\0';
	*everything = '\0';
	return 0;
}

int stack_teardown(void **state)
{
	(void)state;
	if (stack_over_socket)
		stack_daemon_stop();
	nftw(in_folder("home"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	nftw(in_folder("services"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return 0;
}

static void write_line(FILE *file, const char *lines)
{
	for (; *lines != '\0'; lines++) {
		if (*lines != '@') {
			fputc(*lines, file);
			continue;
		}
		switch (*++lines) {
		case 'M':
			fprintf(file, "[success=done ignore=ignore default=die] %s", module());
			break;
		case 'R':
			fputs(module(), file);
			break;
		case 'T':
			fputs(module_path("TOTPGROUP_TOKEN_MODULE", "pam_token.so"), file);
			break;
		case 'D':
			fputs(folder_path, file);
			break;
		default:
			fail_msg("@%c in a service", *lines);
		}
	}
}

static void write_lines(const char *name, const char *lines)
{
	FILE *file = fopen(in_folder(name), "we");

	assert_non_null(file);
	write_line(file, lines);
	fputc('\n', file);
	assert_int_equal(fclose(file), 0);
}

void stack_lines(const char *lines)
{
	static char of_module[8192], of_daemon[8192];

	if (!stack_over_socket) {
		write_lines("services/test", lines);
		return;
	}
	stack_daemon_stop();
	stack_daemon_split(lines, of_module, of_daemon, sizeof of_module);
	write_lines("services/test", of_module);
	write_lines("verifyd.conf", of_daemon);
	stack_daemon_start();
}

void stack_options(const char *options)
{
	char line[4096];

	assert_true(snprintf(line, sizeof line,
			    "auth @M %s\nauth required pam_debug.so auth=maxtries\n"
			    "session @M %s\n"
			    "session required pam_debug.so open_session=maxtries",
			    options, options) < (int)sizeof line);
	stack_lines(line);
}

void stack_needs_files(const char *why)
{
	if (!stack_over_socket)
		return;
	print_message("not over the socket: %s\n", why);
	skip();
}

const char *stack_secret(const char *user)
{
	static char name[64];

	snprintf(name, sizeof name, "home/%s/.google_authenticator", user);
	return name;
}

void stack_put_secret(const char *user, const char *text)
{
	const char *name = stack_secret(user);

	unlink(in_folder(name));
	put_file(name, text, 0600);
	if (geteuid() == 0)
		assert_int_equal(chown(in_folder(name), stack_uid(user), stack_uid(user)), 0);
}

static const char *next_answer(struct stack_login *login)
{
	unsigned int index = login->prompts++;

	return index < COUNT(login->answers) ? login->answers[index] : stack_fails;
}

/* Answers one prompt. */
static int respond(struct stack_login *login, const struct pam_message *message,
	struct pam_response **responses)
{
	const char *answer = next_answer(login);

	login->style = message->msg_style;
	snprintf(login->prompt, sizeof login->prompt, "%s", message->msg);
	if (login->at_prompt != NULL)
		login->at_prompt();
	*responses = NULL;
	if (answer == stack_fails)
		return PAM_CONV_ERR;
	if (answer == stack_no_responses)
		return PAM_SUCCESS;
	*responses = calloc(1, sizeof **responses);
	if (answer != stack_null_answer)
		(*responses)->resp = strdup(answer);
	return PAM_SUCCESS;
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	struct stack_login *login = data;
	const struct pam_message *message = messages[0];
	char line[8192];

	assert_int_equal(count, 1);
	keep(message->msg);
	if (message->msg_style != PAM_ERROR_MSG && message->msg_style != PAM_TEXT_INFO)
		return respond(login, message, responses);
	*responses = calloc(1, sizeof **responses);
	if (strncmp(message->msg, "auth=", 5) == 0 ||
		strncmp(message->msg, "open_session=", 13) == 0)
		return PAM_SUCCESS; /* pam_debug.so */
	snprintf(line, sizeof line, "%s: %s\n",
		message->msg_style == PAM_ERROR_MSG ? "error" : "info", message->msg);
	append(login->messages, sizeof login->messages, line);
	if (++login->message_count != login->lost)
		return PAM_SUCCESS;
	free(*responses);
	*responses = NULL;
	return PAM_CONV_ERR;
}

static void put_environment(pam_handle_t *pamh, const char *name, const char *value)
{
	char text[4096];

	if (value == NULL)
		return;
	assert_true(snprintf(text, sizeof text, "%s=%s", name, value) < (int)sizeof text);
	assert_int_equal(pam_putenv(pamh, text), PAM_SUCCESS);
}

static int run_module(const struct stack_login *login, pam_handle_t *pamh)
{
	if (login->session)
		return pam_open_session(pamh, login->flags);
	if (login->close_session)
		return pam_close_session(pamh, login->flags);
	return pam_authenticate(pamh, login->flags);
}

int stack_login(struct stack_login *login)
{
	const struct pam_conv conversation = {converse, login};
	const char *service = login->service != NULL ? login->service : "test";
	pam_handle_t *pamh = NULL;
	const char *token;

	*stack_log = '\0';
	login->prompts = login->message_count = 0;
	*login->prompt = *login->messages = *login->token = '\0';
	assert_int_equal(pam_start_confdir(service, login->user, &conversation,
				 in_folder("services"), &pamh),
		PAM_SUCCESS);
	if (login->rhost != NULL)
		assert_int_equal(pam_set_item(pamh, PAM_RHOST, login->rhost), PAM_SUCCESS);
	put_environment(pamh, "SSH_CONNECTION", login->ssh_connection);
	put_environment(pamh, "SSH_AUTH_INFO_0", login->methods);
	login->result = run_module(login, pamh);
	if (login->result == PAM_MAXTRIES)
		login->result = PAM_IGNORE;
	token = pam_getenv(pamh, "TOKEN");
	snprintf(login->token, sizeof login->token, "%s", token != NULL ? token : "(none)");
	assert_int_equal(pam_end(pamh, login->result), PAM_SUCCESS);
	return login->result;
}

int stack_log_in(const char *user, const char *answer)
{
	stack_last = (struct stack_login){
		.user = user,
		.rhost = "192.0.2.7",
		.answers = {answer, stack_fails, stack_fails, stack_fails},
	};
	return stack_login(&stack_last);
}

static char *next_code(void)
{
	static char codes[8][16];
	static unsigned int next;

	return codes[next++ % COUNT(codes)];
}

static void decode_secret(char **secret, size_t *length)
{
	assert_int_equal(oath_base32_decode(STACK_SECRET, strlen(STACK_SECRET), secret, length),
		OATH_OK);
}

const char *stack_code(int steps)
{
	char *code = next_code();
	char *secret;
	size_t length;

	decode_secret(&secret, &length);
	assert_int_equal(oath_totp_generate(secret, length, stack_now + 30 * (time_t)steps, 30,
				 0, 6, code),
		OATH_OK);
	free(secret);
	return code;
}

const char *stack_hotp(unsigned long long counter)
{
	char *code = next_code();
	char *secret;
	size_t length;

	decode_secret(&secret, &length);
	assert_int_equal(
		oath_hotp_generate(secret, length, counter, 6, false, -1, code), OATH_OK);
	free(secret);
	return code;
}

const char *stack_identity(void)
{
	static char identity[8192];
	char line[4096];
	FILE *file = fopen("/proc/self/status", "re");

	assert_non_null(file);
	*identity = '\0';
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "Gid:", 4) == 0 ||
			strncmp(line, "Groups:", 7) == 0 || strncmp(line, "CapEff:", 7) == 0)
			append(identity, sizeof identity, line);
	fclose(file);
	return identity;
}
