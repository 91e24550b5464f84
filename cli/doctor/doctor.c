/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/commands.h"

#include <stddef.h>
#include <stdlib.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/clock.h"
#include "cli/doctor/daemon.h"
#include "cli/doctor/files.h"
#include "cli/doctor/gates.h"
#include "cli/doctor/groups.h"
#include "cli/doctor/guard.h"
#include "cli/doctor/json.h"
#include "cli/doctor/line.h"
#include "cli/doctor/paths.h"
#include "cli/doctor/print.h"
#include "cli/doctor/print_config.h"
#include "cli/doctor/roll_out.h"
#include "cli/doctor/sshd.h"
#include "cli/doctor/stack.h"
#include "cli/doctor/state.h"
#include "cli/doctor/user.h"
#include "cli/ui/terminal.h"

#define USUAL_SERVICE "sshd"

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_stack,
	doctor_check_line,
	doctor_check_groups,
	doctor_check_gates,
	doctor_check_roll_out,
	doctor_check_state,
	doctor_check_daemon,
	doctor_check_paths,
	doctor_check_guard,
	doctor_check_sshd,
	doctor_check_files,
	doctor_check_clock,
	/* The last: it gives up root's rights. */
	doctor_check_user,
};

static enum exit_status print(const struct doctor *doctor)
{
	bool done = doctor->options.json != 0
			    ? doctor_json_print(&doctor->report, doctor->service)
			    : doctor_print_text(&doctor->report);

	if (done && doctor->report.out_of_memory)
		return terminal_out_of_memory();
	return done ? report_status(&doctor->report) : STATUS_STORE_ERROR;
}

static enum exit_status examine(struct doctor *doctor)
{
	enum exit_status status = account_find(&doctor->account, doctor->options.user);

	if (status != STATUS_DONE)
		return status;
	doctor->service =
		doctor->options.service != NULL ? doctor->options.service : USUAL_SERVICE;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](doctor);
	return print(doctor);
}

static enum exit_status act(struct doctor *doctor)
{
	if (doctor->options.print_config != 0)
		return print_config(doctor->options.conf);
	return examine(doctor);
}

enum exit_status command_doctor(int argc, char **argv)
{
	struct doctor doctor = {.configuration = CONFIGURATION_INIT,
		.module = OPTIONS_INIT,
		.sshd = SSHD_SETTINGS_INIT};
	enum exit_status status = doctor_options_read(&doctor.options, argc, argv);

	if (status == STATUS_DONE)
		status = act(&doctor);
	report_free(&doctor.report);
	sshd_settings_free(&doctor.sshd);
	configuration_free(&doctor.configuration);
	free(doctor.trials);
	free(doctor.example_user);
	pam_stack_free(&doctor.stack);
	account_free(&doctor.account);
	return status;
}
