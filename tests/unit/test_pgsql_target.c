/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What libpq is told, by the library that is there: newer ones know more settings. */
#include "config.h"

#include "test_support.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "pgsql/target.h"
#include "totpgroup.h"

#define NOWHERE "host=/nowhere dbname=totp user=web1"
#define EVIL	"evil"

static void read_target(struct target *target, const char *connection)
{
	struct error error = ERROR_INIT;

	assert_int_equal(target_read(target, connection, &error), 0);
}

static void refuse(const char *connection, const char *words)
{
	struct target target = {.count = 0};
	struct error error = ERROR_INIT;

	assert_int_equal(target_read(&target, connection, &error), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(error.message, words));
	assert_int_equal(target.count, 0);
}

/* The variable of each setting, but for that of a service, which is refused. */
static void set_environment(void)
{
	PQconninfoOption *options = PQconndefaults();

	assert_non_null(options);
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (option->envvar != NULL && strcmp(option->keyword, "service") != 0)
			assert_int_equal(setenv(option->envvar, EVIL, 1), 0);
	PQconninfoFree(options);
}

static void clear_environment(void)
{
	PQconninfoOption *options = PQconninfoParse("", NULL);

	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (option->envvar != NULL)
			assert_int_equal(unsetenv(option->envvar), 0);
	PQconninfoFree(options);
}

/* It comes as far as the socket, which is not there. */
static void try_to_connect(const char *settings)
{
	PGconn *connection = PQconnectStart(settings);
	PQconninfoOption *options = PQconninfo(connection);

	if (strstr(PQerrorMessage(connection), "/nowhere/.s.PGSQL.5432") == NULL)
		fail_msg("%s", PQerrorMessage(connection));
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		if (option->val != NULL && strcmp(option->val, EVIL) == 0)
			fail_msg("%s is that of the environment", option->keyword);
	PQconninfoFree(options);
	PQfinish(connection);
}

static void the_library_takes_every_setting(void **state)
{
	struct target target = {.count = 0};

	(void)state;
	clear_environment();
	read_target(&target, NOWHERE);
	assert_int_equal(target.count, 1);
	try_to_connect(target.hosts[0]);
	target_free(&target);
}

static void no_variable_of_the_environment_counts(void **state)
{
	struct target target = {.count = 0};

	(void)state;
	set_environment();
	read_target(&target, NOWHERE);
	try_to_connect(target.hosts[0]);
	target_free(&target);
	clear_environment();
}

static void what_cannot_be_safe_is_refused(void **state)
{
	(void)state;
	clear_environment();
	refuse(NOWHERE " service=x", "service");
	refuse(NOWHERE " password=x", "passfile=");
	refuse(NOWHERE " sslmode=verify-full", "no sslrootcert=");
	refuse(NOWHERE " sslmode=verify-ca", "no sslrootcert=");
	refuse("dbname=totp user=web1", "has no host");
	refuse("host=/nowhere", "needs dbname and user");
	refuse("host=a,b hostaddr=192.0.2.1 dbname=totp user=web1", "another number");
	refuse("host", "is malformed");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(setenv("PGSERVICE", i == 0 ? "" : "x", 1), 0);
		refuse(NOWHERE, "has PGSERVICE");
	}
	clear_environment();
}

static void each_host_has_its_own_settings(void **state)
{
	struct target target = {.count = 0};

	(void)state;
	clear_environment();
	read_target(&target,
		"host=db1,db2 hostaddr=192.0.2.1,192.0.2.2 port=1 dbname=totp user=web1");
	assert_int_equal(target.count, 2);
	assert_string_equal(target.name, "totp at db1,db2");
	assert_non_null(strstr(target.hosts[0], "host='db1' hostaddr='192.0.2.1' port='1'"));
	assert_non_null(strstr(target.hosts[1], "host='db2' hostaddr='192.0.2.2' port='1'"));
	assert_non_null(strstr(target.hosts[1], "target_session_attrs='read-write'"));
	target_free(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_takes_every_setting),
		cmocka_unit_test(no_variable_of_the_environment_counts),
		cmocka_unit_test(what_cannot_be_safe_is_refused),
		cmocka_unit_test(each_host_has_its_own_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
