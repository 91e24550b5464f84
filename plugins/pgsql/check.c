/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the store is, as this host and its role see it: for totp-enroll doctor and explain. Nothing is
 * spent, and no user is looked at but the one who is named. */
#include "config.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

#define STATEMENT                                                                              \
	"select current_setting('server_version'), s.name::text, s.schema::bigint, "           \
	"s.standbys, s.require_sync, s.missing_keys, s.now, s.has_tables, s.is_admin, "        \
	"s.connections "                                                                       \
	"from totpgroup.standing($1::text[]) s"

/* Seconds that a host's clock may be away from the server's. */
#define CLOCKS_APART 2

/* What a role needs for each connection of the pool: another one while the first is suspect, and as
 * much for other programs. */
#define LIMIT_FOR_EACH 4

/* What the server says. */
struct standing {
	char version[40], role[70], standbys[200], missing[200];
	int64_t schema, now, connections;
	bool is_taken, require_sync, has_tables, is_admin;
};

struct reporting {
	const struct pgsql_store *store;
	store_report *report;
	void *argument;
};

static void say(const struct reporting *reporting, enum store_level level, const char *about,
	int code, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(const struct reporting *reporting, enum store_level level, const char *about,
	int code, const char *format, ...)
{
	struct store_finding finding = {.level = level, .about = about, .code = code};
	char what[400];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	/* Hosts choose their names and the ids of their keys. */
	ascii_hide_controls(what);
	finding.what = what;
	reporting->report(reporting->argument, &finding);
}

static void copy(char *to, size_t size, const struct store_value *from)
{
	(void)snprintf(to, size, "%.*s", (int)from->length,
		from->kind == STORE_VALUE_TEXT ? from->bytes : "");
}

static int take_standing(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct standing *standing = context;

	(void)count;
	(void)error;
	standing->is_taken = true;
	copy(standing->version, sizeof standing->version, &fields[0]);
	copy(standing->role, sizeof standing->role, &fields[1]);
	standing->schema = fields[2].number;
	copy(standing->standbys, sizeof standing->standbys, &fields[3]);
	standing->require_sync = fields[4].number != 0;
	copy(standing->missing, sizeof standing->missing, &fields[5]);
	standing->now = fields[6].number;
	standing->has_tables = fields[7].number != 0;
	standing->is_admin = fields[8].number != 0;
	standing->connections = fields[9].number;
	return 0;
}

static void check_standbys(const struct reporting *to, const struct standing *standing)
{
	if (*standing->standbys != '\0')
		say(to, STORE_FINE, "standby", 0, "a change waits for standbys: %s",
			standing->standbys);
	else if (standing->require_sync)
		say(to, STORE_PROBLEM, "standby", TOTPGROUP_ESYSTEM,
			"no standby has to confirm (synchronous_standby_names is empty), but "
			"require_sync is set: every code is refused");
	else
		say(to, STORE_WARNING, "standby", 0,
			"no standby has to confirm: synchronous_standby_names is empty");
}

static void check_clock(const struct reporting *to, const struct standing *standing)
{
	const long long ahead = (long long)time(NULL) - standing->now;

	if (ahead > CLOCKS_APART || ahead < -CLOCKS_APART)
		say(to, STORE_WARNING, "clock", 0,
			"this host's clock is %lld s %s the server's",
			ahead > 0 ? ahead : -ahead, ahead > 0 ? "ahead of" : "behind");
	else
		say(to, STORE_FINE, "clock", 0,
			"this host's clock and the server's are %lld s apart",
			ahead > 0 ? ahead : -ahead);
}

static void check_role(const struct reporting *to, const struct standing *standing)
{
	if (standing->has_tables)
		say(to, STORE_PROBLEM, "rights", TOTPGROUP_EUNSAFE,
			"the role %s can read or write the tables themselves", standing->role);
	else if (standing->is_admin)
		say(to, STORE_WARNING, "rights", 0,
			"the role %s is an administrator's, and can change every secret",
			standing->role);
	else
		say(to, STORE_FINE, "rights", 0, "the role %s has its functions and no more",
			standing->role);
}

/* A change that waits for a standby keeps its connection after the host has given up. Each try makes
 * one more, so the server has to have a bound. */
static void check_connections(const struct reporting *to, const struct standing *standing)
{
	const int own = (int)to->store->settings.connections;

	if (standing->is_admin)
		return;
	if (standing->connections < 0)
		say(to, STORE_WARNING, "connections", 0,
			"the role %s may have any number of connections: give it a bound, with "
			"alter role ... connection limit %d",
			standing->role, LIMIT_FOR_EACH * own);
	else if (standing->connections < own)
		say(to, STORE_WARNING, "connections", 0,
			"the role %s may have %lld connections, and connections=%d",
			standing->role, (long long)standing->connections, own);
	else
		say(to, STORE_FINE, "connections", 0, "the role %s may have %lld connections",
			standing->role, (long long)standing->connections);
}

static void check_keys(const struct reporting *to, const struct standing *standing)
{
	if (*standing->missing != '\0')
		say(to, STORE_WARNING, "keys", TOTPGROUP_ECRYPTO,
			"other hosts have keys that %.100s lacks: %s",
			to->store->settings.key_file, standing->missing);
	else
		say(to, STORE_FINE, "keys", 0, "%.100s has all keys that other hosts have",
			to->store->settings.key_file);
}

static const char *find_option(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
			return options->val;
	return "";
}

/* One host of connection=. Sockets of this host need neither. */
static void check_host(const struct reporting *to, const char *connection)
{
	PQconninfoOption *options = PQconninfoParse(connection, NULL);
	const char *host = find_option(options, "host");
	const char *mode = find_option(options, "sslmode");

	if (*host != '/' && strcmp(mode, "verify-full") != 0)
		say(to, STORE_WARNING, "tls", 0,
			"sslmode=%s does not make sure who %.100s is: write "
			"sslmode=verify-full and sslrootcert=",
			mode, *host != '\0' ? host : find_option(options, "hostaddr"));
	if (*host != '/' && *find_option(options, "hostaddr") == '\0' &&
		strspn(host, "0123456789.:abcdefABCDEF") != strlen(host))
		say(to, STORE_WARNING, "address", 0,
			"%.100s has to be looked up before each connection; give its address "
			"by "
			"hostaddr=",
			host);
	PQconninfoFree(options);
}

static int ask(const struct pgsql_store *store, struct standing *standing, struct error *error)
{
	struct text ids = TEXT_INIT, tags = TEXT_INIT;
	int status = hello_describe_keys(store, &ids, &tags, error);
	const struct store_value parameter = value_of_text(ids.data);
	const struct store_statement statement = {.text = STATEMENT,
		.columns = "ttntftnffn",
		.parameters = &parameter,
		.count = 1,
		.is_repeatable = true};

	if (status == 0)
		status = call_do(store->pool, store->target.name, &statement,
			store_deadline(store), take_standing, standing, NULL, error);
	if (status == 0 && !standing->is_taken)
		status = error_set(
			error, TOTPGROUP_EFORMAT, "%.100s: gave no answer", store->target.name);
	text_free(&ids);
	text_free(&tags);
	return status;
}

static void check_place(const struct reporting *to, struct store_place *place)
{
	struct store_record record = STORE_RECORD_INIT;
	struct error error = ERROR_INIT;
	int status = store_look(place, &record, &error);

	if (status == 0)
		say(to, STORE_FINE, "secret", 0, "%.150s is sealed with the key %s",
			place->name, record.secret_key);
	else
		say(to, status == TOTPGROUP_ENOTFOUND ? STORE_FINE : STORE_PROBLEM, "secret",
			status, "%s", error.message);
	store_record_free(&record);
}

void pgsql_check(
	struct store *store, struct store_place *place, store_report *report, void *argument)
{
	const struct pgsql_store *own = (const struct pgsql_store *)store;
	const struct reporting to = {own, report, argument};
	struct standing standing = {.is_taken = false};
	struct error error = ERROR_INIT;

	if (ask(own, &standing, &error) != 0) {
		say(&to, STORE_PROBLEM, "server", error.code, "%s", error.message);
		return;
	}
	say(&to, STORE_FINE, "server", 0, "%s answers: PostgreSQL %s, schema %lld, role %s",
		own->target.name, standing.version, (long long)standing.schema, standing.role);
	check_standbys(&to, &standing);
	check_clock(&to, &standing);
	check_role(&to, &standing);
	check_connections(&to, &standing);
	check_keys(&to, &standing);
	for (size_t i = 0; i < own->target.count; i++)
		check_host(&to, own->target.hosts[i]);
	if (place != NULL)
		check_place(&to, place);
}
