/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The secret that is to be put in place: a new one, or one of a file. */
#ifndef TOTPGROUP_CLI_ENROLL_UNATTENDED_SOURCE_H
#define TOTPGROUP_CLI_ENROLL_UNATTENDED_SOURCE_H

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/enroll/options.h"
#include "core/emergency_codes.h"
#include "exchange/otp_key.h"

/* Begins as PROVISION_SOURCE_INIT, ends with provision_source_free(). Holds
 * secrets. */
struct provision_source {
	struct text text;		  /* of the credential file */
	struct otp_key key;		  /* what apps make of it */
	struct emergency_codes new_codes; /* none where it was read */
};

#define PROVISION_SOURCE_INIT                                                                  \
	{                                                                                      \
		.text = TEXT_INIT, .key = OTP_KEY_INIT                                         \
	}

/* Draws a new one by the options; what they leave open is as an empty answer to
 * each question says. */
enum exit_status provision_source_draw(struct provision_source *source,
	const struct enroll_options *options, struct error *error);

/* Reads the user's from the file that the options name. STATUS_STORE_ERROR where it
 * has none for that user, several, or one that is damaged. */
enum exit_status provision_source_read(struct provision_source *source,
	const struct enroll_options *options, const char *user, struct error *error);

/* Whether that credential text gives the same codes. */
bool provision_source_is(const struct provision_source *source, const struct text *text);

void provision_source_free(struct provision_source *source);

#endif
