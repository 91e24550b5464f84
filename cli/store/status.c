/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* store status: the store, its keys and its hosts. */
#include "config.h"

#include <time.h>

#include "cli/store/store.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"

#define REALM "(select realm from totpgroup.member where role = session_user)"
#define STORE                                                                                  \
	"select current_database()::text, current_setting('server_version'), "                 \
	"s.schema::bigint, " REALM ", current_setting('synchronous_standby_names'), "          \
	"s.require_sync, (select count(*) from totpgroup.user_report u where u.realm = " REALM \
	" and u.enrolled), (select count(*) from totpgroup.user_report u where u.realm "       \
	"= " REALM " and not u.enrolled), extract(epoch from clock_timestamp())::bigint "      \
	"from totpgroup.setting s"
#define KEYS                                                                                   \
	"select k, count(*) from (select secret_key as k from totpgroup.user_report "          \
	"where realm = " REALM " union all select state_key from totpgroup.user_report "       \
	"where realm = " REALM ") t where k is not null group by k order by k"
#define HOSTS                                                                                  \
	"select h.name, h.role::text, h.version, array_to_string(h.keys, ' '), "               \
	"h.clock_offset, extract(epoch from h.seen)::bigint from totpgroup.host_report h "     \
	"join totpgroup.member m on m.role = h.role where m.realm = " REALM                    \
	" order by h.name, h.role"

/* Where the rows go: as JSON, or onto standard output at once. */
struct report {
	struct json_object *root; /* NULL: text */
	struct json_object *list;
	bool failed;
};

static long long number_of(const struct store_value *field)
{
	return field->number;
}

static const char *text_of(const struct store_value *field)
{
	return field->kind == STORE_VALUE_TEXT ? field->bytes : "";
}

static void put_store(struct report *report, const struct store_value *fields)
{
	struct json_object *root = report->root;

	report->failed |= !json_put_string(root, "database", text_of(&fields[0])) ||
			  !json_put_string(root, "server", text_of(&fields[1])) ||
			  !json_put_number(root, "schema", fields[2].number) ||
			  !json_put_string(root, "realm", text_of(&fields[3])) ||
			  !json_put_string(root, "standbys", text_of(&fields[4])) ||
			  !json_put_bool(root, "require_sync", fields[5].number != 0) ||
			  !json_put_number(root, "enrolled", fields[6].number) ||
			  !json_put_number(root, "not_enrolled", fields[7].number) ||
			  !json_put_number(root, "now", fields[8].number);
}

static int take_store(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct report *report = context;
	char a[STORE_SHOWN_MAX], b[STORE_SHOWN_MAX], c[STORE_SHOWN_MAX];

	(void)count;
	(void)error;
	if (report->root != NULL) {
		put_store(report, fields);
		return 0;
	}
	report->failed |= !terminal_say("%s: PostgreSQL %s, schema %lld, realm %s\n",
				  store_show(&fields[0], a), store_show(&fields[1], b),
				  number_of(&fields[2]), store_show(&fields[3], c)) ||
			  !terminal_say("users with a secret: %lld; without one: %lld\n",
				  number_of(&fields[6]), number_of(&fields[7]));
	if (fields[4].length > 0)
		report->failed |= !terminal_say(
			"a change waits for standbys: %s\n", store_show(&fields[4], a));
	else if (fields[5].number != 0)
		report->failed |=
			!terminal_say("no standby has to confirm, but require_sync is "
				      "set: every code is refused\n");
	else
		report->failed |= !terminal_say("no standby has to confirm: a fail-over can "
						"forget that a code was used\n");
	return 0;
}

static int take_key(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct report *report = context;
	struct json_object *key;
	char id[STORE_SHOWN_MAX];

	(void)count;
	(void)error;
	if (report->root == NULL) {
		report->failed |= !terminal_say("sealed with the key %s: %lld\n",
			store_show(&fields[0], id), number_of(&fields[1]));
		return 0;
	}
	key = json_object_new_object();
	report->failed |= !json_put_string(key, "id", text_of(&fields[0])) ||
			  !json_put_number(key, "sealed", fields[1].number) ||
			  json_object_array_add(report->list, key) != 0;
	return 0;
}

static void put_host(struct report *report, const struct store_value *fields)
{
	struct json_object *host = json_object_new_object();

	report->failed |= !json_put_string(host, "name", text_of(&fields[0])) ||
			  !json_put_string(host, "role", text_of(&fields[1])) ||
			  !json_put_string(host, "version", text_of(&fields[2])) ||
			  !json_put_string(host, "keys", text_of(&fields[3])) ||
			  !json_put_number(host, "clock_offset", fields[4].number) ||
			  !json_put_number(host, "seen", fields[5].number) ||
			  json_object_array_add(report->list, host) != 0;
}

static int take_host(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	const time_t seen = (time_t)fields[5].number;
	struct report *report = context;
	struct tm local = {.tm_sec = 0};
	char at[40], texts[4][STORE_SHOWN_MAX];

	(void)count;
	(void)error;
	if (report->root != NULL) {
		put_host(report, fields);
		return 0;
	}
	(void)localtime_r(&seen, &local);
	(void)strftime(at, sizeof at, "%Y-%m-%d %H:%M", &local);
	report->failed |=
		!terminal_say("host %s: role %s, version %s, keys %s, clock %+lld s, seen %s\n",
			store_show(&fields[0], texts[0]), store_show(&fields[1], texts[1]),
			store_show(&fields[2], texts[2]), store_show(&fields[3], texts[3]),
			number_of(&fields[4]), at);
	return 0;
}

static enum exit_status ask_all(const struct store_run *run, struct report *report)
{
	const struct {
		const char *list;
		struct store_statement statement;
		store_take_row *take;
	} parts[] = {
		{NULL, {.text = STORE, .columns = "ttnttfnnn", .is_repeatable = true},
			take_store},
		{"keys", {.text = KEYS, .columns = "tn", .is_repeatable = true}, take_key},
		{"hosts", {.text = HOSTS, .columns = "ttttnn", .is_repeatable = true},
			take_host},
	};
	enum exit_status status = STATUS_DONE;

	for (size_t i = 0; status == STATUS_DONE && i < sizeof parts / sizeof parts[0]; i++) {
		if (report->root != NULL && parts[i].list != NULL)
			report->list = json_put_array(report->root, parts[i].list);
		report->failed |=
			report->root != NULL && parts[i].list != NULL && report->list == NULL;
		if (!report->failed)
			status = store_run_statement(
				run, &parts[i].statement, parts[i].take, report);
	}
	return status;
}

enum exit_status store_status(struct store_run *run)
{
	struct report report = {
		.root = run->options.json != 0 ? json_object_new_object() : NULL};
	enum exit_status status;

	if (run->options.json != 0)
		report.failed = !json_put_number(report.root, "version", JSON_REPORT_VERSION);
	status = ask_all(run, &report);
	if (status == STATUS_DONE && report.failed)
		status = report.root != NULL ? terminal_out_of_memory()
					     : terminal_output_failed();
	if (status == STATUS_DONE && report.root != NULL && !json_print(report.root))
		status = STATUS_STORE_ERROR;
	json_object_put(report.root);
	return status;
}
