/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Showing a new credential to the person it is for. */
#ifndef TOTPGROUP_CLI_ENROLL_SHOW_NEW_H
#define TOTPGROUP_CLI_ENROLL_SHOW_NEW_H

#include <stdbool.h>

#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "core/new_credential.h"
#include "exchange/otp_key.h"

/* The URI, the secret and the QR code. The QR code comes last, so that it is
 * whole on the screen when the next question stands. user is the account's
 * name. Reports what fails. */
enum exit_status present_secret(const struct new_credential *credential,
	const struct enroll_options *options, const char *user);

/* The same of a credential that is there already. The key gets the name and
 * the issuer that it is shown with. */
enum exit_status present_account(
	struct otp_key *key, const struct enroll_options *options, const char *user);

/* Appends the URI alone, and gives the key its name and issuer as well. Returns
 * 0 or a TOTPGROUP_E... */
int present_append_uri(struct otp_key *key, const struct enroll_options *options,
	const char *user, struct text *uri);

enum exit_status present_emergency_codes(const struct emergency_codes *codes);

/* Those of one user of several: below the user's name, or bare, with the name before
 * each code. */
enum exit_status present_codes_of(
	const struct emergency_codes *codes, const char *user, bool bare);

/* The codes alone, one on a line. */
enum exit_status present_bare_codes(const struct emergency_codes *codes);

#endif
