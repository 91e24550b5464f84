/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/place_json.h"

#include "cli/ui/json_line.h"

/* What JSON says. */
struct words {
	const char *file;
	const char *store;
	const char *place;
};

static struct words words_of(const struct user_file *file)
{
	const struct store_place *place = file->path != NULL ? file->credential->place : NULL;

	return (struct words){.file = place != NULL ? place->file : NULL,
		.store = place != NULL ? place->store->operations->name : NULL,
		.place = file->path};
}

bool user_file_put_place(struct json_object *object, const struct user_file *file)
{
	const struct words words = words_of(file);

	return json_put_string(object, "file", words.file) &&
	       json_put_string(object, "store", words.store) &&
	       json_put_string(object, "place", words.place);
}

void user_file_write_place(struct text *lines, const struct user_file *file)
{
	const struct words words = words_of(file);

	json_line_string(lines, "file", words.file);
	json_line_string(lines, "store", words.store);
	json_line_string(lines, "place", words.place);
}
