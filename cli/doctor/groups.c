/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The groups that group= names: whether they exist and have members. */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/words.h"
#include "config/options.h"
#include "gate/group_gate.h"
#include "gate/group_list.h"
#include "gate/nss_sources.h"

#define CHECK "groups"

static bool exists(const char *name)
{
	char *end;
	unsigned long gid = strtoul(name, &end, 10);

	return *end == '\0' && end != name ? getgrgid((gid_t)gid) != NULL
					   : getgrnam(name) != NULL;
}

/* Appends an entry of the list without quotes and blanks, and in lower case if there is such
 * a group only then. An empty entry adds nothing. */
static void append_entry(struct text *text, const char *entry, size_t length)
{
	static const char around[] = " \t\"'";
	bool exempt = false;
	char *name;

	for (; length > 0 && (strchr(around, *entry) != NULL || (*entry == '!' && !exempt));
		entry++, length--)
		exempt = exempt || *entry == '!';
	while (length > 0 && strchr(around, entry[length - 1]) != NULL)
		length--;
	name = strndup(entry, length);
	if (name == NULL || length == 0) {
		free(name);
		return;
	}
	if (!exists(name)) {
		char *lower = strdup(name);

		for (size_t i = 0; lower != NULL && lower[i] != '\0'; i++)
			lower[i] = (char)tolower((unsigned char)lower[i]);
		if (lower != NULL && exists(lower))
			memcpy(name, lower, length);
		free(lower);
	}
	text_append_format(
		text, "%s%s%s", text->length > 0 ? "," : "", exempt ? "!" : "", name);
	free(name);
}

/* The list as it was meant to be, if it is another one, all of its groups exist, and it asks
 * somebody; the caller frees it. */
static char *correct_list(const char *list)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	bool good;

	for (const char *entry = list; *entry != '\0'; entry += *entry == ',') {
		size_t length = strcspn(entry, ",");

		append_entry(&text, entry, length);
		entry += length;
	}
	good = text.length > 0 && strcmp(text.data, list) != 0 &&
	       group_list_parse(&groups, text.data, &error) == 0;
	for (size_t i = 0; good && i < groups.count; i++)
		good = exists(groups.entries[i].name);
	good = good && group_list_warning(&groups) == NULL;
	group_list_free(&groups);
	if (good)
		return text.data;
	text_free(&text);
	return NULL;
}

/* Names that groupadd takes everywhere. */
static bool is_good_name(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";

	return name[0] != '\0' && strchr(first, name[0]) != NULL && strlen(name) <= 32 &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789-")] == '\0';
}

static void report_missing(struct doctor *doctor, const struct group_entry *entry, int problem)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct finding *finding;
	char *corrected;

	if (problem != 0 && problem != ENOENT && problem != ESRCH) {
		report_add(doctor, FINDING_UNKNOWN, CHECK,
			"the group %s cannot be looked up: %s", entry->name, strerror(problem));
		return;
	}
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"there is no group %s, which %s, line %u names", entry->name, origin.file,
		origin.line);
	finding_why(finding,
		"The module refuses every login while one of its groups does not exist.");
	corrected = correct_list(doctor->module->group);
	if (corrected != NULL)
		doctor_mend_option(doctor, finding, "group", corrected);
	else if (entry->numeric && !exists("totp"))
		finding_run(finding, "groupadd -g %s totp", entry->name);
	else if (!entry->numeric && is_good_name(entry->name))
		finding_run_on(finding, "groupadd", entry->name);
	free(corrected);
}

/* A user whose primary group it is, as far as the user database lists its users. */
static char *primary_member(gid_t gid)
{
	const struct passwd *user;
	char *name = NULL;

	setpwent();
	while (name == NULL && (user = getpwent()) != NULL)
		if (user->pw_gid == gid)
			name = strdup(user->pw_name);
	endpwent();
	return name;
}

/* A user who is in the group, or NULL; the caller frees it. */
static char *find_member(const struct group *group)
{
	for (char **member = group->gr_mem; *member != NULL; member++)
		if (getpwnam(*member) != NULL)
			return strdup(*member);
	return primary_member(group->gr_gid);
}

static void report_empty(struct doctor *doctor, const char *name)
{
	struct finding *finding = report_add(doctor, FINDING_WARNING, CHECK,
		"the group %s has no members, as far as the system tells", name);
	char *group = shell_word(name);
	char *user = shell_word(doctor->user->pw_name);

	finding_why(finding, "That group makes nobody give a code.");
	if (group != NULL && user != NULL)
		finding_run(finding, "gpasswd -a %s %s", user, group);
	free(group);
	free(user);
}

static bool is_in_group_file(gid_t gid)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group = NULL;

	while (file != NULL && (group = fgetgrent(file)) != NULL && group->gr_gid != gid)
		;
	if (file != NULL)
		fclose(file);
	return group != NULL;
}

/* A group that only a directory knows. A source that is down refuses, and one that forgets
 * a member cannot be noticed. */
static void report_remote(struct doctor *doctor, const struct group_entry *entry)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct error error = ERROR_INIT;
	struct finding *finding;
	char *sources;

	if (is_in_group_file(entry->gid))
		return;
	if (nss_sources_list(&sources, &error) != 0) {
		report_add(doctor, FINDING_UNKNOWN, CHECK, "%s", error.message);
		return;
	}
	if (*sources != '\0' && strcmp(sources, "files") != 0) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"%s, line %u: the group %s is not in /etc/group, so that a directory "
			"(%s) decides who is asked",
			origin.file, origin.line, entry->name, sources);
		finding_why(finding,
			"While a source is down, everybody who is in none of the groups is "
			"refused; and a source that forgets a member lets that user in without "
			"a code. Let group= name those who are not asked, as in group=!exempt: "
			"then a list that is cut short asks.");
	}
	free(sources);
}

static void check_entry(struct doctor *doctor, struct group_entry *entry)
{
	const struct group *group;
	char *name;
	char *member;

	errno = 0;
	group = entry->numeric ? getgrgid(entry->gid) : getgrnam(entry->name);
	if (group == NULL) {
		report_missing(doctor, entry, errno);
		return;
	}
	entry->gid = group->gr_gid;
	entry->resolved = true;
	if (entry->exempt)
		return;
	/* The next lookup may overwrite the group. */
	name = strdup(group->gr_name);
	member = find_member(group);
	if (name == NULL)
		doctor->report.out_of_memory = true;
	else if (member == NULL)
		report_empty(doctor, name);
	else
		report_add(doctor, FINDING_OK, CHECK, "the group %s has members, such as %s",
			name, member);
	report_remote(doctor, entry);
	if (doctor->example_user == NULL)
		doctor->example_user = member;
	else
		free(member);
	free(name);
}

/* Without the option the module would ask everybody: it is corrected or left alone. */
static void report_malformed(struct doctor *doctor, const struct error *error)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s, line %u: group: %s", origin.file, origin.line, error->message);
	char *corrected = correct_list(doctor->module->group);

	finding_why(finding, "The module refuses every login.");
	if (corrected != NULL)
		doctor_mend_option(doctor, finding, "group", corrected);
	free(corrected);
}

/* A list may exempt all users whom it asks. It is mended by leaving out the exempt
 * groups. */
static void check_whole(struct doctor *doctor, const struct group_list *groups)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct text asked = TEXT_INIT;
	struct finding *finding;

	if (group_list_warning(groups) == NULL)
		return;
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s, line %u: group=%s asks nobody: each group that it asks is exempt too",
		origin.file, origin.line, doctor->module->group);
	finding_why(finding, "A user in an exempt group is never asked.");
	for (size_t i = 0; i < groups->count; i++)
		if (!groups->entries[i].exempt)
			text_append_format(&asked, "%s%s", asked.length > 0 ? "," : "",
				groups->entries[i].name);
	if (asked.status == 0)
		doctor_mend_option(doctor, finding, "group", asked.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&asked);
}

/* The module refuses everybody who is in no group while a source does not answer. */
static void check_sources(struct doctor *doctor, const struct group_list *groups)
{
	struct user_groups found = {.known = false};
	struct error error = ERROR_INIT;
	struct finding *finding;
	bool asks_members = false;

	for (size_t i = 0; i < groups->count; i++)
		asks_members |= !groups->entries[i].exempt;
	if (asks_members &&
		nss_sources_read_groups(doctor->user->pw_name, &found, &error) != 0) {
		finding = report_add(doctor, FINDING_PROBLEM, CHECK, "%s", error.message);
		finding_why(
			finding, "The module refuses every user who is in none of the groups.");
	}
	user_groups_free(&found);
}

void doctor_check_groups(struct doctor *doctor)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error error = ERROR_INIT;
	struct error ignored = ERROR_INIT;

	if (doctor->line == NULL || doctor->module->group == NULL)
		return;
	doctor->user_outside =
		group_gate_judge(doctor->module->group, doctor->user->pw_name,
			doctor->user->pw_gid, NULL, NULL, &ignored) == GROUP_GATE_OUTSIDE;
	if (group_list_parse(&groups, doctor->module->group, &error) != 0)
		report_malformed(doctor, &error);
	for (size_t i = 0; i < groups.count; i++)
		check_entry(doctor, &groups.entries[i]);
	check_whole(doctor, &groups);
	check_sources(doctor, &groups);
	group_list_free(&groups);
}
