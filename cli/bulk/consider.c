/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/bulk/dry_run.h"
#include "cli/users/same_user.h"
#include "host/user_entry.h"
#include "message/translate.h"
#include "store/secret_path.h"
#include "totpgroup.h"

static enum bulk_reason refuse(
	enum bulk_reason reason, struct error *error, const char *message)
{
	error_set(error, TOTPGROUP_ECONFLICT, "%s", message);
	return reason;
}

/* System accounts in a group are skipped unless they were named. */
static enum bulk_reason judge_user(const struct bulk_run *run, const struct bulk_user *user,
	const struct passwd *entry, struct error *error)
{
	if (getuid() != 0 && getuid() != entry->pw_uid)
		return refuse(BULK_NOT_PERMITTED, error,
			translate("only root may do that for another user"));
	if (!user->named && bulk_is_system_uid(entry->pw_uid, run->first_uid))
		return refuse(BULK_SYSTEM_ACCOUNT, error, translate("is a system account"));
	if (!user->named && !bulk_has_login_shell(entry->pw_shell))
		return refuse(BULK_NO_LOGIN_SHELL, error, translate("has no login shell"));
	return BULK_NONE;
}

/* Letters are named after users, and must not have the name of another file. */
static enum bulk_reason judge_name(
	const struct bulk_run *run, const struct bulk_entry *entry, struct error *error)
{
	const struct bulk_formats *formats = &run->options.formats;
	char name[NAME_MAX + 1];
	bool good = secret_path_user_is_safe(entry->user) &&
		    !(formats->html && strcmp(entry->user, "letters") == 0);

	for (size_t i = 0; i < formats->letter_count; i++)
		good = good && bulk_letter_name(entry, formats->letters[i], name);
	return good ? BULK_NONE
		    : refuse(BULK_BAD_NAME, error,
			      translate("the name cannot be that of a letter's file; use "
					"totp-enroll "
					"enroll"));
}

/* Whether the batch has an entry for the same user or the same secret already. */
static bool is_named_twice(const struct bulk_batch *batch, const struct bulk_entry *entry)
{
	const struct passwd *user = entry->file.credential->user;

	for (size_t i = 0; i < batch->count; i++) {
		const struct bulk_entry *other = &batch->entries[i];

		if (same_user(other->file.credential->user, user) ||
			(other->file.credential->user->pw_uid == user->pw_uid &&
				strcmp(other->path, entry->path) == 0))
			return true;
	}
	return false;
}

static bool has_letter(const struct bulk_run *run, const struct bulk_entry *entry)
{
	const struct bulk_formats *formats = &run->options.formats;
	char name[NAME_MAX + 1];
	struct stat status;

	for (size_t i = 0; run->folder.descriptor >= 0 && i < formats->letter_count; i++)
		if (bulk_letter_name(entry, formats->letters[i], name) &&
			fstatat(run->folder.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) ==
				0)
			return true;
	return false;
}

/* Judges by the existing secret, which is appended to old, and by the letters. */
static enum bulk_reason judge_existing(const struct bulk_run *run,
	const struct bulk_entry *entry, struct text *old, struct error *error)
{
	bool rotate = run->options.rotate != 0;
	bool promised = run->options.dry_run != 0 && dry_run_stored_before(run, entry);
	int status = bulk_secret_read(entry, old, error);

	if ((status == 0 || promised) && !rotate)
		return refuse(BULK_ENROLLED, error, translate("has a secret already"));
	if (status == TOTPGROUP_EUNSAFE)
		return BULK_BAD_FILE;
	if (status != 0 && status != TOTPGROUP_ENOTFOUND)
		return BULK_STORE_ERROR;
	if (!has_letter(run, entry) && !(promised && run->options.formats.letter_count > 0))
		return BULK_NONE;
	if (rotate)
		return refuse(BULK_HAS_LETTER, error,
			translate("has a letter in that folder; to rotate again, name a new "
				  "one"));
	return refuse(BULK_LETTER_EXISTS, error,
		translate("there is a letter in that folder, of a secret that is gone; remove "
			  "it"));
}

static enum bulk_reason prepare_entry(const struct bulk_run *run, const struct bulk_user *user,
	const struct passwd *passwd, struct bulk_entry *entry, struct error *error)
{
	struct text old = TEXT_INIT;
	enum bulk_reason reason = judge_user(run, user, passwd, error);

	if (reason == BULK_NONE)
		reason = bulk_secret_find(entry, run, passwd, error);
	if (reason == BULK_NONE)
		reason = judge_name(run, entry, error);
	if (reason == BULK_NONE && is_named_twice(run->batch, entry))
		reason = refuse(BULK_TWICE, error, translate("was named before"));
	if (reason == BULK_NONE)
		reason = judge_existing(run, entry, &old, error);
	if (user->full_name != NULL)
		utf8_copy_shown(entry->full_name, sizeof entry->full_name, user->full_name,
			strlen(user->full_name));
	else
		bulk_full_name(passwd, entry->full_name);
	if (reason == BULK_NONE && run->options.dry_run == 0 &&
		bulk_secret_draw(entry, run, &old, error) != 0)
		reason = BULK_STORE_ERROR;
	text_free(&old);
	return reason;
}

void bulk_consider(struct bulk_run *run, const struct bulk_user *user)
{
	struct bulk_entry *entry = &run->batch->entries[run->batch->count];
	struct user_entry *found = NULL;
	struct error error = user->error;
	enum bulk_reason reason = BULK_NONE;
	bool in_batch;

	*entry = (struct bulk_entry){.text = TEXT_INIT};
	if (error.code != 0)
		reason = BULK_BAD_NAME;
	else if (user->entry == NULL && user_entry_by_name(&found, user->name, &error) != 0)
		reason = BULK_STORE_ERROR;
	else if (user->entry == NULL && found == NULL)
		reason = refuse(user->named ? BULK_UNKNOWN_USER : BULK_UNKNOWN_MEMBER, &error,
			translate("there is no such user"));
	else
		reason = prepare_entry(run, user,
			user->entry != NULL ? user->entry : &found->passwd, entry, &error);
	free(found);
	/* A run finds that out when it stores the batch. */
	in_batch = reason == BULK_NONE;
	if (in_batch && run->options.dry_run != 0)
		reason = dry_run_store(run->batch, entry, &error);
	if (reason != BULK_NONE || run->options.dry_run != 0)
		bulk_report_user(run, user->name, reason, entry,
			reason == BULK_NONE ? NULL : error.message);
	if (in_batch)
		run->batch->count++;
	else
		bulk_entry_free(entry);
}
