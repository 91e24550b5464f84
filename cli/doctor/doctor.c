/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>

#include "cli/doctor/doctor.h"
#include "config/configuration.h"

#define USUAL_SERVICE "sshd"

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_stack, doctor_check_line, doctor_check_groups, doctor_check_exemptions,
	doctor_check_state, doctor_check_daemon, doctor_check_paths, doctor_check_guard,
	doctor_check_sshd, doctor_check_files, doctor_check_clock,
	doctor_check_user, /* the last one: it gives up root's rights */
};

static enum exit_status run_checks(const struct doctor_options *options)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct doctor doctor = {.options = *options,
		.service = options->service != NULL ? options->service : USUAL_SERVICE,
		.configuration = &configuration,
		.module = &configuration.options};
	enum exit_status status = account_find(&doctor.account, options->user);

	if (status == STATUS_DONE) {
		for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			checks[i](&doctor);
		status = doctor_print_report(&doctor);
	}
	report_free(&doctor.report);
	text_free(&doctor.sshd);
	configuration_free(&configuration);
	free(doctor.trials);
	free(doctor.example_user);
	pam_stack_free(&doctor.stack);
	account_free(&doctor.account);
	return status;
}

enum exit_status command_doctor(int argc, char **argv)
{
	struct doctor_options options = {.service = NULL};
	enum exit_status status = doctor_options_read(&options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	return options.print_config != 0 ? print_config(options.conf) : run_checks(&options);
}
