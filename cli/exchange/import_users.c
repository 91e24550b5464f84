/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"
#include "cli/users/same_user.h"
#include "exchange/account_name.h"
#include "host/user_entry.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The users of this host that a name fits; NULL for none. The second one is set only for a
 * label that two users fit: `alice@corp` is alice on the host corp, or alice@corp. */
struct fitting {
	struct user_entry *longest;
	struct user_entry *other;
};

static void free_fitting(struct fitting *fitting)
{
	free(fitting->longest);
	free(fitting->other);
}

static int look_up(struct user_entry **entry, const struct word *name, struct error *error)
{
	char *string = name->length > 0 ? strndup(name->start, name->length) : NULL;
	int status = 0;

	if (string != NULL)
		status = user_entry_by_name(entry, string, error);
	else if (name->length > 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	free(string);
	return status;
}

/* Looks for the users. A label names a user before its last '@', or a user alone: never the
 * one whose name the user's name begins with. */
static int find_fitting(
	const struct import_record *record, struct fitting *fitting, struct error *error)
{
	const char *name = record->key.name != NULL ? record->key.name : "";
	struct account_name parts = account_name_split(name);
	struct word row = {name, strlen(name)};
	int status;

	if (record->names_user)
		return look_up(&fitting->longest, &row, error);
	status = look_up(&fitting->longest, &parts.whole, error);
	if (status == 0 && parts.user.length < parts.whole.length)
		status = look_up(&fitting->other, &parts.user, error);
	if (fitting->longest == NULL) {
		fitting->longest = fitting->other;
		fitting->other = NULL;
	} else if (fitting->other != NULL &&
		   same_user(&fitting->longest->passwd, &fitting->other->passwd)) {
		free(fitting->other);
		fitting->other = NULL;
	}
	return status;
}

static bool is_one_of(const struct fitting *fitting, const struct user_entry *user)
{
	return (fitting->longest != NULL &&
		       same_user(&fitting->longest->passwd, &user->passwd)) ||
	       (fitting->other != NULL && same_user(&fitting->other->passwd, &user->passwd));
}

/* Refuses a record, with the line before the message. */
static void refuse(struct import_record *record, int code, const char *message)
{
	if (record->key.line > 0)
		error_set(&record->error, code, translate("line %u: %s"), record->key.line,
			message);
	else
		error_set(&record->error, code, "%s", message);
}

static void refuse_two(struct import_record *record, const struct fitting *fitting)
{
	struct error why = ERROR_INIT;

	error_set(&why, TOTPGROUP_ECONFLICT,
		translate("'%s' can be %s or %s; name one with --user"), record->key.name,
		fitting->other->passwd.pw_name, fitting->longest->passwd.pw_name);
	refuse(record, why.code, why.message);
}

static void refuse_without_user(struct import_record *record)
{
	struct error why = ERROR_INIT;

	if (record->key.name != NULL)
		error_set(&why, TOTPGROUP_ENOTFOUND,
			translate("'%s' is no user here; name one with --user"),
			record->key.name);
	else
		error_set(&why, TOTPGROUP_ENOTFOUND,
			translate("does not say whose it is; name the user with --user"));
	refuse(record, why.code, why.message);
}

/* Whether the account has that label, `account` or `issuer:account`. */
static bool has_label(const struct otp_key *key, const char *label)
{
	const char *name = key->name != NULL ? key->name : "";
	size_t issuer = key->issuer != NULL ? strlen(key->issuer) : 0;

	if (strcmp(name, label) == 0)
		return true;
	return issuer > 0 && strncmp(label, key->issuer, issuer) == 0 && label[issuer] == ':' &&
	       strcmp(label + issuer + 1, name) == 0;
}

void import_list_choose(struct import_list *list, const struct exchange_options *options)
{
	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		const struct otp_key *key = &record->key;

		if (record->error.code != 0 && key->name == NULL && key->issuer == NULL)
			continue;
		if (options->issuer != NULL &&
			strcmp(key->issuer != NULL ? key->issuer : "", options->issuer) != 0)
			record->passed_over = true;
		if (options->label != NULL && !has_label(key, options->label))
			record->passed_over = true;
		record->is_chosen = options->label != NULL && !record->passed_over;
	}
}

/* Whether the name, or the label's user, is written like that user. */
static bool is_written_as(const struct import_record *record, const char *user)
{
	struct account_name parts = account_name_split(record->key.name);

	if (record->names_user)
		return strcmp(record->key.name, user) == 0;
	return word_is(&parts.whole, user) || word_is(&parts.user, user);
}

static unsigned int count_labels(const struct import_list *list)
{
	unsigned int count = 0;

	for (const struct import_record *record = list->first; record != NULL;
		record = record->next)
		count += !record->names_user && !record->passed_over;
	return count;
}

/* Whom an input is for. */
struct wanted {
	const char *name;
	struct user_entry *entry; /* NULL where there is no such user */
	bool single;		  /* the input has one label, which may say anything but
				     another user */
};

/* Decides on a record with a name that is not written like the wanted user's. */
static int judge_other_name(struct import_record *record, const struct wanted *wanted)
{
	struct fitting fitting = {NULL, NULL};
	struct error why = ERROR_INIT;
	int status = find_fitting(record, &fitting, &why);
	bool is_wanted = wanted->entry != NULL && is_one_of(&fitting, wanted->entry);

	if (status != 0)
		refuse(record, status, why.message);
	else if (!is_wanted && (!wanted->single || record->names_user))
		record->passed_over = true;
	else if (!is_wanted && fitting.longest != NULL && !record->is_chosen) {
		error_set(&why, TOTPGROUP_ECONFLICT,
			translate("'%s' is for %s, and not for %s"), record->key.name,
			fitting.longest->passwd.pw_name, wanted->name);
		refuse(record, why.code, why.message);
	}
	free_fitting(&fitting);
	return status == TOTPGROUP_EMEMORY ? status : 0;
}

/* Returns 0 or TOTPGROUP_EMEMORY. */
static int give_to_wanted(struct import_list *list, const struct wanted *wanted)
{
	for (struct import_record *record = list->first; record != NULL;
		record = record->next) {
		int status = 0;

		/* A bad record without a name may be this user's: it is reported. */
		if (record->passed_over ||
			(record->error.code != 0 && record->key.name == NULL))
			continue;
		if (record->key.name != NULL && !is_written_as(record, wanted->name))
			status = judge_other_name(record, wanted);
		if (status != 0)
			return status;
		if (record->passed_over)
			continue;
		record->user = strdup(wanted->name);
		if (record->user == NULL)
			return TOTPGROUP_EMEMORY;
	}
	return 0;
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

/* Finds the user whom a label names. */
static void find_by_label(struct import_record *record)
{
	struct fitting fitting = {NULL, NULL};
	struct error why = ERROR_INIT;
	int status = find_fitting(record, &fitting, &why);

	if (status != 0)
		refuse(record, status, why.message);
	else if (fitting.other != NULL)
		refuse_two(record, &fitting);
	else if (fitting.longest == NULL)
		refuse_without_user(record);
	else
		record->user = strdup(fitting.longest->passwd.pw_name);
	free_fitting(&fitting);
}

/* Finds the user of a record. Whether there is a user of that name is checked when the
 * secret is stored. An input without a name, such as a credential file, is the caller's
 * unless that is root. */
static void find_user(struct import_record *record)
{
	if (record->key.name == NULL && getuid() != 0 && record->key.line == 0)
		record->user = name_of_caller();
	else if (record->key.name != NULL && record->names_user)
		record->user = strdup(record->key.name);
	else if (record->key.name != NULL)
		find_by_label(record);
	if (record->user == NULL && record->error.code == 0)
		refuse_without_user(record);
}

static int look_for_wanted(struct import_list *list, const char *name)
{
	struct wanted wanted = {.name = name, .single = count_labels(list) == 1};
	struct error ignored = ERROR_INIT;
	int status = user_entry_by_name(&wanted.entry, name, &ignored);

	/* A caller without an entry can have a secret, too. */
	if (status != TOTPGROUP_EMEMORY)
		status = give_to_wanted(list, &wanted);
	free(wanted.entry);
	return status;
}

enum exit_status import_list_find_users(struct import_list *list, const char *wanted)
{
	if (wanted != NULL)
		return look_for_wanted(list, wanted) == 0 ? STATUS_DONE
							  : terminal_out_of_memory();
	for (struct import_record *record = list->first; record != NULL; record = record->next)
		if (record->error.code == 0 && !record->passed_over)
			find_user(record);
	return STATUS_DONE;
}
