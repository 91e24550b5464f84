/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which SSH methods a login has completed, and the value of skip_after=. Pure. */
#ifndef TOTPGROUP_GATE_SSH_METHODS_H
#define TOTPGROUP_GATE_SSH_METHODS_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Whether auth_info holds a completed method of that name. auth_info is
 * SSH_AUTH_INFO_0 of the PAM environment, or NULL: sshd writes one completed
 * method to a line, its name, perhaps '/' and a submethod, perhaps a blank and
 * what proved it:
 *
 *     publickey ssh-ed25519 AAAAC3Nza...
 *     keyboard-interactive/pam
 *
 * Names are compared as they are written, whole, and at a line's beginning.
 */
bool ssh_methods_completed(const char *auth_info, const char *method);

/*
 * Reads a list of methods, separated by commas, into *set, which means
 * something to ssh_methods_find() alone. TOTPGROUP_ECONFIG for an empty entry,
 * a name that is not one of sshd's, and keyboard-interactive, which is the
 * method that asks for the code.
 */
int ssh_methods_parse(const char *list, unsigned int *set, struct error *error);

/* The name of a method of the set that is completed, or NULL for none. */
const char *ssh_methods_find(unsigned int set, const char *auth_info);

#endif
