/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a new secret is like where nobody says otherwise: the section [enroll]
 * of the configuration file. totpgroup.conf(5) says what each key is for. */
#ifndef TOTPGROUP_CONFIG_ENROLL_DEFAULTS_H
#define TOTPGROUP_CONFIG_ENROLL_DEFAULTS_H

#include <stddef.h>

#include "base/error.h"
#include "base/hmac.h"

/* Something that is asked unless it is said. */
enum enroll_choice {
	ENROLL_ASK = 0,
	ENROLL_YES,
	ENROLL_NO,
};

/* How the file keeps emergency codes. */
enum enroll_codes {
	ENROLL_CODES_CHOOSE = 0, /* hashed where google-authenticator cannot read the file */
	ENROLL_CODES_PLAIN,
	ENROLL_CODES_HASHED,
};

/* Every key with its value. Strings point into what they were read from.
 * Begins as ENROLL_DEFAULTS_INIT. */
struct enroll_defaults {
	const char *issuer;   /* NULL: the host's name; empty: none */
	const char *qr;	      /* one of the words of the table */
	int time_based;	      /* enum enroll_choice */
	int disallow_reuse;   /* enum enroll_choice */
	int algorithm;	      /* enum hmac_algorithm */
	int digits;	      /* 6 to 8 */
	int step_size;	      /* seconds, 0: not given */
	int window_size;      /* 0: not given */
	int emergency_codes;  /* how many */
	int codes;	      /* enum enroll_codes */
	int rate_limit;	      /* enum enroll_choice: at all? */
	int rate_limit_count; /* attempts in ... */
	int rate_limit_time;  /* ... that many seconds */
	/* Of letters, which look whether there are such. */
	const char *language;	     /* NULL: English */
	const char *letter_template; /* a file; NULL: the built-in letter */
};

#define ENROLL_DEFAULTS_INIT                                                                   \
	{                                                                                      \
		.qr = "auto", .algorithm = HMAC_SHA1, .digits = 6, .emergency_codes = 5        \
	}

enum enroll_kind {
	ENROLL_KIND_TEXT,   /* const char * */
	ENROLL_KIND_NAME,   /* const char *: one of `words` */
	ENROLL_KIND_WORD,   /* int: one of `words`, minimum for the first */
	ENROLL_KIND_NUMBER, /* int, minimum to maximum */
	ENROLL_KIND_RATE,   /* ATTEMPTS SECONDS, or no */
};

struct enroll_definition {
	const char *name;
	enum enroll_kind kind;
	size_t offset; /* of the value in struct enroll_defaults */
	int minimum;
	int maximum;
	const char *words; /* separated by '|' */
};

/* The whole table, ended by a row whose name is NULL. */
extern const struct enroll_definition enroll_definitions[];

/* Sets one key. TOTPGROUP_ECONFIG with a message that names it where it is
 * unknown or malformed. */
int enroll_defaults_set(struct enroll_defaults *defaults, const char *name, const char *value,
	struct error *error);

#endif
