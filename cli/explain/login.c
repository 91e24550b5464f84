/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An imagined login, which goes as far as the prompt. */

#include "config.h"

#include <arpa/inet.h>
#include <security/pam_appl.h>
#include <string.h>

#include "base/text.h"
#include "cli/explain/explain.h"
#include "cli/ui/terminal.h"

/* sshd tells where a login comes from in two ways; in SSH_CONNECTION by address alone. */
static void append_connection(const char *rhost, struct text *connection)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, rhost, address) == 1 || inet_pton(AF_INET6, rhost, address) == 1)
		text_append_format(connection, "%s 65535 %s 22", rhost, rhost);
}

/* sshd writes one completed method to a line. */
static void append_methods(const char *methods, struct text *info)
{
	text_append_format(info, "%s\n", methods);
	for (char *at = info->data; at != NULL; at = strchr(at, ','))
		if (*at == ',')
			*at = '\n';
}

static void conclude(struct login *login, bool due, struct explanation *explanation)
{
	*explanation = (struct explanation){.outcome = outcome_of_prepared(login, due)};
	if (explanation->outcome == LOGIN_ASKED_IN_VAIN)
		login_refuse(login, login->unusable);
	explanation->result = login->decision.result;
	explanation->skip_reason = login->skip_reason;
	explanation->pam_code =
		explanation->outcome == LOGIN_ASKED || explanation->outcome == LOGIN_OFFERED
			? PAM_SUCCESS
			: outcome_pam_code(login);
	memcpy(explanation->message, login->error.message, sizeof explanation->message);
}

enum exit_status explain_login(const struct explain_login *facts, const struct pam_line *line,
	const struct login_watcher *watcher, struct explanation *explanation)
{
	struct login login = LOGIN_INIT;
	struct text connection = TEXT_INIT, methods = TEXT_INIT;
	enum exit_status status = STATUS_DONE;

	if (facts->rhost != NULL)
		append_connection(facts->rhost, &connection);
	if (facts->after != NULL)
		append_methods(facts->after, &methods);
	login.watcher = *watcher;
	login.explains = true;
	login.facts = (struct login_facts){.user = facts->user,
		.service = facts->service,
		.host = facts->rhost,
		.ssh_connection = connection.data,
		.ssh_auth_info = methods.data};
	if (connection.status != 0 || methods.status != 0)
		status = terminal_out_of_memory();
	else
		conclude(&login,
			login_read_options(&login, line->argument_count,
				(const char *const *)line->arguments) &&
				login_prepare(&login),
			explanation);
	login_free(&login);
	text_free(&connection);
	text_free(&methods);
	return status;
}
