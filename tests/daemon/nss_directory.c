/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An NSS module for tests, which plays a directory:
 * - it ignores case, and a domain in front (DOMAIN\name): the users are those of /etc/passwd;
 * - a name that begins with "slow", and a uid of 7000 to 7999, is looked up until nobody has
 *   an exclusive lock on the file GATE. Then there is no such user. Each such lookup first
 *   writes a byte to the FIFO ENTERED.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#define FOLDER	"/run/e2e/directory/"
#define ENTERED FOLDER "entered"
#define GATE	FOLDER "gate"

enum nss_status _nss_totptest_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *error_number);
enum nss_status _nss_totptest_getpwuid_r(
	uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error_number);

static void pass_gate(void)
{
	int entered = open(ENTERED, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	int gate = open(GATE, O_RDONLY | O_CLOEXEC);

	if (entered < 0 || write(entered, "", 1) != 1 || gate < 0 || flock(gate, LOCK_SH) != 0)
		perror("nss_directory");
	if (entered >= 0)
		close(entered);
	if (gate >= 0)
		close(gate);
}

static enum nss_status find(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *error_number)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *found = NULL;
	int failure = ENOENT;

	while (file != NULL &&
		(failure = fgetpwent_r(file, entry, buffer, size, &found)) == 0 &&
		strcasecmp(entry->pw_name, name) != 0)
		found = NULL;
	if (file != NULL)
		fclose(file);
	*error_number = failure;
	if (failure == ERANGE)
		return NSS_STATUS_TRYAGAIN;
	return failure == 0 && found != NULL ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_totptest_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *error_number)
{
	const char *domain = strchr(name, '\\');

	if (strncmp(name, "slow", 4) == 0) {
		pass_gate();
		*error_number = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	return find(domain != NULL ? domain + 1 : name, entry, buffer, size, error_number);
}

enum nss_status _nss_totptest_getpwuid_r(
	uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error_number)
{
	(void)entry;
	(void)buffer;
	(void)size;
	if (uid >= 7000 && uid < 8000)
		pass_gate();
	*error_number = ENOENT;
	return NSS_STATUS_NOTFOUND;
}
