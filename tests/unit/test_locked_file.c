/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "../fault/system_calls.h"
#include "locked_file_support.h"
#include "temporary_folder.h"
#include "test_support.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

static void reads_what_is_there(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	assert_int_equal(look("file"), 0);
	assert_string_equal(seen, OLD);
	assert_int_equal(begin_and_abort("file"), 0);
	assert_string_equal(seen, OLD);
	assert_string_equal(text_of("file"), OLD);
}

static void commits_and_keeps_the_mode(void **state)
{
	static const mode_t modes[] = {0600, 0400, 0640, 0440};

	(void)state;
	rules.allowed_mode = 0640;
	for (unsigned int i = 0; i < COUNT(modes); i++) {
		put_file("file", OLD, modes[i]);
		assert_int_equal(begin_and_commit("file"), 0);
		assert_string_equal(text_of("file"), NEW);
		assert_int_equal(mode_of("file"), S_IFREG | modes[i]);
		unlink(in_folder("file"));
	}
	assert_int_equal(count_entries(""), 0);
}

static void expect_refused(const char *name, int expected)
{
	alarm(60);
	assert_int_equal(look(name), expected);
	assert_int_equal(begin_and_abort(name), expected);
	alarm(0);
}

static void expect_refused_in_both_modes(const char *name, int expected)
{
	rules.own_file = false;
	expect_refused(name, expected);
	rules.own_file = true;
	expect_refused(name, expected);
}

static void bind_socket(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(in_folder(name)) < sizeof address.sun_path);
	strcpy(address.sun_path, in_folder(name));
	assert_int_equal(bind(file, (struct sockaddr *)&address, sizeof address), 0);
	close(file);
}

static void refuses_what_is_no_regular_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	make_folder("folder", 0700);
	bind_socket("socket");
	put_link("null", "/dev/null");
	put_link("zero", "/dev/zero");
	expect_refused_in_both_modes("fifo", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("folder", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("socket", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("null", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("zero", TOTPGROUP_EUNSAFE);
	rules.own_file = false;
	rules.path = "/dev/null";
	expect_refused(NULL, TOTPGROUP_EUNSAFE);
}

static void replaces_the_target_of_a_users_own_link(void **state)
{
	(void)state;
	make_folder("dotfiles", 0700);
	put_file("dotfiles/secret", OLD, 0400);
	put_link("link", "dotfiles/secret");
	assert_int_equal(begin_and_commit("link"), 0);
	assert_true(S_ISLNK(mode_of("link")));
	assert_int_equal(mode_of("dotfiles/secret"), S_IFREG | 0400);
	assert_string_equal(text_of("dotfiles/secret"), NEW);
	assert_int_equal(count_entries(""), 2);
	assert_int_equal(count_entries("dotfiles"), 1);
}

static void refuses_a_link_elsewhere(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	put_link("link", "file");
	rules.own_file = false;
	expect_refused("link", TOTPGROUP_EUNSAFE);
}

static void refuses_loops_and_lost_links(void **state)
{
	(void)state;
	put_link("loop", "loop");
	put_link("dangling", "nothing");
	put_link("lost", "none/nothing");
	expect_refused_in_both_modes("loop", TOTPGROUP_EUNSAFE);
	expect_refused("dangling", TOTPGROUP_ENOTFOUND);
	expect_refused("lost", TOTPGROUP_ENOTFOUND);
	rules.own_file = false;
	expect_refused("dangling", TOTPGROUP_EUNSAFE);
}

static void tells_what_is_missing_from_what_is_wrong(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	expect_refused_in_both_modes("none", TOTPGROUP_ENOTFOUND);
	expect_refused_in_both_modes("none/file", TOTPGROUP_ENOTFOUND);
	expect_refused_in_both_modes("file/file", TOTPGROUP_ESYSTEM);
	rules.path = "relative";
	expect_refused(NULL, TOTPGROUP_EUNSAFE);
}

static void refuses_a_hard_link(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	assert_int_equal(link(in_folder("file"), in_folder("other")), 0);
	expect_refused_in_both_modes("file", TOTPGROUP_EUNSAFE);
	unlink(in_folder("other"));
	assert_int_equal(look("file"), 0);
}

static void refuses_wider_modes_but_for_the_setuid_bit(void **state)
{
	static const mode_t wide[] = {0700, 0640, 0604, 0620, 0602, 0610, 0601, 01600, 02600};
	static const mode_t narrow[] = {0600, 0400, 04600, 04400};

	(void)state;
	put_file("file", OLD, 0600);
	for (unsigned int i = 0; i < COUNT(wide); i++) {
		assert_int_equal(chmod(in_folder("file"), wide[i]), 0);
		if (mode_of("file") == (S_IFREG | wide[i]))
			expect_refused_in_both_modes("file", TOTPGROUP_EUNSAFE);
	}
	for (unsigned int i = 0; i < COUNT(narrow); i++) {
		assert_int_equal(chmod(in_folder("file"), narrow[i]), 0);
		assert_int_equal(begin_and_commit("file"), 0);
		assert_int_equal(mode_of("file"), S_IFREG | (narrow[i] & 0777));
	}
	rules.allowed_mode = 0664;
	assert_int_equal(chmod(in_folder("file"), 0664), 0);
	assert_int_equal(look("file"), 0);
	assert_int_equal(chmod(in_folder("file"), 0666), 0);
	expect_refused("file", TOTPGROUP_EUNSAFE);
}

static void refuses_another_owner_unless_any_will_do(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	rules.owner = geteuid() + 1;
	rules.own_file = true;
	expect_refused("file", TOTPGROUP_EUNSAFE);
	rules.any_owner = true;
	assert_int_equal(begin_and_commit("file"), 0);
	assert_string_equal(text_of("file"), NEW);
}

static void watch_for_reading(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	assert_string_not_equal(name, "read");
}

static void put_size(const char *name, off_t size)
{
	put_file(name, OLD, 0600);
	assert_int_equal(truncate(in_folder(name), size), 0);
}

static void reads_65536_bytes_and_no_more(void **state)
{
	static char most[CREDENTIAL_TEXT_MAX + 1];

	(void)state;
	memset(most, 'A', CREDENTIAL_TEXT_MAX);
	put_file("file", most, 0600);
	assert_int_equal(look("file"), 0);
	assert_int_equal(seen_length, CREDENTIAL_TEXT_MAX);
	calls.watch = watch_for_reading;
	calls_arm(0, 0);
	put_size("longer", CREDENTIAL_TEXT_MAX + 1);
	put_size("huge", (off_t)2 << 30);
	put_size("empty", 0);
	expect_refused_in_both_modes("longer", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("huge", TOTPGROUP_EUNSAFE);
	expect_refused_in_both_modes("empty", TOTPGROUP_EUNSAFE);
}

static void hands_a_nul_byte_on(void **state)
{
	(void)state;
	put_size("file", sizeof OLD + 1);
	assert_int_equal(look("file"), 0);
	assert_int_equal(seen_length, sizeof OLD + 1);
	assert_memory_equal(seen, OLD "\0", sizeof OLD + 1);
}

static void commits_no_text_that_could_not_be_read_again(void **state)
{
	static char many[CREDENTIAL_TEXT_MAX + 2];

	(void)state;
	put_file("file", OLD, 0600);
	new_text = "";
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ESYSTEM);
	memset(many, 'A', sizeof many - 1);
	new_text = many;
	assert_int_equal(begin_and_commit("file"), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of("file"), OLD);
	many[CREDENTIAL_TEXT_MAX] = '\0';
	assert_int_equal(begin_and_commit("file"), 0);
	assert_int_equal(look("file"), 0);
}

static void accepts_the_longest_names(void **state)
{
	char name[NAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof name);
	name[NAME_MAX + 1] = '\0';
	expect_refused(name, TOTPGROUP_ESYSTEM);
	name[NAME_MAX] = '\0';
	put_file(name, OLD, 0600);
	assert_int_equal(look(name), 0);
	assert_int_equal(begin_and_commit(name), TOTPGROUP_ESYSTEM);
	assert_string_equal(text_of(name), OLD);
	name[NAME_MAX - 7] = '\0';
	put_file(name, OLD, 0600);
	assert_int_equal(begin_and_commit(name), 0);
	assert_int_equal(count_entries(""), 2);
}

static void refuses_a_folder_that_others_can_write(void **state)
{
	static const mode_t modes[] = {0770, 0702, 0777, 01777, 02770};

	(void)state;
	make_folder("sub", 0700);
	put_file("sub/file", OLD, 0600);
	for (unsigned int i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(in_folder("sub"), modes[i]), 0);
		rules.own_file = false;
		expect_refused("sub/file", TOTPGROUP_EUNSAFE);
		assert_int_equal(create("sub/new", false), TOTPGROUP_EUNSAFE);
		rules.own_file = true;
		assert_int_equal(look("sub/file"), 0);
	}
	assert_int_equal(chmod(in_folder("sub"), 0755), 0);
	rules.own_file = false;
	assert_int_equal(look("sub/file"), 0);
}

static void refuses_a_folder_of_another_user(void **state)
{
	(void)state;
	make_folder("sub", 0755);
	put_file("sub/file", OLD, 0600);
	rules.own_file = false;
	if (geteuid() == 0)
		assert_int_equal(chown(in_folder("sub"), 12345, 12345), 0);
	else
		rules.owner = geteuid() + 1;
	expect_refused("sub/file", TOTPGROUP_EUNSAFE);
	assert_non_null(strstr(failure.message, "folder belongs to another user"));
	rules.any_owner = true;
	assert_int_equal(look("sub/file"), 0);
}

static void removes_what_dead_writers_left(void **state)
{
	(void)state;
	put_file("file", OLD, 0600);
	put_file("file~aB3xYz", OLD, 0600);
	put_file("file~", OLD, 0600);
	assert_int_equal(look("file"), 0);
	assert_int_equal(begin_and_abort("file"), 0);
	assert_true(exists("file~aB3xYz"));
	assert_int_equal(begin_and_commit("file"), 0);
	assert_false(exists("file~aB3xYz"));
	assert_true(exists("file~"));
}

#define LABEL "system_u:object_r:auth_home_t:s0"

static void keeps_the_security_label(void **state)
{
	char label[64] = "";

	(void)state;
	put_file("file", OLD, 0600);
	if (setxattr(in_folder("file"), "security.selinux", LABEL, sizeof LABEL, 0) != 0) {
		print_message(
			"# SKIP a security label cannot be set here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(begin_and_commit("file"), 0);
	assert_true(getxattr(in_folder("file"), "security.selinux", label, sizeof label) > 0);
	assert_string_equal(label, LABEL);
	assert_int_equal(create("file", true), 0);
	assert_true(getxattr(in_folder("file"), "security.selinux", label, sizeof label) > 0);
}

static void creates_a_file(void **state)
{
	(void)state;
	assert_int_equal(create("file", false), 0);
	assert_string_equal(text_of("file"), NEW);
	assert_int_equal(mode_of("file"), S_IFREG | 0400);
	assert_int_equal(create("file", false), TOTPGROUP_ECONFLICT);
	assert_int_equal(create("other", true), 0);
	assert_int_equal(create("none/file", true), TOTPGROUP_ENOTFOUND);
	assert_int_equal(count_entries(""), 2);
}

static void replaces_whatever_text_there_is(void **state)
{
	(void)state;
	put_file("wide", OLD, 0666);
	put_size("empty", 0);
	put_size("huge", (off_t)2 << 30);
	assert_int_equal(create("wide", true), 0);
	assert_int_equal(create("empty", true), 0);
	assert_int_equal(create("huge", true), 0);
	assert_string_equal(text_of("wide"), NEW);
	assert_string_equal(text_of("empty"), NEW);
	assert_string_equal(text_of("huge"), NEW);
	assert_int_equal(mode_of("wide"), S_IFREG | 0400);
	assert_int_equal(count_entries(""), 3);
}

static void creates_through_a_users_own_link_only(void **state)
{
	(void)state;
	make_folder("dotfiles", 0700);
	put_link("link", "dotfiles/secret");
	rules.own_file = false;
	assert_int_equal(create("link", false), TOTPGROUP_ECONFLICT);
	assert_int_equal(create("link", true), TOTPGROUP_EUNSAFE);
	rules.own_file = true;
	assert_int_equal(create("link", false), 0);
	assert_string_equal(text_of("dotfiles/secret"), NEW);
	assert_true(S_ISLNK(mode_of("link")));
	assert_int_equal(unlink(in_folder("dotfiles/secret")), 0);
	put_file("dotfiles/secret", OLD, 0600);
	assert_int_equal(create("link", true), 0);
	assert_string_equal(text_of("dotfiles/secret"), NEW);
}

static void creates_over_nothing_but_files(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
	make_folder("folder", 0700);
	alarm(60);
	assert_int_equal(create("fifo", true), TOTPGROUP_EUNSAFE);
	assert_int_equal(create("fifo", false), TOTPGROUP_ECONFLICT);
	assert_int_equal(create("folder", true), TOTPGROUP_EUNSAFE);
	assert_int_equal(create("folder", false), TOTPGROUP_ECONFLICT);
	alarm(0);
	assert_true(S_ISFIFO(mode_of("fifo")));
	assert_int_equal(count_entries(""), 2);
}

static void aborting_nothing_is_allowed(void **state)
{
	(void)state;
	locked_file_abort(NULL);
}

int main(void)
{
#define TEST(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, locked_file_setup, locked_file_teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_what_is_there),
		TEST(commits_and_keeps_the_mode),
		TEST(refuses_what_is_no_regular_file),
		TEST(replaces_the_target_of_a_users_own_link),
		TEST(refuses_a_link_elsewhere),
		TEST(refuses_loops_and_lost_links),
		TEST(tells_what_is_missing_from_what_is_wrong),
		TEST(refuses_a_hard_link),
		TEST(refuses_wider_modes_but_for_the_setuid_bit),
		TEST(refuses_another_owner_unless_any_will_do),
		TEST(reads_65536_bytes_and_no_more),
		TEST(hands_a_nul_byte_on),
		TEST(commits_no_text_that_could_not_be_read_again),
		TEST(accepts_the_longest_names),
		TEST(refuses_a_folder_that_others_can_write),
		TEST(refuses_a_folder_of_another_user),
		TEST(removes_what_dead_writers_left),
		TEST(keeps_the_security_label),
		TEST(creates_a_file),
		TEST(replaces_whatever_text_there_is),
		TEST(creates_through_a_users_own_link_only),
		TEST(creates_over_nothing_but_files),
		TEST(aborting_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
