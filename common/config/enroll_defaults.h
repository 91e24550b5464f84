/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The section [enroll] of the configuration file: the parameters of a new secret that
 * nobody was asked about. totpgroup.conf(5) says what each key is for. */
#ifndef TOTPGROUP_CONFIG_ENROLL_DEFAULTS_H
#define TOTPGROUP_CONFIG_ENROLL_DEFAULTS_H

#include "base/error.h"
#include "base/crypto.h"
#include "config/keys.h"
#include "core/new_credential.h"

/* A question that the file may answer. */
enum enroll_choice {
	ENROLL_ASK = 0,
	ENROLL_YES,
	ENROLL_NO,
};

/* How the secret file keeps emergency codes. */
enum enroll_codes {
	ENROLL_CODES_CHOOSE = 0, /* hashed where google-authenticator cannot read the file */
	ENROLL_CODES_PLAIN,
	ENROLL_CODES_HASHED,
};

/* Every key with its value. Strings are the configuration's. Begins as
 * ENROLL_DEFAULTS_INIT. */
struct enroll_defaults {
	const char *issuer; /* NULL: the host's name; empty: none */
	const char *qr;	    /* one of the words of the table */
	int time_based;	    /* enum enroll_choice */
	int disallow_reuse; /* enum enroll_choice */
	int algorithm;	    /* enum hmac_algorithm */
	int digits;	    /* 6 to 8 */
	int step_size;	    /* seconds, 0: not given */
	int window_size;    /* 0: not given */
	int emergency_codes;
	int codes; /* enum enroll_codes */
	struct config_rate rate_limit;
	/* For letters, which check them. */
	const char *language;	     /* NULL: English */
	const char *letter_template; /* a file; NULL: the built-in letter */
	const char *organization;    /* that sends them; NULL: none is named */
	const char *logo;	     /* a PNG file; NULL: none */
	const char *contact;	     /* whom users ask; NULL: nobody is named */
};

#define ENROLL_DEFAULTS_INIT                                                                   \
	{                                                                                      \
		.qr = "auto", .algorithm = HMAC_SHA1, .digits = 6, .emergency_codes = 5        \
	}

extern const struct key_definition enroll_definitions[];

/*
 * Draws a credential with these parameters for an enrollment without questions, and its
 * emergency codes. The codes change with time, whatever time_based says. A question that
 * the file leaves open is answered as in NEW_CREDENTIAL_DEFAULT. The caller ends the
 * credential with WIPE_OBJECT(), after an error too. Returns 0 or a TOTPGROUP_E... with
 * a message.
 */
int default_credential_draw(const struct enroll_defaults *defaults,
	struct new_credential *credential, struct error *error);

#endif
