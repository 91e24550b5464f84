/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Credentials in the format that an export was asked for. */
#ifndef TOTPGROUP_CLI_EXCHANGE_EXPORT_TEXT_H
#define TOTPGROUP_CLI_EXCHANGE_EXPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exchange/format.h"
#include "exchange/otp_key.h"

/* Begins zeroed, with format and issuer; ends with export_text_free(). */
struct export_text {
	enum transfer_format format;
	const char *issuer; /* NULL: the host in labels, and none elsewhere */
	struct text text;
	/* What had to be left out: the same bits as in struct otp_key. */
	unsigned int notes;
	bool emergency_codes_left_out;
	bool parameters_left_out; /* that google-authenticator does not read */
	/* They go into the text together, at the end. */
	struct otp_key **migrants;
	size_t migrant_count;
};

/* Adds a user's credential. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT
 * where the credential is damaged or the format cannot hold it; error says so. */
int export_text_add(struct export_text *export, const char *user, const struct text *credential,
	struct error *error);

/* Completes the text. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_ECRYPTO. */
int export_text_finish(struct export_text *export, struct error *error);

void export_text_free(struct export_text *export);

#endif
