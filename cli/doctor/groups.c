/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/groups.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/doctor/origin.h"
#include "cli/ui/words.h"
#include "gate/group_gate.h"
#include "gate/group_list.h"

#define CHECK "groups"

static struct group *look_up(const struct group_entry *entry)
{
	errno = 0;
	return entry->numeric ? getgrgid(entry->gid) : getgrnam(entry->name);
}

static void report_missing(struct doctor *doctor, const struct group_entry *entry, int problem)
{
	const struct doctor_place place = doctor_place_of(doctor, "group");
	struct finding *finding;
	char *word;

	if (problem != 0 && problem != ENOENT && problem != ESRCH) {
		report_add(&doctor->report, FINDING_UNKNOWN, CHECK,
			"the group %s cannot be looked up: %s", entry->name, strerror(problem));
		return;
	}
	finding = report_add(&doctor->report, FINDING_PROBLEM, CHECK,
		"there is no group %s, which %s, line %u names", entry->name, place.file,
		place.line);
	finding_why(&doctor->report, finding,
		"The module refuses every login while one of its groups does not exist.");
	word = shell_word(entry->name);
	if (word != NULL && entry->numeric)
		finding_run(&doctor->report, finding, "groupadd -g %s totp", word);
	else if (word != NULL)
		finding_run(&doctor->report, finding, "groupadd %s", word);
	free(word);
}

/* Somebody whose primary group it is. The database may not tell all of its
 * users. */
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

/* Somebody in the group; the caller frees it. */
static char *find_member(const struct group *group)
{
	for (char **member = group->gr_mem; *member != NULL; member++)
		if (getpwnam(*member) != NULL)
			return strdup(*member);
	return primary_member(group->gr_gid);
}

static void report_empty(struct doctor *doctor, const char *name)
{
	struct finding *finding = report_add(&doctor->report, FINDING_WARNING, CHECK,
		"the group %s has no members, as far as the system tells", name);
	char *group = shell_word(name);
	char *user = shell_word(doctor->account.name);

	finding_why(
		&doctor->report, finding, "Nobody is asked for a code because of that group.");
	if (group != NULL && user != NULL)
		finding_run(&doctor->report, finding, "gpasswd -a %s %s", user, group);
	free(group);
	free(user);
}

/* group points into memory that the next lookup reuses. */
static void check_entry(struct doctor *doctor, struct group_entry *entry)
{
	const struct group *group = look_up(entry);
	char *name;
	char *member;

	if (group == NULL) {
		report_missing(doctor, entry, errno);
		return;
	}
	entry->gid = group->gr_gid;
	entry->resolved = true;
	if (entry->exempt)
		return;
	name = strdup(group->gr_name);
	member = find_member(group);
	if (name == NULL)
		doctor->report.out_of_memory = true;
	else if (member == NULL)
		report_empty(doctor, name);
	else
		report_add(&doctor->report, FINDING_OK, CHECK,
			"the group %s has members, such as %s", name, member);
	if (doctor->example_user == NULL)
		doctor->example_user = member;
	else
		free(member);
	free(name);
}

static void report_malformed(struct doctor *doctor, const struct error *error)
{
	const struct doctor_place place = doctor_place_of(doctor, "group");
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, CHECK,
		"%s, line %u: group: %s", place.file, place.line, error->message);

	finding_why(&doctor->report, finding,
		"The module refuses every login. Without the option it asks everybody.");
	doctor_mend_option(doctor, finding, "group", NULL);
}

/* The groups that ask, without those that are exempt. */
static int leave_out_exempt(struct text *left, const struct group_list *groups)
{
	int status = 0;

	for (size_t i = 0; i < groups->count && status == 0; i++)
		if (!groups->entries[i].exempt)
			status = text_append_format(left, "%s%s", left->length > 0 ? "," : "",
				groups->entries[i].name);
	return status;
}

static void check_whole(struct doctor *doctor, const struct group_list *groups)
{
	const struct doctor_place place = doctor_place_of(doctor, "group");
	const char *warning = group_list_warning(groups);
	struct text left = TEXT_INIT;
	struct finding *finding;

	if (warning == NULL)
		return;
	finding = report_add(&doctor->report, FINDING_PROBLEM, CHECK,
		"%s, line %u: group=%s asks nobody: each group that it asks is exempt too",
		place.file, place.line, doctor->module.group);
	finding_why(&doctor->report, finding, "Who is in an exempt group is never asked.");
	if (leave_out_exempt(&left, groups) == 0)
		doctor_mend_option(doctor, finding, "group", left.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&left);
}

void doctor_check_groups(struct doctor *doctor)
{
	struct group_list groups = GROUP_LIST_INIT;
	struct error error = ERROR_INIT;
	struct error ignored = ERROR_INIT;

	if (doctor->line == NULL || doctor->module.group == NULL)
		return;
	doctor->user_outside =
		group_gate_judge(doctor->module.group, doctor->account.name,
			doctor->account.gid, NULL, &ignored) == GROUP_GATE_OUTSIDE;
	if (group_list_parse(&groups, doctor->module.group, &error) != 0)
		report_malformed(doctor, &error);
	for (size_t i = 0; i < groups.count; i++)
		check_entry(doctor, &groups.entries[i]);
	check_whole(doctor, &groups);
	group_list_free(&groups);
}
