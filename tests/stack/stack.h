/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Logins through libpam and the module as it was built, without anything of
 * the host's: the services are files in a temporary folder
 * (pam_start_confdir), the users and groups those of nss_wrapper, the clock
 * and the log those of the test.
 *
 * TOTPGROUP_MODULE names the module, TOTPGROUP_TOKEN_MODULE the test's own
 * pam_token.so; without them those of the build folder are taken. Programs
 * that use this are linked with -rdynamic, so that the module finds time()
 * here, and libpam syslog().
 */
#ifndef TOTPGROUP_TESTS_STACK_H
#define TOTPGROUP_TESTS_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* A secret, and the moment at which tests begin unless they say otherwise:
 * the middle of a time step. */
#define STACK_SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#define STACK_NOW    1700000025
#define STACK_STEP   (STACK_NOW / 30)

/* Answers that are none. */
extern const char stack_fails[];	/* the conversation returns PAM_CONV_ERR */
extern const char stack_null_answer[];	/* a response without text */
extern const char stack_no_responses[]; /* PAM_SUCCESS and no responses */

/* One login: what goes in, and what was seen. */
struct stack_login {
	const char *user;
	const char *rhost;	 /* NULL for none */
	const char *answers[4];	 /* to the prompts, in order */
	int flags;		 /* such as PAM_SILENT */
	void (*at_prompt)(void); /* called while the person thinks */
	const char *methods;	 /* what sshd says was completed; NULL for nothing */
	unsigned int lost;	 /* the message that is not taken, from 1; 0 for none */

	const char *service;	    /* NULL for "test"; "sshd" and "sudo" have the same lines */
	const char *ssh_connection; /* SSH_CONNECTION of the PAM environment, or NULL */
	bool session;		    /* opens a session, and authenticates nobody */
	bool close_session;	    /* closes one, which nobody has opened */

	int result;
	unsigned int prompts;
	int style;	   /* of the last prompt */
	char prompt[1024]; /* the last prompt */
	char messages[16384];
	unsigned int message_count;
	char token[1024]; /* PAM_AUTHTOK behind the module, if a line shows it */
};

/* The clock that the module sees. */
extern time_t stack_now;
/* Where this is set and says so, it does not tell the time. */
extern bool (*stack_on_time)(void *caller);

/* What was logged since stack_login(), each line as `<priority>text\n`. The text
 * of the service "test" and its auth lines is without the module's name. */
extern char stack_log[65536];
/* All that was ever logged, and said to the person. */
extern bool stack_saw(const char *text);

/* To be called first of all: runs the program again with nss_wrapper
 * preloaded. Exits with 77 and a reason where that cannot be. */
void stack_main(char **argv);

/* setup and teardown for cmocka: homes, and the service "test" with the module
 * alone and no options. stack_end() is the teardown of the whole group. */
int stack_setup(void **state);
int stack_teardown(void **state);
int stack_end(void **state);

/*
 * The lines of the service "test". In them @M stands for the module with a
 * control that ends the stack with exactly what the module returns unless
 * that is PAM_IGNORE, @R for the module's path, @T for that of pam_token.so,
 * @D for the folder.
 */
void stack_lines(const char *lines);
/* The module alone, with options, for auth and session. What it returns is the
 * result, and that goes for PAM_IGNORE too: libpam would hide it, so a second
 * module returns PAM_MAXTRIES then, which stack_login() takes for it. */
void stack_options(const char *options);

/* Writes the secret file of a user: mode 0600, and the user's own. */
void stack_put_secret(const char *user, const char *text);
/* That file's path below the temporary folder. */
const char *stack_secret(const char *user);

/* A log-in, or a session, from start to end. Also returns login->result. */
int stack_login(struct stack_login *login);
/* The same for short: one answer, host 192.0.2.7; the rest is in stack_last. */
int stack_log_in(const char *user, const char *answer);
extern struct stack_login stack_last;

/* The right code of STACK_SECRET so many steps from now; of a counter. Good
 * for the next seven calls. */
const char *stack_code(int steps);
const char *stack_hotp(unsigned long long counter);

/* The process's uids, gids and groups as the kernel knows them. */
const char *stack_identity(void);
/* uid of alice: a user of her own for root, else the caller. */
uid_t stack_uid(const char *user);

#endif
