/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "config/options.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"
#include "base/similar.h"
#include "client/varlink.h"
#include "client/verify_client.h"
#include "store/secret_path.h"
#include "totpgroup.h"

#define PERMISSION_MAXIMUM 0777
#define SECONDS_MAXIMUM	   (365 * INT64_C(86400))
/* The next uid, (uid_t)-1, means "no change" to the kernel. */
#define UID_MAXIMUM INT64_C(4294967294)

#define PERMISSION_DEFAULT 0600

#define STORE_FILE   "file"
#define STORE_SOCKET "socket"

/* clang-format off */
#define ROW(name, kind, field, alias_of, daemons) \
	{ name, kind, offsetof(struct options, field), alias_of, daemons }
#define OPTION(field, kind)             ROW(#field, kind, field, NULL, false)
#define OPTION_ALIAS(name, kind, field) ROW(name, kind, field, #field, false)
#define DAEMON_OPTION(field, kind)      ROW(#field, kind, field, NULL, true)
/* clang-format on */

const struct option_definition option_definitions[] = {
	OPTION(conf, MODULE_OPTION_STRING),
	OPTION(store, MODULE_OPTION_STORE),
	DAEMON_OPTION(secret, MODULE_OPTION_FILE),
	DAEMON_OPTION(state, MODULE_OPTION_PATH),
	DAEMON_OPTION(user, MODULE_OPTION_USER),
	DAEMON_OPTION(seal_key, MODULE_OPTION_STRING),
	OPTION(authtok_prompt, MODULE_OPTION_PROMPT),
	OPTION(services, MODULE_OPTION_STRING),
	OPTION(group, MODULE_OPTION_STRING),
	OPTION(skip_net, MODULE_OPTION_STRING),
	OPTION(skip_after, MODULE_OPTION_STRING),
	DAEMON_OPTION(nullok, MODULE_OPTION_FLAG),
	DAEMON_OPTION(nullok_until, MODULE_OPTION_DATE),
	DAEMON_OPTION(nullok_for, MODULE_OPTION_SECONDS),
	DAEMON_OPTION(first_seen, MODULE_OPTION_FILE),
	DAEMON_OPTION(enroll, MODULE_OPTION_FLAG),
	OPTION(try_first_pass, MODULE_OPTION_FLAG),
	OPTION(use_first_pass, MODULE_OPTION_FLAG),
	OPTION(forward_pass, MODULE_OPTION_FLAG),
	DAEMON_OPTION(noskewadj, MODULE_OPTION_FLAG),
	DAEMON_OPTION(no_increment_hotp, MODULE_OPTION_FLAG),
	DAEMON_OPTION(resync_hotp, MODULE_OPTION_FLAG),
	OPTION(echo_verification_code, MODULE_OPTION_FLAG),
	OPTION_ALIAS("echo-verification-code", MODULE_OPTION_FLAG, echo_verification_code),
	DAEMON_OPTION(no_strict_owner, MODULE_OPTION_FLAG),
	DAEMON_OPTION(allowed_perm, MODULE_OPTION_MODE),
	DAEMON_OPTION(grace_period, MODULE_OPTION_SECONDS),
	DAEMON_OPTION(grace_services, MODULE_OPTION_STRING),
	DAEMON_OPTION(allow_readonly, MODULE_OPTION_FLAG),
	DAEMON_OPTION(disallow_reuse, MODULE_OPTION_FLAG),
	DAEMON_OPTION(strict, MODULE_OPTION_FLAG),
	OPTION(tell_reason, MODULE_OPTION_FLAG),
	OPTION(debug, MODULE_OPTION_FLAG),
	{.name = NULL},
};

_Static_assert(sizeof option_definitions / sizeof option_definitions[0] - 1 <= 64,
	"struct options has one bit in `given` for each option");

static const struct option_definition *find_option(const char *name, size_t length)
{
	const struct option_definition *row = option_definitions;

	while (row->name != NULL &&
		(strlen(row->name) != length || memcmp(row->name, name, length) != 0))
		row++;
	return row->name != NULL ? row : NULL;
}

const char *options_name(const char *name)
{
	const struct option_definition *row = find_option(name, strlen(name));

	return row != NULL && row->alias_of != NULL ? row->alias_of : name;
}

/* An alias shares the bit of the option that it stands for. */
static uint64_t given_bit(const struct option_definition *definition)
{
	const char *name = options_name(definition->name);

	return UINT64_C(1) << (find_option(name, strlen(name)) - option_definitions);
}

static int refuse_unknown_option(const char *name, size_t length, struct error *error)
{
	const char *nearest;

	if (length == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"an option has no name; write name or name=value");
	if (length > SIMILAR_NAME_MAXIMUM)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown option %.*s...; pam_totpgroup(8) lists the options",
			SIMILAR_NAME_MAXIMUM, name);
	nearest = similar_name(option_definitions, sizeof option_definitions[0], name, length);
	if (nearest != NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"unknown option %.*s; did you mean %s?", (int)length, name, nearest);
	return error_set(error, TOTPGROUP_ECONFIG,
		"unknown option %.*s; pam_totpgroup(8) lists the options", (int)length, name);
}

/* A name is checked when it is looked up. A malformed number must not become the uid of
 * somebody else. */
static bool user_is_well_formed(const char *user)
{
	int64_t uid;

	if (*user < '0' || *user > '9')
		return *user != '\0';
	return number_parse(user, strlen(user), 0, UID_MAXIMUM, &uid);
}

/* One file for each user, which the user cannot choose. */
static bool path_is_well_formed(const char *path)
{
	return *path == '/' && strstr(path, "${USER}") != NULL &&
	       strstr(path, "${HOME}") == NULL && strstr(path, "/~") == NULL;
}

/* The path after "socket:", the default path for "socket", or NULL for other stores. */
static const char *socket_path(const char *store)
{
	const size_t length = strlen(STORE_SOCKET);

	if (store == NULL || strncmp(store, STORE_SOCKET, length) != 0)
		return NULL;
	if (store[length] == '\0')
		return VERIFY_CLIENT_PATH;
	return store[length] == ':' ? store + length + 1 : NULL;
}

bool options_is_shared(const struct options *options)
{
	return options->store != NULL && strcmp(options->store, OPTIONS_STORE_PGSQL) == 0;
}

const char *options_socket(const struct options *options)
{
	if (options_is_shared(options))
		return VERIFY_CLIENT_PATH;
	return socket_path(options->store);
}

const char *options_prompt(const struct options *options)
{
	if (options->authtok_prompt != NULL)
		return options->authtok_prompt;
	return options->forward_pass ? "Password & verification code: " : OPTIONS_PROMPT;
}

static int check_store(const char *store, struct error *error)
{
	const char *path = socket_path(store);

	if (strcmp(store, OPTIONS_STORE_PGSQL) == 0)
		return 0;
	if (path == NULL && strcmp(store, STORE_FILE) != 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option store is malformed; write file, socket, socket:PATH or pgsql");
	if (path != NULL && (*path != '/' || strlen(path) > VARLINK_PATH_MAX))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option store: the socket's path must be absolute, and have at most "
			"%d bytes",
			VARLINK_PATH_MAX);
	return 0;
}

bool option_is_path(const struct option_definition *definition)
{
	return definition->kind == MODULE_OPTION_FILE || definition->kind == MODULE_OPTION_PATH;
}

static int read_string(const struct option_definition *definition, const char *value,
	const char **field, struct error *error)
{
	if (*value == '\0' && definition->kind != MODULE_OPTION_PROMPT)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is empty; give it a value or leave it out",
			definition->name);
	if (definition->kind == MODULE_OPTION_USER && !user_is_well_formed(value))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s begins like a number but is no uid; write a user name or a "
			"number from 0 to %" PRId64,
			definition->name, UID_MAXIMUM);
	if (option_is_path(definition) &&
		option_path_check(definition->name, value, error) != 0)
		return error->code;
	if (definition->kind == MODULE_OPTION_PATH && !path_is_well_formed(value))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s must be an absolute path with ${USER} in it, and without ~ "
			"and ${HOME}",
			definition->name);
	if (definition->kind == MODULE_OPTION_STORE && check_store(value, error) != 0)
		return error->code;
	*field = value;
	return 0;
}

static int read_mode(const struct option_definition *definition, const char *value,
	uint32_t *field, struct error *error)
{
	uint32_t mode;

	if (!number_parse_octal(value, strlen(value), PERMISSION_MAXIMUM, &mode) || mode == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is malformed; write permission bits in octal, 0001 to 0777",
			definition->name);
	*field = mode;
	return 0;
}

static int read_seconds(const struct option_definition *definition, const char *value,
	int64_t *field, struct error *error)
{
	int64_t seconds = 0;

	if (*value != '\0' &&
		!duration_parse(value, strlen(value), 0, SECONDS_MAXIMUM, &seconds))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is malformed; write whole seconds, 0 to %" PRId64
			", or a number with m, h or d after it",
			definition->name, SECONDS_MAXIMUM);
	*field = seconds;
	return 0;
}

static int read_date(const struct option_definition *definition, const char *value,
	int64_t *field, struct error *error)
{
	int64_t begin;

	if (!date_parse(value, strlen(value), &begin))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is malformed; write a day as YYYY-MM-DD", definition->name);
	*field = begin + DATE_DAY_SECONDS;
	return 0;
}

static int read_flag(const struct option_definition *definition, const char *value, bool *field,
	struct error *error)
{
	if (value == NULL || strcmp(value, "yes") == 0)
		*field = true;
	else if (strcmp(value, "no") == 0)
		*field = false;
	else
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is on or off; write %s alone, %s=yes or %s=no",
			definition->name, definition->name, definition->name, definition->name);
	return 0;
}

/* value is the text after the '=', or NULL without a '='. */
static int read_value(const struct option_definition *definition, const char *value,
	struct options *options, struct error *error)
{
	void *field = (char *)options + definition->offset;

	if (definition->kind == MODULE_OPTION_FLAG)
		return read_flag(definition, value, field, error);
	if (value == NULL)
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s needs a value; write %s=VALUE", definition->name,
			definition->name);
	switch (definition->kind) {
	case MODULE_OPTION_MODE:
		return read_mode(definition, value, field, error);
	case MODULE_OPTION_SECONDS:
		return read_seconds(definition, value, field, error);
	case MODULE_OPTION_DATE:
		return read_date(definition, value, field, error);
	default:
		return read_string(definition, value, field, error);
	}
}

/* Of the field; 0 for a string. */
static size_t number_size(enum module_option_kind kind)
{
	switch (kind) {
	case MODULE_OPTION_FLAG:
		return sizeof(bool);
	case MODULE_OPTION_MODE:
		return sizeof(uint32_t);
	case MODULE_OPTION_SECONDS:
	case MODULE_OPTION_DATE:
		return sizeof(int64_t);
	default:
		return 0;
	}
}

static bool same_value(const struct option_definition *definition, const struct options *before,
	const struct options *after)
{
	const void *a = (const char *)before + definition->offset;
	const void *b = (const char *)after + definition->offset;
	size_t size = number_size(definition->kind);

	return size == 0 ? strcmp(*(const char *const *)a, *(const char *const *)b) == 0
			 : memcmp(a, b, size) == 0;
}

int options_set(struct options *options, const char *name, size_t name_length,
	const char *value, struct error *error)
{
	const struct option_definition *definition = find_option(name, name_length);
	struct options changed = *options;
	int code;

	if (definition == NULL)
		return refuse_unknown_option(name, name_length, error);
	code = read_value(definition, value, &changed, error);
	if (code != 0)
		return code;
	changed.given |= given_bit(definition);
	if (changed.given == options->given && !same_value(definition, options, &changed))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option %s is repeated with another value; keep one of them",
			definition->name);
	*options = changed;
	return 0;
}

int options_read(struct options *options, const char *argument, struct error *error)
{
	size_t length = strcspn(argument, "=");

	return options_set(options, argument, length,
		argument[length] == '=' ? argument + length + 1 : NULL, error);
}

void options_leave_to_daemon(struct options *options)
{
	const struct options defaults = OPTIONS_INIT;

	if (options_socket(options) == NULL)
		return;
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->daemons) {
			size_t size = number_size(row->kind);

			memcpy((char *)options + row->offset,
				(const char *)&defaults + row->offset,
				size == 0 ? sizeof(const char *) : size);
		}
}

static int check_socket(const struct options *options, struct error *error)
{
	for (const struct option_definition *row = option_definitions; row->name != NULL; row++)
		if (row->daemons && (options->given & given_bit(row)) != 0)
			return error_set(error, TOTPGROUP_ECONFIG,
				"option %s does nothing in a line with store=%s: "
				"totp-verifyd decides, by totpgroup.conf; leave it out here",
				row->name,
				options_is_shared(options) ? OPTIONS_STORE_PGSQL
							   : STORE_SOCKET);
	return 0;
}

/* A shared store has neither files nor their owners, and writes before anybody is let in. */
static int check_shared(const struct options *options, struct error *error)
{
	const struct {
		const char *name;
		bool is_given;
	} of_files[] = {
		{"secret", options->secret != NULL},
		{"state", options->state != NULL},
		{"user", options->user != NULL},
		{"allowed_perm", options->allowed_perm != PERMISSION_DEFAULT},
		{"no_strict_owner", options->no_strict_owner},
		{"allow_readonly", options->allow_readonly},
	};

	for (size_t i = 0; i < sizeof of_files / sizeof of_files[0]; i++)
		if (of_files[i].is_given)
			return error_set(error, TOTPGROUP_ECONFIG,
				"option %s is for files, and does not go with store=pgsql; "
				"leave it out",
				of_files[i].name);
	return 0;
}

static int check_together(const struct options *options, struct error *error)
{
	if (options->seal_key != NULL && *options->seal_key != '/')
		return error_set(error, TOTPGROUP_ECONFIG,
			"option seal_key=%.100s: is no absolute path", options->seal_key);
	if (options_socket(options) != NULL && check_socket(options, error) != 0)
		return error->code;
	if (options_is_shared(options) && check_shared(options, error) != 0)
		return error->code;
	if (options->try_first_pass && options->use_first_pass)
		return error_set(error, TOTPGROUP_ECONFIG,
			"options try_first_pass and use_first_pass contradict each other; "
			"keep one of them");
	if (options->nullok && (options->nullok_until > 0 || options->nullok_for > 0))
		return error_set(error, TOTPGROUP_ECONFIG,
			"option nullok has no end, but nullok_until and nullok_for have; "
			"leave nullok out");
	return 0;
}

int options_read_all(
	struct options *options, int count, const char *const *arguments, struct error *error)
{
	int code = 0;

	options->given = 0;
	for (int i = 0; code == 0 && i < count; i++)
		code = options_read(options, arguments[i], error);
	if (code == 0)
		code = check_together(options, error);
	if (options->strict)
		options->disallow_reuse = options->noskewadj = true;
	if (options_is_shared(options))
		options->disallow_reuse = true;
	return code;
}
