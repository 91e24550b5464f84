/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/manage/manage.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/ui/terminal.h"
#include "cli/users/group_walk.h"
#include "cli/users/same_user.h"
#include "cli/users/store_users.h"
#include "config/configuration.h"
#include "host/user_entry.h"

#define OPTIONS struct manage_options

const struct option_row codes_options_table[] = {
	NUMBER_ROW('n', "number", number, 'n', 1, EMERGENCY_CODES_MAX, "N",
		"make N emergency codes (1 to 10; 5)"),
	CODE_FORMAT_ROW("how the file keeps them (as before)"),
	FLAG_ROW(0, "local", local, 'L', 1,
		"make codes of this host alone, for fail=local in [store]"),
	GROUP_ROW,
	STRING_ROW('s', "secret", secret, 's', 1, "FILE",
		"change this file (~/.google_authenticator); with "
		"several users or --json, a SPEC as below"),
	CONF_ROW,
	FORCE_ROW("do not ask; print several users' codes into a file or a pipe, too"),
	JSON_ROW,
	QUIET_ROW("print the codes alone, one a line"),
	HELP_ROW,
	END_ROW,
};

const struct option_row verify_options_table[] = {
	FLAG_ROW(0, "pipe", pipe, 'p', 1,
		"read the user and the code from standard input, one on "
		"a line, and say nothing but errors"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

const struct option_row status_options_table[] = {
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	HELP_ROW,
	END_ROW,
};

const struct option_row show_options_table[] = {
	LABEL_ROW,
	ISSUER_ROW,
	QR_ROWS("as in enroll"),
	FORCE_ROW("print into a file or a pipe, too"),
	DEVICE_ROW("that device, and not the first"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	HELP_ROW,
	END_ROW,
};

const struct option_row resync_options_table[] = {
	SECRET_ROW,
	CONF_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

#define ALL_ROW FLAG_ROW(0, "all", all, 'A', 1, "all users who have a secret in root's store")

const struct option_row seal_options_table[] = {
	ALL_ROW,
	GROUP_ROW,
	DRY_RUN_ROW("say what would be done"),
	STRING_ROW(
		0, "new-key", new_key, 'K', 1, "ID", "draw a key, and let it seal from now on"),
	SECRET_ROW,
	CONF_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

const struct option_row unseal_options_table[] = {
	ALL_ROW,
	GROUP_ROW,
	DRY_RUN_ROW("say what would be done"),
	SECRET_ROW,
	CONF_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

const struct option_row rekey_options_table[] = {
	ALL_ROW,
	GROUP_ROW,
	DRY_RUN_ROW("say what would be done"),
	SECRET_ROW,
	CONF_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

const struct option_row revoke_options_table[] = {
	FORCE_ROW("do not ask"),
	DEVICE_ROW("that device alone"),
	GROUP_ROW,
	SECRET_ROW,
	CONF_ROW,
	JSON_ROW,
	QUIET_ROW("say nothing but errors"),
	HELP_ROW,
	END_ROW,
};

enum exit_status manage_read_options(struct manage *manage, const struct option_row *table,
	size_t least, int argc, char **argv)
{
	enum exit_status status = option_table_read(table, &manage->options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	manage->named = argv + optind;
	manage->named_count = (size_t)(argc - optind);
	if (manage->named_count < least && manage->options.group == NULL)
		return terminal_fail(
			STATUS_USAGE, "%s whom? totp-enroll %s USER", argv[0], argv[0]);
	return STATUS_DONE;
}

/* Keeps the entry that the walk has met, so that nobody is looked up once more: in a file of
 * thousands of users that would take longer than all the rest. */
static enum exit_status add_member(
	struct manage *manage, const char *name, const struct passwd *entry)
{
	struct manage_member *members =
		reallocarray(manage->members, manage->member_count + 1, sizeof *members);
	struct error error = ERROR_INIT;
	struct manage_member *member;

	if (members == NULL)
		return terminal_out_of_memory();
	manage->members = members;
	member = &members[manage->member_count];
	*member = (struct manage_member){.name = strdup(name)};
	if (member->name == NULL)
		return terminal_out_of_memory();
	manage->member_count++;
	if (entry != NULL && user_entry_copy(&member->entry, entry, &error) != 0)
		return terminal_out_of_memory();
	return STATUS_DONE;
}

/* Whether the user database is sure that there is no such user. */
static bool is_gone(const char *name)
{
	struct user_entry *entry = NULL;
	struct error ignored = ERROR_INIT;
	bool gone = user_entry_by_name(&entry, name, &ignored) == 0 && entry == NULL;

	free(entry);
	return gone;
}

/* What add_user_of() needs. */
struct adding {
	struct manage *manage;
	bool also_gone;
	enum exit_status status;
};

/* For store_users_list(). */
static bool add_user_of(void *argument, const char *user)
{
	struct adding *adding = argument;

	if (adding->also_gone || !is_gone(user))
		adding->status = add_member(adding->manage, user, NULL);
	return adding->status == STATUS_DONE;
}

/* Adds the users who have a secret, or a state, in the store. */
static enum exit_status add_users_of(
	struct manage *manage, bool states, bool also_gone, struct error *error)
{
	const struct options *options = &manage->defaults.configuration->options;
	struct adding adding = {manage, also_gone, STATUS_DONE};
	struct store *shared;
	enum exit_status status = host_defaults_store(&manage->defaults, &shared, error);

	if (status != STATUS_DONE)
		return status;
	if (store_users_list(shared, options, manage->options.secret, states, add_user_of,
		    &adding, error) != 0)
		return error->code == TOTPGROUP_EARGUMENT ? STATUS_REFUSED : STATUS_STORE_ERROR;
	return adding.status;
}

/* Adds the users who have a state: it outlives its secret. Its folder may be one that no login
 * has made yet. */
static enum exit_status add_states(struct manage *manage, struct error *error)
{
	enum exit_status status = add_users_of(manage, true, false, error);

	if (status != STATUS_REFUSED && error->system_error != ENOENT)
		return status;
	*error = (struct error)ERROR_INIT;
	return STATUS_DONE;
}

/* Lists all users who have a file where root's secrets are, or where their states are. */
static enum exit_status list_store(struct manage *manage)
{
	struct error error = ERROR_INIT;
	enum exit_status status = add_users_of(manage, false, true, &error);

	if (status == STATUS_DONE && manage->defaults.configuration->options.state != NULL)
		status = add_states(manage, &error);
	if (error.code != 0)
		terminal_complain("%s", error.message);
	return status;
}

static int compare_members(const void *a, const void *b)
{
	const struct manage_member *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static enum exit_status list_group(struct manage *manage)
{
	const char *group = manage->options.group;
	struct group_walk walk = {.group = NULL};
	const struct passwd *entry;
	enum exit_status status;
	const char *name;

	if (group == NULL)
		return STATUS_DONE;
	if (getuid() != 0)
		return terminal_fail(STATUS_NOT_PERMITTED, "only root may ask about a group");
	status = group_walk_begin(&walk, group);
	while (status == STATUS_DONE && group_walk_next(&walk, &name, &entry))
		status = add_member(manage, name, entry);
	group_walk_end(&walk);
	if (status == STATUS_DONE && manage->member_count == 0)
		terminal_complain("the group '%s' has no members", group);
	return status;
}

/* Looks up those who were named, where several were: the database may know one user by
 * several spellings. NULL in the list where it knows none, which is reported later. */
static enum exit_status look_up_named(struct manage *manage, struct user_entry **entries)
{
	struct error ignored = ERROR_INIT;

	for (size_t i = 0; manage->several && i < manage->named_count; i++)
		if (user_entry_by_name(&entries[i], manage->named[i], &ignored) ==
			TOTPGROUP_EMEMORY)
			return terminal_out_of_memory();
	return STATUS_DONE;
}

/* Whether a member of the group is a user who was named. Few are looked up for that. */
static bool is_entry_of(const struct user_entry *entry, const char *member)
{
	struct user_entry *found = NULL;
	struct error ignored = ERROR_INIT;
	bool same = entry != NULL && strcmp(entry->passwd.pw_name, member) == 0;

	if (same || entry == NULL || strcasecmp(entry->passwd.pw_name, member) != 0)
		return same;
	same = user_entry_by_name(&found, member, &ignored) == 0 && found != NULL &&
	       same_user(&entry->passwd, &found->passwd);
	free(found);
	return same;
}

/* Adds those who were named, each once. */
static void add_named(struct manage *manage, struct user_entry *const *entries)
{
	for (size_t i = 0; i < manage->named_count; i++) {
		bool again = false;

		for (size_t j = 0; j < i && !again; j++)
			again = strcmp(manage->named[i], manage->named[j]) == 0 ||
				(entries[i] != NULL && entries[j] != NULL &&
					same_user(&entries[i]->passwd, &entries[j]->passwd));
		if (!again)
			manage->users[manage->user_count++] = manage->named[i];
	}
}

/* Adds the sorted members, each once, unless they were named. */
static void add_members(struct manage *manage, struct user_entry *const *entries)
{
	for (size_t i = 0; i < manage->member_count; i++) {
		const struct manage_member *member = &manage->members[i];
		const char *name = member->name;
		bool again = i > 0 && strcmp(member[-1].name, name) == 0;

		for (size_t j = 0; j < manage->named_count && !again; j++)
			again = strcmp(manage->named[j], name) == 0 ||
				is_entry_of(entries[j], name);
		if (again)
			continue;
		if (member->entry != NULL)
			manage->entries[manage->user_count] = &member->entry->passwd;
		manage->users[manage->user_count++] = name;
	}
}

static enum exit_status list_users(struct manage *manage)
{
	struct user_entry **entries =
		calloc(manage->named_count + 1, sizeof(struct user_entry *));
	enum exit_status status;

	manage->users = calloc(manage->named_count + manage->member_count + 1, sizeof(char *));
	manage->entries = calloc(
		manage->named_count + manage->member_count + 1, sizeof(const struct passwd *));
	if (entries == NULL || manage->users == NULL || manage->entries == NULL)
		status = terminal_out_of_memory();
	else
		status = look_up_named(manage, entries);
	if (status == STATUS_DONE) {
		add_named(manage, entries);
		add_members(manage, entries);
	}
	for (size_t i = 0; entries != NULL && i < manage->named_count; i++)
		free(entries[i]);
	free(entries);
	return status;
}

enum exit_status manage_begin(struct manage *manage)
{
	enum exit_status status = host_defaults_load(&manage->defaults, manage->options.conf);

	if (status == STATUS_DONE)
		status = list_group(manage);
	if (status == STATUS_DONE && manage->options.all != 0)
		status = list_store(manage);
	if (status != STATUS_DONE)
		return status;
	if (manage->member_count > 0)
		qsort(manage->members, manage->member_count, sizeof *manage->members,
			compare_members);
	manage->several = manage->named_count > 1 || manage->options.group != NULL ||
			  manage->options.all != 0;
	status = list_users(manage);
	if (!manage->several && manage->named_count == 0)
		manage->user_count = 1;
	return status;
}

void manage_count(struct manage *manage, enum exit_status status)
{
	if (status != STATUS_DONE && manage->failed++ == 0)
		manage->first_failure = status;
}

void manage_each(
	struct manage *manage, enum exit_status (*act)(struct manage *, const char *user))
{
	for (size_t i = 0; i < manage->user_count; i++)
		manage_count(manage, act(manage, manage->users[i]));
}

enum exit_status manage_conclude(const struct manage *manage)
{
	if (manage->failed == 0)
		return STATUS_DONE;
	return manage->several ? STATUS_SOME_FAILED : manage->first_failure;
}

void manage_end(struct manage *manage)
{
	json_report_free(&manage->report);
	free(manage->users);
	free(manage->entries);
	for (size_t i = 0; i < manage->member_count; i++) {
		free(manage->members[i].name);
		free(manage->members[i].entry);
	}
	free(manage->members);
	host_defaults_free(&manage->defaults);
}
