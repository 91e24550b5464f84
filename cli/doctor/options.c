/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <getopt.h>
#include <stddef.h>

#include "cli/doctor/doctor.h"
#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"

#define OPTIONS struct doctor_options

const struct option_row doctor_options_table[] = {
	STRING_ROW(0, "service", service, 's', 1, "NAME",
		"the PAM service to look at; by default sshd"),
	JSON_ROW,
	PAM_FOLDER_ROW,
	STRING_ROW(0, "module-dir", module_folder, 'm', 1, "DIR", "look for the module in DIR"),
	STRING_ROW(0, "sshd-config", sshd_config, 'c', 1, "FILE",
		"let sshd read FILE and not its own configuration"),
	STRING_ROW(0, "sshd-settings", sshd_settings, 'c', 1, "FILE",
		"FILE holds what 'sshd -T' printed; sshd is not run"),
	FLAG_ROW(0, "print-config", print_config, 'P', 1,
		"print what totpgroup.conf and its drop-ins say, and the\n"
		"line that each value is from, and nothing else"),
	STRING_ROW(0, "conf", conf, 'C', 1, "FILE",
		"print-config: of FILE, as the module's option conf"),
	HELP_ROW,
	END_ROW,
};

enum exit_status doctor_options_read(struct doctor_options *options, int argc, char **argv)
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
