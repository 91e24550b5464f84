/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/wipe.h"
#include "config/enroll_defaults.h"
#include "message/translate.h"
#include "store/secret_path.h"
#include "totpgroup.h"

void bulk_entry_fail(
	struct bulk_entry *entry, enum bulk_reason reason, const struct error *error)
{
	if (entry->reason != BULK_NONE)
		return;
	entry->reason = reason;
	entry->error = *error;
}

void bulk_entry_free(struct bulk_entry *entry)
{
	user_file_free(&entry->file);
	text_free(&entry->text);
	WIPE_OBJECT(entry);
}

void bulk_batch_clear(struct bulk_batch *batch)
{
	while (batch->count > 0)
		bulk_entry_free(&batch->entries[--batch->count]);
	text_free(&batch->journal);
	batch->recovered = false;
	batch->concluded = 0;
}

enum bulk_reason bulk_secret_find(struct bulk_entry *entry, const struct bulk_run *run,
	const struct passwd *user, struct error *error)
{
	enum exit_status status = user_file_find_for_entry(
		&entry->file, user, &run->defaults, run->options.secret, error);

	entry->user = entry->file.name;
	entry->path = entry->file.path;
	if (status == STATUS_DONE)
		return BULK_NONE;
	if (error->code == TOTPGROUP_EARGUMENT && !secret_path_user_is_safe(user->pw_name))
		return BULK_BAD_NAME;
	return status == STATUS_NOT_PERMITTED ? BULK_NOT_PERMITTED : BULK_STORE_ERROR;
}

int bulk_secret_find_again(
	struct bulk_entry *entry, const struct bulk_run *run, struct error *error)
{
	struct error problem = ERROR_INIT;
	enum exit_status status = user_file_find(
		&entry->file, entry->user, &run->defaults, run->options.secret, &problem);

	if (status != STATUS_DONE) {
		bulk_entry_fail(entry,
			status == STATUS_USAGE ? BULK_UNKNOWN_USER : BULK_STORE_ERROR,
			&problem);
		return 0;
	}
	if (strcmp(entry->file.path, entry->path) == 0)
		return 0;
	return error_set(error, TOTPGROUP_ECONFLICT,
		translate("%s: the run that was interrupted meant to write %s, and this one "
			  "%s; name the "
			  "same --secret or --conf"),
		run->folder.path, entry->path, entry->file.path);
}

int bulk_secret_read(const struct bulk_entry *entry, struct text *text, struct error *error)
{
	return user_file_read(&entry->file, text, error);
}

/* The length of the first line of a credential, which is the secret. */
static size_t secret_length(const struct text *text)
{
	return text->data != NULL ? strcspn(text->data, "\r\n") : 0;
}

static bool is_same_secret(const struct text *one, const struct text *other)
{
	size_t length = secret_length(one);

	return length > 0 && length == secret_length(other) &&
	       memcmp(one->data, other->data, length) == 0;
}

/* Digests the secret of one credential, keyed with the secret of another. */
static int digest_secret(const struct text *key, const struct text *text,
	char digest[BULK_DIGEST_LENGTH + 1], struct error *error)
{
	uint8_t bytes[HMAC_DIGEST_MAX];
	struct hmac *hmac = NULL;
	size_t length = 0;
	int status = hmac_open(&hmac, HMAC_SHA256, key->data, secret_length(key));

	if (status == 0)
		status = hmac_digest(hmac, text->data != NULL ? text->data : "",
			secret_length(text), bytes, &length);
	if (status == 0)
		hex_encode(bytes, length, digest);
	else
		error_set(error, status, translate("cannot digest the old secret: %s"),
			totpgroup_strerror(status));
	WIPE_ARRAY(bytes);
	hmac_close(hmac);
	return status;
}

int bulk_secret_draw(struct bulk_entry *entry, const struct bulk_run *run,
	const struct text *old, struct error *error)
{
	int status = default_credential_draw(&run->defaults.enroll, &entry->credential, error);

	if (run->options.pending_seconds != 0)
		entry->credential.pending_until =
			(int64_t)time(NULL) + run->options.pending_seconds;
	if (status == 0)
		status = new_credential_append(&entry->credential, &entry->text, error);
	if (status == 0 && old->length > 0)
		status = digest_secret(&entry->text, old, entry->previous, error);
	return status;
}

static bool rotates(const struct bulk_entry *entry)
{
	return entry->previous[0] != '\0';
}

static void fail_conflict(struct bulk_entry *entry)
{
	struct error error = ERROR_INIT;

	error_set(&error, TOTPGROUP_ECONFLICT,
		translate("somebody else has enrolled or revoked this user in the meantime; %s "
			  "is unchanged"),
		entry->path);
	bulk_entry_fail(entry, BULK_CONFLICT, &error);
}

enum found {
	FOUND_NOTHING,
	FOUND_NEW,	/* the entry's new secret */
	FOUND_PREVIOUS, /* the secret that the entry replaces */
	FOUND_OTHER,
	FOUND_ERROR,
};

static enum found compare_with_existing(const struct bulk_entry *entry, struct error *error)
{
	char digest[BULK_DIGEST_LENGTH + 1] = "";
	struct text text = TEXT_INIT;
	enum found found = FOUND_OTHER;
	int status = bulk_secret_read(entry, &text, error);

	if (status == TOTPGROUP_ENOTFOUND)
		found = FOUND_NOTHING;
	else if (status != 0)
		found = FOUND_ERROR;
	else if (is_same_secret(&entry->text, &text))
		found = FOUND_NEW;
	else if (digest_secret(&entry->text, &text, digest, error) != 0)
		found = FOUND_ERROR;
	else if (strcmp(digest, entry->previous) == 0)
		found = FOUND_PREVIOUS;
	text_free(&text);
	return found;
}

/* Whether an entry that an interrupted run left has still to be stored. */
static bool is_left_to_store(struct bulk_entry *entry)
{
	struct error error = ERROR_INIT;
	enum found found = compare_with_existing(entry, &error);

	entry->stored = found == FOUND_NEW;
	if (found == FOUND_ERROR)
		bulk_entry_fail(entry, BULK_STORE_ERROR, &error);
	else if (found == FOUND_OTHER || (found == FOUND_NOTHING && rotates(entry)))
		fail_conflict(entry);
	return entry->reason == BULK_NONE && !entry->stored;
}

/* Notes the result of storing. After a failure of the disk the secret may be there. */
static void note_result(struct bulk_entry *entry, int status, const struct error *error)
{
	struct error ignored = ERROR_INIT;

	if (status == TOTPGROUP_ECONFLICT) {
		fail_conflict(entry);
		return;
	}
	entry->stored = status == 0 || compare_with_existing(entry, &ignored) == FOUND_NEW;
	if (status != 0)
		bulk_entry_fail(entry, BULK_STORE_ERROR, error);
}

/* Stores the new secrets of users who have none, which waits for nobody. */
static void store_first(struct bulk_batch *batch, struct store_new *items)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->entries[i].is_due && !rotates(&batch->entries[i]))
			items[count++] = (struct store_new){
				.place = batch->entries[i].file.credential->place,
				.secret = &batch->entries[i].text,
			};
	store_create_many(items, count, batch->suffix, batch->recovered);
	count = 0;
	for (size_t i = 0; i < batch->count; i++)
		if (batch->entries[i].is_due && !rotates(&batch->entries[i])) {
			note_result(
				&batch->entries[i], items[count].status, &items[count].error);
			count++;
		}
}

/* Replaces the secrets of the others. A user can make each wait for the lock as long as that
 * may take, so that a signal ends it between two. */
static void replace_others(struct bulk_run *run)
{
	for (size_t i = 0; i < run->batch->count; i++) {
		struct bulk_entry *entry = &run->batch->entries[i];
		struct error error = ERROR_INIT;

		if (!entry->is_due || !rotates(entry))
			continue;
		entry->left_out = bulk_signals_came(&run->signals);
		if (entry->left_out)
			run->interrupted = true;
		else
			note_result(entry,
				store_create(entry->file.credential->place, &entry->text, true,
					&error),
				&error);
	}
}

void bulk_secrets_store(struct bulk_run *run)
{
	struct bulk_batch *batch = run->batch;
	struct store_new *items = calloc(batch->count + 1, sizeof *items);
	struct error error = ERROR_INIT;

	if (items == NULL)
		error_set(&error, TOTPGROUP_EMEMORY, translate("out of memory"));
	for (size_t i = 0; i < batch->count; i++) {
		struct bulk_entry *entry = &batch->entries[i];

		entry->is_due = entry->reason == BULK_NONE &&
				(!batch->recovered || is_left_to_store(entry));
		if (entry->is_due && items == NULL)
			bulk_entry_fail(entry, BULK_STORE_ERROR, &error);
	}
	if (items == NULL)
		return;
	store_first(batch, items);
	replace_others(run);
	free(items);
}
