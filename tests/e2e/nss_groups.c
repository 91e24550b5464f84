/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An NSS module for tests, which plays a directory with one group, vpn, and one member,
 * alice. As directories with big groups do, it does not list members with the group, only
 * groups with a user. While the file DOWN is there, it still knows the group, from a
 * cache, but not who is in it. With VARIABLE in the environment it knows nobody.
 */

#include "config.h"

#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOWN	 "/run/e2e/directory-is-down"
#define VARIABLE "TOTPGROUPS_IS_SILENT"
#define GROUP	 "vpn"
#define GID	 5999
#define MEMBER	 "alice"

enum nss_status _nss_totpgroups_getgrnam_r(
	const char *name, struct group *group, char *buffer, size_t size, int *error_number);
enum nss_status _nss_totpgroups_getgrgid_r(
	gid_t gid, struct group *group, char *buffer, size_t size, int *error_number);
enum nss_status _nss_totpgroups_initgroups_dyn(const char *user, gid_t skipped, long *start,
	long *size, gid_t **gids, long limit, int *error_number);

static enum nss_status fill(struct group *group, char *buffer, size_t size, int *error_number)
{
	static char *no_members[1];

	if (size < sizeof GROUP) {
		*error_number = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buffer, GROUP, sizeof GROUP);
	*group = (struct group){
		.gr_name = buffer, .gr_passwd = buffer, .gr_gid = GID, .gr_mem = no_members};
	return NSS_STATUS_SUCCESS;
}

enum nss_status _nss_totpgroups_getgrnam_r(
	const char *name, struct group *group, char *buffer, size_t size, int *error_number)
{
	if (strcmp(name, GROUP) == 0)
		return fill(group, buffer, size, error_number);
	*error_number = ENOENT;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_totpgroups_getgrgid_r(
	gid_t gid, struct group *group, char *buffer, size_t size, int *error_number)
{
	if (gid == GID)
		return fill(group, buffer, size, error_number);
	*error_number = ENOENT;
	return NSS_STATUS_NOTFOUND;
}

enum nss_status _nss_totpgroups_initgroups_dyn(const char *user, gid_t skipped, long *start,
	long *size, gid_t **gids, long limit, int *error_number)
{
	(void)skipped;
	(void)limit;
	/* As sssd's source and winbind's have such a variable. */
	if (getenv(VARIABLE) != NULL)
		return NSS_STATUS_NOTFOUND;
	if (access(DOWN, F_OK) == 0) {
		*error_number = ECONNREFUSED;
		return NSS_STATUS_UNAVAIL;
	}
	if (strcmp(user, MEMBER) != 0)
		return NSS_STATUS_NOTFOUND;
	if (*start == *size) {
		*error_number = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	(*gids)[(*start)++] = GID;
	return NSS_STATUS_SUCCESS;
}
