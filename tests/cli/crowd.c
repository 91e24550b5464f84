/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Preloaded into a program, this plays a large directory and counts what it is asked. The
 * environment says more:
 *
 *   CROWD_USERS   so many users: user1, user2 and so on, with uids from FIRST_UID
 *   CROWD_LISTED  how many of them it lists (getpwent); the others must be asked for by name
 *   CROWD_HOMES   the folder of their homes
 *   CROWD_COUNTS  the file that gets a line "FUNCTION CALLS" for each function at the end
 *   CROWD_CLOCK   the monotonic clock goes on by so many milliseconds at each look at it, and
 *                 not by itself
 *
 * The group "crowd" has all of them, user1 twice, and "gone", whom nobody knows. The user
 * "keeper" is in no group. Other names are those of the host.
 */

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_UID 100000
#define KEEPER	  99999
#define GID	  20001
#define GROUP	  "crowd"

typedef int by_name(const char *, struct passwd *, char *, size_t, struct passwd **);

static struct {
	unsigned long getpwnam, getpwuid, getpwent, getgrnam, getgrgid, getgrouplist;
	unsigned long listed; /* by getpwent() so far */
	long milliseconds;
} crowd;

static unsigned long number_in(const char *variable)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void write_counts(void)
{
	const char *path = getenv("CROWD_COUNTS");
	FILE *file = path != NULL ? fopen(path, "w") : NULL;

	if (file == NULL)
		return;
	fprintf(file,
		"getpwnam %lu\ngetpwuid %lu\ngetpwent %lu\ngetgrnam %lu\ngetgrgid %lu\n"
		"getgrouplist %lu\n",
		crowd.getpwnam, crowd.getpwuid, crowd.getpwent, crowd.getgrnam, crowd.getgrgid,
		crowd.getgrouplist);
	fclose(file);
}

/* Fills in the user of that number; 0 is the keeper, whose name has no number. */
static int fill_user(unsigned long number, struct passwd *entry, char *buffer, size_t size)
{
	static char nothing[] = "", shell[] = "/bin/sh";
	const char *homes = getenv("CROWD_HOMES");
	char name[32];
	size_t length;

	snprintf(name, sizeof name, "%s%.0lu", number == 0 ? "keeper" : "user", number);
	length = strlen(name) + 1;
	*entry = (struct passwd){.pw_name = buffer,
		.pw_passwd = nothing,
		.pw_gecos = nothing,
		.pw_dir = buffer + length,
		.pw_shell = shell,
		.pw_uid = (uid_t)(number == 0 ? KEEPER : FIRST_UID + number),
		.pw_gid = 100};
	if (homes == NULL || size < 2 * length + strlen(homes) + 1)
		return ERANGE;
	memcpy(buffer, name, length);
	sprintf(entry->pw_dir, "%s/%s", homes, name);
	return 0;
}

/* Finds out whether the name is one of ours. */
static bool is_ours(const char *name, unsigned long *number)
{
	char again[32];

	*number = 0;
	if (strcmp(name, "keeper") == 0)
		return true;
	if (strncmp(name, "user", 4) != 0)
		return false;
	*number = strtoul(name + 4, NULL, 10);
	snprintf(again, sizeof again, "user%lu", *number);
	return strcmp(name, again) == 0 && *number > 0 && *number <= number_in("CROWD_USERS");
}

int getpwnam_r(const char *restrict name, struct passwd *restrict entry, char *restrict buffer,
	size_t size, struct passwd **restrict found)
{
	unsigned long number;
	int failure;

	crowd.getpwnam++;
	if (!is_ours(name, &number))
		return ((by_name *)dlsym(RTLD_NEXT, "getpwnam_r"))(
			name, entry, buffer, size, found);
	failure = fill_user(number, entry, buffer, size);
	*found = failure == 0 ? entry : NULL;
	return failure;
}

int getpwuid_r(uid_t uid, struct passwd *restrict entry, char *restrict buffer, size_t size,
	struct passwd **restrict found)
{
	unsigned long number = uid == KEEPER ? 0 : uid - FIRST_UID;
	int failure;

	crowd.getpwuid++;
	*found = NULL;
	if (uid < KEEPER || uid == FIRST_UID || number > number_in("CROWD_USERS"))
		return 0;
	failure = fill_user(number, entry, buffer, size);
	*found = failure == 0 ? entry : NULL;
	return failure;
}

void setpwent(void)
{
	crowd.listed = 0;
}

void endpwent(void)
{
	crowd.listed = 0;
}

struct passwd *getpwent(void)
{
	static struct passwd entry;
	static char buffer[4096];

	crowd.getpwent++;
	if (crowd.listed >= number_in("CROWD_LISTED"))
		return NULL;
	return fill_user(++crowd.listed, &entry, buffer, sizeof buffer) == 0 ? &entry : NULL;
}

static int fill_group(struct group *group, char *buffer, size_t size)
{
	static char name[] = GROUP, nothing[] = "";
	unsigned long users = number_in("CROWD_USERS");
	char **members = (char **)(void *)buffer, *at = buffer + (users + 3) * sizeof *members;

	if (size < (users + 3) * (sizeof *members + sizeof "user1234567"))
		return ERANGE;
	for (unsigned long i = 0; i < users + 2; i++) {
		members[i] = at;
		if (i == 0)
			at = stpcpy(at, "gone") + 1;
		else
			at += sprintf(at, "user%lu", i <= users ? users + 1 - i : 1) + 1;
	}
	members[users + 2] = NULL;
	*group = (struct group){
		.gr_name = name, .gr_passwd = nothing, .gr_gid = GID, .gr_mem = members};
	return 0;
}

static int find_group(
	bool is_ours, struct group *group, char *buffer, size_t size, struct group **found)
{
	int failure = is_ours ? fill_group(group, buffer, size) : 0;

	*found = is_ours && failure == 0 ? group : NULL;
	return failure;
}

int getgrnam_r(const char *restrict name, struct group *restrict group, char *restrict buffer,
	size_t size, struct group **restrict found)
{
	crowd.getgrnam++;
	return find_group(strcmp(name, GROUP) == 0, group, buffer, size, found);
}

int getgrgid_r(gid_t gid, struct group *restrict group, char *restrict buffer, size_t size,
	struct group **restrict found)
{
	crowd.getgrgid++;
	return find_group(gid == GID, group, buffer, size, found);
}

/* As the C library does: with a buffer that doubles. */
struct group *getgrnam(const char *name)
{
	static struct group group;
	static char *buffer;
	struct group *found;
	size_t size = 1024;

	do {
		size *= 2;
		free(buffer);
		buffer = malloc(size);
	} while (buffer != NULL && getgrnam_r(name, &group, buffer, size, &found) == ERANGE);
	return buffer != NULL ? found : NULL;
}

int getgrouplist(const char *user, gid_t primary, gid_t *gids, int *count)
{
	(void)user;
	crowd.getgrouplist++;
	if (*count > 0)
		gids[0] = primary;
	if (*count > 1)
		gids[1] = GID;
	if (*count < 2) {
		*count = 2;
		return -1;
	}
	return *count = 2;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	typedef int next_clock(clockid_t, struct timespec *);
	next_clock *next = (next_clock *)dlsym(RTLD_NEXT, "clock_gettime");

	if (clock != CLOCK_MONOTONIC || getenv("CROWD_CLOCK") == NULL)
		return next(clock, now);
	crowd.milliseconds += (long)number_in("CROWD_CLOCK");
	*now = (struct timespec){.tv_sec = 1000 + crowd.milliseconds / 1000,
		.tv_nsec = crowd.milliseconds % 1000 * 1000000};
	return 0;
}
