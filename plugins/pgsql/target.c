/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pgsql/target.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "totpgroup.h"

/* A path at which there is no file. An empty one would mean a file in the home folder. */
#define NO_FILE "/dev/null/none"

/* The values of settings that the administrator does not give. Some are of newer libraries than
 * others, to which an empty value is an error. */
static const struct {
	const char *keyword;
	const char *value;
} defaults[] = {
	{"application_name", "totpgroup"},
	{"client_encoding", "UTF8"},
	{"connect_timeout", "0"},
	{"gssencmode", "disable"},
	{"keepalives", "1"},
	{"keepalives_count", "3"},
	{"keepalives_idle", "30"},
	{"keepalives_interval", "10"},
	{"max_protocol_version", "3.0"},
	{"min_protocol_version", "3.0"},
	{"passfile", NO_FILE},
	/* All there are: an empty list is one that no server meets. */
	{"require_auth", "password,md5,gss,sspi,scram-sha-256,none"},
	{"sslcert", NO_FILE},
	{"sslcertmode", "allow"},
	{"sslcrl", NO_FILE},
	{"sslkey", NO_FILE},
	{"sslrootcert", NO_FILE},
	{"target_session_attrs", "read-write"},
	{"tcp_user_timeout", "0"},
};

/* A service is none of the settings: there is no value that says that none is meant. */
static bool is_service(const PQconninfoOption *option)
{
	return strcmp(option->keyword, "service") == 0;
}

/* The settings that the administrator may not give, and what to do instead. */
static const struct {
	const char *keyword;
	const char *instead;
} refused[] = {
	{"password", "write it into a file that is root's alone, and name that by passfile="},
	{"service", "write what the service says here"},
	{"target_session_attrs", "it is read-write, always"},
	{"client_encoding", "it is UTF8, always"},
	{"replication", "leave it out"},
};

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val != NULL &&
			*options->val != '\0')
			return options->val;
	return NULL;
}

static const char *default_of(const PQconninfoOption *option)
{
	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		if (strcmp(defaults[i].keyword, option->keyword) == 0)
			return defaults[i].value;
	if (option->compiled != NULL && *option->compiled != '\0')
		return option->compiled;
	/* An empty value keeps the variable of the environment from counting. */
	return option->envvar != NULL ? "" : NULL;
}

/* libpq looks for a service that the environment names before it looks at any setting. The variable
 * is the program's, and other threads may read it: it is not removed here. */
static int check_surroundings(const PQconninfoOption *options, struct error *error)
{
	const char *mode = value_of(options, "sslmode");

	if (getenv("PGSERVICE") != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"the environment has PGSERVICE, whose service would be looked up for "
			"each connection: remove it from the environment of this program");
	if (mode != NULL && strncmp(mode, "verify-", 7) == 0 &&
		value_of(options, "sslrootcert") == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"[store]: connection= has sslmode=%.20s, and no sslrootcert= that "
			"names "
			"the file of the authority's certificate",
			mode);
	return 0;
}

static int check(const PQconninfoOption *options, struct error *error)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (value_of(options, refused[i].keyword) != NULL)
			return error_set(error, TOTPGROUP_ECONFIG,
				"[store]: connection= has %s in it; %s", refused[i].keyword,
				refused[i].instead);
	if (value_of(options, "host") == NULL && value_of(options, "hostaddr") == NULL)
		return error_set(error, TOTPGROUP_ECONFIG, "[store]: connection= has no host");
	if (value_of(options, "dbname") == NULL || value_of(options, "user") == NULL)
		return error_set(
			error, TOTPGROUP_ECONFIG, "[store]: connection= needs dbname and user");
	return check_surroundings(options, error);
}

/* The part of a list between commas; the last one where there is only one. Empty where the list
 * ends before. */
static void find_part(const char *list, size_t index, const char **part, size_t *length)
{
	*part = list;
	*length = strcspn(list, ",");
	if (list[*length] == '\0' && index > 0)
		return;
	for (; index > 0 && **part != '\0'; index--) {
		*part += *length;
		*part += **part == ',';
		*length = strcspn(*part, ",");
	}
}

static size_t count_parts(const char *list)
{
	size_t count = list != NULL;

	for (; list != NULL && *list != '\0'; list++)
		count += *list == ',';
	return count;
}

static void append_setting(
	struct text *text, const char *keyword, const char *value, size_t length)
{
	(void)text_append_format(text, "%s='", keyword);
	for (size_t i = 0; i < length; i++) {
		if (value[i] == '\'' || value[i] == '\\')
			(void)text_append_string(text, "\\");
		(void)text_append(text, value + i, 1);
	}
	(void)text_append_string(text, "' ");
}

static bool is_list(const char *keyword)
{
	return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
	       strcmp(keyword, "port") == 0;
}

static int add_host(struct target *target, const PQconninfoOption *options)
{
	struct text text = TEXT_INIT;

	for (; options->keyword != NULL; options++) {
		const char *value = options->val != NULL && *options->val != '\0'
					    ? options->val
					    : default_of(options);
		size_t length = value != NULL ? strlen(value) : 0;

		if (value == NULL || is_service(options))
			continue;
		if (is_list(options->keyword))
			find_part(value, target->count, &value, &length);
		append_setting(&text, options->keyword, value, length);
	}
	if (text.status == 0) {
		target->hosts[target->count] = strndup(text.data, text.length);
		if (target->hosts[target->count] == NULL)
			text.status = TOTPGROUP_EMEMORY;
		else
			target->count++;
	}
	text_free(&text);
	return target->hosts[target->count > 0 ? target->count - 1 : 0] != NULL
		       ? 0
		       : TOTPGROUP_EMEMORY;
}

static int add_hosts(
	struct target *target, const PQconninfoOption *options, struct error *error)
{
	const char *host = value_of(options, "host"), *address = value_of(options, "hostaddr");
	const char *named = host != NULL ? host : address;
	size_t count = count_parts(named);
	struct text name = TEXT_INIT;
	int status = 0;

	if (count > TARGET_HOSTS_MAX ||
		(host != NULL && address != NULL && count_parts(address) != count))
		return error_set(error, TOTPGROUP_ECONFIG,
			"[store]: connection= has more than %d hosts, or hostaddr has another "
			"number of them",
			TARGET_HOSTS_MAX);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = add_host(target, options);
	if (status == 0)
		status = text_append_format(
			&name, "%s at %s", value_of(options, "dbname"), named);
	if (status == 0)
		target->name = strndup(name.data, name.length);
	text_free(&name);
	return target->name != NULL ? 0 : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

int target_read(struct target *target, const char *connection, struct error *error)
{
	char *problem = NULL;
	PQconninfoOption *options = PQconninfoParse(connection, &problem);
	int status;

	if (options == NULL) {
		/* The text of libpq may quote a password. */
		status = error_set(error, TOTPGROUP_ECONFIG,
			"[store]: connection= is malformed; write keyword=value, with blanks "
			"between, as in host=db1,db2 dbname=totp user=web1");
		PQfreemem(problem);
		return status;
	}
	status = check(options, error);
	if (status == 0)
		status = add_hosts(target, options, error);
	PQconninfoFree(options);
	if (status != 0)
		target_free(target);
	return status;
}

void target_free(struct target *target)
{
	for (size_t i = 0; i < target->count; i++)
		free(target->hosts[i]);
	free(target->name);
	*target = (struct target){.count = 0};
}
