/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of configuration files, and their order. */

#include "config.h"

#include "configuration_support.h"

static void no_file_needs_to_exist(void **state)
{
	(void)state;
	assert_int_equal(load(), 0);
	assert_null(configuration.options.group);
	assert_int_equal(configuration.options.allowed_perm, 0600);
	assert_int_equal(configuration.enroll.digits, 6);
	assert_int_equal(configuration.enroll.emergency_codes, 5);
	assert_null(configuration.files);
	assert_int_equal(rmdir(in_folder("host")), 0);
	assert_int_equal(rmdir(in_folder("vendor")), 0);
	assert_int_equal(load(), 0);
	assert_int_equal(error.code, 0);
}

/* A folder without our files may belong to anybody. */
static void an_open_folder_without_files_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(chmod(in_folder("host"), 0777), 0);
	assert_int_equal(load(), 0);
}

static void every_form_of_a_line_is_read(void **state)
{
	(void)state;
	assert_int_equal(load_text("# a comment = with [all] in it\n"
				   "\n"
				   " \t\n"
				   "group=totp\n"
				   "   # another\n"
				   "\tnullok =\tyes \t\n"
				   "authtok_prompt=\"Your  code: \"\n"
				   "secret = /var/lib/x=y/${USER}\n"
				   "tell_reason=no\r\n"
				   "\r\n"
				   "grace_period=1h\n"
				   "[enroll]\n"
				   "issuer=ACME \"Inc\" of M\xc3\xbcnchen\n"
				   "rate_limit=5 60\n"
				   "  [enroll]  \n"
				   "qr=utf8"),
		0);
	assert_string_equal(configuration.options.group, "totp");
	assert_true(configuration.options.nullok);
	assert_false(configuration.options.tell_reason);
	assert_string_equal(configuration.options.authtok_prompt, "Your  code: ");
	assert_string_equal(configuration.options.secret, "/var/lib/x=y/${USER}");
	assert_int_equal(configuration.options.grace_period, 3600);
	assert_string_equal(configuration.enroll.issuer, "ACME \"Inc\" of M\xc3\xbcnchen");
	assert_true(configuration.enroll.rate_limit.given);
	assert_int_equal(configuration.enroll.rate_limit.attempts, 5);
	assert_int_equal(configuration.enroll.rate_limit.seconds, 60);
	assert_string_equal(configuration.enroll.qr, "utf8");
}

static void files_without_settings_are_good(void **state)
{
	static const char *const texts[] = {
		"", "\n", "#", "# x", "[enroll]", "\n\n[enroll]\n#\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(load_text(texts[i]), 0);
}

static void a_value_may_be_empty(void **state)
{
	static const char *const texts[] = {
		"[enroll]\nissuer=\n", "[enroll]\nissuer=\"\"\n", "[enroll]\nissuer =  "};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(load_text(texts[i]), 0);
		assert_string_equal(configuration.enroll.issuer, "");
	}
	assert_failed(load_text("group=\n"), TOTPGROUP_ECONFIG, "t.conf:1: ", "is empty");
}

/* With the least and the greatest values. */
static void every_enrollment_default_is_read(void **state)
{
	const struct enroll_defaults *enroll = &configuration.enroll;

	(void)state;
	assert_int_equal(load_text("[enroll]\nissuer=x\nqr=none\ntime_based=no\n"
				   "disallow_reuse=yes\nalgorithm=sha512\ndigits=8\n"
				   "step_size=3600\nwindow_size=21\nrate_limit=no\n"
				   "emergency_codes=0\ncodes=hashed\nlanguage=de\n"
				   "template=/etc/security/letter.html\n"
				   "organization=Maps & Co\nlogo=/etc/security/logo.png\n"
				   "contact=the desk, 4711\n"),
		0);
	assert_int_equal(enroll->time_based, ENROLL_NO);
	assert_int_equal(enroll->disallow_reuse, ENROLL_YES);
	assert_int_equal(enroll->algorithm, HMAC_SHA512);
	assert_int_equal(enroll->digits, 8);
	assert_int_equal(enroll->step_size, 3600);
	assert_int_equal(enroll->window_size, 21);
	assert_true(enroll->rate_limit.given);
	assert_int_equal(enroll->rate_limit.attempts, 0);
	assert_int_equal(enroll->emergency_codes, 0);
	assert_int_equal(enroll->codes, ENROLL_CODES_HASHED);
	assert_string_equal(enroll->language, "de");
	assert_string_equal(enroll->letter_template, "/etc/security/letter.html");
	assert_string_equal(enroll->organization, "Maps & Co");
	assert_string_equal(enroll->logo, "/etc/security/logo.png");
	assert_string_equal(enroll->contact, "the desk, 4711");
	for (const struct key_definition *row = enroll_definitions; row->name != NULL; row++)
		assert_non_null(
			configuration_find(&configuration, CONFIGURATION_ENROLL, row->name));
}

static void a_host_file_replaces_the_vendors(void **state)
{
	(void)state;
	put_file("vendor/t.conf", "group=vendor\nnullok=yes\n", 0644);
	assert_int_equal(load(), 0);
	assert_string_equal(configuration.options.group, "vendor");
	assert_true(configuration.options.nullok);
	assert_int_equal(load_text("group=host\n"), 0);
	assert_string_equal(configuration.options.group, "host");
	assert_false(configuration.options.nullok);
}

static void drop_ins_are_read_in_order(void **state)
{
	(void)state;
	make_folder("vendor/t.conf.d", 0755);
	make_folder("host/t.conf.d", 0755);
	put_file("vendor/t.conf", "group=a\nuser=a\nsecret=/a\nservices=a\nskip_net=a\n", 0644);
	put_file("vendor/t.conf.d/20.conf", "group=b\nuser=b\nsecret=/b\nservices=b\n", 0644);
	put_file("vendor/t.conf.d/10.conf", "group=x\nuser=x\nsecret=/x\nservices=x\n", 0644);
	put_file("vendor/t.conf.d/30.conf", "skip_after=masked\n", 0644);
	put_file("host/t.conf.d/30.conf", "group=d\n", 0644);
	put_file("host/t.conf.d/05.conf", "group=c\nuser=c\n", 0644);
	assert_int_equal(load(), 0);
	assert_string_equal(configuration.options.group, "d");
	assert_string_equal(configuration.options.user, "c");
	assert_string_equal(configuration.options.secret, "/b");
	assert_string_equal(configuration.options.skip_net, "a");
	assert_null(configuration.options.skip_after);
	assert_int_equal(load_text("skip_net=host\n"), 0);
	assert_string_equal(configuration.options.skip_net, "host");
	assert_string_equal(configuration.options.services, "b");
}

static void only_names_in_conf_are_drop_ins(void **state)
{
	static const char *const names[] = {"README", "10.conf~", "10.conf.dpkg-old",
		".10.conf", ".conf", "conf", "10.CONF"};
	char name[64];

	(void)state;
	make_folder("host/t.conf.d", 0755);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof name, "host/t.conf.d/%s", names[i]);
		put_file(name, "rubbish\n", 0666);
	}
	assert_int_equal(load(), 0);
}

static void the_module_line_overrules_the_files(void **state)
{
	(void)state;
	put_file("host/t.conf", "nullok=yes\ngroup=file\n", 0644);
	assert_int_equal(load_with("nullok=no"), 0);
	assert_false(configuration.options.nullok);
	assert_string_equal(configuration.options.group, "file");
	assert_int_equal(load_with("group=line"), 0);
	assert_string_equal(configuration.options.group, "line");
	assert_true(configuration.options.nullok);
}

static void a_value_has_its_file_and_line(void **state)
{
	const struct configuration_value *value;

	(void)state;
	make_folder("host/t.conf.d", 0755);
	put_file("host/t.conf.d/1.conf", "\n\ngroup=b\necho-verification-code=yes\n", 0644);
	assert_int_equal(load_text("# x\ngroup=a\n[enroll]\ndigits=8\n"), 0);
	value = configuration_find(&configuration, NULL, "group");
	assert_string_equal(value->path, in_folder("host/t.conf.d/1.conf"));
	assert_int_equal(value->line, 3);
	assert_string_equal(value->value, "b");
	value = configuration_find(&configuration, NULL, "echo_verification_code");
	assert_int_equal(value->line, 4);
	value = configuration_find(&configuration, CONFIGURATION_ENROLL, "digits");
	assert_string_equal(value->path, in_folder("host/t.conf"));
	assert_int_equal(value->line, 4);
	assert_null(configuration_find(&configuration, NULL, "digits"));
	assert_null(configuration_find(&configuration, CONFIGURATION_ENROLL, "group"));
}

static void a_named_file_is_read_alone(void **state)
{
	char argument[PATH_MAX + 8];
	const char *const arguments[] = {"debug", argument};

	(void)state;
	make_folder("host/t.conf.d", 0755);
	put_file("host/t.conf", "group=named\n", 0600);
	put_file("host/t.conf.d/x.conf", "user=dropped\n", 0600);
	snprintf(argument, sizeof argument, "conf=%s", in_folder("host/t.conf"));
	assert_int_equal(configuration_load(&configuration, 2, arguments, &error), 0);
	assert_string_equal(configuration.options.group, "named");
	assert_string_equal(configuration.options.user, "dropped");
	assert_true(configuration.options.debug);
	assert_string_equal(configuration.options.conf, argument + 5);
}

static void a_named_file_must_exist(void **state)
{
	char argument[PATH_MAX + 8];
	const char *const arguments[] = {argument};

	(void)state;
	make_folder("host/t.conf.d", 0755);
	put_file("host/t.conf.d/x.conf", "user=dropped\n", 0600);
	snprintf(argument, sizeof argument, "conf=%s", in_folder("host/t.conf"));
	assert_failed(configuration_load(&configuration, 1, arguments, &error),
		TOTPGROUP_ENOTFOUND, in_folder("host/t.conf"), "there is no such file");
	snprintf(argument, sizeof argument, "conf=%s", in_folder("none/t.conf"));
	assert_failed(configuration_load(&configuration, 1, arguments, &error),
		TOTPGROUP_ENOTFOUND, in_folder("none/t.conf"), "there is no such file");
	strcpy(argument, "conf=t.conf");
	assert_failed(configuration_load(&configuration, 1, arguments, &error),
		TOTPGROUP_EUNSAFE, "t.conf", "absolute");
	strcpy(argument, "conf=");
	assert_failed(configuration_load(&configuration, 1, arguments, &error),
		TOTPGROUP_ECONFIG, "conf", "empty");
}

static void a_contradiction_names_the_file(void **state)
{
	(void)state;
	put_file("host/t.conf", "\nuse_first_pass=yes\n", 0644);
	assert_failed(load_with("try_first_pass"), TOTPGROUP_ECONFIG,
		"t.conf:2: ", "contradict each other");
	assert_failed(load_with("nonsense"), TOTPGROUP_ECONFIG, "unknown option nonsense", "");
	assert_null(strstr(error.message, "t.conf"));
	assert_int_equal(load_with("use_first_pass=no"), 0);
}

/* Other programs read files of the user's from these folders. */
static void the_environment_does_not_matter(void **state)
{
	(void)state;
	make_folder("home", 0755);
	make_folder("home/.config", 0755);
	put_file("home/.config/t.conf", "group=home\n", 0644);
	put_file("host/t.conf", "group=a\n", 0644);
	assert_int_equal(setenv("HOME", in_folder("home"), 1), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", in_folder("home/.config"), 1), 0);
	assert_int_equal(load(), 0);
	assert_string_equal(configuration.options.group, "a");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, configuration_setup, configuration_teardown)
	const struct CMUnitTest tests[] = {
		TEST(no_file_needs_to_exist),
		TEST(an_open_folder_without_files_is_left_alone),
		TEST(every_form_of_a_line_is_read),
		TEST(files_without_settings_are_good),
		TEST(a_value_may_be_empty),
		TEST(every_enrollment_default_is_read),
		TEST(a_host_file_replaces_the_vendors),
		TEST(drop_ins_are_read_in_order),
		TEST(only_names_in_conf_are_drop_ins),
		TEST(the_module_line_overrules_the_files),
		TEST(a_value_has_its_file_and_line),
		TEST(a_named_file_is_read_alone),
		TEST(a_named_file_must_exist),
		TEST(a_contradiction_names_the_file),
		TEST(the_environment_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
