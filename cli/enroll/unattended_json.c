/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/enroll/unattended_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base32.h"
#include "base/wipe.h"
#include "cli/enroll/show_new.h"
#include "cli/ui/json_output.h"
#include "cli/ui/terminal.h"

/* A change that could break a program that reads it makes this greater. */
#define JSON_VERSION 1

static bool put_code(struct json_object *codes, const char *code)
{
	struct json_object *string = json_object_new_string(code);

	if (string != NULL && json_object_array_add(codes, string) == 0)
		return true;
	json_object_put(string);
	return false;
}

/* As they are typed, those that were drawn and those that were read. */
static bool put_codes(struct json_object *root, const struct provision_source *source)
{
	const struct otp_key *key = &source->key;
	struct json_object *codes = json_object_new_array();
	bool done = codes != NULL;
	char code[16];

	for (unsigned int i = 0; done && i < source->new_codes.count; i++)
		done = put_code(codes, source->new_codes.code[i]);
	for (size_t i = 0;
		done && source->new_codes.count == 0 && i < key->emergency_code_count; i++) {
		snprintf(code, sizeof code, "%08" PRIu32, key->emergency_codes[i]);
		done = put_code(codes, code);
	}
	WIPE_ARRAY(code);
	return json_put(root, "emergency_codes", codes) && done;
}

static bool put_base32(struct json_object *root, const struct otp_key *key)
{
	size_t size = BASE32_LENGTH(key->secret_length) + 1;
	char *characters = malloc(size);
	bool done = characters != NULL;

	if (done) {
		base32_encode(key->secret, key->secret_length, characters);
		done = json_put_string(root, "secret", characters);
	}
	wipe_free(characters, size);
	return done;
}

static bool put_secret(struct json_object *root, const struct enroll_options *options,
	const char *user, struct provision_source *source)
{
	struct text uri = TEXT_INIT;
	bool done = present_append_uri(&source->key, options, user, &uri) == 0 &&
		    json_put_string(root, "uri", uri.data) && put_base32(root, &source->key) &&
		    put_codes(root, source);

	text_free(&uri);
	return done;
}

static bool put_no_secret(struct json_object *root)
{
	return json_put_string(root, "uri", NULL) && json_put_string(root, "secret", NULL) &&
	       json_put_string(root, "emergency_codes", NULL);
}

enum exit_status provision_json_print(const struct enroll_options *options,
	const struct user_file *file, struct provision_source *source,
	const struct error *error, enum exit_status status)
{
	const char *user = file->account.name != NULL ? file->account.name : options->user;
	bool changed = status == STATUS_DONE;
	bool good = changed || status == STATUS_UNCHANGED;
	struct json_object *root = json_object_new_object();
	bool done = json_put(root, "version", json_object_new_int(JSON_VERSION)) &&
		    json_put(root, "status", json_object_new_int((int)status)) &&
		    json_put_string(root, "user", user) &&
		    json_put(root, "changed", json_object_new_boolean(changed)) &&
		    json_put_string(root, "file", file->path) &&
		    json_put_string(root, "message", good ? NULL : error->message);

	if (done && options->with_secret != 0)
		done = changed ? put_secret(root, options, user, source) : put_no_secret(root);
	if (!done)
		status = terminal_out_of_memory();
	else if (!json_print(root))
		status = STATUS_STORE_ERROR;
	if (options->with_secret != 0)
		json_wipe(root);
	json_object_put(root);
	return status;
}
