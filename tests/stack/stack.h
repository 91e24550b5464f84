/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Logins through libpam and the built module, apart from the host: the services are files in a
 * temporary folder (pam_start_confdir()), nss_wrapper has the users and groups, and the test has the
 * clock and the log.
 *
 * TOTPGROUP_MODULE is the path of the module, and TOTPGROUP_TOKEN_MODULE that of the tests'
 * pam_token.so. Without these variables they are those of the build folder. Programs are linked with
 * -rdynamic, so that the module finds time() here, and libpam syslog().
 */
#ifndef TOTPGROUP_TESTS_STACK_H
#define TOTPGROUP_TESTS_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* A secret, and the time at which tests begin unless they set another one: the middle of a step. */
#define STACK_SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#define STACK_NOW    1700000025
#define STACK_STEP   (STACK_NOW / 30)

/* Failures of the conversation, in place of an answer. */
extern const char stack_fails[];	/* the conversation returns PAM_CONV_ERR */
extern const char stack_null_answer[];	/* a response without text */
extern const char stack_no_responses[]; /* PAM_SUCCESS and no responses */

/* One login: first what it is given, then what it did. */
struct stack_login {
	const char *user;
	const char *rhost;	 /* NULL for none */
	const char *answers[4];	 /* to the prompts, in order */
	int flags;		 /* such as PAM_SILENT */
	void (*at_prompt)(void); /* called at each prompt */
	const char *methods;	 /* SSH_AUTH_INFO_0, or NULL */
	unsigned int lost;	 /* number of the message that fails, from 1; 0 for none */

	const char *service;	    /* NULL for "test"; "sshd" and "sudo" have the same lines */
	const char *ssh_connection; /* SSH_CONNECTION of the PAM environment, or NULL */
	bool session;		    /* opens a session, without authentication */
	bool close_session;	    /* closes a session that was not opened */

	int result;
	unsigned int prompts;
	int style;	   /* of the last prompt */
	char prompt[1024]; /* the last prompt */
	char messages[16384];
	unsigned int message_count;
	char token[1024]; /* PAM_AUTHTOK after the module, when a line shows it */
};

/* The time that the module sees, and totp-verifyd too. */
extern time_t *stack_clock;
#define stack_now (*stack_clock)

/* Whether the program runs with store=socket: with TOTPGROUP_STACK_STORE=socket in the environment,
 * each service is written so, the options that are the daemon's go to its configuration, and a
 * totp-verifyd of this build decides, in a process of its own. It has to be root's. */
extern bool stack_over_socket;
/* Skips a test that cannot be with store=socket. */
void stack_needs_files(const char *why);
/* When this is set and returns true for the caller, time() fails. */
extern bool (*stack_on_time)(void *caller);

/* The log since stack_login(), each line as `<priority>text\n`. Lines of the auth stack of the
 * service "test" are without the name of the module. */
extern char stack_log[65536];
/* Everything that was logged or shown to a user since the program began. */
extern bool stack_saw(const char *text);

/* To be called first in main(): starts the program again with nss_wrapper preloaded. Without
 * nss_wrapper it exits with 77 and a reason. */
void stack_main(char **argv);

/* Setup and teardown of a test: homes, and the service "test" with the module alone, without
 * options. stack_end() is the teardown of the group. */
int stack_setup(void **state);
int stack_teardown(void **state);
int stack_end(void **state);

/*
 * Writes the lines of the service "test". In them @R stands for the path of the module, @T for that
 * of pam_token.so, and @D for the folder. @M stands for the module with a control that ends the stack
 * with the module's result, unless that is PAM_IGNORE.
 */
void stack_lines(const char *lines);
/* Writes a service with the module alone, with these options, for auth and session. The module's
 * result is that of the login, also PAM_IGNORE: libpam would hide it, so a second module returns
 * PAM_MAXTRIES, which stack_login() turns into PAM_IGNORE. */
void stack_options(const char *options);

/* Writes the secret file of a user, who owns it, with mode 0600. */
void stack_put_secret(const char *user, const char *text);
/* The path of the secret file below the temporary folder. */
const char *stack_secret(const char *user);

/* Logs in, or opens a session, from pam_start to pam_end. Also returns login->result. */
int stack_login(struct stack_login *login);
/* Logs in from 192.0.2.7 with one answer, into stack_last. */
int stack_log_in(const char *user, const char *answer);
extern struct stack_login stack_last;

/* The code of STACK_SECRET so many steps from now, and that of a counter. The text stays until
 * seven more calls. */
const char *stack_code(int steps);
const char *stack_hotp(unsigned long long counter);

/* The uids, gids and groups of the process, as the kernel has them. */
const char *stack_identity(void);
/* The uid of alice: a uid of her own when root runs the test, else that of the caller. */
uid_t stack_uid(const char *user);

#endif
