/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "daemon/access.h"
#include "gate/comma_list.h"
#include "gate/group_record.h"
#include "host/user_entry.h"
#include "totpgroup.h"

#define NAME_SIZE     256
#define ID_MAXIMUM    INT64_C(4294967294)
#define CONF_PATH_MAX 900

/* What the functions that read a grant need. */
struct reading {
	const struct verify_grant *grant;
	void (*warn)(const char *message);
	struct error *error;
};

static void warn_about(const struct reading *reading, const char *what, const char *name)
{
	char message[NAME_SIZE + 160];

	snprintf(message, sizeof message,
		"[verify %s]: the %s %s does not exist; it is granted nothing until it exists "
		"and the configuration is read again",
		reading->grant->name, what, name);
	reading->warn(message);
}

static int add_user(const struct reading *reading, const char *name, struct id_list *list)
{
	struct user_entry *entry;
	int status = user_entry_by_name(&entry, name, reading->error);

	if (status == 0 && entry != NULL)
		list->ids[list->count++] = entry->passwd.pw_uid;
	else
		warn_about(reading, "user", name);
	free(entry);
	/* If a directory does not answer, treat the user as not known yet. */
	return status == TOTPGROUP_EMEMORY ? status : 0;
}

static int add_group(const struct reading *reading, const char *name, struct id_list *list)
{
	struct group_record *record;
	int status = group_record_by_name(&record, name, reading->error);

	if (status == 0 && record != NULL)
		list->ids[list->count++] = record->group.gr_gid;
	else
		warn_about(reading, "group", name);
	free(record);
	return status == TOTPGROUP_EMEMORY ? status : 0;
}

typedef int name_adder(const struct reading *reading, const char *name, struct id_list *list);

/* Adds an entry, which is an id or a name. */
static int add_entry(const struct reading *reading, const char *entry, size_t length,
	name_adder *add_name, struct id_list *list)
{
	char name[NAME_SIZE];
	int64_t number;

	if (number_parse(entry, length, 0, ID_MAXIMUM, &number)) {
		list->ids[list->count++] = (uint32_t)number;
		return 0;
	}
	if (length == 0 || length >= sizeof name || (*entry >= '0' && *entry <= '9'))
		return error_set(reading->error, TOTPGROUP_ECONFIG,
			"[verify %s]: entry \"%.*s\" of peer= or peer_group= is neither a name "
			"nor a number",
			reading->grant->name, length < 64 ? (int)length : 64, entry);
	memcpy(name, entry, length);
	name[length] = '\0';
	return add_name(reading, name, list);
}

/* Reads a list; text may be NULL. */
static int read_ids(const struct reading *reading, const char *text, name_adder *add_name,
	struct id_list *list)
{
	struct comma_list entries = {text, 0};
	const char *entry;
	size_t length;
	int status = 0;

	if (text == NULL)
		return 0;
	list->ids = calloc(comma_list_count(text), sizeof *list->ids);
	if (list->ids == NULL)
		return error_set(reading->error, TOTPGROUP_EMEMORY, "out of memory");
	while (status == 0 && comma_list_next(&entries, &entry, &length))
		status = add_entry(reading, entry, length, add_name, list);
	return status;
}

static int open_grant(struct policy_grant *grant, const struct reading *reading)
{
	const struct verify_grant *rules = reading->grant;
	int status = read_ids(reading, rules->peer, add_user, &grant->uids);

	if (status == 0)
		status = read_ids(reading, rules->peer_group, add_group, &grant->gids);
	if (status == 0)
		status = attempt_limits_open(&grant->users, rules->attempts, reading->error);
	if (status == 0)
		status = attempt_limits_open(&grant->accounts, rules->attempts, reading->error);
	if (status == 0)
		status = attempt_limits_open(
			&grant->peers, rules->peer_attempts, reading->error);
	return status;
}

static int read_policy(struct policy *policy, const char *conf,
	void (*warn)(const char *message), struct error *error)
{
	char argument[sizeof "conf=" + CONF_PATH_MAX];
	const char *const arguments[] = {argument};
	int status;

	if (conf != NULL && strlen(conf) > CONF_PATH_MAX)
		return error_set(error, TOTPGROUP_EARGUMENT, "the path of --conf is too long");
	snprintf(argument, sizeof argument, "conf=%s", conf != NULL ? conf : "");
	status = configuration_load(&policy->configuration, conf != NULL, arguments, error);
	if (status == 0)
		status = verify_config_read(&policy->configuration, &policy->verify, error);
	if (status == 0)
		status = shared_store_open(&policy->shared, &policy->configuration, error);
	if (status == 0)
		status =
			attempt_limits_open(&policy->self, policy->verify.self_attempts, error);
	for (size_t i = 0; status == 0 && i < policy->verify.count; i++) {
		const struct reading reading = {&policy->verify.grants[i], warn, error};

		status = open_grant(&policy->grants[i], &reading);
	}
	/* A peer that does not exist left its message there, but is no error. */
	if (status == 0)
		*error = (struct error)ERROR_INIT;
	return status;
}

int policy_load(struct policy **policy, const char *conf, uint64_t number,
	void (*warn)(const char *message), struct error *error)
{
	struct policy *loaded = calloc(1, sizeof *loaded);
	int status;

	*policy = NULL;
	if (loaded == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	loaded->configuration = (struct configuration)CONFIGURATION_INIT;
	loaded->number = number;
	loaded->holders = 1;
	status = read_policy(loaded, conf, warn, error);
	if (status == 0)
		*policy = loaded;
	else
		policy_release(loaded);
	return status;
}

void policy_keep_counts(struct policy *policy, const struct policy *earlier)
{
	attempt_limits_keep(&policy->self, earlier->self);
	for (size_t i = 0; i < policy->verify.count; i++)
		for (size_t j = 0; j < earlier->verify.count; j++) {
			struct policy_grant *grant = &policy->grants[i];
			const struct policy_grant *old = &earlier->grants[j];

			if (strcmp(policy->verify.grants[i].name,
				    earlier->verify.grants[j].name) != 0)
				continue;
			attempt_limits_keep(&grant->users, old->users);
			attempt_limits_keep(&grant->accounts, old->accounts);
			attempt_limits_keep(&grant->peers, old->peers);
		}
}

void policy_release(struct policy *policy)
{
	if (policy == NULL || --policy->holders > 0)
		return;
	for (size_t i = 0; i < VERIFY_GRANTS_MAX; i++) {
		struct policy_grant *grant = &policy->grants[i];

		free(grant->uids.ids);
		free(grant->gids.ids);
		attempt_limits_free(grant->users);
		attempt_limits_free(grant->accounts);
		attempt_limits_free(grant->peers);
	}
	attempt_limits_free(policy->self);
	shared_store_close(policy->shared);
	configuration_free(&policy->configuration);
	free(policy);
}

bool policy_counts(const struct policy *policy, int64_t now)
{
	if (attempt_limits_in_use(policy->self, now))
		return true;
	for (size_t i = 0; i < policy->verify.count; i++) {
		const struct policy_grant *grant = &policy->grants[i];

		if (attempt_limits_in_use(grant->users, now) ||
			attempt_limits_in_use(grant->accounts, now) ||
			attempt_limits_in_use(grant->peers, now))
			return true;
	}
	return false;
}
