/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Several records of one user: the accounts of other hosts are left out, the same secret
 * counts once, and different ones are devices. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/host_name.h"
#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"
#include "exchange/account_name.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Whether a name is this host's, with or without its domain. */
static bool is_this_host(const char *name, size_t length)
{
	char host[HOST_NAME_MAX + 1];
	size_t host_length, common;

	host_name(host);
	host_length = strlen(host);
	common = length < host_length ? length : host_length;
	if (common == 0 || strncasecmp(name, host, common) != 0)
		return false;
	return length == host_length || (length > common ? name[common] : host[common]) == '.';
}

static struct word host_of(const struct import_record *record)
{
	return account_name_split(record->key.name != NULL ? record->key.name : "").host;
}

/* A row is for the host on which it is read, and so is the file of one user. */
static bool names_this_host(const struct import_record *record)
{
	struct word host = host_of(record);
	const char *issuer = record->key.issuer;

	return record->names_user || record->is_whole ||
	       is_this_host(host.start, host.length) ||
	       (issuer != NULL && is_this_host(issuer, strlen(issuer)));
}

static bool is_same_account(const struct import_record *a, const struct import_record *b)
{
	const char *issuer = a->key.issuer != NULL ? a->key.issuer : "";
	const char *other = b->key.issuer != NULL ? b->key.issuer : "";
	struct word host = host_of(a), other_host = host_of(b);

	if (a->names_user || b->names_user)
		return a->names_user && b->names_user;
	return strcmp(issuer, other) == 0 && host.length == other_host.length &&
	       strncasecmp(host.start, other_host.start, host.length) == 0;
}

/* Leaves out the accounts of other hosts where one is of this host. Returns how many records
 * are left, at the front. */
static size_t leave_out_other_hosts(
	struct import_record **records, size_t count, const struct import_join_options *options)
{
	size_t left = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++)
		any |= names_this_host(records[i]);
	for (size_t i = 0; any && i < count; i++) {
		if (names_this_host(records[i])) {
			records[left++] = records[i];
			continue;
		}
		records[i]->passed_over = true;
		if (!options->quiet)
			terminal_complain(
				"%s: line %u: %s is not for this host, and is left out",
				records[i]->source, records[i]->key.line,
				records[i]->key.name != NULL ? records[i]->key.name : "it");
	}
	return any ? left : count;
}

static void refuse(
	struct import_record *record, const struct import_record *other, const char *what)
{
	struct error why = ERROR_INIT;

	if (record->key.line > 0)
		error_set(&why, TOTPGROUP_ECONFLICT, translate("line %u: %s has %s"),
			record->key.line, record->user, what);
	else
		error_set(
			&why, TOTPGROUP_ECONFLICT, translate("%s has %s"), record->user, what);
	if (other == NULL)
		record->error = why;
	else if (other->key.line > 0)
		error_set(&record->error, why.code, translate("%s in line %u of %s"),
			why.message, other->key.line, other->source);
	else
		error_set(&record->error, why.code, translate("%s in %s"), why.message,
			other->source);
}

static void refuse_account(struct import_record *record, const struct import_record *other)
{
	struct error why = ERROR_INIT;

	const char *name =
		other->key.name != NULL ? other->key.name : translate("without a name");

	if (other->key.issuer != NULL)
		error_set(&why, 0, translate("another account, %.100s of %.100s,"), name,
			other->key.issuer);
	else
		error_set(&why, 0, translate("another account, %.100s,"), name);
	refuse(record, other, why.message);
	why = record->error;
	error_set(&record->error, why.code,
		translate("%s; choose with --issuer or --label of import"), why.message);
}

static bool is_same(const struct import_record *a, const struct import_record *b)
{
	return otp_key_same_secret(&a->key, &b->key) && otp_key_same_kind(&a->key, &b->key);
}

/* The file of one user is written as it is: nothing can be added to it. */
static const char *why_not_whole(
	const struct import_record *record, const struct import_record *other)
{
	const struct text *a = &record->credential, *b = &other->credential;

	if (record->is_whole && other->is_whole)
		return a->length == b->length && memcmp(a->data, b->data, a->length) == 0
			       ? NULL
			       : translate("another file");
	if (!is_same(record, other))
		return translate("another secret, which cannot be added to a file,");
	if (record->key.hotp && (record->is_whole ? other : record)->key.counter >
					(record->is_whole ? record : other)->key.counter)
		return translate("the same secret with another counter");
	return NULL;
}

static bool has_user(const struct import_record *record, const struct word *name)
{
	struct account_name parts = account_name_split(record->key.name);
	struct word whole = record->names_user
				    ? (struct word){record->key.name, strlen(record->key.name)}
				    : parts.whole;

	return (name->length == whole.length &&
		       memcmp(name->start, whole.start, whole.length) == 0) ||
	       (!record->names_user && name->length == parts.user.length &&
		       memcmp(name->start, parts.user.start, parts.user.length) == 0);
}

/* Whether two records write their user in one way. Where they do not, they may have been two
 * persons where the file comes from. */
static bool is_written_alike(const struct import_record *a, const struct import_record *b)
{
	struct account_name parts;

	if (a->key.name == NULL || b->key.name == NULL)
		return true;
	parts = account_name_split(a->key.name);
	if (a->names_user)
		return has_user(b, &(struct word){a->key.name, strlen(a->key.name)});
	return has_user(b, &parts.whole) || has_user(b, &parts.user);
}

/* Why one user cannot have two records; NULL where he can. */
static const char *why_not_both(
	const struct import_record *record, const struct import_record *other)
{
	if (!otp_key_same_kind(&record->key, &other->key))
		return translate("another kind of codes");
	if (record->is_whole || other->is_whole)
		return why_not_whole(record, other);
	if (!is_same(record, other) && !is_written_alike(record, other))
		return translate("another secret under another spelling of the name");
	if (record->key.hotp && !is_same(record, other))
		return translate(
			"another secret, and both have codes that change with each use,");
	return NULL;
}

/* Refuses a record because of another one for its user, unless he can have both. */
static bool is_refused_for(struct import_record *record, const struct import_record *other)
{
	const char *why;

	if (!is_same(record, other) && !is_same_account(record, other) &&
		!(names_this_host(record) && names_this_host(other))) {
		refuse_account(record, other);
		return true;
	}
	why = why_not_both(record, other);
	if (why != NULL)
		refuse(record, other, why);
	return why != NULL;
}

/* Whether any of the records is refused; all of them are then. */
static bool are_refused(struct import_record **records, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count && records[i]->error.code == 0; j++)
			if (j != i)
				any |= is_refused_for(records[i], records[j]);
	for (size_t i = 0; any && i < count; i++)
		if (records[i]->error.code == 0)
			refuse(records[i], NULL,
				translate("other secrets, too, of which some cannot be his "
					  "devices"));
	return any;
}

static void refuse_number(struct import_record **records, size_t count, size_t devices)
{
	struct error why = ERROR_INIT;

	error_set(&why, 0, translate("%zu devices, of which a user can have %d"), devices,
		DEVICES_MAX);
	for (size_t i = 0; i < count; i++)
		refuse(records[i], NULL, why.message);
}

/* Puts the file of one user, which is taken as it is, before the others. */
static void put_whole_first(struct import_record **records, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (records[i]->is_whole) {
			struct import_record *first = records[0];

			records[0] = records[i];
			records[i] = first;
		}
}

static const struct import_record *find_same(
	struct import_record *const *records, size_t count, const struct import_record *record)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(records[i], record))
			return records[i];
	return NULL;
}

/* Passes over all records but the first, which stands for them. Returns how many secrets they
 * have. */
static size_t pass_over_others(
	struct import_record **records, size_t count, const struct import_join_options *options)
{
	size_t secrets = count > 0;

	for (size_t i = 1; i < count; i++) {
		const struct import_record *same = find_same(records, i, records[i]);

		records[i]->passed_over = true;
		records[0]->key.notes |= records[i]->key.notes;
		secrets += same == NULL;
		if (same != NULL && !options->quiet)
			terminal_complain("%s: line %u: %s has the same secret as in line %u "
					  "of %s, and gets it once",
				records[i]->source, records[i]->key.line, records[i]->user,
				same->key.line, same->source);
	}
	return secrets;
}

/* Makes the credential of the first record anew, of all keys. Returns 0 or
 * TOTPGROUP_EMEMORY; other errors are the record's. */
static int join(struct import_record **records, size_t count, int64_t now)
{
	const struct otp_key **keys = calloc(count, sizeof *keys);
	struct import_record *first = records[0];
	struct error why = ERROR_INIT;
	int status;

	if (keys == NULL)
		return TOTPGROUP_EMEMORY;
	for (size_t i = 0; i < count; i++)
		keys[i] = &records[i]->key;
	text_free(&first->credential);
	status = otp_keys_to_credential(keys, count, now, &first->credential, &why);
	free(keys);
	if (status == TOTPGROUP_EMEMORY)
		return status;
	if (status != 0)
		error_set(&first->error, status, translate("line %u: %s: %s"), first->key.line,
			first->user, why.message);
	return 0;
}

int import_join(
	struct import_record **records, size_t count, const struct import_join_options *options)
{
	size_t devices;

	count = leave_out_other_hosts(records, count, options);
	if (count < 2 || are_refused(records, count))
		return 0;
	put_whole_first(records, count);
	devices = pass_over_others(records, count, options);
	if (devices > DEVICES_MAX) {
		for (size_t i = 0; i < count; i++)
			records[i]->passed_over = false;
		refuse_number(records, count, devices);
		return 0;
	}
	records[0]->device_count = devices;
	return records[0]->is_whole ? 0 : join(records, count, options->now);
}
