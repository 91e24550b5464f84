/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/user_credential.h"
#include "totpgroup.h"

struct examination {
	const struct user_credential *credential;
	const char *path;
	bool is_own; /* the file is the owner's own, and not in a store of root's */
	bool exists;
};

static int examine_file(struct examination *examination, struct error *error)
{
	const char *path = examination->path;
	struct stat status;

	examination->exists = stat(path, &status) == 0;
	if (!examination->exists && errno == ENOENT)
		return 0;
	if (!examination->exists)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot examine %s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: not a regular file", path);
	if (examination->is_own && status.st_uid != examination->credential->owner->pw_uid)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: belongs to another user", path);
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE, "cannot read %s: %s; chmod it", path,
			strerror(errno));
	return 0;
}

/* Root creates the folders of a store when there is something to write. */
static int examine_missing_folder(
	const struct examination *examination, const char *folder, struct error *error)
{
	const struct passwd *owner = examination->credential->owner;

	if (geteuid() == 0 && owner->pw_uid == 0)
		return 0;
	return error_set(error, TOTPGROUP_ENOTFOUND,
		"there is no folder %s: as root, install -d -m 0700 -o %s %s", folder,
		owner->pw_name, folder);
}

static int examine_folder(
	const struct examination *examination, const char *folder, struct error *error)
{
	struct stat status;

	if (!examination->is_own && stat(folder, &status) != 0 && errno == ENOENT)
		return examine_missing_folder(examination, folder, error);
	if (stat(folder, &status) != 0 ||
		faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
		return error_set_system(
			error, TOTPGROUP_EUNWRITABLE, "cannot write in %s", folder);
	if (!examination->is_own && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"root's secret would not be safe in %s: others may write there",
			folder);
	return 0;
}

static int examine(void *argument, struct error *error)
{
	struct examination *examination = argument;
	char *real = NULL, *path;
	int status = examine_file(examination, error);

	if (status != 0)
		return status;
	/* A file that is a link is replaced where it really is. */
	if (examination->exists)
		real = realpath(examination->path, NULL);
	path = strdup(real != NULL ? real : examination->path);
	status = path != NULL ? examine_folder(examination, dirname(path), error)
			      : error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	free(real);
	free(path);
	return status;
}

/* For a store without files. Only a write shows whether the store can be written to. */
static int look_for_secret(
	const struct user_credential *credential, bool *exists, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = store_look(credential->place, &record, error);

	store_record_free(&record);
	*exists = status == 0;
	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	return 0;
}

int user_credential_examine(
	struct user_credential *credential, bool *exists, struct error *error)
{
	struct examination examination = {
		.credential = credential,
		.path = credential->place->file,
		.is_own = credential->is_own_file,
	};
	int status;

	if (credential->place->file == NULL)
		return look_for_secret(credential, exists, error);
	status = rights_perform(&credential->rights, examine, &examination, error);
	*exists = examination.exists;
	return status;
}
