/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/explain/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/terminal.h"

/* A folder with one service without a line: a PAM handle without the modules of
 * the true one, which would be loaded at once. */
struct empty_service {
	char folder[32];
	char path[32 + 256];
};

static bool make_empty_service(struct empty_service *made, const char *service)
{
	int file = -1;

	strcpy(made->folder, "/tmp/totp-enroll.XXXXXX");
	if (mkdtemp(made->folder) == NULL)
		return false;
	(void)snprintf(made->path, sizeof made->path, "%s/%s", made->folder, service);
	file = open(made->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0) {
		rmdir(made->folder);
		return false;
	}
	close(file);
	return true;
}

static void remove_empty_service(const struct empty_service *made)
{
	unlink(made->path);
	rmdir(made->folder);
}

/* Nobody is there to be asked. */
static int refuse_to_talk(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)data;
	return PAM_CONV_ERR;
}

/* sshd tells where the login comes from in two ways. */
static bool set_peer(pam_handle_t *pamh, const char *rhost)
{
	struct text connection = TEXT_INIT;
	unsigned char address[sizeof(struct in6_addr)];
	bool done = pam_set_item(pamh, PAM_RHOST, rhost) == PAM_SUCCESS;

	if (inet_pton(AF_INET, rhost, address) == 1 || inet_pton(AF_INET6, rhost, address) == 1)
		done = done &&
		       text_append_format(&connection, "SSH_CONNECTION=%s 65535 %s 22", rhost,
			       rhost) == 0 &&
		       pam_putenv(pamh, connection.data) == PAM_SUCCESS;
	text_free(&connection);
	return done;
}

/* One completed method to a line, as sshd writes them. */
static bool set_methods(pam_handle_t *pamh, const char *methods)
{
	struct text variable = TEXT_INIT;
	bool done = text_append_format(&variable, "SSH_AUTH_INFO_0=%s\n", methods) == 0;

	for (char *comma = variable.data; done && (comma = strchr(comma, ',')) != NULL;)
		*comma = '\n';
	done = done && pam_putenv(pamh, variable.data) == PAM_SUCCESS;
	text_free(&variable);
	return done;
}

static bool prepare(pam_handle_t *pamh, const struct explain_login *login)
{
	return (login->rhost == NULL || set_peer(pamh, login->rhost)) &&
	       (login->after == NULL || set_methods(pamh, login->after));
}

enum exit_status explain_login(const struct explain_login *login, int argc, char **argv,
	const struct flow_watcher *watcher, struct flow_explanation *explanation)
{
	const struct pam_conv conversation = {refuse_to_talk, NULL};
	struct empty_service service;
	pam_handle_t *pamh = NULL;
	int code;

	if (!make_empty_service(&service, login->service)) {
		terminal_complain("cannot write to /tmp: %s", strerror(errno));
		return STATUS_STORE_ERROR;
	}
	code = pam_start_confdir(
		login->service, login->user, &conversation, service.folder, &pamh);
	remove_empty_service(&service);
	if (code != PAM_SUCCESS || !prepare(pamh, login)) {
		terminal_complain("PAM cannot start the service %s", login->service);
		if (pamh != NULL)
			pam_end(pamh, PAM_ABORT);
		return STATUS_STORE_ERROR;
	}
	flow_explain(pamh, argc, (const char *const *)argv, watcher, explanation);
	pam_end(pamh, explanation->pam_code);
	return STATUS_DONE;
}
