/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * login_path DIR SERVICE USER CODE N: N logins through the service files of DIR, each with
 * that code. Around the last one, behind pam_start(), it writes BEGIN and END to a descriptor
 * that is not open, for strace to see. Exit status: 0 where the last one was let in.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int answer(int count, const struct pam_message **messages,
	struct pam_response **responses, void *code)
{
	*responses = calloc((size_t)count, sizeof **responses);
	if (*responses == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*responses)[i].resp = strdup(code);
	return PAM_SUCCESS;
}

static void mark(const char *word)
{
	if (write(-1, word, strlen(word)) >= 0)
		abort();
}

int main(int argc, char **argv)
{
	struct pam_conv conversation = {answer, argc == 6 ? argv[4] : NULL};
	int status = PAM_SYSTEM_ERR;

	if (argc != 6)
		return 2;
	for (int left = atoi(argv[5]); left > 0; left--) {
		pam_handle_t *pamh = NULL;

		status = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pamh);
		if (left == 1)
			mark("BEGIN");
		if (status == PAM_SUCCESS)
			status = pam_authenticate(pamh, 0);
		pam_end(pamh, status);
		if (left == 1)
			mark("END");
	}
	return status == PAM_SUCCESS ? 0 : 1;
}
