/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of the sections [enroll], [verify NAME] and [daemon]: one table for each
 * section, which the reader, `totp-enroll doctor` and the check of the manual share. */
#ifndef TOTPGROUP_CONFIG_KEYS_H
#define TOTPGROUP_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum key_kind {
	KEY_TEXT,    /* const char *, which may be empty */
	KEY_STRING,  /* const char *, not empty */
	KEY_NAME,    /* const char *: one of `words` */
	KEY_WORD,    /* int: minimum for the first of `words`, one more for each after it */
	KEY_FLAG,    /* bool: yes or no */
	KEY_NUMBER,  /* int, minimum to maximum */
	KEY_SECONDS, /* int: seconds, or a number with m, h or d after it */
	KEY_RATE,    /* struct config_rate: ATTEMPTS SECONDS, or no */
};

/* A row of a table. The last row has the name NULL. */
struct key_definition {
	const char *name;
	enum key_kind kind;
	size_t offset; /* of the value in the struct that the table is about */
	int minimum;   /* KEY_RATE: of attempts */
	int maximum;
	const char *words;   /* separated by '|' */
	int seconds_minimum; /* KEY_RATE */
	int seconds_maximum;
};

/* At most so many attempts in so many seconds; 0 attempts: no limit. */
struct config_rate {
	int attempts;
	int seconds;
	bool given; /* by a file, rather than a default */
};

/*
 * Sets the key `name` of a table in the struct that the table is about, whose strings
 * point to value. Messages call the section `section`. TOTPGROUP_ECONFIG, with a message
 * that names the key, where the table does not have the key or the value is malformed.
 */
int config_key_set(const struct key_definition *table, const char *section, void *fields,
	const char *name, const char *value, struct error *error);

#endif
