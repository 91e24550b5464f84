/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/users/place_json.h"

bool user_file_put_place(struct json_object *object, const struct user_file *file)
{
	const struct store_place *place = file->path != NULL ? file->credential->place : NULL;

	return json_put_string(object, "file", place != NULL ? place->file : NULL) &&
	       json_put_string(object, "store",
		       place != NULL ? place->store->operations->name : NULL) &&
	       json_put_string(object, "place", file->path);
}
