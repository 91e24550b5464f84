/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that others can change, and lines that could be understood in two ways, are
 * refused. */

#include "config.h"

#include "configuration_support.h"

#include "config/config_file.h"

/* Each line is put after two good ones. The word is part of the message. */
static const struct {
	const char *line;
	const char *word;
} bad_lines[] = {
	{"nullok", "name=value"},
	{"nullok yes", "name=value"},
	{"user root", "name=value"},
	{"=root", "name=value"},
	{" = root", "name=value"},
	{"us er=root", "name=value"},
	{"user.x=root", "name=value"},
	{"; user=root", "name=value"},
	{"\"user\"=root", "name=value"},
	{"\xef\xbb\xbfuser=root", "name=value"},
	{"auth required pam_totpgroup.so user=root", "name=value"},
	{"user=root # the owner", "comment"},
	{"authtok_prompt=\"Code #1: \"", "comment"},
	{"authtok_prompt=\"Code: ", "quotation mark"},
	{"authtok_prompt=\"", "quotation mark"},
	{"user=ro\aot", "control character"},
	{"user=root\v", "control character"},
	{"user=root\rx", "control character"},
	{"# \x7f", "control character"},
	{"[enroll] digits=8", "nothing behind it"},
	{"[enroll] # comment", "nothing behind it"},
	{"[enroll", "nothing behind it"},
	{"[]", "nothing behind it"},
	{"[ enroll ]", "nothing behind it"},
	{"[enroll]]", "nothing behind it"},
	{"[daemons]", "unknown section [daemons]; did you mean [daemon]?"},
	{"[verify]", "section [verify] has no name"},
	{"[verif web]", "unknown section [verif web]; did you mean [verify]?"},
	{"[verify  web]", "no header of a section"},
	{"[verify web ]", "no header of a section"},
	{"[verify web one]", "no header of a section"},
	{"[enrol]", "did you mean [enroll]?"},
	{"nulok=yes", "did you mean nullok?"},
	{"digits=8", "unknown option digits"},
	{"conf=/etc/other.conf", "module's line"},
	{"nullok=true", "on or off"},
	{"nullok=", "on or off"},
	{"allowed_perm=9", "octal"},
	{"nullok_until=2026-02-30", "YYYY-MM-DD"},
	{"nullok_for=soon", "malformed"},
	{"user=0x0", "no uid"},
	{"group=totp", "already in line 1"},
	{"group=other", "already in line 1"},
	{"echo-verification-code=no", "repeated with another value"},
};

static void a_bad_line_is_refused_with_its_number(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(bad_lines); i++) {
		snprintf(text, sizeof text,
			"group=totp\necho_verification_code=yes\n%s\ndebug=yes\n",
			bad_lines[i].line);
		assert_failed(load_text(text), TOTPGROUP_ECONFIG,
			"/host/t.conf:3: ", bad_lines[i].word);
	}
}

static const struct {
	const char *line;
	const char *word;
} bad_defaults[] = {
	{"digit=8", "did you mean digits?"},
	{"group=totp", "unknown key group in [enroll]"},
	{"digits=9", "6 to 8"},
	{"digits=", "6 to 8"},
	{"step_size=0", "1 to 3600"},
	{"window_size=22", "1 to 21"},
	{"emergency_codes=-1", "0 to 10"},
	{"algorithm=MD5", "SHA1|SHA256|SHA512"},
	{"codes=none", "plain|hashed"},
	{"qr=big", "auto|none"},
	{"time_based=maybe", "yes|no"},
	{"disallow_reuse=", "yes|no"},
	{"rate_limit=3", "such as 3 30"},
	{"rate_limit=3 30 4", "such as 3 30"},
	{"rate_limit=0 30", "such as 3 30"},
	{"rate_limit=3 14", "such as 3 30"},
	{"rate_limit=11 30", "such as 3 30"},
	{"rate_limit=yes", "such as 3 30"},
	{"issuer=again", "already in line 2"},
};

static void a_bad_default_is_refused_with_its_number(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT(bad_defaults); i++) {
		snprintf(text, sizeof text, "[enroll]\nissuer=x\n[enroll]\n%s\n",
			bad_defaults[i].line);
		assert_failed(load_text(text), TOTPGROUP_ECONFIG,
			"/host/t.conf:4: ", bad_defaults[i].word);
	}
}

static void a_bad_line_in_a_drop_in_names_it(void **state)
{
	(void)state;
	make_folder("host/t.conf.d", 0755);
	make_folder("vendor/t.conf.d", 0755);
	put_file("host/t.conf.d/50-x.conf", "\nrubbish\n", 0644);
	assert_failed(load(), TOTPGROUP_ECONFIG, "/host/t.conf.d/50-x.conf:2: ", "");
	put_file("host/t.conf.d/50-x.conf", "", 0644);
	put_file("vendor/t.conf.d/50-y.conf", "[x]", 0644);
	assert_failed(load(), TOTPGROUP_ECONFIG, "/vendor/t.conf.d/50-y.conf:1: ", "");
	put_file("host/t.conf.d/50-y.conf", "", 0644);
	assert_int_equal(load(), 0);
}

static void a_nul_is_refused(void **state)
{
	FILE *file = fopen(in_folder("host/t.conf"), "we");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fwrite("debug=yes\ngroup=a\0#x\n", 1, 21, file), 21);
	assert_int_equal(fclose(file), 0);
	assert_failed(load(), TOTPGROUP_ECONFIG, "t.conf:2: ", "control character");
}

static void long_lines_and_names_are_refused(void **state)
{
	char text[2 * CONFIGURATION_LINE_MAX];

	(void)state;
	snprintf(text, sizeof text, "group=%0*d\n", CONFIGURATION_LINE_MAX - 6, 0);
	assert_int_equal(load_text(text), 0);
	snprintf(text, sizeof text, "group=%0*d\n", CONFIGURATION_LINE_MAX - 5, 0);
	assert_failed(load_text(text), TOTPGROUP_ECONFIG, "t.conf:1: ", "too long");
	snprintf(text, sizeof text, "%0*d=x\n", 79, 0);
	assert_failed(load_text(text), TOTPGROUP_ECONFIG, "t.conf:1: ", "unknown option");
	snprintf(text, sizeof text, "%0*d=x\n", 80, 0);
	assert_failed(load_text(text), TOTPGROUP_ECONFIG, "t.conf:1: ", "name=value");
	snprintf(text, sizeof text, "[%0*d]\n", 80, 0);
	assert_failed(load_text(text), TOTPGROUP_ECONFIG, "t.conf:1: ", "[name]");
	snprintf(text, sizeof text, "[enroll]\n%0*d=x\n", 79, 0);
	assert_failed(load_text(text), TOTPGROUP_ECONFIG, "t.conf:2: ", "unknown key");
}

/* The vendor's file, the host's, and a drop-in of each. */
static const char *const files[] = {
	"vendor/t.conf", "host/t.conf", "vendor/t.conf.d/x.conf", "host/t.conf.d/x.conf"};

static void put_in_place(unsigned int number)
{
	make_folder("vendor/t.conf.d", 0755);
	make_folder("host/t.conf.d", 0755);
	put_file(files[number], "group=totp\n", 0644);
	assert_int_equal(load(), 0);
	assert_string_equal(configuration.options.group, "totp");
}

static void clear_places(void)
{
	assert_int_equal(configuration_teardown(NULL), 0);
	assert_int_equal(configuration_setup(NULL), 0);
}

static void files_that_others_may_write_are_refused(void **state)
{
	static const mode_t modes[] = {0664, 0646, 0620, 0666};

	(void)state;
	for (unsigned int i = 0; i < COUNT(files); i++) {
		put_in_place(i);
		for (unsigned int m = 0; m < COUNT(modes); m++) {
			assert_int_equal(chmod(in_folder(files[i]), modes[m]), 0);
			assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "chmod go-w");
		}
		clear_places();
	}
}

/* Both the folder of the drop-ins and the folder that holds it. */
static void folders_that_others_may_write_are_refused(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(files); i++) {
		const char *top = i % 2 == 0 ? "vendor" : "host";
		const char *below = i % 2 == 0 ? "vendor/t.conf.d" : "host/t.conf.d";

		put_in_place(i);
		assert_int_equal(chmod(in_folder(top), 0775), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, top, "chmod go-w");
		assert_int_equal(chmod(in_folder(top), 01757), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, top, "chmod go-w");
		assert_int_equal(chmod(in_folder(top), 0755), 0);
		assert_int_equal(chmod(in_folder(below), 0775), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, below, "chmod go-w");
		clear_places();
	}
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skip: needs root, to give files to others\n");
	skip();
}

static void files_of_others_are_refused(void **state)
{
	static const char *const folders[] = {
		"vendor", "host", "vendor/t.conf.d", "host/t.conf.d"};

	(void)state;
	need_root();
	for (unsigned int i = 0; i < COUNT(files); i++) {
		put_in_place(i);
		assert_int_equal(chown(in_folder(files[i]), 12345, 0), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "belongs to uid 12345");
		assert_int_equal(chown(in_folder(files[i]), 0, 12345), 0);
		assert_int_equal(load(), 0);
		assert_int_equal(chown(in_folder(folders[i]), 12345, 0), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, folders[i], "belongs to uid 12345");
		clear_places();
	}
}

/* Even a link to a good file. */
static void links_are_refused(void **state)
{
	(void)state;
	put_file("good", "group=totp\n", 0644);
	make_folder("folder", 0755);
	for (unsigned int i = 0; i < COUNT(files); i++) {
		put_in_place(i);
		put_file("good", "group=totp\n", 0644);
		assert_int_equal(unlink(in_folder(files[i])), 0);
		put_link(files[i], in_folder("good"));
		assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "symbolic link");
		assert_int_equal(unlink(in_folder(files[i])), 0);
		put_link(files[i], "nowhere");
		assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "symbolic link");
		clear_places();
	}
	make_folder("folder", 0755);
	put_link("host/t.conf.d", in_folder("folder"));
	assert_failed(load(), TOTPGROUP_EUNSAFE, "host/t.conf.d", "not a folder");
}

static void anything_but_a_regular_file_is_refused_at_once(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < COUNT(files); i++) {
		put_in_place(i);
		assert_int_equal(unlink(in_folder(files[i])), 0);
		assert_int_equal(mkfifo(in_folder(files[i]), 0600), 0);
		assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "not a regular file");
		assert_int_equal(unlink(in_folder(files[i])), 0);
		make_folder(files[i], 0755);
		assert_failed(load(), TOTPGROUP_EUNSAFE, files[i], "not a regular file");
		clear_places();
	}
	put_file("host/t.conf.d", "group=totp\n", 0644);
	assert_failed(load(), TOTPGROUP_EUNSAFE, "host/t.conf.d", "not a folder");
}

static void put_comment(size_t size)
{
	FILE *file = fopen(in_folder("host/t.conf"), "we");

	assert_non_null(file);
	for (size_t i = 0; i < size; i++)
		fputc(i % 100 == 99 ? '\n' : '#', file);
	assert_int_equal(fclose(file), 0);
}

static void huge_files_are_refused(void **state)
{
	(void)state;
	put_comment(CONFIG_FILE_SIZE_MAX);
	assert_int_equal(load(), 0);
	put_comment(CONFIG_FILE_SIZE_MAX + 1);
	assert_failed(load(), TOTPGROUP_EUNSAFE, "t.conf", "longer than 65536");
}

static void too_many_drop_ins_are_refused(void **state)
{
	char name[64];

	(void)state;
	make_folder("host/t.conf.d", 0755);
	for (unsigned int i = 0; i <= CONFIG_DROP_INS_MAX; i++) {
		assert_int_equal(load(), 0);
		snprintf(name, sizeof name, "host/t.conf.d/%u.conf", i);
		put_file(name, "group=totp\n", 0644);
	}
	assert_failed(load(), TOTPGROUP_EUNSAFE, "t.conf.d", "more than 64 files");
}

static void a_file_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	if (geteuid() == 0) {
		print_message("skip: root can read everything\n");
		skip();
	}
	put_file("host/t.conf", "group=totp\n", 0000);
	assert_failed(load(), TOTPGROUP_ESYSTEM, "t.conf", "Permission denied");
}

/* No text makes the parser crash. */
static void random_text_is_read_or_refused(void **state)
{
	static const char bytes[] = "=[]\"# \tab\n\n\ngroup\r\\;'";
	struct test_random random = test_random_begin();
	unsigned int read = 0, refused = 0;
	char text[64];

	(void)state;
	for (unsigned int i = 0; i < test_rounds(3000); i++) {
		size_t length = test_random_below(&random, sizeof text - 1);

		for (size_t at = 0; at < length; at++)
			text[at] = bytes[test_random_below(&random, sizeof bytes - 1)];
		text[length] = '\0';
		if (load_text(text) == 0)
			read++;
		else
			refused++;
		if (error.code != 0 && strstr(error.message, "/host/t.conf:") == NULL)
			fail_msg("\"%s\" for \"%s\"", error.message, text);
	}
	assert_true(read > 10 && refused > 10);
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, configuration_setup, configuration_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_bad_line_is_refused_with_its_number),
		TEST(a_bad_default_is_refused_with_its_number),
		TEST(a_bad_line_in_a_drop_in_names_it),
		TEST(a_nul_is_refused),
		TEST(long_lines_and_names_are_refused),
		TEST(files_that_others_may_write_are_refused),
		TEST(folders_that_others_may_write_are_refused),
		TEST(files_of_others_are_refused),
		TEST(links_are_refused),
		TEST(anything_but_a_regular_file_is_refused_at_once),
		TEST(huge_files_are_refused),
		TEST(too_many_drop_ins_are_refused),
		TEST(a_file_that_cannot_be_read_is_refused),
		TEST(random_text_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
