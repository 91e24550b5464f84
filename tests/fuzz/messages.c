/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What crosses sockets and disks: a call to totp-verifyd without its NUL, JSON, sealed texts and
 * the file of their keys. */

#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "core/seal.h"
#include "daemon/varlink.h"

void fuzz_frame(struct fuzz_input input)
{
	struct request request;
	struct call call;
	struct text reply = TEXT_INIT;
	struct json_value value;
	char *frame;

	if (input.length > REQUEST_MAX)
		return;
	/* The server puts a NUL behind each frame. */
	frame = calloc(input.length + 1, 1);
	if (frame == NULL)
		abort();
	if (input.length > 0)
		memcpy(frame, input.data, input.length);
	if (request_read(&request, frame, input.length)) {
		FUZZ_CHECK(call_from_request(&request, &call, &reply) == 0);
		if (call.method == CALL_NONE) {
			FUZZ_CHECK(reply.length > 1 && reply.data[reply.length - 1] == '\0');
			FUZZ_CHECK(json_read(reply.data, reply.length - 1, &value));
			FUZZ_CHECK(value.kind == JSON_OBJECT);
		} else {
			FUZZ_CHECK(reply.data == NULL);
		}
	}
	text_free(&reply);
	free(frame);
}

/* Reads every value, and each string twice: beside, and in its own place. */
static void walk(const struct json_value *value, unsigned int depth)
{
	struct json_value next = {0}, name = {0}, found;
	char buffer[64];
	int64_t number;

	FUZZ_CHECK(depth <= JSON_DEPTH_MAX);
	if (value->kind == JSON_STRING) {
		(void)json_string(value, buffer, sizeof buffer);
		(void)json_is(value, "Verify");
	}
	if (json_integer(value, -5, INT64_MAX, &number))
		FUZZ_CHECK(number >= -5);
	if (value->kind == JSON_ARRAY)
		while (json_next(value, &next, &next))
			walk(&next, depth + 1);
	if (value->kind == JSON_OBJECT) {
		while (json_next_member(value, &next, &name, &next)) {
			FUZZ_CHECK(name.kind == JSON_STRING);
			walk(&next, depth + 1);
		}
		(void)json_member(value, "parameters", &found);
	}
}

void fuzz_json(struct fuzz_input input)
{
	char *copy = fuzz_copy(input);
	struct json_value value;

	if (json_read(copy, input.length, &value))
		walk(&value, 0);
	else
		FUZZ_CHECK(value.kind == JSON_ABSENT);
	fuzz_copy_free(copy);
}

static const char keys_text[] = "key first MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"
				"key second QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpBQkNERUY=\n";

static void read_keys(struct seal_keys *keys)
{
	struct error error = ERROR_INIT;

	memset(keys, 0, sizeof *keys);
	FUZZ_CHECK(seal_keys_read(keys, keys_text, strlen(keys_text), &error) == 0);
}

/* Nothing but the text that was sealed comes out, whatever was changed of it. */
static void change_and_open(const struct seal_keys *keys, const struct seal_subject *subject,
	struct text *sealed, struct fuzz_input *changes)
{
	struct text opened = TEXT_INIT;
	struct error error = ERROR_INIT;

	while (changes->length >= 3) {
		size_t place = fuzz_take_byte(changes) * 256 + fuzz_take_byte(changes);

		sealed->data[place % sealed->length] = (char)fuzz_take_byte(changes);
	}
	if (seal_open(keys, subject, sealed->data, sealed->length, &opened, &error) == 0)
		FUZZ_CHECK(opened.length == 6 && memcmp(opened.data, "SECRET", 6) == 0);
	else
		fuzz_check_error(&error);
	text_free(&opened);
}

/* The input is a sealed text, and then what is changed of one that is made here. */
void fuzz_sealed(struct fuzz_input input)
{
	static const struct seal_subject subject = {SEAL_SECRET, "alice", 0};
	struct seal_keys keys;
	struct text opened = TEXT_INIT, sealed = TEXT_INIT;
	struct error error = ERROR_INIT;
	char *copy = fuzz_copy(input);
	const char *id;
	size_t length;

	read_keys(&keys);
	(void)seal_is_sealed(copy, input.length);
	seal_find_key_id(copy, input.length, &id, &length);
	if (seal_open(&keys, &subject, copy, input.length, &opened, &error) != 0)
		fuzz_check_error(&error);
	FUZZ_CHECK(opened.length == 0);
	FUZZ_CHECK(seal_close(&keys, &subject, "SECRET", 6, &sealed) == 0);
	change_and_open(&keys, &subject, &sealed, &input);
	text_free(&sealed);
	text_free(&opened);
	seal_keys_wipe(&keys);
	fuzz_copy_free(copy);
}

void fuzz_seal_keys(struct fuzz_input input)
{
	struct seal_keys keys = {.count = 0};
	struct error error = ERROR_INIT;
	char *copy = fuzz_copy(input);

	if (seal_keys_read(&keys, copy, input.length, &error) == 0) {
		FUZZ_CHECK(keys.count >= 1 && keys.count <= SEAL_KEYS_MAX);
		for (size_t i = 0; i < keys.count; i++)
			FUZZ_CHECK(seal_keys_find(&keys, keys.keys[i].id,
					   strlen(keys.keys[i].id)) == &keys.keys[i]);
	} else {
		fuzz_check_error(&error);
		FUZZ_CHECK(keys.count == 0);
	}
	seal_keys_wipe(&keys);
	fuzz_copy_free(copy);
}
