/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Containers of keys for hardware tokens: PSKC (RFC 6030), plain, encrypted with a pre-shared key, or
 * with a password. */
#ifndef TOTPGROUP_CLI_EXCHANGE_PSKC_H
#define TOTPGROUP_CLI_EXCHANGE_PSKC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "exchange/otp_key.h"

/* Whether a text looks like one. */
bool pskc_guess(const char *text, size_t length);

/* Appends the pre-shared key, as bytes, or the password for a container. Called where it is
 * encrypted, at most once. Returns 0 or an error with a message. */
struct pskc_asker {
	int (*ask)(void *context, bool password, struct text *answer, struct error *error);
	void *context;
};

/* A container that is being read. Holds secrets. */
struct pskc;

/* Opens length bytes of XML, and decrypts them. *pskc is NULL after an error: TOTPGROUP_ENOTFOUND
 * where libpskc is missing, TOTPGROUP_EFORMAT, TOTPGROUP_EMEMORY, TOTPGROUP_ECRYPTO, or the
 * asker's. */
int pskc_open(struct pskc **pskc, const char *text, size_t length,
	const struct pskc_asker *asker, struct error *error);

/* Whether it has a signature, which is not checked. */
bool pskc_is_signed(const struct pskc *pskc);

/*
 * Reads the next key into one that must be OTP_KEY_INIT, and appends the serial of its device;
 * *found is false at the end. Returns 0, TOTPGROUP_EMEMORY, or TOTPGROUP_EFORMAT where the key is
 * not usable: the next call reads the next one.
 */
int pskc_next(struct pskc *pskc, struct otp_key *key, struct text *serial, bool *found,
	struct error *error);

/* Wipes and frees. NULL is allowed. */
void pskc_close(struct pskc *pskc);

#endif
