/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "gate/nss_sources.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/folder.h"
#include "totpgroup.h"

#define CONFIGURATION "/etc/nsswitch.conf"
#define GROUP_FILE    "/etc/group"
#define NAME_SIZE     64
#define BUFFER_FIRST  ((size_t)4096)
#define BUFFER_MAX    ((size_t)64 << 20)

#define SSSD_CONFIGURATION  "/etc/sssd/sssd.conf"
#define SSSD_CONFIGURATIONS "/etc/sssd/conf.d"
#define SSSD_SOCKET	    "/var/lib/sss/pipes/nss"

#ifdef __GLIBC__
#include <nss.h>

/* Functions of a source, as the C library calls them. */
typedef enum nss_status initgroups_function(const char *user, gid_t skipped, long *start,
	long *size, gid_t **gids, long limit, int *error);
typedef enum nss_status begin_function(int stays_open);
typedef enum nss_status next_function(
	struct group *group, char *buffer, size_t size, int *error);
typedef enum nss_status end_function(void);

/* One source that is asked. */
struct source {
	const char *name;
	void *library;
	const char *user;
	struct user_groups *groups;
	struct error *error;
};

static int fail(const struct source *source, const char *why)
{
	return error_set(source->error, TOTPGROUP_ESYSTEM,
		"the source %s of groups does not answer (%s), so that nobody can tell who is "
		"no member: mend it, take it out of " CONFIGURATION
		", or let group= name exemptions alone",
		source->name, why);
}

static int fail_for(const struct source *source, int number)
{
	char text[64];

	return fail(source,
		number != 0 ? strerror_r(number, text, sizeof text) : "it gives no reason");
}

static int add_gid(const struct source *source, gid_t gid)
{
	struct user_groups *groups = source->groups;
	gid_t *gids = reallocarray(groups->gids, groups->count + 1, sizeof *gids);

	if (gids == NULL)
		return error_set(source->error, TOTPGROUP_EMEMORY,
			"the user's groups cannot be listed: out of memory");
	groups->gids = gids;
	groups->gids[groups->count++] = gid;
	return 0;
}

static int add_if_member(const struct source *source, const struct group *group)
{
	for (char **member = group->gr_mem; member != NULL && *member != NULL; member++)
		if (strcmp(*member, source->user) == 0)
			return add_gid(source, group->gr_gid);
	return 0;
}

/* Gives the next group of an enumeration, or NULL at its end. Returns an errno. */
typedef int next_group(void *enumeration, struct group *group, char *buffer, size_t size,
	struct group **found);

/* Looks for the user in the groups of an enumeration. */
static int enumerate(const struct source *source, next_group *next, void *enumeration)
{
	size_t size = BUFFER_FIRST;
	char *buffer = malloc(size);
	struct group group, *found = NULL;
	int status = 0, number = 0;

	while (buffer != NULL && status == 0) {
		number = next(enumeration, &group, buffer, size, &found);
		if (number == ERANGE && size < BUFFER_MAX) {
			free(buffer);
			size *= 4;
			buffer = malloc(size);
			continue;
		}
		if (number != 0 || found == NULL)
			break;
		status = add_if_member(source, found);
	}
	if (buffer == NULL)
		status = error_set(source->error, TOTPGROUP_EMEMORY,
			"the user's groups cannot be listed: out of memory");
	else if (status == 0 && number != 0)
		status = fail_for(source, number);
	free(buffer);
	return status;
}

/* The C library has this source built in. A group that found no room is read again. */
static int next_of_file(
	void *file, struct group *group, char *buffer, size_t size, struct group **found)
{
	off_t before = ftello(file);
	int number = fgetgrent_r(file, group, buffer, size, found);

	if (number == ERANGE && fseeko(file, before, SEEK_SET) != 0)
		return errno;
	*found = number == 0 ? group : NULL;
	return number == ENOENT && ferror(file) == 0 ? 0 : number;
}

static int ask_files(const struct source *source)
{
	FILE *file = fopen(GROUP_FILE, "re");
	int status;

	if (file == NULL)
		return errno == ENOENT ? 0 : fail_for(source, errno);
	status = enumerate(source, next_of_file, file);
	fclose(file);
	return status;
}

static void *find_function(const struct source *source, const char *name)
{
	char symbol[NAME_SIZE + 32];

	(void)snprintf(symbol, sizeof symbol, "_nss_%s_%s", source->name, name);
	return dlsym(source->library, symbol);
}

/* What the C library takes for the end, or for an empty list. systemd's source says
 * ESRCH where it has nobody to ask. */
static bool knows_nothing(enum nss_status status, int number)
{
	return status == NSS_STATUS_NOTFOUND ||
	       (status == NSS_STATUS_UNAVAIL && number == ESRCH);
}

/* Whether a folder has files, or may have some: one that cannot be read counts as such. */
static bool may_have_files(const char *folder)
{
	DIR *stream = opendir(folder);
	const struct dirent *entry;
	bool failed;

	if (stream == NULL)
		return errno != ENOENT;
	do
		failed = folder_next(stream, &entry) != 0;
	while (entry != NULL && entry->d_name[0] == '.');
	closedir(stream);
	return failed || entry != NULL;
}

/* Distributions name sssd's source whether or not sssd is set up; without a configuration
 * it cannot run. Root alone may see whether there is one: su's real uid is another. */
static bool is_sssd_set_up(void)
{
	return faccessat(AT_FDCWD, SSSD_CONFIGURATION, F_OK, AT_EACCESS) == 0 ||
	       errno != ENOENT || may_have_files(SSSD_CONFIGURATIONS);
}

/* As several distributions build it, sssd's source says that there is no such user where
 * sssd does not run. */
static bool is_sssd_listening(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SSSD_SOCKET};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listening = client >= 0 && (connect(client, (const struct sockaddr *)&address,
						 sizeof address) == 0 ||
						errno == EAGAIN);

	if (client >= 0)
		close(client);
	return listening;
}

/* What it means that a source lists no groups of the user. */
static int judge_silence(const struct source *source, enum nss_status status, int number)
{
	bool is_sssd = strcmp(source->name, "sss") == 0;

	if (is_sssd && !is_sssd_set_up())
		return 0;
	if (!knows_nothing(status, number))
		return fail_for(source, number);
	if (is_sssd && !is_sssd_listening())
		return fail(source, "sssd does not run");
	return 0;
}

static int next_of_library(
	void *function, struct group *group, char *buffer, size_t size, struct group **found)
{
	int number = 0;
	enum nss_status status = (*(next_function **)function)(group, buffer, size, &number);

	*found = status == NSS_STATUS_SUCCESS ? group : NULL;
	if (status == NSS_STATUS_SUCCESS || knows_nothing(status, number))
		return 0;
	return number != 0 ? number : EIO;
}

/* A source that cannot list a user's groups lists all groups. One that cannot do that
 * either has no members for anybody. */
static int ask_by_enumeration(const struct source *source)
{
	begin_function *begin = (begin_function *)find_function(source, "setgrent");
	next_function *next = (next_function *)find_function(source, "getgrent_r");
	end_function *end = (end_function *)find_function(source, "endgrent");
	enum nss_status status = NSS_STATUS_SUCCESS;
	int result = 0;

	if (next == NULL)
		return 0;
	errno = 0;
	if (begin != NULL)
		status = begin(0);
	if (status == NSS_STATUS_SUCCESS)
		result = enumerate(source, next_of_library, &next);
	/* Such a source is a file, and without the file it has no groups, as /etc/group. */
	else if (!knows_nothing(status, errno) && errno != ENOENT)
		result = fail_for(source, errno);
	if (end != NULL)
		(void)end();
	return result;
}

static int ask_library(const struct source *source)
{
	initgroups_function *ask =
		(initgroups_function *)find_function(source, "initgroups_dyn");
	long count = 0, size = 16;
	enum nss_status answer;
	int status = 0, number = 0;
	gid_t *gids;

	if (ask == NULL)
		return ask_by_enumeration(source);
	gids = calloc((size_t)size, sizeof *gids);
	if (gids == NULL)
		return error_set(source->error, TOTPGROUP_EMEMORY,
			"the user's groups cannot be listed: out of memory");
	answer = ask(source->user, (gid_t)-1, &count, &size, &gids, -1, &number);
	if (answer != NSS_STATUS_SUCCESS)
		status = judge_silence(source, answer, number);
	for (long i = 0; i < count && status == 0; i++)
		status = add_gid(source, gids[i]);
	free(gids);
	return status;
}

/* Whether the library is not there, and not something that it needs. */
static bool is_missing(const char *library, const char *why)
{
	char text[64];

	return why != NULL && strncmp(why, library, strlen(library)) == 0 &&
	       strstr(why, strerror_r(ENOENT, text, sizeof text)) != NULL;
}

static int ask(struct source *source)
{
	char library[NAME_SIZE + 32];
	const char *why;
	int status;

	if (strcmp(source->name, "files") == 0)
		return ask_files(source);
	if (strlen(source->name) >= NAME_SIZE)
		return fail(source, "the name is too long");
	(void)snprintf(library, sizeof library, "libnss_%s.so.2", source->name);
	/* It stays loaded, as where the C library loads it. */
	source->library = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (source->library == NULL) {
		why = dlerror();
		return is_missing(library, why) ? 0 : fail(source, why != NULL ? why : library);
	}
	status = ask_library(source);
	dlclose(source->library);
	return status;
}

int nss_sources_read_groups(const char *user, struct user_groups *groups, struct error *error)
{
	char *names, *rest, *name;
	int status = nss_sources_list(&names, error);

	rest = names;
	while (status == 0 && (name = strsep(&rest, " ")) != NULL)
		status = ask(&(struct source){
			.name = name, .user = user, .groups = groups, .error = error});
	free(names);
	return status;
}

#else

int nss_sources_read_groups(const char *user, struct user_groups *groups, struct error *error)
{
	(void)user;
	(void)groups;
	(void)error;
	return 0;
}

#endif
