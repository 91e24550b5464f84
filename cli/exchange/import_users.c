/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/import_users.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "cli/users/account.h"
#include "totpgroup.h"

static bool is_usable(const struct import_record *record)
{
	return record->error.code == 0 && !record->passed_over;
}

/* The account of a label, without the host behind an '@'. The caller frees it. */
static char *account_part(const char *name)
{
	return strndup(name, strcspn(name, "@"));
}

/* Whether the name, or the part of it before '@', is that user. */
static bool is_called(const struct import_record *record, const char *user)
{
	const char *name = record->key.name;
	size_t length = strlen(user);

	if (name == NULL)
		return false;
	if (strcmp(name, user) == 0)
		return true;
	return !record->names_user && strncmp(name, user, length) == 0 && name[length] == '@';
}

static unsigned int count_labels(const struct import_list *list)
{
	unsigned int count = 0;

	for (const struct import_record *record = list->first; record != NULL;
		record = record->next)
		count += !record->names_user;
	return count;
}

static bool find_wanted(struct import_list *list, const char *wanted)
{
	bool single = count_labels(list) == 1;
	bool matches;

	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		/* A bad row that does not even say whose it is may be this user's. */
		if (record->error.code != 0 && record->key.name == NULL)
			continue;
		matches = is_called(record, wanted) || record->key.name == NULL ||
			  (single && !record->names_user);
		if (!matches) {
			record->passed_over = true;
			continue;
		}
		record->user = strdup(wanted);
		if (record->user == NULL)
			return false;
	}
	return true;
}

/* The caller's name, where the caller can only mean himself. */
static char *name_of_caller(void)
{
	struct account caller = {0};
	char *name = NULL;

	if (account_find(&caller, NULL) == STATUS_DONE)
		name = strdup(caller.name);
	account_free(&caller);
	return name;
}

static char *find_user(struct import_record *record)
{
	const char *name = record->key.name;
	char *user;

	if (name == NULL)
		return getuid() != 0 && record->key.line == 0 ? name_of_caller() : NULL;
	if (record->names_user || getpwnam(name) != NULL)
		return strdup(name);
	user = account_part(name);
	if (user != NULL && getpwnam(user) != NULL)
		return user;
	free(user);
	return NULL;
}

static void say_nobody(struct import_record *record)
{
	const char *name = record->key.name;
	char line[32] = "";

	if (record->key.line > 0)
		snprintf(line, sizeof line, "line %u: ", record->key.line);
	if (name != NULL)
		error_set(&record->error, TOTPGROUP_ENOTFOUND,
			"%s'%s' is no user here; name one with --user", line, name);
	else
		error_set(&record->error, TOTPGROUP_ENOTFOUND,
			"%sdoes not say whose it is; name the user with --user", line);
}

static void find_by_name(struct import_list *list)
{
	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		if (record->error.code != 0)
			continue;
		record->user = find_user(record);
		if (record->user == NULL)
			say_nobody(record);
	}
}

/* By user, and in the order of the input where that is the same. */
static int compare(const void *a, const void *b)
{
	const struct import_record *const *left = a;
	const struct import_record *const *right = b;

	return strcmp((*left)->user, (*right)->user);
}

static void refuse_twins(struct import_record **records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct import_record *record = records[i];
		const struct import_record *other = NULL;

		if (i > 0 && compare(&records[i - 1], &records[i]) == 0)
			other = records[i - 1];
		else if (i + 1 < count && compare(&records[i + 1], &records[i]) == 0)
			other = records[i + 1];
		if (other != NULL)
			error_set(&record->error, TOTPGROUP_ECONFLICT,
				"line %u: %s has another secret in line %u of %s; a user has "
				"one",
				record->key.line, record->user, other->key.line, other->source);
	}
}

static enum exit_status find_twins(struct import_list *list)
{
	struct import_record **records;
	size_t count = 0;

	for (struct import_record *record = list->first; record != NULL; record = record->next)
		count++;
	records = calloc(count + 1, sizeof(struct import_record *));
	if (records == NULL)
		return terminal_out_of_memory();
	count = 0;
	for (struct import_record *record = list->first; record != NULL; record = record->next)
		if (is_usable(record))
			records[count++] = record;
	qsort(records, count, sizeof(struct import_record *), compare);
	refuse_twins(records, count);
	free(records);
	return STATUS_DONE;
}

enum exit_status import_users_find(struct import_list *list, const char *wanted)
{
	if (wanted == NULL)
		find_by_name(list);
	else if (!find_wanted(list, wanted))
		return terminal_out_of_memory();
	return find_twins(list);
}
