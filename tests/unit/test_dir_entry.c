/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "calls_in_folder.h"

#include "store/dir_entry.h"
#include "totpgroup.h"

/* Opens a place and says what it names, as device, inode and name. */
static int open_place(const char *path, bool follow, struct stat *entered, char name[256])
{
	struct dir_entry place = DIR_ENTRY_INIT;
	struct error error = ERROR_INIT;
	unsigned int descriptors = count_descriptors();
	int status = dir_entry_open(&place, path, &error);

	if (status == 0 && follow)
		status = dir_entry_follow(&place, &error);
	assert_int_equal(status, error.code);
	*name = '\0';
	memset(entered, 0, sizeof *entered);
	if (status == 0) {
		assert_int_equal(fstat(place.folder, entered), 0);
		assert_int_equal(fcntl(place.folder, F_GETFD), FD_CLOEXEC);
		snprintf(name, 256, "%s", place.name);
		assert_ptr_equal(place.path, path);
	} else {
		assert_string_not_equal(error.message, "");
	}
	dir_entry_close(&place);
	assert_int_equal(place.folder, -1);
	assert_null(place.name);
	assert_int_equal(count_descriptors(), descriptors);
	return status;
}

static void expect_place(
	const char *path, bool follow, const char *expected_folder, const char *expected_name)
{
	struct stat entered, expected;
	char name[256];

	assert_int_equal(open_place(path, follow, &entered, name), 0);
	assert_string_equal(name, expected_name);
	assert_int_equal(stat(expected_folder, &expected), 0);
	assert_true(entered.st_ino == expected.st_ino && entered.st_dev == expected.st_dev);
}

static void expect_refusal(const char *path, bool follow, int expected)
{
	struct stat entered;
	char name[256];

	assert_int_equal(open_place(path, follow, &entered, name), expected);
}

static void opens_the_folder_of_a_path(void **state)
{
	(void)state;
	put_file("file", "x", 0600);
	expect_place(in_folder("file"), false, folder_path, "file");
	expect_place(in_folder("file"), true, folder_path, "file");
	expect_place(in_folder("nothing there"), false, folder_path, "nothing there");
	expect_place("/file", true, "/", "file");
	make_folder("sub", 0700);
	expect_place(in_folder("sub/../file"), true, folder_path, "file");
	expect_place(in_folder(".file"), true, folder_path, ".file");
	expect_place(in_folder("..file"), true, folder_path, "..file");
}

static void refuses_a_path_that_names_no_file(void **state)
{
	(void)state;
	expect_refusal("", true, TOTPGROUP_EUNSAFE);
	expect_refusal("file", true, TOTPGROUP_EUNSAFE);
	expect_refusal("./file", false, TOTPGROUP_EUNSAFE);
	expect_refusal("/", true, TOTPGROUP_EUNSAFE);
	expect_refusal(in_folder(""), true, TOTPGROUP_EUNSAFE);
	expect_refusal(in_folder("."), true, TOTPGROUP_EUNSAFE);
	expect_refusal(in_folder(".."), false, TOTPGROUP_EUNSAFE);
}

static void tells_a_missing_folder_from_a_bad_one(void **state)
{
	(void)state;
	put_file("file", "x", 0600);
	put_link("loop", "loop");
	expect_refusal(in_folder("none/file"), true, TOTPGROUP_ENOTFOUND);
	expect_refusal(in_folder("none/none/file"), false, TOTPGROUP_ENOTFOUND);
	expect_refusal(in_folder("file/file"), true, TOTPGROUP_ESYSTEM);
	expect_refusal(in_folder("loop/file"), true, TOTPGROUP_ESYSTEM);
}

static void follows_a_link_to_its_target(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	make_folder("sub/deep", 0700);
	put_file("sub/target", "x", 0600);
	put_link("relative", "sub/target");
	put_link("absolute", in_folder("sub/target"));
	put_link("beside", "relative");
	put_link("sub/deep/up", "../../beside");
	put_link("dots", "./sub/../sub/target");
	expect_place(in_folder("relative"), true, in_folder("sub"), "target");
	expect_place(in_folder("absolute"), true, in_folder("sub"), "target");
	expect_place(in_folder("beside"), true, in_folder("sub"), "target");
	expect_place(in_folder("sub/deep/up"), true, in_folder("sub"), "target");
	expect_place(in_folder("dots"), true, in_folder("sub"), "target");
}

static void leaves_a_link_alone_unless_told(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	put_link("link", "sub/target");
	expect_place(in_folder("link"), false, folder_path, "link");
}

static void follows_a_link_among_the_folders(void **state)
{
	(void)state;
	make_folder("sub", 0700);
	put_link("link", "sub");
	expect_place(in_folder("link/file"), false, in_folder("sub"), "file");
}

static void follows_a_dangling_link_to_where_it_points(void **state)
{
	(void)state;
	put_link("dangling", "nothing");
	put_link("lost", "none/nothing");
	put_link("folder", "sub/");
	expect_place(in_folder("dangling"), true, folder_path, "nothing");
	expect_refusal(in_folder("lost"), true, TOTPGROUP_ENOTFOUND);
	expect_refusal(in_folder("folder"), true, TOTPGROUP_EUNSAFE);
}

/* Links that lead to each other, 1 to count, to a file. */
static void put_chain(unsigned int count)
{
	char name[16], target[16];

	for (unsigned int i = 1; i <= count; i++) {
		snprintf(name, sizeof name, "%u", i);
		snprintf(target, sizeof target, "%u", i - 1);
		put_link(name, target);
	}
}

static void follows_as_many_links_as_the_kernel(void **state)
{
	int file;

	(void)state;
	put_file("0", "x", 0600);
	put_chain(41);
	file = open(in_folder("40"), O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	close(file);
	expect_place(in_folder("40"), true, folder_path, "0");
	assert_int_equal(open(in_folder("41"), O_RDONLY | O_CLOEXEC), -1);
	expect_refusal(in_folder("41"), true, TOTPGROUP_EUNSAFE);
}

static void refuses_a_loop_of_links(void **state)
{
	(void)state;
	put_link("itself", "itself");
	put_link("one", "other");
	put_link("other", "one");
	expect_refusal(in_folder("itself"), true, TOTPGROUP_EUNSAFE);
	expect_refusal(in_folder("one"), true, TOTPGROUP_EUNSAFE);
}

static void a_link_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	put_link("link", "file");
	calls.only = "readlinkat";
	for (unsigned int i = 0; i < 2; i++) {
		calls_arm(1, i == 0 ? EACCES : EIO);
		expect_refusal(in_folder("link"), true, TOTPGROUP_ESYSTEM);
		calls_disarm();
	}
}

/* Everything is reached through the folder that was opened, wherever its
 * path leads by then. */
static void a_path_is_resolved_once(void **state)
{
	struct dir_entry place = DIR_ENTRY_INIT;
	struct error error = ERROR_INIT;
	struct stat status;

	(void)state;
	make_folder("sub", 0700);
	put_file("sub/file", "here", 0600);
	assert_int_equal(dir_entry_open(&place, in_folder("sub/file"), &error), 0);
	assert_int_equal(rename(in_folder("sub"), in_folder("moved")), 0);
	make_folder("sub", 0700);
	put_file("sub/file", "not here!", 0600);
	assert_int_equal(fstatat(place.folder, place.name, &status, 0), 0);
	assert_int_equal(status.st_size, 4);
	dir_entry_close(&place);
}

static void fails_cleanly_whatever_call_fails(void **state)
{
	static const int errors[] = {EIO, EMFILE, ENOMEM, EACCES};
	struct stat entered;
	unsigned int total;
	char name[256];

	(void)state;
	make_folder("sub", 0700);
	put_link("link", "sub/other");
	put_link("sub/other", in_folder("file"));
	calls_arm(0, 0);
	assert_int_equal(open_place(in_folder("link"), true, &entered, name), 0);
	calls_disarm();
	total = calls.count;
	assert_true(total > 6);
	for (unsigned int k = 1; k <= total; k++)
		for (unsigned int e = 0; e < COUNT(errors); e++) {
			struct dir_entry place = DIR_ENTRY_INIT;
			struct error error = ERROR_INIT;
			unsigned int descriptors = count_descriptors();
			int status;

			calls_arm(k, errors[e]);
			status = dir_entry_open(&place, in_folder("link"), &error);
			if (status == 0)
				status = dir_entry_follow(&place, &error);
			calls_disarm();
			if (calls.count >= k)
				assert_true(status == TOTPGROUP_ESYSTEM ||
					    status == TOTPGROUP_EMEMORY);
			if (status == TOTPGROUP_ESYSTEM)
				assert_int_equal(error.system_error, errors[e]);
			dir_entry_close(&place);
			assert_int_equal(count_descriptors(), descriptors);
		}
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(opens_the_folder_of_a_path),
		TEST(refuses_a_path_that_names_no_file),
		TEST(tells_a_missing_folder_from_a_bad_one),
		TEST(follows_a_link_to_its_target),
		TEST(leaves_a_link_alone_unless_told),
		TEST(follows_a_link_among_the_folders),
		TEST(follows_a_dangling_link_to_where_it_points),
		TEST(follows_as_many_links_as_the_kernel),
		TEST(refuses_a_loop_of_links),
		TEST(a_link_that_cannot_be_read_is_an_error),
		TEST(a_path_is_resolved_once),
		TEST(fails_cleanly_whatever_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
