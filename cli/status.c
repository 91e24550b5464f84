/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "status.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "group_members.h"
#include "help.h"
#include "host_defaults.h"
#include "life_options.h"
#include "status_json.h"
#include "status_table.h"
#include "status_user.h"
#include "terminal.h"

/* One report on its way. */
struct report {
	struct life_options options;
	struct host_defaults defaults;
	struct group_members members;
	struct user_status *users;
	size_t count; /* of those that were looked at */
};

static enum exit_status list_members(struct report *report)
{
	if (report->options.group == NULL)
		return STATUS_DONE;
	if (getuid() != 0) {
		terminal_complain("only root may ask about a group");
		return STATUS_NOT_PERMITTED;
	}
	return group_members_list(&report->members, report->options.group);
}

static enum exit_status look_at(struct report *report, const char *user)
{
	struct user_status *status = &report->users[report->count++];

	return user_status_look(status, user, &report->defaults, report->options.secret);
}

static enum exit_status look_at_all(struct report *report)
{
	size_t named = (size_t)report->options.user_count;
	size_t total = named + report->members.count;
	enum exit_status status = STATUS_DONE;

	report->users = calloc(total + 1, sizeof *report->users);
	if (report->users == NULL)
		return terminal_out_of_memory();
	for (size_t i = 0; status == STATUS_DONE && i < named; i++)
		status = look_at(report, report->options.users[i]);
	for (size_t i = 0; status == STATUS_DONE && i < report->members.count; i++)
		status = look_at(report, report->members.names[i]);
	if (named == 0 && report->options.group == NULL)
		status = look_at(report, NULL);
	return status;
}

/* Of several, who is not enrolled is an answer; who could not be looked at is
 * none. */
static enum exit_status conclude(const struct report *report)
{
	if (report->count == 1 && report->options.group == NULL)
		return user_state_exit_status(report->users[0].state);
	for (size_t i = 0; i < report->count; i++) {
		enum exit_status status = user_state_exit_status(report->users[i].state);

		if (status != STATUS_DONE && status != STATUS_NOT_ENROLLED)
			return STATUS_SOME_FAILED;
	}
	return STATUS_DONE;
}

static enum exit_status print(const struct report *report)
{
	enum exit_status status = conclude(report);
	enum exit_status printed;

	if (report->options.json != 0)
		printed = status_json_print(report->users, report->count, status);
	else
		printed = status_table_print(report->users, report->count);
	return printed == STATUS_DONE ? status : printed;
}

static enum exit_status (*const steps[])(struct report *) = {
	list_members,
	look_at_all,
};

enum exit_status status_of_users(int argc, char **argv)
{
	struct report report = {.count = 0};
	enum exit_status status =
		life_options_read(&report.options, status_options_table, 0, 0, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (report.options.help != 0)
		return help_print();
	status = host_defaults_load(&report.defaults, report.options.conf);
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&report);
	if (status == STATUS_DONE)
		status = print(&report);
	for (size_t i = 0; i < report.count; i++)
		user_status_free(&report.users[i]);
	free(report.users);
	group_members_free(&report.members);
	host_defaults_free(&report.defaults);
	return status;
}
