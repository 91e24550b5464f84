/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A login up to its prompt, from plain facts: is this user to be asked for a code, and
 * can a code be judged? The module turns PAM's items into facts, and `totp-enroll explain`
 * makes them up. Neither this nor anything below knows a PAM handle.
 *
 * A struct login is used by one thread at a time. It holds no lock, no open file and no
 * secret between two calls, because sshd may kill the process at its prompt.
 */
#ifndef TOTPGROUP_LOGIN_LOGIN_H
#define TOTPGROUP_LOGIN_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/configuration.h"
#include "core/decide.h"
#include "gate/address.h"
#include "host/login_session.h"
#include "host/user_credential.h"

/* What the application says. Strings must outlive the login, and are NULL where it says
 * nothing. */
struct login_facts {
	const char *user;    /* as somebody typed it */
	const char *service; /* PAM_SERVICE */
	const char *host;    /* PAM_RHOST */
	/* From the PAM environment, where sshd puts them; never from the process's own,
	 * which is up to the caller of su or sudo. */
	const char *ssh_connection; /* SSH_CONNECTION */
	const char *ssh_auth_info;  /* SSH_AUTH_INFO_0: completed methods */
	/* A session is judged. Since the login, pam_env may have let the user set the PAM
	 * environment, so that SSH_CONNECTION proves nothing. */
	bool is_session;
	bool is_silent;	   /* the application wants no messages (PAM_SILENT) */
	bool has_password; /* an earlier module left one (PAM_AUTHTOK) */
};

/* Told each step that leads to the outcome: its name, such as "group", and one line with
 * the fact behind it; never a code or a secret. */
struct login_watcher {
	void (*tell)(void *context, const char *step, const char *line);
	void *context;
};

/* Why no code is due. The values are none that memory holds by chance. */
enum login_skip {
	LOGIN_SKIP_NOT = 0,
	LOGIN_SKIP_GATE = 0x4e1b93d7,
	LOGIN_SKIP_SERVICE = 0x72d60f35, /* services= does not name this one */
	LOGIN_SKIP_NOT_ENROLLED = 0x19a7c64b,
};

/* Begins as LOGIN_INIT, with facts and watcher set, and ends with login_free(). It must
 * not be moved in between. */
struct login {
	struct login_facts facts;
	/* Called where options.debug is set, or always where explains is. */
	struct login_watcher watcher;
	/* Somebody wants to know what would happen: nothing is written, and the credential
	 * is examined in full. */
	bool explains;

	struct configuration configuration; /* its strings are what options point to */
	struct options options;
	const char *user; /* as the user database spells it, or as it was typed */
	/* Whom a grace period is counted for: the address that sshd takes from the socket,
	 * else the host. NULL where neither is known. */
	const char *peer;
	char address[ADDRESS_TEXT_SIZE];
	/* The login session, for a service of grace_services= without a host; else empty. */
	char session[LOGIN_SESSION_SIZE];
	struct user_credential credential;

	enum login_skip skip;
	const char *skip_reason; /* the log's word for it; static */
	int64_t days_left;	 /* until a secret is needed; 0: no end, or not skipped */
	struct decision decision;
	struct error error;
	/* There is a credential that can be decided on. Otherwise the person is asked all
	 * the same, and refused for the reason `unusable`. */
	bool usable;
	enum totpgroup_reason unusable;
	/* A user without a secret is to be offered one; skip says whether the user may
	 * decline. */
	bool enrollment_due;
	/* It was found, and not only supposed, that a known user has no secret. */
	bool is_unenrolled;
	/* With store=socket: */
	bool look_failed;     /* no answer before the prompt, so nothing more is asked */
	bool daemon_believes; /* the daemon answers as to root */
	bool was_sent;	      /* one text was judged by the daemon */
	bool counted;	      /* one text of this login was counted as an attempt already */
};

#define LOGIN_INIT                                                                             \
	{                                                                                      \
		.configuration = CONFIGURATION_INIT, .options = OPTIONS_INIT,                  \
		.decision = DECISION_INIT, .error = ERROR_INIT                                 \
	}

/* Reads the options of the module's line and the configuration files. False where they
 * cannot be had: the login is refused for TOTPGROUP_REASON_CONFIG_ERROR then. */
bool login_read_options(struct login *login, int argc, const char *const *argv);

/*
 * Finds the user, judges the rules of who is asked, and looks at the credential without a
 * lock. True where a code is to be asked for, or, with enrollment_due, a secret is to be
 * offered. Otherwise the outcome stands in login->skip or login->decision.
 */
bool login_prepare(struct login *login);

/* A part of login_prepare(), for a program that is asked about a login elsewhere: finds the
 * user, and looks at the credential, without judging who is asked. user, options, peer and
 * session must have been set. Returns as login_prepare(). */
bool login_examine(struct login *login);

/* Whether it was positively decided that no code is due. */
bool login_is_skipped(const struct login *login);

/* Whether this login, of which no code is asked, has to leave a password all the same: the
 * option forward_pass promises one to the modules behind. Not where the module does nothing,
 * because services= does not name the service. */
bool login_leaves_password(const struct login *login);

/* For such a login: how many bytes of the text are the password. A right code behind it is
 * spent, durably; otherwise all of the text is the password. Changes no outcome. */
size_t login_cut_code(struct login *login, const char *typed);

/* Refuses for good, also who was skipped: no other text of this login is tried. */
void login_refuse(struct login *login, enum totpgroup_reason reason);

/* An attempt of this login at this moment, with what the options say about it. */
void login_begin_attempt(const struct login *login, struct attempt *attempt);

/* Leaves the decision to totp-verifyd; attempt->typed may be NULL. Where a password comes
 * before the code, only what may be the code is sent, and nothing where the text does not
 * end with a code. The outcome stands in login->decision. */
void login_ask_daemon(struct login *login, const struct attempt *attempt);

/* Stores the text of a new secret of the user's through totp-verifyd. Errors as
 * verify_client_create(). */
int login_create_by_daemon(struct login *login, const struct text *credential);

/* Costs as much as judging a wrong code, and refuses as one: another text may be tried. */
void login_pretend(struct login *login, const struct attempt *attempt);

/* Tells the watcher one line about a step. */
void login_tell(const struct login *login, const char *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void login_free(struct login *login);

/*
 * For the parts of login_prepare(), each in a file of its own.
 */

/* Looks at the credential, if there is one. True where the person is to be asked. */
bool login_look(struct login *login);

/* daemon.c: the same with store=socket. Root asks the daemon; anybody else knows nothing before
 * the prompt. Without a complete answer nobody is skipped. */
bool login_look_by_daemon(struct login *login);

/* login_cut_code() with store=socket. typed ends like a code. */
size_t login_cut_by_daemon(struct login *login, const char *typed);

/* For a known user without a secret: what becomes of the login. Returns as login_look(). */
bool login_go_on_unenrolled(struct login *login, bool passes);

/* roll_out.c: lets a user without a secret pass, always true; or remembers that the time to
 * enroll is over, always false. */
bool login_pass_unenrolled(struct login *login, int64_t days_left);
bool login_end_roll_out(struct login *login);

/* For a known user without a secret: whether nullok and its kin let the user in without
 * being asked, which login->skip says then. False where the user is asked, or refused. now is the
 * store's clock, in seconds since 1970. */
bool login_may_pass_unenrolled(struct login *login, int64_t now);

#endif
