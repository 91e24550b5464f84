/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/file_rules.h"

#include <errno.h>
#include <stdint.h>

#include "core/credential.h"
#include "totpgroup.h"

static int unsafe(struct error *error, const char *path, const char *what)
{
	return error_set(error, TOTPGROUP_EUNSAFE, "%s: %s", path, what);
}

int file_rules_judge_folder(
	const struct file_rules *rules, const struct dir_entry *place, struct error *error)
{
	struct stat status;

	if (rules->own_file)
		return 0;
	if (fstat(place->folder, &status) != 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM,
			"cannot examine the folder of %s", rules->path);
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return unsafe(
			error, rules->path, "its folder is writable by others; chmod go-w it");
	if (status.st_uid != 0 && status.st_uid != rules->owner && !rules->any_owner)
		return unsafe(error, rules->path, "its folder belongs to another user");
	return 0;
}

size_t file_rules_longest(const struct file_rules *rules)
{
	return rules->longest != 0 ? rules->longest : CREDENTIAL_TEXT_MAX;
}

int file_rules_judge(
	const struct file_rules *rules, const struct stat *status, struct error *error)
{
	const mode_t judged = 01777 | S_ISGID;

	if (!S_ISREG(status->st_mode))
		return unsafe(error, rules->path, "not a regular file");
	if (status->st_nlink == 0)
		return FILE_REPLACED;
	if (status->st_nlink > 1)
		return unsafe(error, rules->path, "has another hard link; remove that one");
	if ((status->st_mode & judged & ~rules->allowed_mode) != 0)
		return error_set(error, TOTPGROUP_EUNSAFE,
			"%s: mode %04o allows more than %04o; chmod it", rules->path,
			status->st_mode & 07777, rules->allowed_mode);
	if (status->st_uid != rules->owner && !rules->any_owner)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: belongs to uid %u, not uid %u",
			rules->path, status->st_uid, rules->owner);
	if (status->st_size == 0)
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: is empty; %s", rules->path,
			rules->if_empty != NULL ? rules->if_empty : "enroll again");
	if ((uintmax_t)status->st_size > file_rules_longest(rules))
		return error_set(error, TOTPGROUP_EUNSAFE, "%s: is longer than %zu bytes",
			rules->path, file_rules_longest(rules));
	return 0;
}

int file_rules_open_failed(const struct file_rules *rules, struct error *error)
{
	if (errno == ELOOP)
		return unsafe(error, rules->path, "is a symbolic link");
	if (errno == ENXIO)
		return unsafe(error, rules->path, "not a regular file");
	/* It would take the kernel 45 seconds to end the lease. */
	if (errno == EWOULDBLOCK)
		return error_set(error, TOTPGROUP_EBUSY,
			"%s: a lease of another process keeps it from being opened; end it, "
			"lslocks(8) shows it%s",
			rules->path, rules->if_locked != NULL ? rules->if_locked : "");
	return error_set_system(error,
		errno == ENOENT ? TOTPGROUP_ENOTFOUND : TOTPGROUP_ESYSTEM, "cannot open %s",
		rules->path);
}
