/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setuid_login USER: a set-user-ID program as careless as one can be. It keeps the environment, the
 * limits, the signals and the open files of the user who starts it, asks PAM's service `careless`, takes
 * the answers from the lines of its standard input, and says the name of the user whom PAM let in.
 */

#include "config.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int answer(int count, const struct pam_message **messages,
	struct pam_response **responses, void *context)
{
	char line[512];

	(void)context;
	*responses = calloc((size_t)count, sizeof **responses);
	if (*responses == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++) {
		if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF &&
			messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
			continue;
		if (fgets(line, sizeof line, stdin) == NULL)
			return PAM_CONV_ERR;
		line[strcspn(line, "\n")] = '\0';
		(*responses)[i].resp = strdup(line);
	}
	return PAM_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct pam_conv conversation = {answer, NULL};
	pam_handle_t *pamh = NULL;
	int status;

	if (argc != 2 || pam_start("careless", argv[1], &conversation, &pamh) != PAM_SUCCESS)
		return 2;
	status = pam_authenticate(pamh, 0);
	if (status == PAM_SUCCESS)
		printf("%s\n", argv[1]);
	pam_end(pamh, status);
	return status == PAM_SUCCESS ? 0 : 1;
}
