/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/sealing.h"

#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "core/credential.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

#define KEY_FILE_MODE	  0600
#define NEW_KEY_FILE_MODE 0400

static struct file_rules rules_of(const char *key_file)
{
	return (struct file_rules){.path = key_file,
		.owner = geteuid(),
		.allowed_mode = KEY_FILE_MODE,
		.if_empty = "without the keys no secret can be read"};
}

int sealing_read_keys(const char *key_file, struct seal_keys *keys, struct error *error)
{
	const struct file_rules rules = rules_of(key_file);
	struct text text = TEXT_INIT;
	struct error line = ERROR_INIT;
	int status = locked_file_look(&rules, &text, error);

	/* A secret that is there must not pass for one that is not. */
	if (status == TOTPGROUP_ENOTFOUND)
		status = error_set(error, TOTPGROUP_ECONFIG,
			"seal_key=%s: there is no such file", key_file);
	if (status == 0 && seal_keys_read(keys, text.data, text.length, &line) != 0)
		status = error_set(error, line.code, "%s: %s", key_file, line.message);
	text_free(&text);
	return status;
}

int sealing_find_first_key(const char *key_file, sealing_key_id id, struct error *error)
{
	struct seal_keys keys;
	int status;

	memset(&keys, 0, sizeof keys);
	status = sealing_read_keys(key_file, &keys, error);
	memcpy(id, keys.keys[0].id, sizeof(sealing_key_id));
	seal_keys_wipe(&keys);
	return status;
}

void sealing_forget(struct sealing *sealing)
{
	if (sealing->keys.count > 0)
		seal_keys_wipe(&sealing->keys);
}

static int have_keys(struct sealing *sealing, struct error *error)
{
	if (sealing->keys.count > 0)
		return 0;
	return sealing_read_keys(sealing->key_file, &sealing->keys, error);
}

static int open_with_keys(struct sealing *sealing, const struct seal_subject *subject,
	const char *where, struct text *text, struct error *error)
{
	struct text opened = TEXT_INIT;
	struct error inner = ERROR_INIT;
	int status = have_keys(sealing, error);

	if (status == 0 && seal_open(&sealing->keys, subject, text->data, text->length, &opened,
				   &inner) != 0)
		status = error_set(error, inner.code, "%.120s: %s (keys of %.100s)", where,
			inner.message, sealing->key_file);
	text_free(text);
	*text = opened;
	return status;
}

int sealing_open(struct sealing *sealing, enum seal_kind kind, const char *where,
	struct text *text, sealing_key_id id, struct error *error)
{
	const struct seal_subject subject = {kind, sealing->user, 0};
	const char *found;
	size_t length;
	int status;

	*id = '\0';
	if (text->data == NULL || !seal_is_sealed(text->data, text->length))
		return 0;
	seal_find_key_id(text->data, text->length, &found, &length);
	if (length <= SEAL_KEY_ID_MAX) {
		memcpy(id, found, length);
		id[length] = '\0';
	}
	if (sealing->key_file != NULL) {
		status = open_with_keys(sealing, &subject, where, text, error);
	} else {
		text_free(text);
		status = error_set(error, TOTPGROUP_ECRYPTO,
			"%.200s: sealed with the key %s; seal_key= says where that is", where,
			id);
	}
	return status;
}

int sealing_close(struct sealing *sealing, enum seal_kind kind, const struct text *text,
	struct text *written, struct error *error)
{
	const struct seal_subject subject = {kind, sealing->user, 0};
	int status;

	if (sealing->key_file == NULL || !sealing->seals) {
		status = text_append(written, text->data, text->length);
		return status == 0 ? 0 : error_set(error, status, "out of memory");
	}
	status = have_keys(sealing, error);
	if (status == 0) {
		status =
			seal_close(&sealing->keys, &subject, text->data, text->length, written);
		if (status != 0)
			error_set(error, status, "%s", totpgroup_strerror(status));
	}
	if (status == 0 && written->length > CREDENTIAL_TEXT_MAX)
		status = error_set(error, TOTPGROUP_EARGUMENT,
			"the %s of %.100s is too long to be sealed",
			kind == SEAL_SECRET ? "secret file" : "state", sealing->user);
	return status;
}

/* Draws a line for the file, whose other lines are in text, and checks the whole. */
static int put_key_in_front(
	const char *key_file, const char *id, struct text *text, struct error *error)
{
	struct text line = TEXT_INIT;
	struct seal_keys keys;
	struct error wrong = ERROR_INIT;
	int status = seal_key_draw(id, &line);

	memset(&keys, 0, sizeof keys);
	if (status == 0)
		status = text_splice(text, 0, 0, line.data, line.length);
	if (status != 0)
		error_set(error, status,
			status == TOTPGROUP_EARGUMENT
				? "a key's id is 1 to 32 letters, digits, '-', '_' and '.'"
				: "%s",
			totpgroup_strerror(status));
	else if (seal_keys_read(&keys, text->data, text->length, &wrong) != 0)
		status = error_set(error, TOTPGROUP_EARGUMENT, "%s with the key %s: %s",
			key_file, id, wrong.message);
	seal_keys_wipe(&keys);
	text_free(&line);
	return status;
}

int sealing_add_key(const char *key_file, const char *id, struct error *error)
{
	const struct file_rules rules = rules_of(key_file);
	struct locked_file *file = NULL;
	struct text text = TEXT_INIT;
	int status = locked_file_begin(&rules, &file, &text, error);
	bool is_new = status == TOTPGROUP_ENOTFOUND;

	if (is_new) {
		*error = (struct error)ERROR_INIT;
		status = parent_folders_make(key_file, error);
	}
	if (status == 0)
		status = put_key_in_front(key_file, id, &text, error);
	if (status == 0 && is_new)
		status = locked_file_create(&rules, &text, NEW_KEY_FILE_MODE, false, error);
	else if (status == 0)
		status = locked_file_commit(&file, &text, false, error);
	locked_file_abort(file);
	text_free(&text);
	return status;
}
