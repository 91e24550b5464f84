/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "login/login.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gate/gate.h"
#include "gate/address.h"
#include "gate/service_list.h"
#include "host/dummy_decision.h"

#define LINE_MAX_BYTES 400

void login_free(struct login *login)
{
	user_credential_free(&login->credential);
	configuration_free(&login->configuration);
}

bool login_is_skipped(const struct login *login)
{
	return login->skip == LOGIN_SKIP_GATE || login->skip == LOGIN_SKIP_SERVICE ||
	       login->skip == LOGIN_SKIP_NOT_ENROLLED;
}

void login_refuse(struct login *login, enum totpgroup_reason reason)
{
	login->skip = LOGIN_SKIP_NOT;
	login->decision.result.verdict = TOTPGROUP_REFUSED;
	login->decision.result.reason = reason;
	login->decision.no_match = false;
}

static bool is_watched(const struct login *login)
{
	return login->watcher.tell != NULL && (login->explains || login->options.debug);
}

void login_tell(const struct login *login, const char *step, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;

	if (!is_watched(login))
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	login->watcher.tell(login->watcher.context, step, line);
}

/* Names the files that were read, the one that overrules the others first. */
static void tell_files(const struct login *login)
{
	for (const struct configuration_file *file = login->configuration.files; file != NULL;
		file = file->earlier)
		login_tell(login, "conf", "%s", file->path);
}

bool login_read_options(struct login *login, int argc, const char *const *argv)
{
	int status = configuration_load(&login->configuration, argc, argv, &login->error);

	login->user = login->facts.user;
	login->options = login->configuration.options;
	options_leave_to_daemon(&login->options);
	if (status == 0) {
		tell_files(login);
		return true;
	}
	login_refuse(login, TOTPGROUP_REASON_CONFIG_ERROR);
	return false;
}

/* A login without a host is remembered for its session, where the administrator wants that.
 * What would happen in a session is nothing that an explanation could find out in another. */
static void find_session(struct login *login)
{
	const struct options *options = &login->options;

	/* The daemon knows its options, and heeds a session where they say so. */
	if (options_socket(options) != NULL) {
		if (login->explains || !login_session_find(login->session))
			*login->session = '\0';
		return;
	}
	if (options->grace_period == 0 || options->grace_services == NULL ||
		!service_list_has(options->grace_services, login->facts.service))
		return;
	if (login->explains)
		login_tell(login, "grace",
			"a code is remembered for %lld s in the login session in which it was "
			"given, if the secret is root's",
			(long long)options->grace_period);
	else if (!login_session_find(login->session))
		*login->session = '\0';
}

/* A grace period is for one service and one address. Ignore what is no address. */
static void find_peer(struct login *login)
{
	const struct login_facts *facts = &login->facts;
	bool has_host = facts->host != NULL && *facts->host != '\0';
	struct peer peer;

	if (facts->service == NULL)
		return;
	if (!has_host && facts->ssh_connection == NULL) {
		find_session(login);
		return;
	}
	login->peer = facts->host;
	if (facts->ssh_connection == NULL)
		return;
	peer = peer_of(facts->ssh_connection, NULL);
	peer_format(&peer, login->address);
	login->peer = peer.kind == PEER_ADDRESS ? login->address : NULL;
}

static bool find_user(struct login *login)
{
	struct user_credential *credential = &login->credential;
	int status;

	if (login->facts.user == NULL)
		login->user = "";
	status = user_credential_find(credential, &login->options, login->user, &login->error);
	if (credential->user != NULL)
		login->user = credential->user->pw_name;
	if (status == TOTPGROUP_ECONFIG) {
		login_refuse(login, TOTPGROUP_REASON_CONFIG_ERROR);
		return false;
	}
	login_tell(login, "user", "%s",
		credential->user == NULL ? "unknown to the system: asked, and refused"
					 : "known to the system");
	login->unusable =
		status == 0 ? TOTPGROUP_REASON_NOT_ENROLLED : user_credential_reason(status);
	return true;
}

bool login_examine(struct login *login)
{
	return find_user(login) && login_look(login);
}

static void pass_line_on(void *context, const char *step, const char *line)
{
	login_tell(context, step, "%s", line);
}

/* In a session PAM_RHOST counts where there is one, and else no address that could be one
 * to skip. */
static const char *trusted_connection(const struct login_facts *facts)
{
	bool has_host = facts->host != NULL && *facts->host != '\0';

	if (!facts->is_session)
		return facts->ssh_connection;
	return !has_host && facts->ssh_connection != NULL ? "" : NULL;
}

static bool pass_gate(struct login *login)
{
	const struct login_facts *facts = &login->facts;
	const struct passwd *user = login->credential.user;
	const struct gate_rules rules = {
		.services = login->options.services,
		.grace_services = login->options.grace_services,
		.group = login->options.group,
		.skip_net = login->options.skip_net,
		.skip_after = login->options.skip_after,
	};
	const struct gate_facts gate_facts = {
		.service = facts->service,
		.user = login->user,
		.user_known = user != NULL,
		.primary_gid = user != NULL ? user->pw_gid : (gid_t)-1,
		.groups = &login->credential.groups,
		.rhost = facts->host,
		.ssh_connection = trusted_connection(facts),
		.ssh_auth_info = facts->ssh_auth_info,
	};
	const struct gate_note note = {pass_line_on, login};
	struct gate_answer answer = gate_judge(
		&rules, &gate_facts, is_watched(login) ? &note : NULL, &login->error);

	if (answer.gate == GATE_ASK)
		return true;
	if (answer.gate == GATE_SKIP) {
		login->skip = strcmp(answer.reason, GATE_REASON_SERVICE) == 0
				      ? LOGIN_SKIP_SERVICE
				      : LOGIN_SKIP_GATE;
		login->skip_reason = answer.reason;
	} else {
		login_refuse(login, login->error.code == TOTPGROUP_ECONFIG
					    ? TOTPGROUP_REASON_CONFIG_ERROR
					    : TOTPGROUP_REASON_GROUP_ERROR);
	}
	return false;
}

bool login_prepare(struct login *login)
{
	bool due;

	find_peer(login);
	due = find_user(login) && pass_gate(login) && login_look(login);
	if (!due && login_leaves_password(login) && !login->facts.is_session)
		login_tell(login, "forward_pass",
			"the password is asked for all the same, and left for the modules "
			"behind");
	return due;
}

void login_begin_attempt(const struct login *login, struct attempt *attempt)
{
	*attempt = (struct attempt)ATTEMPT_INIT;
	attempt->now = (int64_t)time(NULL);
	attempt->grace =
		(struct grace_key){.service = login->facts.service, .host = login->peer};
	if (login->peer == NULL && *login->session != '\0' &&
		user_credential_is_roots(&login->credential)) {
		attempt->grace.session = login->session;
		attempt->grace.uptime = login_session_uptime();
	}
	attempt->count = !login->counted;
	user_credential_apply_options(&login->options, attempt);
}

void login_pretend(struct login *login, const struct attempt *attempt)
{
	dummy_decide(attempt);
	login_refuse(login, login->unusable);
	login->decision.no_match = true;
}
