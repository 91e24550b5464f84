/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records for one user, whom the user database may know by several spellings. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"
#include "cli/users/same_user.h"
#include "cli/users/user_file.h"
#include "totpgroup.h"

/* A record that can be used, and whose it is. */
struct place {
	struct import_record *record;
	struct user_file file;
	size_t number; /* in the input */
};

static const struct passwd *user_of(const struct place *place)
{
	return place->file.credential->user;
}

/* Compares the uids, the names, the files and then the order of the input, for sorting. */
static int compare(const void *a, const void *b)
{
	const struct place *left = a, *right = b;
	uid_t one = user_of(left)->pw_uid, other = user_of(right)->pw_uid;
	int order = (one > other) - (one < other);

	if (order == 0)
		order = strcasecmp(user_of(left)->pw_name, user_of(right)->pw_name);
	if (order == 0)
		order = strcmp(left->file.path, right->file.path);
	return order != 0 ? order
			  : (left->number > right->number) - (left->number < right->number);
}

static bool is_for_same_user(const struct place *one, const struct place *other)
{
	return same_user(user_of(one), user_of(other)) ||
	       (user_of(one)->pw_uid == user_of(other)->pw_uid &&
		       strcmp(one->file.path, other->file.path) == 0);
}

/* Returns 0 or TOTPGROUP_EMEMORY. */
static int join_places(
	const struct place *places, size_t count, const struct import_join_options *options)
{
	struct import_record **records = calloc(count, sizeof(struct import_record *));
	int status;

	if (records == NULL)
		return TOTPGROUP_EMEMORY;
	for (size_t i = 0; i < count; i++)
		records[i] = places[i].record;
	status = import_join(records, count, options);
	free(records);
	return status;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static int join_all(
	struct place *places, size_t count, const struct import_join_options *options)
{
	int status = 0;

	qsort(places, count, sizeof *places, compare);
	for (size_t i = 0, end; i < count && status == 0; i = end) {
		for (end = i + 1;
			end < count && is_for_same_user(&places[end - 1], &places[end]);)
			end++;
		/* Two spellings of a name are sorted apart. */
		qsort(places + i, end - i, sizeof *places, compare_numbers);
		if (end - i > 1)
			status = join_places(places + i, end - i, options);
	}
	return status;
}

/* Lists the records that can be used; *places is NULL where memory is out. */
static size_t list_places(struct import_list *list, struct place **places)
{
	size_t count = 0;

	for (struct import_record *record = list->first; record != NULL; record = record->next)
		count++;
	*places = calloc(count + 1, sizeof **places);
	count = 0;
	for (struct import_record *record = list->first; record != NULL && *places != NULL;
		record = record->next)
		if (record->error.code == 0 && !record->passed_over) {
			(*places)[count] = (struct place){.record = record, .number = count};
			count++;
		}
	return count;
}

/* Finds the file of each, and leaves out those without. Why one cannot be found is reported when
 * the secret is to be stored. */
static size_t find_files(struct place *places, size_t count,
	const struct host_defaults *defaults, const char *specification)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		struct place place = places[i];
		struct error ignored = ERROR_INIT;

		if (user_file_find(&place.file, place.record->user, defaults, specification,
			    &ignored) == STATUS_DONE)
			places[found++] = place;
		else
			user_file_free(&place.file);
	}
	return found;
}

enum exit_status import_list_join(struct import_list *list,
	const struct host_defaults *defaults, const struct exchange_options *options)
{
	const struct import_join_options how = {(int64_t)time(NULL), options->quiet != 0};
	struct place *places;
	size_t count = list_places(list, &places);
	int status;

	if (places == NULL)
		return terminal_out_of_memory();
	count = find_files(places, count, defaults, options->secret);
	status = join_all(places, count, &how);
	while (count > 0)
		user_file_free(&places[--count].file);
	free(places);
	return status == 0 ? STATUS_DONE : terminal_out_of_memory();
}

enum exit_status import_list_join_for_one(struct import_list *list)
{
	const struct import_join_options how = {(int64_t)time(NULL), true};
	struct place *places;
	size_t count = list_places(list, &places);
	int status = 0;

	if (places == NULL)
		return terminal_out_of_memory();
	if (count > 1)
		status = join_places(places, count, &how);
	free(places);
	return status == 0 ? STATUS_DONE : terminal_out_of_memory();
}
