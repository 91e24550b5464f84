/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells a server on a new connection who this host is and which keys it has, and finds out whether
 * both fit together. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define STATEMENT                                                                              \
	"select schema::bigint, now, array_to_string(missing_keys, ' '), "                     \
	"array_to_string(wrong_keys, ' ') from totpgroup.hello($1::text, $2::text, "           \
	"$3::text[], $4::bytea[], $5::bigint)"

struct answer {
	int64_t schema;
	char wrong[100];
};

/* An id has no character that needs a quotation mark. */
int hello_describe_keys(const struct pgsql_store *store, struct text *ids, struct text *tags,
	struct error *error)
{
	struct seal_keys keys;
	int status;

	memset(&keys, 0, sizeof keys);
	status = read_keys(store, &keys, error);
	for (size_t i = 0; status == 0 && i < keys.count; i++) {
		uint8_t tag[SEAL_CHECK_TAG_SIZE];
		char digits[2 * SEAL_CHECK_TAG_SIZE + 1];

		status = seal_check_tag(&keys.keys[i], tag);
		hex_encode(tag, sizeof tag, digits);
		(void)text_append_format(ids, "%s\"%s\"", i == 0 ? "{" : ",", keys.keys[i].id);
		(void)text_append_format(tags, "%s\"\\\\x%s\"", i == 0 ? "{" : ",", digits);
	}
	seal_keys_wipe(&keys);
	(void)text_append_string(ids, "}");
	if (status == 0)
		status = ids->status != 0 ? ids->status : text_append_string(tags, "}");
	if (status != 0 && error->code == 0)
		error_set(error, status, "%s", totpgroup_strerror(status));
	return status;
}

static int take_answer(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct answer *answer = context;
	size_t length = fields[3].length;

	(void)count;
	(void)error;
	answer->schema = fields[0].number;
	if (length >= sizeof answer->wrong)
		length = sizeof answer->wrong - 1;
	if (length > 0)
		memcpy(answer->wrong, fields[3].bytes, length);
	answer->wrong[length] = '\0';
	return 0;
}

static enum failure_kind judge(const struct answer *answer, struct failure *failure)
{
	if (answer->schema != SCHEMA_VERSION)
		return failure_set(failure, FAILURE_CONFIG,
			"the schema has version %lld, and this host knows version %d: %s",
			(long long)answer->schema, SCHEMA_VERSION,
			answer->schema < SCHEMA_VERSION
				? "upgrade the schema, with totp-enroll store upgrade"
				: "upgrade totpgroup on this host");
	if (*answer->wrong != '\0')
		return failure_set(failure, FAILURE_CONFIG,
			"other hosts have other bytes for the key %s: copy key_file from one "
			"of "
			"them",
			answer->wrong);
	return FAILURE_NONE;
}

static enum failure_kind greet(struct link *link, int64_t until,
	const struct store_statement *statement, struct failure *failure)
{
	struct answer answer = {.schema = 0};
	struct error error = ERROR_INIT;
	PGresult *rows;

	if (link_do(link, statement, until, &rows, failure) != FAILURE_NONE)
		return failure->kind;
	(void)call_take_rows(rows, statement->columns, take_answer, &answer, &error);
	PQclear(rows);
	return judge(&answer, failure);
}

enum failure_kind hello_greet(
	struct link *link, int64_t until, void *context, struct failure *failure)
{
	const struct pgsql_store *store = context;
	struct text ids = TEXT_INIT, tags = TEXT_INIT;
	struct error error = ERROR_INIT;

	if (store->settings.is_for_schema)
		return FAILURE_NONE;
	if (hello_describe_keys(store, &ids, &tags, &error) == 0) {
		const struct store_value parameters[] = {value_of_text(store->settings.host),
			value_of_text(PACKAGE_VERSION), value_of_text(ids.data),
			value_of_text(tags.data), value_of_number((int64_t)time(NULL))};
		const struct store_statement statement = {.text = STATEMENT,
			.columns = "nntt",
			.parameters = parameters,
			.count = sizeof parameters / sizeof parameters[0]};

		(void)greet(link, until, &statement, failure);
	} else {
		(void)failure_set(failure, FAILURE_CONFIG, "%s", error.message);
	}
	text_free(&ids);
	text_free(&tags);
	return failure->kind;
}
