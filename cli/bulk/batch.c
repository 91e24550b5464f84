/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/hmac.h"
#include "base/wipe.h"
#include "totpgroup.h"

const char *bulk_entry_user(const struct bulk_entry *entry)
{
	return entry->user != NULL ? entry->user : entry->file.account.name;
}

void bulk_entry_fail(
	struct bulk_entry *entry, enum bulk_reason reason, const struct error *error)
{
	if (entry->reason != BULK_NONE)
		return;
	entry->reason = reason;
	entry->error = *error;
}

bool bulk_entry_letter_name(
	const struct bulk_entry *entry, enum letter_format format, char name[NAME_MAX + 1])
{
	int length = snprintf(
		name, NAME_MAX + 1, "%s.%s", bulk_entry_user(entry), bulk_format_name(format));

	return length > 0 && length <= NAME_MAX;
}

static size_t secret_length(const struct text *text)
{
	return text->data != NULL ? strcspn(text->data, "\r\n") : 0;
}

int bulk_digest(const struct text *key, const struct text *of,
	char digest[BULK_DIGEST_LENGTH + 1], struct error *error)
{
	uint8_t bytes[HMAC_DIGEST_MAX];
	struct hmac *hmac = NULL;
	size_t length = 0;
	int status = hmac_open(&hmac, HMAC_SHA256, key->data, secret_length(key));

	if (status == 0)
		status = hmac_digest(hmac, of->data != NULL ? of->data : "", secret_length(of),
			bytes, &length);
	if (status == 0)
		hex_encode(bytes, length, digest);
	else
		error_set(error, status, "cannot digest the old secret: %s",
			totpgroup_strerror(status));
	WIPE_ARRAY(bytes);
	hmac_close(hmac);
	return status;
}

bool bulk_same_secret(const struct text *one, const struct text *other)
{
	size_t length = secret_length(one);

	return length > 0 && length == secret_length(other) &&
	       memcmp(one->data, other->data, length) == 0;
}

static void clear_entry(struct bulk_entry *entry)
{
	user_file_free(&entry->file);
	text_free(&entry->text);
	free(entry->path);
	free(entry->user);
	WIPE_OBJECT(entry);
}

void bulk_batch_drop_last(struct bulk_batch *batch)
{
	clear_entry(&batch->entries[--batch->count]);
}

void bulk_batch_clear(struct bulk_batch *batch)
{
	while (batch->count > 0)
		bulk_batch_drop_last(batch);
	batch->recovered = false;
}
