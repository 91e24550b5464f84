/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A store that is loaded: a shared object with one symbol, a struct store_plugin. The daemon,
 * totp-enroll and library handles load it (host/shared_store.h); the module never does, and nothing
 * in a set-user-ID process.
 *
 * Its store may be used by many threads at a time, each with places of its own.
 */
#ifndef TOTPGROUP_STORE_PLUGIN_H
#define TOTPGROUP_STORE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

#define STORE_PLUGIN_SYMBOL "totpgroup_store_plugin"

/* Strings are copied. */
struct store_plugin_settings {
	const char *connection; /* how to reach the server, in the plugin's own words */
	const char *key_file;	/* the keys that seal: core/seal_keys.h */
	const char *realm;	/* bound into the seals; NULL: none */
	const char *host;	/* the name of this host, for the log */
	int deadline;		/* seconds for one decision, from its look to its commit */
	int connections;	/* at most, at a time */
	/* The store is opened to make or upgrade the schema: the server need not know this host. */
	bool is_for_schema;
};

enum store_value_kind {
	STORE_VALUE_NULL = 0,
	STORE_VALUE_NUMBER,
	STORE_VALUE_TEXT, /* also for arrays and other types, as the server writes them */
	STORE_VALUE_BYTES,
};

/* A parameter, or a field of a row. */
struct store_value {
	enum store_value_kind kind;
	int64_t number;
	const char *bytes; /* of a text, too; a NUL follows those of a field */
	size_t length;
};

/*
 * One statement, which is a transaction of its own. Its text has no values in it. They are the
 * parameters $1, $2 and so on, which are given as text but for STORE_VALUE_BYTES.
 */
struct store_statement {
	const char *text;
	/* The type of each column: n (bigint), t (text or name), b (bytea), f (boolean: a number
	 * 0 or 1). Rows of other types are refused. */
	const char *columns;
	const struct store_value *parameters;
	size_t count;
	/* To do it twice has the effect of doing it once. So it is sent again after an error that
	 * passes, and when no reply comes. */
	bool is_repeatable;
	/* It changes nothing, and waits for no standby: its success says nothing of the standbys. */
	bool is_reading;
};

/* Takes a row, whose fields are good until it returns. A result other than 0 ends the rows, and
 * run() returns it. */
typedef int store_take_row(
	const struct store_value *fields, size_t count, void *context, struct error *error);

/* What a store has met since it was opened. */
struct store_counts {
	uint64_t conflicts; /* somebody else had changed the row, and the work was done again */
	uint64_t silences;  /* calls that ended at their deadline */
	uint64_t refusals;  /* calls that the open breaker refused at once */
	bool is_open;	    /* the breaker, now */
};

struct store_plugin {
	unsigned int abi;	/* STORE_ABI */
	size_t size;		/* of this structure */
	size_t operations_size; /* of struct store_operations */
	const char *name;	/* "pgsql" */
	int schema;		/* the version of the server's schema that it knows */

	/* Nothing is connected before it is needed. The caller ends *store, which is NULL after an
	 * error, with store_close(). TOTPGROUP_ECONFIG, TOTPGROUP_EMEMORY, TOTPGROUP_ESYSTEM. */
	int (*open)(struct store **store, const struct store_plugin_settings *settings,
		struct error *error);

	/*
	 * For the administrator's program: does a statement within the deadline, and gives its rows
	 * to take(), which may be NULL where there are none. Returns 0, what take() returned, or
	 * TOTPGROUP_ECONFIG where the server refuses the statement or the role, TOTPGROUP_EBUSY where
	 * a row was locked to the end, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY. After ESYSTEM and EBUSY
	 * it is not known whether the statement was done.
	 */
	int (*run)(struct store *store, const struct store_statement *statement,
		store_take_row *take, void *context, struct error *error);

	/* Seals with the first key of key_file what the place has, a secret or a state. 0 also where
	 * it has neither. Other errors as of a store's create(). */
	int (*reseal)(struct store_place *place, struct error *error);

	void (*count)(struct store *store, struct store_counts *counts);
};

#endif
