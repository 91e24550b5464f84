/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The groups that group= names: whether they exist and have members. */

#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/words.h"
#include "config/options.h"
#include "gate/comma_list.h"
#include "gate/group_gate.h"
#include "gate/group_list.h"

#define CHECK "groups"

/* The name without quotes, and in lower case; false if there is no such group either. */
static bool correct_name(const char *name, struct text *right)
{
	for (; *name != '\0'; name++) {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;

		if (c != '"' && c != '\'')
			text_append(right, &c, 1);
	}
	return right->status == 0 && right->length > 0 && getgrnam(right->data) != NULL;
}

/* A name in quotes, or with capitals, is seldom that of a group that is yet to be made. Only
 * a list of one group is corrected. False if the name is not that of another group. */
static bool mend_spelling(
	struct doctor *doctor, struct finding *finding, const struct group_entry *entry)
{
	struct text right = TEXT_INIT;
	bool quoted = strpbrk(entry->name, "\"'") != NULL;
	bool known = strchr(doctor->module->group, ',') == NULL && !entry->exempt &&
		     correct_name(entry->name, &right);

	if (known)
		doctor_mend_option(doctor, finding, "group", right.data);
	text_free(&right);
	return known || quoted;
}

static void report_missing(struct doctor *doctor, const struct group_entry *entry, int problem)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct finding *finding;

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
	if (mend_spelling(doctor, finding, entry))
		return;
	if (entry->numeric)
		finding_run(finding, "groupadd -g %s totp", entry->name);
	else
		finding_run_on(finding, "groupadd", entry->name);
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

	finding_why(finding, "Nobody is asked for a code because of that group.");
	if (group != NULL && user != NULL)
		finding_run(finding, "gpasswd -a %s %s", user, group);
	free(group);
	free(user);
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
	if (doctor->example_user == NULL)
		doctor->example_user = member;
	else
		free(member);
	free(name);
}

/* Without the entries that are empty. The list is never taken away. */
static void mend_commas(struct doctor *doctor, struct finding *finding)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct comma_list entries = {.rest = doctor->module->group};
	struct text left = TEXT_INIT;
	struct error error = ERROR_INIT;
	const char *entry;
	size_t length;

	while (comma_list_next(&entries, &entry, &length))
		if (length > 0)
			text_append_format(&left, "%s%.*s", left.length > 0 ? "," : "",
				(int)length, entry);
	if (left.status != 0)
		doctor->report.out_of_memory = true;
	else if (left.length > 0 && group_list_parse(&groups, left.data, &error) == 0)
		doctor_mend_option(doctor, finding, "group", left.data);
	group_list_free(&groups);
	text_free(&left);
}

static void report_malformed(struct doctor *doctor, const struct error *error)
{
	const struct option_origin origin = doctor_option_origin(doctor, "group");
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"%s, line %u: group: %s", origin.file, origin.line, error->message);

	finding_why(finding,
		"The module refuses every login. Without the option it asks everybody.");
	mend_commas(doctor, finding);
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
	group_list_free(&groups);
}
