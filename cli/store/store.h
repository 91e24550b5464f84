/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command store: the store that hosts share, for its administrator. */
#ifndef TOTPGROUP_CLI_STORE_STORE_H
#define TOTPGROUP_CLI_STORE_STORE_H

#include "cli/commands.h"
#include "config/configuration.h"
#include "host/shared_store.h"

/* Begins zeroed. Strings point into the argument vector; NULL where not given. */
struct store_options {
	const char *conf;
	const char *connection; /* of init and upgrade */
	const char *folder;	/* of the schema's files */
	const char *before;	/* of prune: a day, or how long ago */
	int json;
	int force;
	int dry_run;
	int quiet;
};

/* One run. */
struct store_run {
	struct store_options options;
	struct configuration configuration;
	struct shared_store *shared;
};

/* The actions, with the store open: for the schema in the first two. Each reports what fails. */
enum exit_status store_init(struct store_run *run);
enum exit_status store_upgrade(struct store_run *run);
enum exit_status store_status(struct store_run *run);
enum exit_status store_rekey(struct store_run *run);
enum exit_status store_prune(struct store_run *run);

/* Does a statement, and reports a failure: STATUS_STORE_ERROR. take() may be NULL. */
enum exit_status store_run_statement(const struct store_run *run,
	const struct store_statement *statement, store_take_row *take, void *context);

/* The longest text of a field that is shown, with its NUL. */
#define STORE_SHOWN_MAX 200

/* A field for a person: no control characters, because hosts choose their own names. Returns shown. */
const char *store_show(const struct store_value *field, char shown[STORE_SHOWN_MAX]);

/* A parameter that is a text. */
struct store_value store_text(const char *text);

#endif
