/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records for one user, whom the user database may know by several spellings. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static bool has_same_secret(const struct import_record *a, const struct import_record *b)
{
	return a->credential.length == b->credential.length &&
	       memcmp(a->credential.data, b->credential.data, a->credential.length) == 0;
}

/* Of records for one user: the first whose secret is another, or NULL. */
static const struct import_record *find_other(
	const struct place *places, size_t count, const struct import_record *record)
{
	for (size_t i = 0; i < count; i++)
		if (!has_same_secret(places[i].record, record))
			return places[i].record;
	return NULL;
}

static void refuse(struct import_record *record, const struct import_record *other)
{
	error_set(&record->error, TOTPGROUP_ECONFLICT,
		"line %u: %s has another secret in line %u of %s; a user has one",
		record->key.line, record->user, other->key.line, other->source);
}

/* Refuses records for one user, or keeps the first where all are the same. */
static void judge_together(const struct place *places, size_t count, bool quiet)
{
	const struct import_record *first = places[0].record;

	for (size_t i = 0; i < count; i++) {
		struct import_record *record = places[i].record;
		const struct import_record *other = find_other(places, count, record);

		if (other != NULL) {
			refuse(record, other);
			continue;
		}
		record->passed_over = i > 0;
		if (i > 0 && !quiet)
			terminal_complain("%s: line %u: %s has the same secret as in line %u "
					  "of %s, and gets it once",
				record->source, record->key.line, record->user, first->key.line,
				first->source);
	}
}

static void judge_all(struct place *places, size_t count, bool quiet)
{
	qsort(places, count, sizeof *places, compare);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1;
			end < count && is_for_same_user(&places[end - 1], &places[end]);)
			end++;
		if (end - i > 1)
			judge_together(places + i, end - i, quiet);
	}
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

enum exit_status import_list_refuse_second_secrets(struct import_list *list,
	const struct host_defaults *defaults, const struct exchange_options *options)
{
	struct place *places;
	size_t count = list_places(list, &places);

	if (places == NULL)
		return terminal_out_of_memory();
	count = find_files(places, count, defaults, options->secret);
	judge_all(places, count, options->quiet != 0);
	while (count > 0)
		user_file_free(&places[--count].file);
	free(places);
	return STATUS_DONE;
}

enum exit_status import_list_refuse_second_secret_of_one(struct import_list *list)
{
	struct place *places;
	size_t count = list_places(list, &places);

	if (places == NULL)
		return terminal_out_of_memory();
	if (count > 0)
		judge_together(places, count, true);
	free(places);
	return STATUS_DONE;
}
