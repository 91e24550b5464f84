/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The names of all users of the realm, for roles that may read the report. */
#include "config.h"

#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define LIST                                                                                   \
	"select username from totpgroup.user_report "                                          \
	"where realm = (select realm from totpgroup.member where role = session_user) "        \
	"and (enrolled or $1::boolean)"

struct listing {
	store_name *name;
	void *argument;
	bool has_ended;
};

static int take_name(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct listing *listing = context;

	(void)count;
	(void)error;
	if (!listing->has_ended && fields[0].kind == STORE_VALUE_TEXT)
		listing->has_ended = !listing->name(listing->argument, fields[0].bytes);
	return 0;
}

int pgsql_list(
	struct store *store, bool states, store_name *name, void *argument, struct error *error)
{
	const struct pgsql_store *own = (struct pgsql_store *)store;
	const struct store_value all = value_of_text(states ? "t" : "f");
	const struct store_statement statement = {.text = LIST,
		.columns = "t",
		.parameters = &all,
		.count = 1,
		.is_repeatable = true,
		.is_reading = true};
	struct listing listing = {name, argument, false};

	return call_do(own->pool, own->target.name, &statement, store_deadline(own), take_name,
		&listing, NULL, error);
}
