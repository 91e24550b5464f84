/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <stddef.h>
#include <stdlib.h>

#include "cli/manage/options.h"
#include "cli/manage/status_json.h"
#include "cli/manage/status_table.h"
#include "cli/manage/status_user.h"
#include "cli/ui/terminal.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_list.h"

/* One report on its way. */
struct report {
	struct life_options options;
	struct host_defaults defaults;
	struct user_list list;
	struct user_status *users;
	size_t count; /* of those that were looked at */
};

static enum exit_status list_users(struct report *report)
{
	return user_list_make(&report->list, &report->options);
}

static enum exit_status look_at_all(struct report *report)
{
	enum exit_status status = STATUS_DONE;

	report->users = calloc(report->list.count + 1, sizeof *report->users);
	if (report->users == NULL)
		return terminal_out_of_memory();
	for (size_t i = 0; status == STATUS_DONE && i < report->list.count; i++)
		status = user_status_look(&report->users[report->count++],
			report->list.names[i], &report->defaults, report->options.secret);
	return status;
}

/* Of several, who is not enrolled is an answer; who could not be looked at is
 * none. */
static enum exit_status conclude(const struct report *report)
{
	if (!report->list.several)
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
	list_users,
	look_at_all,
};

enum exit_status command_status(int argc, char **argv)
{
	struct report report = {.count = 0};
	enum exit_status status =
		life_options_read(&report.options, status_options_table, 0, argc, argv);

	if (status != STATUS_DONE)
		return status;
	status = host_defaults_load(&report.defaults, report.options.conf);
	for (size_t i = 0; status == STATUS_DONE && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](&report);
	if (status == STATUS_DONE)
		status = print(&report);
	for (size_t i = 0; i < report.count; i++)
		user_status_free(&report.users[i]);
	free(report.users);
	user_list_free(&report.list);
	host_defaults_free(&report.defaults);
	return status;
}
