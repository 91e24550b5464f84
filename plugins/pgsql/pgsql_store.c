/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store in PostgreSQL, and the one symbol of the plugin. */
#include "config.h"

#include "pgsql/pgsql_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "totpgroup.h"

#define LOOK                                                                                   \
	"select " ROW_LOOK ", first_seen, schema::bigint, " ROW_ATTEMPT                        \
	" from totpgroup.look($1::text)"
#define SEEN "select totpgroup.seen($1::text)"

/* The longest name of a user that is asked about. */
#define USER_MAX 255

static void free_store(struct pgsql_store *store)
{
	target_free(&store->target);
	free(store->key_file);
	free(store->realm);
	free(store->host);
	free(store);
}

/* Where the connecting thread cannot be ended, the memory that it reads is not freed. */
static void pgsql_close(struct store *store)
{
	struct pgsql_store *own = (struct pgsql_store *)store;

	if (pool_close(own->pool))
		free_store(own);
}

static void pgsql_release(struct store_place *place)
{
	struct pgsql_place *own = place_of(place);

	free(own->name);
	free(own->user);
	free(own->subject);
	free(own);
}

static char *copy_text(const struct text *text)
{
	return text->status == 0 ? strndup(text->data, text->length) : NULL;
}

static bool is_name(const char *name)
{
	const char *at = name;
	size_t length;

	while ((length = utf8_length(at)) > 0)
		at += length;
	return *at == '\0' && at > name && (size_t)(at - name) <= USER_MAX;
}

static int fill_place(const struct pgsql_store *store, struct pgsql_place *place,
	const char *user, struct error *error)
{
	const char *realm = store->settings.realm;
	struct text name = TEXT_INIT, subject = TEXT_INIT;

	(void)text_append_format(&name, "%s in %s", user, store->target.name);
	if (realm != NULL)
		(void)text_append_format(&subject, "%s/", realm);
	(void)text_append_string(&subject, user);
	place->name = copy_text(&name);
	place->subject = copy_text(&subject);
	place->user = strdup(user);
	text_free(&name);
	text_free(&subject);
	if (place->name == NULL || place->subject == NULL || place->user == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	place->place.name = place->place.state_name = place->name;
	return 0;
}

static int pgsql_locate(struct store *store, const struct store_user *user,
	struct store_place **found, struct error *error)
{
	struct pgsql_place *place;

	*found = NULL;
	if (!is_name(user->name))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"a name that is no text of %d bytes at most has no secret", USER_MAX);
	place = calloc(1, sizeof *place);
	if (place == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	place->place.store = store;
	if (fill_place((struct pgsql_store *)store, place, user->name, error) != 0) {
		pgsql_release(&place->place);
		return error->code;
	}
	*found = &place->place;
	return 0;
}

int64_t store_deadline(const struct pgsql_store *store)
{
	return link_clock() + (int64_t)store->settings.deadline * 1000;
}

int64_t place_deadline(struct pgsql_place *place)
{
	return place->until != 0 ? place->until : store_deadline(store_of(&place->place));
}

int place_do(struct pgsql_place *place, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error)
{
	const struct pgsql_store *store = store_of(&place->place);

	return call_do(store->pool, place->name, statement, place_deadline(place), take,
		context, &place->is_silent, error);
}

static bool pgsql_was_silent(const struct store_place *place)
{
	return ((const struct pgsql_place *)place)->is_silent;
}

static int take_look(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct row *row = context;

	(void)count;
	row->has_first_seen = fields[7].kind != STORE_VALUE_NULL;
	row->first_seen = fields[7].number;
	row->schema = fields[8].number;
	return row_take(fields, row, error) == 0 ? row_take_attempt(&fields[9], row, error)
						 : error->code;
}

int place_look(struct pgsql_place *place, struct row *row, struct error *error)
{
	const struct store_value user = value_of_text(place->user);
	const struct store_statement statement = {.text = LOOK,
		.columns = ROW_COLUMNS "nnt",
		.parameters = &user,
		.count = 1,
		.is_repeatable = true,
		.is_reading = true};

	row->schema = 0;
	row->name = place->name;
	if (place_do(place, &statement, take_look, row, error) != 0)
		return error->code;
	/* An upgrade may come while a connection is open. */
	return row->schema == SCHEMA_VERSION
		       ? 0
		       : error_set(error, TOTPGROUP_ECONFIG,
				 "%.120s: the schema has version %lld, and this host knows "
				 "version %d",
				 place->name, (long long)row->schema, SCHEMA_VERSION);
}

static int pgsql_look(
	struct store_place *place, struct store_record *record, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	struct row row = ROW_INIT;
	int status = place_look(own, &row, error);

	if (status == 0)
		status = row_open(&row, own, false, record, error);
	else
		record->state_status = status;
	row_free(&row);
	return status;
}

static int take_seen(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	int64_t *seen = context;

	(void)count;
	if (fields[0].kind == STORE_VALUE_NULL || fields[0].number <= 0)
		return error_set(error, TOTPGROUP_EFORMAT, "the first sight has no time");
	*seen = fields[0].number;
	return 0;
}

static int look_for_first_seen(struct pgsql_place *place, int64_t *seen, struct error *error)
{
	struct row row = ROW_INIT;
	int status = place_look(place, &row, error);

	if (status == 0 && !row.has_first_seen)
		status = error_set(
			error, TOTPGROUP_ENOTFOUND, "%.150s: was not seen yet", place->name);
	if (status == 0)
		*seen = row.first_seen;
	row_free(&row);
	return status;
}

/* The store's clock decides, so the caller's is not heeded. */
static int pgsql_first_seen(
	struct store_place *place, int64_t now, bool note, int64_t *seen, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	const struct store_value user = value_of_text(own->user);
	const struct store_statement statement = {.text = SEEN,
		.columns = "n",
		.parameters = &user,
		.count = 1,
		.is_repeatable = true};
	int64_t found = 0;

	(void)now;
	if (!note)
		return look_for_first_seen(own, seen, error);
	if (place_do(own, &statement, take_seen, &found, error) != 0)
		return error->code;
	if (found == 0)
		return error_set(error, TOTPGROUP_EFORMAT,
			"%.150s: the first sight has no time", own->name);
	*seen = found;
	return 0;
}

static const struct store_operations operations = {
	.abi = STORE_ABI,
	.size = sizeof operations,
	.name = "pgsql",
	.close = pgsql_close,
	.locate = pgsql_locate,
	.release = pgsql_release,
	.look = pgsql_look,
	.begin = pgsql_begin,
	.commit = pgsql_commit,
	.abort = pgsql_abort,
	.create = pgsql_create,
	.remove = pgsql_remove,
	.first_seen = pgsql_first_seen,
	.read_many = pgsql_read_many,
	.create_many = pgsql_create_many,
	.list = pgsql_list,
	.check = pgsql_check,
	.note = pgsql_note,
	.was_silent = pgsql_was_silent,
};

static char *copy_string(const char *string, bool *is_complete)
{
	char *copy = string != NULL ? strdup(string) : NULL;

	if (string != NULL && copy == NULL)
		*is_complete = false;
	return copy;
}

static int fill_store(struct pgsql_store *store, const struct store_plugin_settings *settings,
	struct error *error)
{
	bool is_complete = true;
	struct pool_settings of_pool = {.target = &store->target,
		.connections = (size_t)settings->connections,
		.patience = (int64_t)settings->deadline * 1000,
		.greet = hello_greet,
		.context = store};

	store->store.operations = &operations;
	store->settings = *settings;
	store->settings.connection = NULL;
	store->settings.key_file = store->key_file =
		copy_string(settings->key_file, &is_complete);
	store->settings.realm = store->realm = copy_string(settings->realm, &is_complete);
	store->settings.host = store->host = copy_string(settings->host, &is_complete);
	if (!is_complete)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (target_read(&store->target, settings->connection, error) != 0)
		return error->code;
	return pool_open(&store->pool, &of_pool, error);
}

static int open_plugin(
	struct store **store, const struct store_plugin_settings *settings, struct error *error)
{
	struct pgsql_store *opened = calloc(1, sizeof *opened);

	*store = NULL;
	if (opened == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (fill_store(opened, settings, error) != 0) {
		free_store(opened);
		return error->code;
	}
	*store = &opened->store;
	return 0;
}

static int run(struct store *store, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error)
{
	const struct pgsql_store *own = (struct pgsql_store *)store;

	return call_do(own->pool, own->target.name, statement, store_deadline(own), take,
		context, NULL, error);
}

static void count(struct store *store, struct store_counts *counts)
{
	pool_count(((const struct pgsql_store *)store)->pool, counts);
}

extern const struct store_plugin totpgroup_store_plugin;
const struct store_plugin totpgroup_store_plugin = {
	.abi = STORE_ABI,
	.size = sizeof totpgroup_store_plugin,
	.operations_size = sizeof operations,
	.name = "pgsql",
	.open = open_plugin,
	.schema = SCHEMA_VERSION,
	.run = run,
	.reseal = pgsql_reseal,
	.count = count,
};
