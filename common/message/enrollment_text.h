/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a person is told during an enrollment: the new credential for her app, the apps
 * that do not support it, the emergency codes, and what is wrong with a code. All text
 * is in the language of translate.h. Functions append to text, which is secret then,
 * and return 0 or a TOTPGROUP_E...; TOTPGROUP_EMEMORY where nothing else is said.
 */
#ifndef TOTPGROUP_MESSAGE_ENROLLMENT_TEXT_H
#define TOTPGROUP_MESSAGE_ENROLLMENT_TEXT_H

#include "base/text.h"
#include "core/confirmation.h"
#include "core/new_credential.h"

/* The otpauth:// URI, with the errors of otpauth_uri_append(). label is the account
 * name in the app. issuer may be empty. Both are UTF-8. */
int enrollment_append_uri(const struct new_credential *credential, const char *label,
	const char *issuer, struct text *text);

/* The base32 secret in groups of four. */
int enrollment_append_secret_groups(const struct new_credential *credential, struct text *text);

/* What to choose in an app into which the secret is typed. */
int enrollment_append_parameters(const struct new_credential *credential, struct text *text);

/* Both, the parameters in parentheses, without a newline. */
int enrollment_append_secret(const struct new_credential *credential, struct text *text);

/* One line, without a newline, that names widely used apps that do not support the
 * parameters. Nothing where every app supports them. */
int enrollment_append_app_support(const struct new_credential *credential, struct text *text);

/* What emergency codes are for, and each code on a line. Nothing where there are none. */
int enrollment_append_emergency_codes(const struct emergency_codes *codes, struct text *text);

/* What is wrong with a code that does not confirm the credential, with a newline; never
 * the right code. Nothing where it confirms. */
int enrollment_append_wrong_code(const struct new_credential *credential,
	const struct confirmation *confirmation, struct text *text);

#endif
