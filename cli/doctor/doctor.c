/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/proof.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"
#include "cli/users/user_file.h"
#include "config/configuration.h"

#define USUAL_SERVICE "sshd"

#define OPTIONS struct doctor_options

const struct option_row doctor_options_table[] = {
	STRING_ROW(0, "service", service, 's', 1, "SERVICE",
		"the PAM service to look at; by default sshd"),
	JSON_ROW,
	PAM_FOLDER_ROW,
	STRING_ROW(0, "module-dir", module_folder, 'm', 1, "DIR", "look for the module in DIR"),
	STRING_ROW(0, "sshd-config", sshd_config, 'c', 1, "FILE",
		"let sshd read FILE and not its own configuration"),
	STRING_ROW(0, "sshd-settings", sshd_settings, 'c', 1, "FILE",
		"FILE holds what 'sshd -T' printed; sshd is not run"),
	STRING_ROW(0, "rhost", rhost, 'r', 1, "ADDRESS",
		"judge sshd's Match blocks for a login from ADDRESS"),
	NUMBER_ROW(0, "local-port", local_port, 'l', 1, 65535, "PORT",
		"and to that port of this host"),
	FLAG_ROW(0, "print-config", print_config, 'P', 1,
		"print what totpgroup.conf and its drop-ins say, and the "
		"line that each value is from, and nothing else"),
	STRING_ROW(0, "conf", conf, 'C', 1, "FILE",
		"with --print-config: read FILE, as the module's conf="),
	HELP_ROW,
	END_ROW,
};

static enum exit_status read_options(struct doctor_options *options, int argc, char **argv)
{
	enum exit_status status = option_table_read(doctor_options_table, options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	if (argc - optind > 1) {
		terminal_complain("'%s' is one user too many: doctor checks one at a time",
			argv[optind + 1]);
		return STATUS_USAGE;
	}
	if (optind < argc)
		options->user = argv[optind];
	return STATUS_DONE;
}

static enum exit_status run_checks(const struct doctor_options *options)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct doctor doctor = {.options = *options,
		.service = options->service != NULL ? options->service : USUAL_SERVICE,
		.configuration = &configuration,
		.module = &configuration.options};
	struct user_entry *entry;
	struct error error = ERROR_INIT;
	enum exit_status status = user_file_find_user(options->user, &entry, &error);

	if (status != STATUS_DONE) {
		terminal_complain_error(&error);
	} else {
		doctor.user = &entry->passwd;
		doctor_run_checks(&doctor, DOCTOR_ALL_CHECKS);
		doctor_prove_mends(&doctor);
		status = doctor_print_report(&doctor);
	}
	report_free(&doctor.report);
	text_free(&doctor.sshd);
	configuration_free(&configuration);
	free(doctor.trials);
	free(doctor.example_user);
	pam_stack_free(&doctor.stack);
	free(entry);
	return status;
}

enum exit_status command_doctor(int argc, char **argv)
{
	struct doctor_options options = {.service = NULL};
	enum exit_status status = read_options(&options, argc, argv);

	if (status != STATUS_DONE)
		return status;
	return options.print_config != 0 ? print_config(options.conf) : run_checks(&options);
}
