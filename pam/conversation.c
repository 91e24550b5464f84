/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pam/conversation.h"

#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "totpgroup.h"

char *conversation_ask_code(pam_handle_t *pamh, const struct options *options)
{
	int style = options->echo_verification_code ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF;
	char *answer = NULL;

	if (pam_prompt(pamh, style, &answer, "%s", options_prompt(options)) == PAM_SUCCESS)
		return answer;
	wipe_free_string(answer);
	return NULL;
}

/* pam_prompt() would format the message, and leave pieces of it behind in memory
 * that it frees. */
bool conversation_show(pam_handle_t *pamh, const char *message)
{
	const struct pam_message text = {.msg_style = PAM_TEXT_INFO, .msg = message};
	const struct pam_message *texts = &text;
	struct pam_response *response = NULL;
	const struct pam_conv *conversation;
	const void *item = NULL;
	int status;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return false;
	conversation = item;
	status = conversation->conv(1, &texts, &response, conversation->appdata_ptr);
	if (response != NULL)
		wipe_free_string(response->resp);
	free(response);
	return status == PAM_SUCCESS;
}

void conversation_complain(pam_handle_t *pamh, const char *message)
{
	(void)pam_prompt(pamh, PAM_ERROR_MSG, NULL, "%s", message);
}

/* sshd repeats these bytes up to the length of what was typed. The first four cannot be
 * typed as a part of a code. */
bool conversation_is_of_sshd(const char *typed)
{
	static const char answer[] = "\b\n\r\177INCORRECT";
	size_t length = 0;

	while (typed[length] != '\0' && typed[length] == answer[length % (sizeof answer - 1)])
		length++;
	return length > 0 && typed[length] == '\0';
}

const char *conversation_first_pass(pam_handle_t *pamh)
{
	const void *password = NULL;

	if (pam_get_item(pamh, PAM_AUTHTOK, &password) != PAM_SUCCESS)
		return NULL;
	return password;
}

int conversation_forward_pass(pam_handle_t *pamh, const char *typed, size_t length)
{
	char *password = strndup(typed, length);
	int status;

	if (password == NULL)
		return TOTPGROUP_EMEMORY;
	status = pam_set_item(pamh, PAM_AUTHTOK, password);
	wipe_free_string(password);
	return status == PAM_SUCCESS ? 0 : TOTPGROUP_ESYSTEM;
}
