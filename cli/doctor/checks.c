/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All checks, in the order in which they run. */

#include "config.h"

#include "cli/doctor/doctor.h"

static const struct {
	void (*run)(struct doctor *doctor);
	/* A change of PAM's files or of the module's can make what it finds better or worse. */
	bool of_files;
} checks[] = {
	{doctor_check_stack, true},
	{doctor_check_line, true},
	{doctor_check_groups, true},
	{doctor_check_exemptions, true},
	{doctor_check_grace, true},
	{doctor_check_seals, false},
	{doctor_check_variables, true},
	{doctor_check_state, true},
	{doctor_check_daemon, false},
	{doctor_check_paths, true},
	{doctor_check_passwords, true},
	{doctor_check_misplaced, true},
	{doctor_check_programs, true},
	{doctor_check_guard, true},
	{doctor_check_sshd, false},
	{doctor_check_store, false},
	{doctor_check_sudo, false},
	{doctor_check_files, false},
	{doctor_check_clock, false},
	{doctor_check_user, false},
};

void doctor_run_checks(struct doctor *doctor, enum doctor_checks which)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (which == DOCTOR_ALL_CHECKS || checks[i].of_files)
			checks[i].run(doctor);
}
