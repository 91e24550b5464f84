/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many users at once: one statement in place of one for each. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hex.h"
#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define LOOK_MANY "select place, " ROW_LOOK " from totpgroup.look_many($1::text[])"
#define PUT_MANY                                                                               \
	"select place, done from totpgroup.put_many($1::text[], $2::bigint[], $3::bytea[], "   \
	"$4::text[])"

/* So many users are asked about in one statement. */
#define AT_ONCE 512

/* Arrays are texts: {"alice","bob"}. Names have no NUL, and are UTF-8. */
static void append_quoted(struct text *array, const char *item)
{
	(void)text_append_string(array, array->length == 0 ? "{\"" : ",\"");
	for (; *item != '\0'; item++) {
		if (*item == '"' || *item == '\\')
			(void)text_append(array, "\\", 1);
		(void)text_append(array, item, 1);
	}
	(void)text_append(array, "\"", 1);
}

static void append_number(struct text *array, int64_t number)
{
	(void)text_append_format(array, "%s%" PRId64, array->length == 0 ? "{" : ",", number);
}

static void append_bytes(struct text *array, const struct text *bytes)
{
	char pair[3];

	(void)text_append_string(array, array->length == 0 ? "{\"\\\\x" : ",\"\\\\x");
	for (size_t i = 0; i < bytes->length; i++) {
		hex_encode((const uint8_t *)bytes->data + i, 1, pair);
		(void)text_append(array, pair, 2);
	}
	(void)text_append(array, "\"", 1);
}

static struct store_value end_array(struct text *array)
{
	(void)text_append_string(array, array->length == 0 ? "{}" : "}");
	return value_of_text(array->data);
}

/* The rows of a block of places. */
struct rows {
	struct row rows[AT_ONCE];
	bool is_taken[AT_ONCE];
	size_t count;
};

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; rows != NULL && i < rows->count; i++)
		row_free(&rows->rows[i]);
	free(rows);
}

static int take_one_of_many(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct rows *rows = context;
	const size_t place = (size_t)fields[0].number - 1;

	(void)count;
	if (fields[0].kind == STORE_VALUE_NULL || place >= rows->count)
		return error_set(error, TOTPGROUP_EFORMAT, "a row of a user nobody asked for");
	rows->is_taken[place] = true;
	return row_take(fields + 1, &rows->rows[place], error);
}

static const struct pgsql_store *store_of_first(const struct store_read *items)
{
	return (const struct pgsql_store *)items[0].place->store;
}

/* Looks at a block. The caller ends *rows, which is NULL after an error, with rows_free(). */
static int look_many(
	const struct store_read *items, size_t count, struct rows **rows, struct error *error)
{
	const struct pgsql_store *store = store_of_first(items);
	struct text names = TEXT_INIT;
	struct store_value parameter;
	const struct store_statement statement = {.text = LOOK_MANY,
		.columns = "n" ROW_COLUMNS,
		.parameters = &parameter,
		.count = 1,
		.is_repeatable = true};
	int status = TOTPGROUP_EMEMORY;

	*rows = calloc(1, sizeof **rows);
	for (size_t i = 0; i < count; i++)
		append_quoted(&names, place_of(items[i].place)->user);
	parameter = end_array(&names);
	if (*rows != NULL && names.status == 0) {
		(*rows)->count = count;
		status = call_do(store->pool, store->target.name, &statement,
			store_deadline(store), take_one_of_many, *rows, NULL, error);
	} else {
		error_set(error, status, "out of memory");
	}
	text_free(&names);
	if (status != 0) {
		rows_free(*rows);
		*rows = NULL;
	}
	return status;
}

static void fail_from(
	struct store_read *items, size_t first, size_t count, const struct error *error)
{
	for (size_t i = first; i < count; i++) {
		items[i].error = *error;
		items[i].status = error->code;
	}
}

/* For roles that may look at one user at a time only. After an error that is not about one user, the
 * rest is not tried. */
static void read_one_by_one(struct store_read *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		items[i].status = store_look(items[i].place, &items[i].record, &items[i].error);
		if (items[i].status == TOTPGROUP_ECONFIG ||
			items[i].status == TOTPGROUP_ESYSTEM) {
			fail_from(items, i + 1, count, &items[i].error);
			return;
		}
	}
}

static void open_rows(struct store_read *items, size_t count, struct rows *rows)
{
	for (size_t i = 0; i < count; i++)
		items[i].status =
			rows->is_taken[i]
				? row_open(&rows->rows[i], place_of(items[i].place), false,
					  &items[i].record, &items[i].error)
				: error_set(&items[i].error, TOTPGROUP_EFORMAT,
					  "the server left %.150s out", items[i].place->name);
}

static void read_block(struct store_read *items, size_t count)
{
	struct error error = ERROR_INIT;
	struct rows *rows;
	int status = look_many(items, count, &rows, &error);

	if (status == 0)
		open_rows(items, count, rows);
	else if (status == TOTPGROUP_ECONFIG)
		read_one_by_one(items, count);
	else
		fail_from(items, 0, count, &error);
	rows_free(rows);
}

void pgsql_read_many(struct store_read *items, size_t count)
{
	for (size_t done = 0; done < count; done += AT_ONCE)
		read_block(items + done, count - done < AT_ONCE ? count - done : AT_ONCE);
}

/* New secrets for users who have neither a secret nor a state that could be lost. */
struct putting {
	struct store_new *items;
	size_t count;
	bool is_due[AT_ONCE];
	struct text names, versions, secrets, keys;
};

static void create_one(struct store_new *item)
{
	item->status = store_create(item->place, item->secret, item->replace, &item->error);
}

static void add_new(struct putting *putting, size_t at, int64_t version)
{
	struct store_new *item = &putting->items[at];
	struct pgsql_place *place = place_of(item->place);
	struct sealed sealed = {.is_there = false};

	item->status =
		row_seal(place, SEAL_SECRET, item->secret, version + 1, &sealed, &item->error);
	if (item->status == 0) {
		putting->is_due[at] = true;
		append_quoted(&putting->names, place->user);
		append_number(&putting->versions, version);
		append_bytes(&putting->secrets, &sealed.blob);
		append_quoted(&putting->keys, sealed.key);
	}
	sealed_free(&sealed);
}

/* Rows come in the order of those that are due. */
static int take_done(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct putting *putting = context;
	int64_t place = fields[0].number;

	(void)count;
	(void)error;
	for (size_t i = 0; i < putting->count; i++)
		if (putting->is_due[i] && --place == 0 &&
			fields[1].kind == STORE_VALUE_NUMBER && fields[1].number == 1)
			putting->items[i].status = 0;
	return 0;
}

/* A user whom the reply leaves out was not stored, or another writer was faster: such users are
 * stored one by one. */
static void put_due(struct putting *putting)
{
	const struct pgsql_store *store =
		(const struct pgsql_store *)putting->items[0].place->store;
	const struct store_value parameters[] = {end_array(&putting->names),
		end_array(&putting->versions), end_array(&putting->secrets),
		end_array(&putting->keys)};
	const struct store_statement statement = {.text = PUT_MANY,
		.columns = "nf",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};
	struct error error = ERROR_INIT;
	int status = putting->names.status | putting->versions.status |
		     putting->secrets.status | putting->keys.status;

	for (size_t i = 0; i < putting->count; i++)
		if (putting->is_due[i])
			putting->items[i].status = TOTPGROUP_ECONFLICT;
	if (status == 0)
		status = call_do(store->pool, store->target.name, &statement,
			store_deadline(store), take_done, putting, NULL, &error);
	else
		error_set(&error, TOTPGROUP_EMEMORY, "out of memory");
	for (size_t i = 0; i < putting->count; i++) {
		struct store_new *item = &putting->items[i];

		if (putting->is_due[i] && status != 0) {
			item->error = error;
			item->status = error.code;
		} else if (putting->is_due[i] && item->status == TOTPGROUP_ECONFLICT) {
			create_one(item);
		}
	}
}

static void create_rows(struct putting *putting, const struct rows *rows)
{
	size_t due = 0;

	for (size_t i = 0; i < putting->count; i++)
		if (!rows->is_taken[i] || rows->rows[i].has_secret || rows->rows[i].has_state)
			create_one(&putting->items[i]);
		else
			add_new(putting, i, rows->rows[i].version);
	for (size_t i = 0; i < putting->count; i++)
		due += putting->is_due[i];
	if (due > 0)
		put_due(putting);
	text_free(&putting->names);
	text_free(&putting->versions);
	text_free(&putting->secrets);
	text_free(&putting->keys);
}

static void create_block(struct store_new *items, size_t count)
{
	struct putting *putting = calloc(1, sizeof *putting);
	struct store_read *reads = calloc(count, sizeof *reads);
	struct error error = ERROR_INIT;
	struct rows *rows = NULL;

	for (size_t i = 0; reads != NULL && i < count; i++)
		reads[i].place = items[i].place;
	/* Roles that may look at one user at a time create one by one. */
	if (putting != NULL && reads != NULL && look_many(reads, count, &rows, &error) == 0) {
		*putting = (struct putting){.items = items, .count = count};
		create_rows(putting, rows);
	} else {
		for (size_t i = 0; i < count; i++)
			create_one(&items[i]);
	}
	rows_free(rows);
	free(reads);
	free(putting);
}

/* Nothing is temporary: a statement is done or not. */
void pgsql_create_many(struct store_new *items, size_t count, const char *suffix, bool is_again)
{
	(void)suffix;
	(void)is_again;
	for (size_t done = 0; done < count; done += AT_ONCE)
		create_block(items + done, count - done < AT_ONCE ? count - done : AT_ONCE);
}
