/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can decide where a path leads. Only root can give folders away. */

#include "config.h"

#include "temporary_folder.h"

#include "host/path_owner.h"
#include "totpgroup.h"

#define SOMEBODY 12345

static int begin(void **state)
{
	(void)state;
	folder_begin();
	assert_int_equal(chmod(folder_path, 0755), 0);
	assert_int_equal(mkdir(in_folder("roots"), 0755), 0);
	assert_int_equal(mkdir(in_folder("roots/deep"), 0755), 0);
	assert_int_equal(mkdir(in_folder("own"), 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(lchown(in_folder("own"), SOMEBODY, SOMEBODY), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	folder_end();
	return 0;
}

static void link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, in_folder(name)), 0);
}

/* Who decides where the path leads, or -1 for a path that is not safe. */
static long owner_of(const char *name)
{
	struct error error = ERROR_INIT;
	uid_t owner = 1;
	int status = path_owner_find(in_folder(name), &owner, &error);

	assert_int_equal(status, error.code);
	if (status == 0)
		return owner;
	assert_int_equal(status, TOTPGROUP_EUNSAFE);
	return -1;
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	fprintf(stderr, "# SKIP only root can give folders away\n");
	return false;
}

static void the_first_owner_who_is_not_root_decides(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	assert_int_equal(owner_of("roots/deep/secret"), 0);
	assert_int_equal(owner_of("roots//deep/./secret"), 0);
	assert_int_equal(owner_of("own"), 0);
	assert_int_equal(owner_of("own/secret"), SOMEBODY);
	assert_int_equal(owner_of("own/roots/secret"), SOMEBODY);
	assert_int_equal(owner_of("own/../roots/secret"), SOMEBODY);
	assert_int_equal(owner_of("roots/../own/secret"), SOMEBODY);
	assert_int_equal(owner_of("roots/deep/../../roots/secret"), 0);
}

static void links_of_root_are_followed_step_by_step(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	link_to("roots/deep", "relative");
	link_to(in_folder("own/roots"), "absolute");
	link_to("../../own", "roots/deep/up");
	link_to("relative/up/", "chain");
	link_to("../own/x", "roots/last");
	assert_int_equal(owner_of("relative/secret"), 0);
	assert_int_equal(owner_of("relative/../secret"), 0);
	assert_int_equal(owner_of("absolute/secret"), SOMEBODY);
	assert_int_equal(owner_of("chain/secret"), SOMEBODY);
	assert_int_equal(owner_of("roots/last"), 0);
}

static void a_link_of_somebody_else_is_that_persons(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	link_to("roots", "theirs");
	assert_int_equal(lchown(in_folder("theirs"), SOMEBODY, SOMEBODY), 0);
	link_to("theirs/deep", "hidden");
	assert_int_equal(owner_of("theirs/secret"), SOMEBODY);
	assert_int_equal(owner_of("hidden/secret"), SOMEBODY);
}

static void where_others_may_write_nothing_is_safe(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	link_to("roots/deep", "link");
	assert_int_equal(chmod(in_folder("roots/deep"), 0777), 0);
	assert_int_equal(owner_of("roots/deep/secret"), -1);
	assert_int_equal(owner_of("link/secret"), -1);
	assert_int_equal(chmod(in_folder("roots/deep"), 01777), 0);
	assert_int_equal(owner_of("link/secret"), 0);
	assert_int_equal(chmod(in_folder("roots/deep"), 0775), 0);
	assert_int_equal(owner_of("roots/deep/secret"), -1);
}

static void links_in_a_circle_come_to_an_end(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	link_to("pong", "ping");
	link_to("ping", "pong");
	link_to("self/self", "self");
	assert_int_equal(owner_of("ping/secret"), -1);
	assert_int_equal(owner_of("self/secret"), -1);
}

static void what_is_missing_is_an_error(void **state)
{
	struct error error = ERROR_INIT;
	uid_t owner;

	(void)state;
	assert_int_equal(path_owner_find(in_folder("roots/none/secret"), &owner, &error),
		geteuid() == 0 ? TOTPGROUP_ESYSTEM : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_first_owner_who_is_not_root_decides, begin, end),
		cmocka_unit_test_setup_teardown(
			links_of_root_are_followed_step_by_step, begin, end),
		cmocka_unit_test_setup_teardown(
			a_link_of_somebody_else_is_that_persons, begin, end),
		cmocka_unit_test_setup_teardown(
			where_others_may_write_nothing_is_safe, begin, end),
		cmocka_unit_test_setup_teardown(links_in_a_circle_come_to_an_end, begin, end),
		cmocka_unit_test_setup_teardown(what_is_missing_is_an_error, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
