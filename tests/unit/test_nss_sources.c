/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sources of groups, asked one by one: libraries that answer as they are told to. */

#include "config.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <dlfcn.h>
#include <grp.h>
#include <nss.h>

#include "temporary_folder.h"

#include "gate/nss_sources.h"
#include "totpgroup.h"

/* What the libraries of the sources `lists` and `walks` answer. */
static struct {
	enum nss_status status;
	int error;
	enum nss_status begin_status;
	const char *loader_says; /* NULL: the library is there */
	bool sssd_is_set_up, sssd_listens;
	int folder_error; /* of sssd's folder of configurations */
	bool no_memory_for_lines;
} plan;

/* With the effective uid: su has another real one. */
int __wrap_faccessat(int folder, const char *path, int mode, int flags);
int __wrap_faccessat(int folder, const char *path, int mode, int flags)
{
	(void)folder;
	assert_string_equal(path, "/etc/sssd/sssd.conf");
	assert_int_equal(mode, F_OK);
	assert_int_equal(flags, AT_EACCESS);
	errno = ENOENT;
	return plan.sssd_is_set_up ? 0 : -1;
}

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	if (strncmp(path, "/etc", 4) != 0)
		return __real_opendir(path);
	errno = plan.folder_error;
	return NULL;
}

/* The C library's header turns one into the other. */
ssize_t __real_getline(char **line, size_t *size, FILE *file);
ssize_t __wrap_getline(char **line, size_t *size, FILE *file);
ssize_t __wrap_getline(char **line, size_t *size, FILE *file)
{
	return plan.no_memory_for_lines ? -1 : __real_getline(line, size, file);
}

ssize_t __real___getdelim(char **line, size_t *size, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *file)
{
	return plan.no_memory_for_lines ? -1 : __real___getdelim(line, size, end, file);
}

int __wrap_connect(int client, const void *address, unsigned int size);
int __wrap_connect(int client, const void *address, unsigned int size)
{
	(void)client;
	(void)address;
	(void)size;
	errno = ECONNREFUSED;
	return plan.sssd_listens ? 0 : -1;
}

/* Both files are in the test's folder. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	const char *name = strrchr(path, '/') + 1;

	return __real_fopen(in_folder(name), mode);
}

static enum nss_status list_groups(const char *user, gid_t skipped, long *start, long *size,
	gid_t **gids, long limit, int *error)
{
	assert_int_equal(skipped, (gid_t)-1);
	assert_int_equal(limit, -1);
	assert_string_equal(user, "alice");
	*error = plan.error;
	if (plan.status != NSS_STATUS_SUCCESS)
		return plan.status;
	/* More than there is room for at first. */
	*gids = realloc(*gids, 40 * sizeof **gids);
	assert_non_null(*gids);
	*size = 40;
	while (*start < 40) {
		(*gids)[*start] = (gid_t)(7000 + *start);
		++*start;
	}
	return NSS_STATUS_SUCCESS;
}

static unsigned int walked, ended;

static enum nss_status begin_walk(int stays_open)
{
	(void)stays_open;
	walked = 0;
	errno = plan.error;
	return plan.begin_status;
}

/* Ten groups, of which alice is in every other, and then the end. */
static enum nss_status walk(struct group *group, char *buffer, size_t size, int *error)
{
	static char first[] = "bob", second[] = "alice";
	static char *alice[] = {first, second, NULL}, *nobody[] = {NULL};

	(void)buffer;
	if (size < 10000) {
		*error = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	if (walked == 10) {
		*error = plan.error;
		return plan.status == NSS_STATUS_SUCCESS ? NSS_STATUS_NOTFOUND : plan.status;
	}
	*group = (struct group){
		.gr_gid = 8000 + walked, .gr_mem = walked % 2 == 0 ? alice : nobody};
	walked++;
	return NSS_STATUS_SUCCESS;
}

static enum nss_status end_walk(void)
{
	ended++;
	return NSS_STATUS_SUCCESS;
}

static char lists[1], walks[1], bare[1];

void *__wrap_dlopen(const char *library, int flags);
void *__wrap_dlopen(const char *library, int flags)
{
	(void)flags;
	if (plan.loader_says != NULL)
		return NULL;
	if (strcmp(library, "libnss_lists.so.2") == 0 ||
		strcmp(library, "libnss_sss.so.2") == 0)
		return lists;
	return strcmp(library, "libnss_walks.so.2") == 0 ? walks : bare;
}

char *__wrap_dlerror(void);
char *__wrap_dlerror(void)
{
	return (char *)(uintptr_t)plan.loader_says;
}

int __wrap_dlclose(void *library);
int __wrap_dlclose(void *library)
{
	assert_true(library == lists || library == walks || library == bare);
	return 0;
}

/* A sanitizer looks for functions as well, before anything else. */
void *__real_dlsym(void *library, const char *name);
void *__wrap_dlsym(void *library, const char *name);
void *__wrap_dlsym(void *library, const char *name)
{
	if (library != lists && library != walks && library != bare)
		return __real_dlsym(library, name);
	if (library == lists && strstr(name, "_initgroups_dyn") != NULL)
		return (void *)list_groups;
	if (library != walks)
		return NULL;
	if (strcmp(name, "_nss_walks_setgrent") == 0)
		return (void *)begin_walk;
	if (strcmp(name, "_nss_walks_getgrent_r") == 0)
		return (void *)walk;
	return strcmp(name, "_nss_walks_endgrent") == 0 ? (void *)end_walk : NULL;
}

static int begin(void **state)
{
	(void)state;
	folder_begin();
	plan = (__typeof__(plan)){.status = NSS_STATUS_SUCCESS,
		.begin_status = NSS_STATUS_SUCCESS,
		.folder_error = ENOENT};
	ended = 0;
	put_file(
		"group", "one:x:11:alice\nother:x:12:bob\n+\nbroken\ntwo:x:13:bob,alice", 0644);
	return 0;
}

static int end(void **state)
{
	(void)state;
	folder_end();
	return 0;
}

static struct error failure;

/* How many groups alice is in, or -1 for an error. */
static int groups_of_alice(const char *sources)
{
	struct user_groups groups = {.known = false};
	char line[256];
	int status, count;

	failure = (struct error)ERROR_INIT;
	snprintf(line, sizeof line, "passwd: files\n# group: walks\n  group:\t%s\n", sources);
	put_file("nsswitch.conf", line, 0644);
	status = nss_sources_read_groups("alice", &groups, &failure);
	assert_int_equal(status, failure.code);
	assert_true(status == 0 || status == TOTPGROUP_ESYSTEM);
	count = (int)groups.count;
	user_groups_free(&groups);
	return status == 0 ? count : -1;
}

static void every_source_is_asked(void **state)
{
	(void)state;
	assert_int_equal(groups_of_alice("files"), 2);
	assert_int_equal(groups_of_alice("lists"), 40);
	assert_int_equal(groups_of_alice("walks"), 5);
	assert_int_equal(ended, 1);
	assert_int_equal(groups_of_alice("bare"), 0);
	assert_int_equal(groups_of_alice("files lists walks files"), 47);
	assert_int_equal(
		groups_of_alice("files [NOTFOUND=return  SUCCESS=merge]lists[!UNAVAIL=return] "
				"walks # bare"),
		47);
	/* Not a source, although it is the beginning of one. */
	assert_int_equal(groups_of_alice("lists list"), 40);
}

static void the_line_of_initgroups_counts_as_well(void **state)
{
	char *names;

	(void)state;
	assert_int_equal(groups_of_alice("files\ninitgroups: walks"), 7);
	assert_int_equal(nss_sources_list(&names, &failure), 0);
	assert_string_equal(names, "files walks");
	free(names);
}

static void without_a_file_there_is_the_file_of_groups(void **state)
{
	struct user_groups groups = {.known = false};
	char *names;

	(void)state;
	failure = (struct error)ERROR_INIT;
	assert_int_equal(nss_sources_list(&names, &failure), 0);
	assert_string_equal(names, "files");
	free(names);
	assert_int_equal(nss_sources_read_groups("alice", &groups, &failure), 0);
	assert_int_equal(groups.count, 2);
	user_groups_free(&groups);
	assert_int_equal(unlink(in_folder("group")), 0);
	assert_int_equal(groups_of_alice("files"), 0);
}

static void a_source_that_knows_nobody_is_no_failure(void **state)
{
	(void)state;
	plan.status = NSS_STATUS_NOTFOUND;
	assert_int_equal(groups_of_alice("lists walks"), 5);
	plan.status = NSS_STATUS_UNAVAIL;
	plan.error = ESRCH;
	assert_int_equal(groups_of_alice("lists walks"), 5);
	plan.begin_status = NSS_STATUS_NOTFOUND;
	assert_int_equal(groups_of_alice("walks"), 0);
}

static void a_source_that_does_not_answer_is_a_failure(void **state)
{
	static const enum nss_status failures[] = {NSS_STATUS_UNAVAIL, NSS_STATUS_TRYAGAIN};
	static const int errors[] = {0, ECONNREFUSED, ENOMEM, EMFILE, EAGAIN, EIO};

	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++)
		for (size_t n = 0; n < COUNT(errors); n++) {
			plan.status = failures[i];
			plan.error = errors[n];
			assert_int_equal(groups_of_alice("files lists"), -1);
			assert_non_null(strstr(failure.message, "the source lists of groups"));
			assert_int_equal(groups_of_alice("walks"), -1);
			plan.status = NSS_STATUS_SUCCESS;
			plan.begin_status = failures[i];
			assert_int_equal(groups_of_alice("walks"), -1);
			plan.begin_status = NSS_STATUS_SUCCESS;
		}
	assert_true(ended > 0);
}

/* Distributions name it everywhere, and build it so that it knows nobody where sssd does
 * not run. */
static void the_source_of_sssd_counts_where_sssd_is_set_up(void **state)
{
	(void)state;
	plan.status = NSS_STATUS_UNAVAIL;
	plan.error = ENOENT;
	assert_int_equal(groups_of_alice("files sss"), 2);
	assert_int_equal(groups_of_alice("files lists"), -1);
	/* Whether there is a configuration cannot be told. */
	plan.folder_error = EMFILE;
	assert_int_equal(groups_of_alice("files sss"), -1);
	plan.sssd_is_set_up = true;
	assert_int_equal(groups_of_alice("files sss"), -1);
	plan.status = NSS_STATUS_NOTFOUND;
	assert_int_equal(groups_of_alice("files sss"), -1);
	assert_non_null(strstr(failure.message, "sssd does not run"));
	plan.sssd_listens = true;
	assert_int_equal(groups_of_alice("files sss"), 2);
	plan.status = NSS_STATUS_SUCCESS;
	assert_int_equal(groups_of_alice("files sss"), 42);
}

/* Such as extrausers, whose file need not be there. */
static void a_source_that_is_a_file_may_lack_it(void **state)
{
	(void)state;
	plan.begin_status = NSS_STATUS_UNAVAIL;
	plan.error = ENOENT;
	assert_int_equal(groups_of_alice("walks"), 0);
}

static void a_library_that_is_not_installed_is_left_out(void **state)
{
	(void)state;
	plan.loader_says = "libnss_lists.so.2: cannot open shared object file: No such file or "
			   "directory";
	assert_int_equal(groups_of_alice("files lists"), 2);
	/* What it needs is missing, or there is no memory. */
	plan.loader_says = "libcap.so.2: cannot open shared object file: No such file or "
			   "directory";
	assert_int_equal(groups_of_alice("files lists"), -1);
	plan.loader_says = "libnss_lists.so.2: failed to map segment from shared object";
	assert_int_equal(groups_of_alice("files lists"), -1);
	plan.loader_says = "libnss_lists.so.2: cannot open shared object file: Too many open "
			   "files";
	assert_int_equal(groups_of_alice("files lists"), -1);
}

static void a_file_that_cannot_be_read_is_a_failure(void **state)
{
	char *names;

	(void)state;
	assert_int_equal(unlink(in_folder("group")), 0);
	assert_int_equal(mkdir(in_folder("group"), 0755), 0);
	assert_int_equal(groups_of_alice("files"), -1);
	assert_non_null(strstr(failure.message, "the source files"));
	assert_int_equal(unlink(in_folder("nsswitch.conf")), 0);
	assert_int_equal(mkdir(in_folder("nsswitch.conf"), 0755), 0);
	failure = (struct error)ERROR_INIT;
	assert_int_equal(nss_sources_list(&names, &failure), TOTPGROUP_ESYSTEM);
	assert_null(names);
}

static void lines_that_find_no_memory_are_a_failure(void **state)
{
	(void)state;
	plan.no_memory_for_lines = true;
	assert_int_equal(groups_of_alice("files lists"), -1);
	assert_non_null(strstr(failure.message, "cannot read /etc/nsswitch.conf"));
}

static void a_large_group_is_read_whole(void **state)
{
	FILE *file;

	(void)state;
	file = __real_fopen(in_folder("group"), "we");
	assert_non_null(file);
	fprintf(file, "first:x:10:alice\nlarge:x:11:");
	for (int i = 0; i < 20000; i++)
		fprintf(file, "member%d,", i);
	fprintf(file, "alice\nlast:x:12:alice\n");
	fclose(file);
	assert_int_equal(groups_of_alice("files"), 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_source_is_asked),
		TEST(the_line_of_initgroups_counts_as_well),
		TEST(without_a_file_there_is_the_file_of_groups),
		TEST(a_source_that_knows_nobody_is_no_failure),
		TEST(a_source_that_does_not_answer_is_a_failure),
		TEST(the_source_of_sssd_counts_where_sssd_is_set_up),
		TEST(a_source_that_is_a_file_may_lack_it),
		TEST(a_library_that_is_not_installed_is_left_out),
		TEST(a_file_that_cannot_be_read_is_a_failure),
		TEST(lines_that_find_no_memory_are_a_failure),
		TEST(a_large_group_is_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
	return 77;
}
#endif
