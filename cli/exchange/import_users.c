/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"
#include "host/user_entry.h"
#include "totpgroup.h"

/* Whether the name, or the part of a label before '@', is that user. */
static bool is_for_user(const struct import_record *record, const char *user)
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

/* False where memory is out. */
static bool give_to_wanted(struct import_list *list, const char *wanted)
{
	bool single = count_labels(list) == 1;

	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		/* A bad record without a name may be this user's: it is reported. */
		if (record->error.code != 0 && record->key.name == NULL)
			continue;
		record->passed_over = record->key.name != NULL &&
				      !is_for_user(record, wanted) &&
				      (!single || record->names_user);
		if (record->passed_over)
			continue;
		record->user = strdup(wanted);
		if (record->user == NULL)
			return false;
	}
	return true;
}

static char *name_of_caller(void)
{
	struct user_entry *entry = NULL;
	struct error ignored = ERROR_INIT;
	char *name = NULL;

	if (user_entry_of_caller(&entry, &ignored) == 0)
		name = strdup(entry->passwd.pw_name);
	free(entry);
	return name;
}

/* Returns the user that a record names, or NULL. A label names the user before its '@'. An
 * input without a name, such as a credential file, is the caller's unless that is root. */
static char *find_user(struct import_record *record)
{
	const char *name = record->key.name;
	char *user;

	if (name == NULL)
		return getuid() != 0 && record->key.line == 0 ? name_of_caller() : NULL;
	if (record->names_user || getpwnam(name) != NULL)
		return strdup(name);
	user = strndup(name, strcspn(name, "@"));
	if (user != NULL && getpwnam(user) != NULL)
		return user;
	free(user);
	return NULL;
}

static void refuse_without_user(struct import_record *record)
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
			refuse_without_user(record);
	}
}

enum exit_status import_list_find_users(struct import_list *list, const char *wanted)
{
	if (wanted == NULL)
		find_by_name(list);
	else if (!give_to_wanted(list, wanted))
		return terminal_out_of_memory();
	return STATUS_DONE;
}
