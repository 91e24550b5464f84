/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SSH methods that a login has completed, and the value of skip_after=. Pure. */
#ifndef TOTPGROUP_GATE_SSH_METHODS_H
#define TOTPGROUP_GATE_SSH_METHODS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Whether auth_info has a completed method of that name. auth_info is SSH_AUTH_INFO_0
 * of the PAM environment, or NULL. sshd writes a line for each completed method: its
 * name, perhaps '/' and a submethod, perhaps a blank and the key:
 *
 *     publickey ssh-ed25519 AAAAC3Nza...
 *     keyboard-interactive/pam
 *
 * The name must be the whole word at the beginning of a line.
 */
bool ssh_methods_completed(const char *auth_info, const char *method);

/*
 * Reads a list of methods into *set, for ssh_methods_find(). TOTPGROUP_ECONFIG for an
 * empty entry, for a name that sshd does not have, and for keyboard-interactive, which
 * is the method that asks for the code.
 */
int ssh_methods_parse(const char *list, unsigned int *set, struct error *error);

/* The name of a completed method of the set, or NULL. */
const char *ssh_methods_find(unsigned int set, const char *auth_info);

#endif
