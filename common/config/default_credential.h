/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The credential that the section [enroll] describes, for an enrollment that asks
 * nobody about it. */
#ifndef TOTPGROUP_CONFIG_DEFAULT_CREDENTIAL_H
#define TOTPGROUP_CONFIG_DEFAULT_CREDENTIAL_H

#include "base/error.h"
#include "config/enroll_defaults.h"
#include "core/new_credential.h"

/*
 * Draws a credential whose codes change with time, whatever the defaults say of
 * that, and its emergency codes. Where the defaults leave a choice open it is that
 * of NEW_CREDENTIAL_DEFAULT. It ends with WIPE_OBJECT(), after an error too.
 * Returns 0 or a TOTPGROUP_E... with a message.
 */
int default_credential_draw(const struct enroll_defaults *defaults,
	struct new_credential *credential, struct error *error);

#endif
