/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include "config/options.h"
#include "totpgroup.h"

static int read_one(const char *argument)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	return options_read(&options, argument, &error);
}

/* The argument is refused with a one-line message that has the word, and changes nothing. */
static void assert_refused(struct options *options, const char *argument, const char *word)
{
	struct error error = ERROR_INIT;
	struct options before;

	memcpy(&before, options, sizeof before);
	assert_int_equal(options_read(options, argument, &error), TOTPGROUP_ECONFIG);
	assert_int_equal(error.code, TOTPGROUP_ECONFIG);
	assert_null(strpbrk(error.message, "\n\r\033"));
	if (strstr(error.message, word) == NULL)
		fail_msg("\"%s\": \"%s\" lacks \"%s\"", argument, error.message, word);
	assert_memory_equal(&before, options, sizeof before);
}

static void assert_fresh_refused(const char *argument, const char *word)
{
	struct options options = OPTIONS_INIT;

	assert_refused(&options, argument, word);
}

static void an_empty_line_gives_the_defaults(void **state)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read_all(&options, 0, NULL, &error), 0);
	assert_null(options.secret);
	assert_null(options.user);
	assert_null(options.authtok_prompt);
	assert_null(options.group);
	assert_int_equal(options.allowed_perm, 0600);
	assert_int_equal(options.grace_period, 0);
	assert_false(options.nullok || options.debug || options.allow_readonly);
}

static void a_line_sets_all_kinds_of_options(void **state)
{
	static const char *const arguments[] = {"secret=/var/lib/otp/${USER}", "user=root",
		"authtok_prompt=Your code: ", "group=otp, staff,!robots", "nullok",
		"try_first_pass", "forward_pass", "noskewadj", "no_increment_hotp",
		"echo_verification_code", "no_strict_owner", "allowed_perm=0640",
		"grace_period=3600", "allow_readonly", "disallow_reuse", "debug"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read_all(&options, COUNT(arguments), arguments, &error), 0);
	assert_string_equal(options.secret, "/var/lib/otp/${USER}");
	assert_string_equal(options.user, "root");
	assert_string_equal(options.authtok_prompt, "Your code: ");
	assert_string_equal(options.group, "otp, staff,!robots");
	assert_true(options.nullok && options.try_first_pass && options.forward_pass);
	assert_false(options.use_first_pass);
	assert_true(options.noskewadj && options.no_increment_hotp);
	assert_true(options.echo_verification_code && options.no_strict_owner);
	assert_int_equal(options.allowed_perm, 0640);
	assert_int_equal(options.grace_period, 3600);
	assert_true(options.allow_readonly && options.disallow_reuse && options.debug);
}

static void each_flag_sets_its_field_alone(void **state)
{
	(void)state;
	for (const struct option_definition *row = option_definitions; row->name != NULL;
		row++) {
		struct options options;
		struct options expected;
		struct error error = ERROR_INIT;

		if (row->kind != MODULE_OPTION_FLAG)
			continue;
		memset(&options, 0, sizeof options);
		memset(&expected, 0, sizeof expected);
		*(bool *)((char *)&expected + row->offset) = true;
		assert_int_equal(options_read(&options, row->name, &error), 0);
		assert_int_not_equal(options.given, 0);
		options.given = 0;
		assert_memory_equal(&options, &expected, sizeof options);
		assert_int_equal(options_read(&options, row->name, &error), 0);
	}
}

/* The module's line must be able to switch off a flag that a file switched on. */
static void flags_are_yes_or_no(void **state)
{
	static const char *const endings[] = {"=", "=1", "=true", "=Yes", "=yes ", "=nono"};

	(void)state;
	for (const struct option_definition *row = option_definitions; row->name != NULL;
		row++) {
		struct options options = OPTIONS_INIT;
		struct error error = ERROR_INIT;
		const bool *field = (const bool *)((const char *)&options + row->offset);
		char argument[64];

		if (row->kind != MODULE_OPTION_FLAG)
			continue;
		snprintf(argument, sizeof argument, "%s=yes", row->name);
		assert_int_equal(options_read(&options, argument, &error), 0);
		assert_true(*field);
		snprintf(argument, sizeof argument, "%s=no", row->name);
		assert_int_equal(options_read(&options, argument, &error), TOTPGROUP_ECONFIG);
		options.given = 0;
		assert_int_equal(options_read(&options, argument, &error), 0);
		assert_false(*field);
		for (size_t i = 0; i < COUNT(endings); i++) {
			snprintf(argument, sizeof argument, "%s%s", row->name, endings[i]);
			assert_fresh_refused(argument, row->name);
			assert_fresh_refused(argument, "is on or off");
		}
	}
}

static void the_state_path_has_the_user_and_no_home(void **state)
{
	static const char *const bad[] = {"state=/var/lib/state", "state=${USER}",
		"state=~/${USER}", "state=/x/~/${USER}", "state=/x/~${USER}",
		"state=${HOME}/${USER}", "state=/${USER}/${HOME}"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "option state must be an absolute path");
	assert_int_equal(options_read(&options, "state=/var/lib/a~b/${USER}.1", &error), 0);
	assert_string_equal(options.state, "/var/lib/a~b/${USER}.1");
}

static void a_path_has_no_other_variables(void **state)
{
	static const char *const bad[] = {"secret=/home/$USER/.ga", "secret=/x/${USERNAME}",
		"secret=~/$HOME", "secret=/x/$", "state=/x/$USER", "state=/x/$$/${USER}",
		"first_seen=/x/${UID}"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_fresh_refused(bad[i], "unknown variable $");
		assert_fresh_refused(bad[i], bad[i]);
	}
	assert_int_equal(options_read(&options, "secret=${HOME}/%u/${USER}", &error), 0);
	assert_int_equal(options_read(&options, "first_seen=/x/${USER}", &error), 0);
	/* This is no path of a user's. */
	assert_int_equal(options_read(&options, "authtok_prompt=$1: ", &error), 0);
}

static void a_store_is_files_or_a_socket(void **state)
{
	static const char *const bad[] = {"store=files", "store=Socket", "store=socket ",
		"store=socket:", "store=socket:verify", "store=socket/verify", "store=file:x"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	char path[32 + 108] = "store=socket:/";

	(void)state;
	assert_null(options_socket(&options));
	assert_int_equal(options_read(&options, "store=file", &error), 0);
	assert_null(options_socket(&options));
	options.given = 0;
	assert_int_equal(options_read(&options, "store=socket", &error), 0);
	assert_string_equal(options_socket(&options), "/run/totpgroup/verify");
	options.given = 0;
	assert_int_equal(options_read(&options, "store=socket:/run/x", &error), 0);
	assert_string_equal(options_socket(&options), "/run/x");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "store");
	options.given = 0;
	assert_int_equal(options_read(&options, "store=pgsql", &error), 0);
	assert_string_equal(options_socket(&options), "/run/totpgroup/verify");
	assert_fresh_refused("store", "needs a value");
	assert_fresh_refused("store=", "empty");
	memset(path + strlen(path), 'x', 106);
	assert_int_equal(read_one(path), 0);
	path[strlen(path)] = 'x';
	assert_fresh_refused(path, "at most 107 bytes");
}

/* Options that only the daemon needs are refused in a line with store=socket, and allowed
 * in a file. */
static void a_socket_excludes_options_of_files(void **state)
{
	static const char *const alone[] = {"secret=/x", "state=/x/${USER}", "user=root",
		"nullok", "nullok=no", "nullok_until=2030-01-01", "nullok_for=1d",
		"first_seen=/x", "enroll", "noskewadj", "no_increment_hotp", "no_strict_owner",
		"allowed_perm=0600", "grace_period=60", "allow_readonly", "disallow_reuse",
		"strict"};
	static const char *const with[] = {"store=socket", "conf=/x", "services=xlock",
		"group=totp", "skip_net=local", "skip_after=publickey", "authtok_prompt=x",
		"echo_verification_code", "tell_reason", "debug", "try_first_pass",
		"forward_pass"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read_all(&options, COUNT(with), with, &error), 0);
	for (size_t i = 0; i < COUNT(alone); i++) {
		const char *const line[] = {alone[i], "store=socket"};

		options = (struct options)OPTIONS_INIT;
		assert_int_equal(
			options_read_all(&options, 2, line, &error), TOTPGROUP_ECONFIG);
		assert_non_null(strstr(error.message, "store=socket"));
		assert_memory_equal(error.message + 7, alone[i], strcspn(alone[i], "="));
		/* From a file. */
		options = (struct options)OPTIONS_INIT;
		assert_int_equal(options_read(&options, alone[i], &error), 0);
		assert_int_equal(options_read_all(&options, 1, line + 1, &error), 0);
		options = (struct options)OPTIONS_INIT;
		assert_int_equal(options_read(&options, "store=socket", &error), 0);
		assert_int_equal(
			options_read_all(&options, 1, line, &error), TOTPGROUP_ECONFIG);
	}
}

/* The shared store has no file whose path or rights could be given. */
static void a_shared_store_excludes_options_of_files(void **state)
{
	static const char *const alone[] = {"secret=/x", "state=/x/${USER}", "user=root",
		"allowed_perm=0640", "no_strict_owner", "allow_readonly"};
	static const char *const with[] = {"nullok", "enroll", "strict", "grace_period=60"};

	(void)state;
	for (size_t i = 0; i < COUNT(alone) + COUNT(with); i++) {
		const char *argument = i < COUNT(alone) ? alone[i] : with[i - COUNT(alone)];
		struct options options = OPTIONS_INIT;
		struct error error = ERROR_INIT;
		int status;

		/* From files. */
		assert_int_equal(options_read(&options, "store=pgsql", &error), 0);
		assert_int_equal(options_read(&options, argument, &error), 0);
		status = options_read_all(&options, 0, NULL, &error);
		assert_int_equal(status, i < COUNT(alone) ? TOTPGROUP_ECONFIG : 0);
		if (i >= COUNT(alone))
			continue;
		assert_memory_equal(error.message + 7, argument, strcspn(argument, "="));
		assert_non_null(strstr(error.message, "does not go with store=pgsql"));
	}
}

static void a_seal_key_has_an_absolute_path(void **state)
{
	static const char *const bad[] = {"seal_key=x", "seal_key=./x", "seal_key=~/x"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		options = (struct options)OPTIONS_INIT;
		assert_int_equal(
			options_read_all(&options, 1, &bad[i], &error), TOTPGROUP_ECONFIG);
		assert_non_null(strstr(error.message, "is no absolute path"));
	}
}

static void options_of_the_daemon_are_set_back(void **state)
{
	static const char *const lines[] = {"secret=/x", "state=/x/${USER}", "user=root",
		"nullok_until=2030-01-01", "nullok_for=1d", "first_seen=/x", "enroll", "strict",
		"noskewadj", "no_increment_hotp", "no_strict_owner", "allowed_perm=0640",
		"grace_period=60", "allow_readonly", "disallow_reuse", "nullok"};
	struct options options = OPTIONS_INIT, before;
	const struct options defaults = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(options_read(&options, lines[i], &error), 0);
	memcpy(&before, &options, sizeof before);
	options_leave_to_daemon(&options);
	assert_memory_equal(&options, &before, sizeof options);
	options.store = "socket";
	options.group = "totp";
	options_leave_to_daemon(&options);
	assert_string_equal(options.group, "totp");
	options.group = options.store = NULL;
	options.given = 0;
	assert_memory_equal(&options, &defaults, sizeof options);
}

static void options_without_their_value_are_refused(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (const struct option_definition *row = option_definitions; row->name != NULL;
		row++) {
		if (row->kind == MODULE_OPTION_FLAG)
			continue;
		assert_fresh_refused(row->name, row->name);
		assert_fresh_refused(row->name, "needs a value");
		rows++;
	}
	assert_int_equal(rows, 17);
}

static void only_some_values_may_be_empty(void **state)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_fresh_refused("secret=", "option secret is empty");
	assert_fresh_refused("user=", "option user is empty");
	assert_fresh_refused("group=", "option group is empty");
	assert_fresh_refused("allowed_perm=", "option allowed_perm");
	assert_int_equal(options_read(&options, "authtok_prompt=", &error), 0);
	assert_string_equal(options.authtok_prompt, "");
	assert_int_equal(options_read(&options, "grace_period=", &error), 0);
	assert_int_equal(options.grace_period, 0);
}

static void a_value_points_into_its_argument(void **state)
{
	char argument[] = "authtok_prompt=a=b";
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read(&options, argument, &error), 0);
	assert_string_equal(options.authtok_prompt, "a=b");
	assert_ptr_equal(options.authtok_prompt, argument + strlen("authtok_prompt="));
}

static void a_user_is_a_name_or_a_uid(void **state)
{
	static const char *const good[] = {"user=root", "user=0", "user=65534", "user=_otp",
		"user=a1", "user=-1", "user=4294967294"};
	static const char *const bad[] = {"user=0zzz", "user=0x10", "user=12 ", "user=1.5",
		"user=4294967295", "user=4294967296", "user=99999999999999999999999",
		"user=3com"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_int_equal(read_one(good[i]), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "option user ");
}

static void permissions_are_octal(void **state)
{
	static const struct {
		const char *argument;
		uint32_t mode;
	} good[] = {{"allowed_perm=0600", 0600}, {"allowed_perm=600", 0600},
		{"allowed_perm=0777", 0777}, {"allowed_perm=1", 1},
		{"allowed_perm=0440", 0440}};
	static const char *const bad[] = {"allowed_perm=0", "allowed_perm=0000",
		"allowed_perm=01000", "allowed_perm=0800", "allowed_perm=0o600",
		"allowed_perm=-1", "allowed_perm= 0600", "allowed_perm=0600 ",
		"allowed_perm=u+r", "allowed_perm=777777777777777777777"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct options options = OPTIONS_INIT;
		struct error error = ERROR_INIT;

		assert_int_equal(options_read(&options, good[i].argument, &error), 0);
		assert_int_equal(options.allowed_perm, good[i].mode);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "option allowed_perm is malformed");
}

static void a_grace_period_has_a_unit_and_a_limit(void **state)
{
	static const struct {
		const char *argument;
		int64_t seconds;
	} good[] = {{"grace_period=", 0}, {"grace_period=0", 0}, {"grace_period=60", 60},
		{"grace_period=31536000", 31536000}, {"grace_period=60s", 60},
		{"grace_period=8h", 28800}, {"grace_period=365d", 31536000}};
	static const char *const bad[] = {"grace_period=-1", "grace_period=+1",
		"grace_period=60x", "grace_period= 60", "grace_period=31536001",
		"grace_period=366d", "grace_period=d", "grace_period=9223372036854775808",
		"grace_period=0x10"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct options options = OPTIONS_INIT;
		struct error error = ERROR_INIT;

		options.grace_period = 77;
		assert_int_equal(options_read(&options, good[i].argument, &error), 0);
		assert_int_equal(options.grace_period, good[i].seconds);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "option grace_period is malformed");
}

static void a_date_includes_its_day(void **state)
{
	static const char *const bad[] = {"nullok_until=", "nullok_until=2027",
		"nullok_until=2027-02-30", "nullok_until=01-02-2027"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read(&options, "nullok_until=2026-12-31", &error), 0);
	assert_int_equal(options.nullok_until, 1798761600);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fresh_refused(bad[i], "option nullok_until is malformed");
}

/* strict sets the two options that it stands for. */
static void the_line_overrules_earlier_options(void **state)
{
	static const char *const line[] = {"nullok=no", "group=b", "strict"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read(&options, "nullok", &error), 0);
	assert_int_equal(options_read(&options, "group=a", &error), 0);
	assert_int_equal(options_read(&options, "secret=/x", &error), 0);
	assert_int_equal(options_read_all(&options, 3, line, &error), 0);
	assert_false(options.nullok);
	assert_string_equal(options.group, "b");
	assert_string_equal(options.secret, "/x");
	assert_true(options.disallow_reuse && options.noskewadj);
}

static void unknown_names_are_refused_with_the_nearest(void **state)
{
	static const struct {
		const char *argument;
		const char *words;
	} cases[] = {{"nulok", "unknown option nulok; did you mean nullok?"},
		{"nullokk", "unknown option nullokk; did you mean nullok?"},
		{"sercet=/x", "unknown option sercet; did you mean secret?"},
		{"groups=otp", "unknown option groups; did you mean group?"},
		{"grup=otp", "unknown option grup; did you mean group?"},
		{"usr=root", "unknown option usr; did you mean user?"},
		{"Debug", "unknown option Debug; did you mean debug?"},
		{"noskewadjust", "unknown option noskewadjust; pam_totpgroup(8)"},
		{"no-strict-owner",
			"unknown option no-strict-owner; did you mean no_strict_owner?"},
		{"echo-verification_code", "unknown option echo-verification_code; did you "
					   "mean echo_verification_code?"},
		{"grep", "unknown option grep; pam_totpgroup(8) lists the options"},
		{"u", "unknown option u; pam_totpgroup(8) lists the options"},
		{"alwaysok", "unknown option alwaysok; pam_totpgroup(8) lists the options"},
		{"null\nok", "unknown option null?ok; did you mean nullok?"},
		{" nullok", "unknown option  nullok; did you mean nullok?"},
		{"", "an option has no name"}, {"=", "an option has no name"},
		{"=yes", "an option has no name"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_fresh_refused(cases[i].argument, cases[i].words);
}

/* The value may be a secret that was put into the wrong option. */
static void values_of_unknown_options_are_not_shown(void **state)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_not_equal(options_read(&options, "password=hunter2", &error), 0);
	assert_null(strstr(error.message, "hunter2"));
	assert_int_not_equal(options_read(&options, "grace_period=hunter2", &error), 0);
	assert_null(strstr(error.message, "hunter2"));
}

static void long_unknown_names_are_cut(void **state)
{
	char argument[5000];

	(void)state;
	for (size_t length = 60; length < sizeof argument; length += length < 70 ? 1 : 997) {
		memset(argument, 'n', length);
		argument[length] = '\0';
		assert_fresh_refused(argument, "pam_totpgroup(8) lists the options");
	}
}

static void a_repetition_must_have_the_same_value(void **state)
{
	static const struct {
		const char *first;
		const char *second;
		const char *refused_name;
	} cases[] = {{"secret=/a", "secret=/a", NULL}, {"secret=/a", "secret=/b", "secret"},
		{"user=1", "user=2", "user"}, {"user=1", "user=1", NULL},
		{"group=a", "group=a,b", "group"},
		{"authtok_prompt=", "authtok_prompt=x", "authtok_prompt"},
		{"allowed_perm=0600", "allowed_perm=600", NULL},
		{"allowed_perm=0600", "allowed_perm=0640", "allowed_perm"},
		{"allowed_perm=0640", "allowed_perm=0600", "allowed_perm"},
		{"grace_period=", "grace_period=0", NULL},
		{"grace_period=0", "grace_period=1", "grace_period"},
		{"grace_period=60", "grace_period=60", NULL}, {"debug", "debug", NULL},
		{"echo_verification_code", "echo-verification-code", NULL},
		{"nullok", "debug", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options options;
		struct error error = ERROR_INIT;

		memset(&options, 0, sizeof options);
		assert_int_equal(options_read(&options, cases[i].first, &error), 0);
		if (cases[i].refused_name == NULL) {
			assert_int_equal(options_read(&options, cases[i].second, &error), 0);
			continue;
		}
		assert_refused(&options, cases[i].second, cases[i].refused_name);
		assert_refused(&options, cases[i].second, "repeated with another value");
	}
}

static void an_alias_is_the_same_option(void **state)
{
	struct options one = OPTIONS_INIT;
	struct options other = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read(&one, "echo_verification_code", &error), 0);
	assert_int_equal(options_read(&other, "echo-verification-code", &error), 0);
	assert_true(other.echo_verification_code);
	assert_int_equal(one.given, other.given);
}

static void contradictions_are_refused(void **state)
{
	static const char *const one[] = {"try_first_pass", "debug", "use_first_pass"};
	static const char *const other[] = {"use_first_pass", "try_first_pass"};
	static const char *const ends[][2] = {
		{"nullok", "nullok_until=2027-01-01"}, {"nullok_for=14d", "nullok"}};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read_all(&options, 3, one, &error), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(error.message, "try_first_pass and use_first_pass"));
	options = (struct options)OPTIONS_INIT;
	assert_int_equal(options_read_all(&options, 2, other, &error), TOTPGROUP_ECONFIG);
	options = (struct options)OPTIONS_INIT;
	assert_int_equal(options_read_all(&options, 1, other, &error), 0);
	for (size_t i = 0; i < COUNT(ends); i++) {
		options = (struct options)OPTIONS_INIT;
		assert_int_equal(
			options_read_all(&options, 2, ends[i], &error), TOTPGROUP_ECONFIG);
		assert_non_null(strstr(error.message, "leave nullok out"));
	}
}

static void one_bad_argument_refuses_the_line(void **state)
{
	static const char *const arguments[] = {"nullok", "secret=/a", "nulok", "debug"};
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(options_read_all(&options, 4, arguments, &error), TOTPGROUP_ECONFIG);
	assert_string_equal(error.message, "unknown option nulok; did you mean nullok?");
}

/* An alias has the same field as exactly one other row. */
static void the_table_is_sound(void **state)
{
	(void)state;
	for (const struct option_definition *row = option_definitions; row->name != NULL;
		row++) {
		unsigned same_name = 0;
		unsigned same_field = 0;
		unsigned targets = 0;

		for (const struct option_definition *other = option_definitions;
			other->name != NULL; other++) {
			same_name += strcmp(row->name, other->name) == 0;
			same_field += other->alias_of == NULL && row->offset == other->offset;
			targets += row->alias_of != NULL && other->alias_of == NULL &&
				   row->kind == other->kind &&
				   strcmp(row->alias_of, other->name) == 0;
		}
		assert_int_equal(same_name, 1);
		assert_int_equal(same_field, 1);
		assert_int_equal(targets, row->alias_of != NULL);
	}
}

/* Random bytes are an option of the table, or are refused with a message and change
 * nothing. */
static void random_arguments_are_read_or_refused(void **state)
{
	static const char *const pieces[] = {"nullok", "secret", "user", "allowed_perm", "=",
		"=0600", "=9", "grace_period", "group", "\n", "\x1b[2J", "\xff", "_", "-", "n",
		"debug", "=a,b", "0", "echo-verification-code"};
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int round = 0; round < test_rounds(20000); round++) {
		char argument[256] = "";
		struct options options = OPTIONS_INIT;
		struct error error = ERROR_INIT;
		struct options before;

		for (unsigned i = test_random_below(&random, 5); i > 0; i--)
			strcat(argument, pieces[test_random_below(&random, COUNT(pieces))]);
		memcpy(&before, &options, sizeof before);
		if (options_read(&options, argument, &error) == 0) {
			assert_int_equal(options_read(&options, argument, &error), 0);
			continue;
		}
		assert_int_equal(error.code, TOTPGROUP_ECONFIG);
		assert_null(strpbrk(error.message, "\n\x1b"));
		assert_int_not_equal(error.message[0], '\0');
		assert_memory_equal(&before, &options, sizeof before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_empty_line_gives_the_defaults),
		cmocka_unit_test(a_line_sets_all_kinds_of_options),
		cmocka_unit_test(each_flag_sets_its_field_alone),
		cmocka_unit_test(flags_are_yes_or_no),
		cmocka_unit_test(the_state_path_has_the_user_and_no_home),
		cmocka_unit_test(a_path_has_no_other_variables),
		cmocka_unit_test(a_store_is_files_or_a_socket),
		cmocka_unit_test(a_socket_excludes_options_of_files),
		cmocka_unit_test(a_shared_store_excludes_options_of_files),
		cmocka_unit_test(a_seal_key_has_an_absolute_path),
		cmocka_unit_test(options_of_the_daemon_are_set_back),
		cmocka_unit_test(options_without_their_value_are_refused),
		cmocka_unit_test(a_date_includes_its_day),
		cmocka_unit_test(the_line_overrules_earlier_options),
		cmocka_unit_test(only_some_values_may_be_empty),
		cmocka_unit_test(a_value_points_into_its_argument),
		cmocka_unit_test(a_user_is_a_name_or_a_uid),
		cmocka_unit_test(permissions_are_octal),
		cmocka_unit_test(a_grace_period_has_a_unit_and_a_limit),
		cmocka_unit_test(unknown_names_are_refused_with_the_nearest),
		cmocka_unit_test(values_of_unknown_options_are_not_shown),
		cmocka_unit_test(long_unknown_names_are_cut),
		cmocka_unit_test(a_repetition_must_have_the_same_value),
		cmocka_unit_test(an_alias_is_the_same_option),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(one_bad_argument_refuses_the_line),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(random_arguments_are_read_or_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
