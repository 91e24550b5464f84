/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/options.h"

#include <getopt.h>
#include <stddef.h>

#include "cli/ui/option_table.h"
#include "cli/ui/terminal.h"

/* clang-format off */
#define FIELD(name) offsetof(struct doctor_options, name)

static const struct option_row rows[] = {
	{'\0', "service", OPTION_STRING, FIELD(service), 's', 1, 0, "NAME",
		"the PAM service to look at; by default sshd"},
	{'\0', "json", OPTION_FLAG, FIELD(json), 'j', 1, 0, NULL,
		"print JSON for a program to read"},
	{'\0', "pam-dir", OPTION_STRING, FIELD(pam_folder), 'p', 1, 0, "DIR",
		"read PAM's files in DIR and not in /etc/pam.d and\n/usr/lib/pam.d"},
	{'\0', "module-dir", OPTION_STRING, FIELD(module_folder), 'm', 1, 0, "DIR",
		"look for the module in DIR"},
	{'\0', "sshd-config", OPTION_STRING, FIELD(sshd_config), 'c', 1, 0, "FILE",
		"let sshd read FILE and not its own configuration"},
	{'\0', "sshd-settings", OPTION_STRING, FIELD(sshd_settings), 'c', 1, 0, "FILE",
		"FILE holds what 'sshd -T' printed; sshd is not run"},
	{'\0', "print-config", OPTION_FLAG, FIELD(print_config), 'P', 1, 0, NULL,
		"print what totpgroup.conf and its drop-ins say, and the\nline that each value is from, and nothing else"},
	{'\0', "conf", OPTION_STRING, FIELD(conf), 'C', 1, 0, "FILE",
		"print-config: of FILE, as the module's option conf"},
	{'h', "help", OPTION_END, FIELD(help), '\0', 1, 0, NULL,
		"print this and exit"},
	{'\0', NULL, OPTION_FLAG, 0, '\0', 0, 0, NULL, NULL},
};
/* clang-format on */

const struct option_row *doctor_options_rows(void)
{
	return rows;
}

enum exit_status doctor_options_read(struct doctor_options *options, int argc, char **argv)
{
	enum exit_status status = option_table_read(rows, options, argc, argv);

	if (status != STATUS_DONE || options->help != 0)
		return status;
	if (argc - optind > 1) {
		terminal_complain("'%s' is too much: one user at a time", argv[optind + 1]);
		return STATUS_USAGE;
	}
	if (optind < argc)
		options->user = argv[optind];
	return STATUS_DONE;
}
