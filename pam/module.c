/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PAM's items as the facts of a login, and its outcome as a message. */

#include "config.h"

#include "pam/module.h"

#include <security/pam_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "login/outcome.h"
#include "pam/conversation.h"
#include "pam/log.h"

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

static void tell_log(void *context, const char *step, const char *line)
{
	log_debug(context, step, line);
}

void module_begin(struct module *module, pam_handle_t *pamh, int flags)
{
	const char *password = conversation_first_pass(pamh);

	*module = (struct module){.pamh = pamh, .login = LOGIN_INIT};
	setuid_inherited_set_aside(&module->inherited);
	/* From here on the memory may hold secrets. A program without root's rights, such as
	 * a screen locker, has only those of its own user, and stays as it is. */
	if (geteuid() == 0)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	module->login.watcher = (struct login_watcher){tell_log, pamh};
	module->login.facts = (struct login_facts){
		.user = item(pamh, PAM_USER),
		.service = item(pamh, PAM_SERVICE),
		.host = item(pamh, PAM_RHOST),
		.ssh_connection = pam_getenv(pamh, "SSH_CONNECTION"),
		.ssh_auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0"),
		.is_silent = ((unsigned int)flags & PAM_SILENT) != 0,
		.has_password = password != NULL && *password != '\0',
	};
}

void module_end(struct module *module)
{
	login_free(&module->login);
	setuid_inherited_put_back(&module->inherited);
}

bool module_prepare(struct module *module, int argc, const char **argv)
{
	struct login *login = &module->login;

	if (!login_read_options(login, argc, (const char *const *)argv))
		return false;
	/* Do not prompt for a name that is already known. */
	if (login->facts.user == NULL &&
		pam_get_user(module->pamh, &login->facts.user, NULL) != PAM_SUCCESS)
		login->facts.user = NULL;
	login->user = login->facts.user;
	return login_prepare(login);
}

void module_tell_outcome(const struct module *module)
{
	const struct login *login = &module->login;
	char message[OUTCOME_MESSAGE_SIZE];

	if (login->facts.is_silent)
		return;
	outcome_message(login, message);
	if (*message != '\0')
		(void)pam_prompt(module->pamh,
			login_is_skipped(login) ? PAM_TEXT_INFO : PAM_ERROR_MSG, NULL, "%s",
			message);
}
