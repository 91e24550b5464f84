/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/seal_keys.h"

#include <string.h>

#include "base/base64.h"
#include "base/lines.h"
#include "base/wipe.h"
#include "totpgroup.h"

static const char id_bytes[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

static bool is_id(const char *id, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (id[i] == '\0' || strchr(id_bytes, id[i]) == NULL)
			return false;
	return length > 0 && length <= SEAL_KEY_ID_MAX;
}

const struct seal_key *seal_keys_find(
	const struct seal_keys *keys, const char *id, size_t length)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strlen(keys->keys[i].id) == length &&
			memcmp(keys->keys[i].id, id, length) == 0)
			return &keys->keys[i];
	return NULL;
}

/* Reads the base64 of a key. Returns 0, TOTPGROUP_EFORMAT or TOTPGROUP_EMEMORY. */
static int read_master(const struct word *word, uint8_t master[SEAL_MASTER_SIZE])
{
	struct text bytes = TEXT_INIT;
	int status = base64_decode(&bytes, word->start, word->length);

	if (status == 0 && bytes.length != SEAL_MASTER_SIZE)
		status = TOTPGROUP_EFORMAT;
	if (status == 0)
		memcpy(master, bytes.data, SEAL_MASTER_SIZE);
	text_free(&bytes);
	return status;
}

/* What is wrong with a line, or NULL. *status is TOTPGROUP_EMEMORY where memory is. */
static const char *read_key(
	struct seal_keys *keys, const char *line, size_t length, int *status)
{
	struct seal_key *key = &keys->keys[keys->count];
	struct word words[4] = {{NULL, 0}};
	size_t count = 0;

	while (count < 4 &&
		lines_next_word(&line, &length, &words[count].start, &words[count].length))
		count++;
	if (count != 3 || !word_is(&words[0], "key"))
		return "is not `key ID BASE64`";
	if (!is_id(words[1].start, words[1].length))
		return "has an id that is not 1 to 32 letters, digits, '-', '_' and '.'";
	if (seal_keys_find(keys, words[1].start, words[1].length) != NULL)
		return "has an id that stands there twice";
	if (keys->count == SEAL_KEYS_MAX)
		return "is one key too many: there may be 16";
	*status = read_master(&words[2], key->master);
	if (*status != 0)
		return "has no base64 of 32 bytes";
	memcpy(key->id, words[1].start, words[1].length);
	key->id[words[1].length] = '\0';
	keys->count++;
	return NULL;
}

int seal_keys_read(struct seal_keys *keys, const char *text, size_t length, struct error *error)
{
	struct lines lines = {.text = text, .length = length};
	const char *line, *problem = NULL;
	size_t line_length;
	int status = 0;

	seal_keys_wipe(keys);
	while (problem == NULL && lines_next(&lines, &line, &line_length))
		if (line_length > 0 && *line != '#')
			problem = read_key(keys, line, line_length, &status);
	if (status == TOTPGROUP_EMEMORY)
		error_set(error, status, "out of memory");
	else if (problem != NULL)
		error_set(error, TOTPGROUP_ECONFIG, "line %u %s", lines.number, problem);
	else if (keys->count == 0)
		error_set(error, TOTPGROUP_ECONFIG,
			"there is no key; totp-enroll seal --new-key=ID prints one");
	else
		return 0;
	seal_keys_wipe(keys);
	return error->code;
}

int seal_key_draw(const char *id, struct text *line)
{
	uint8_t master[SEAL_MASTER_SIZE];
	int status = is_id(id, strlen(id)) ? random_bytes(master, sizeof master)
					   : TOTPGROUP_EARGUMENT;

	if (status == 0)
		status = text_append_format(line, "key %s ", id);
	if (status == 0)
		status = base64_encode(line, (const char *)master, sizeof master);
	if (status == 0)
		status = text_append_string(line, "\n");
	WIPE_ARRAY(master);
	return status;
}

void seal_keys_wipe(struct seal_keys *keys)
{
	WIPE_OBJECT(keys);
}
