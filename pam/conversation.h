/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Getting a code from the person, or the password that an earlier module
 * asked for. */
#ifndef TOTPGROUP_PAM_CONVERSATION_H
#define TOTPGROUP_PAM_CONVERSATION_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "config/options.h"

/*
 * Asks once, with the prompt that the options name, and gives the answer,
 * which the caller wipes and frees (wipe_free_string()). NULL where the
 * application gave no answer.
 */
char *conversation_ask_code(pam_handle_t *pamh, const struct options *options);

/* Shows a message, which the application ends with a newline. False where it did
 * not take it. */
bool conversation_show(pam_handle_t *pamh, const char *message);

/* The same for an error. It changes nothing where nobody hears it. */
void conversation_complain(pam_handle_t *pamh, const char *message);

/* Whether sshd put this in the place of what was typed, because the user may not log in. */
bool conversation_is_of_sshd(const char *typed);

/* PAM_AUTHTOK as an earlier module left it, or NULL. Not owned. */
const char *conversation_first_pass(pam_handle_t *pamh);

/* Leaves the first length bytes of typed as PAM_AUTHTOK for the modules after
 * this one. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_ESYSTEM. */
int conversation_forward_pass(pam_handle_t *pamh, const char *typed, size_t length);

#endif
