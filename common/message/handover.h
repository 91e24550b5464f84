/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a person is shown to take a new credential over into an app: text for
 * whatever terminal or message it goes to. Functions return 0 or a
 * TOTPGROUP_E...; what is appended is secret. */
#ifndef TOTPGROUP_MESSAGE_HANDOVER_H
#define TOTPGROUP_MESSAGE_HANDOVER_H

#include "base/text.h"
#include "core/new_credential.h"

/* Appends the otpauth:// URI of the credential. label names the account in the
 * app, issuer whom it is for; issuer may be empty. Both are UTF-8. */
int handover_append_uri(const struct new_credential *credential, const char *label,
	const char *issuer, struct text *text);

/* Appends the secret in groups of four. */
int handover_append_groups(const struct new_credential *credential, struct text *text);

/* Appends what somebody has to choose in an app who types the secret. */
int handover_append_kind(const struct new_credential *credential, struct text *text);

/* Appends both, the second in parentheses, without a newline. */
int handover_append_secret(const struct new_credential *credential, struct text *text);

/* Appends what emergency codes are for, and each of them on a line of its own.
 * Nothing where there are none. */
int handover_append_emergency_codes(const struct emergency_codes *codes, struct text *text);

#endif
