/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each call that reads configuration files fails in turn. Loading must fail then, because
 * half of the settings could let anybody in. */

#include "config.h"

#include "../fault/system_calls.h"
#include "configuration_support.h"

WRAP(ssize_t, getdents64, (int fd, void *entries, size_t size), (fd, entries, size), -1, fd,
	NULL)
static int setup(void **state)
{
	calls_reset();
	return configuration_setup(state);
}

static int teardown(void **state)
{
	calls_disarm();
	return configuration_teardown(state);
}

/* Loads with the k-th call failing, and returns the number of calls. */
static unsigned int fail_call(unsigned int k, int number, int *status)
{
	unsigned int descriptors = count_descriptors();

	calls_arm(k, number);
	*status = load();
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	return calls.count;
}

static void fail_each_call(const char *expected_group)
{
	static const int errors[] = {EIO, EMFILE, ENOMEM, EACCES, ELOOP, ENOTDIR};
	unsigned int total;
	int status;

	total = fail_call(0, 0, &status);
	assert_int_equal(status, 0);
	assert_string_equal(configuration.options.group, expected_group);
	for (unsigned int e = 0; e < COUNT(errors); e++)
		for (unsigned int k = 1; k <= total; k++) {
			(void)fail_call(k, errors[e], &status);
			if (status == 0)
				fail_msg("call %u of %u with %s goes unseen", k, total,
					strerror(errors[e]));
			assert_int_equal(error.code, status);
			assert_string_not_equal(error.message, "");
		}
	print_message("# %u calls\n", total);
}

static void every_failing_call_refuses(void **state)
{
	(void)state;
	make_folder("vendor/t.conf.d", 0755);
	make_folder("host/t.conf.d", 0755);
	put_file("vendor/t.conf.d/1.conf", "group=a\n", 0644);
	put_file("host/t.conf.d/2.conf", "group=c\n", 0644);
	put_file("host/t.conf", "group=b\nuser=x\n[enroll]\nissuer=y\n", 0644);
	fail_each_call("c");
}

static void every_failing_call_for_the_vendor_file_refuses(void **state)
{
	(void)state;
	put_file("vendor/t.conf", "group=a\n", 0644);
	fail_each_call("a");
}

static bool is_read(const char *name)
{
	return strcmp(name, "read") == 0 || strcmp(name, "__read_chk") == 0;
}

static void append_meanwhile(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (is_read(name))
		put_file("host/t.conf", "group=totp\nnullok=yes\n", 0644);
}

static void truncate_meanwhile(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (is_read(name))
		assert_int_equal(truncate(in_folder("host/t.conf"), 2), 0);
}

/* Half of a file could let anybody in. */
static void a_file_that_grows_or_shrinks_is_refused(void **state)
{
	int status;

	(void)state;
	put_file("host/t.conf", "group=totp\n", 0644);
	calls.watch = append_meanwhile;
	(void)fail_call(0, 0, &status);
	assert_failed(status, TOTPGROUP_ECONFIG, "t.conf", "changed while it was read");
	calls.watch = truncate_meanwhile;
	(void)fail_call(0, 0, &status);
	assert_failed(status, TOTPGROUP_ECONFIG, "t.conf", "changed while it was read");
}

static void replace_meanwhile(const char *name, int fd, const char *path)
{
	(void)fd;
	(void)path;
	if (!is_read(name))
		return;
	assert_int_equal(unlink(in_folder("host/t.conf")), 0);
	put_file("host/t.conf", "group=other\n", 0666);
}

/* The new file is not read at all. */
static void a_file_that_is_replaced_is_read_to_its_end(void **state)
{
	int status;

	(void)state;
	put_file("host/t.conf", "group=totp\n", 0644);
	calls.watch = replace_meanwhile;
	(void)fail_call(0, 0, &status);
	assert_int_equal(status, 0);
	assert_string_equal(configuration.options.group, "totp");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_failing_call_refuses),
		TEST(every_failing_call_for_the_vendor_file_refuses),
		TEST(a_file_that_grows_or_shrinks_is_refused),
		TEST(a_file_that_is_replaced_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
