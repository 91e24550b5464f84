/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What doctor says about the kernel's clock, whatever the clock of this machine is, and
 * its report. */

#include "config.h"

#include "test_support.h"

#include <errno.h>
#include <glob.h>
#include <sys/timex.h>

#include "cli/doctor/doctor.h"

int __wrap_adjtimex(struct timex *clock);

int __wrap_glob(
	const char *pattern, int flags, int (*report)(const char *, int), glob_t *paths);
void __wrap_globfree(glob_t *paths);

static int kernel_status;
static int kernel_error;
static bool has_service;

int __wrap_glob(const char *pattern, int flags, int (*report)(const char *, int), glob_t *paths)
{
	(void)flags;
	(void)report;
	(void)paths;
	return has_service && strncmp(pattern, "/lib/", 5) == 0 ? 0 : GLOB_NOMATCH;
}

void __wrap_globfree(glob_t *paths)
{
	(void)paths;
}

int __wrap_adjtimex(struct timex *clock)
{
	/* The call reads the clock and does not set it. */
	assert_int_equal(clock->modes, 0);
	if (kernel_error != 0) {
		errno = kernel_error;
		return -1;
	}
	clock->status = kernel_status;
	return (kernel_status & STA_UNSYNC) != 0 ? TIME_ERROR : TIME_OK;
}

static void assert_says(enum finding_level level, const char *mend)
{
	struct doctor doctor = {.service = "sshd"};
	const struct finding *finding;

	doctor_check_clock(&doctor);
	assert_int_equal(doctor.report.count, 1);
	finding = doctor.report.findings[0];
	assert_int_equal(finding->level, level);
	assert_string_equal(finding->check, "clock");
	if (mend == NULL)
		assert_null(finding->mends[0].text);
	else
		assert_string_equal(finding->mends[0].text, mend);
	report_free(&doctor.report);
}

static void the_clock_of_the_kernel_is_reported_and_not_set(void **state)
{
	(void)state;
	kernel_status = STA_PLL;
	assert_says(FINDING_OK, NULL);
	kernel_status = STA_UNSYNC;
	has_service = true;
	assert_says(FINDING_WARNING, "timedatectl set-ntp true");
	has_service = false;
	assert_says(FINDING_WARNING, NULL);
	kernel_error = EPERM;
	assert_says(FINDING_UNKNOWN, NULL);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	struct doctor doctor = {.service = "sshd"};
	struct finding *finding =
		report_add(&doctor, FINDING_UNKNOWN, "x", "a%sb", "\033[2J\n\x7f");

	(void)state;
	finding_mend(finding, MEND_ADD, "/f\t", 3, "%s", "\a");
	assert_string_equal(finding->what, "a?[2J??b");
	assert_string_equal(finding->mends[0].file, "/f?");
	assert_string_equal(finding->mends[0].text, "?");
	report_free(&doctor.report);
}

static void the_gravest_finding_is_the_exit_status(void **state)
{
	struct doctor doctor = {.service = "sshd"};

	(void)state;
	assert_int_equal(report_status(&doctor.report), STATUS_DONE);
	report_add(&doctor, FINDING_UNKNOWN, "x", "y");
	assert_int_equal(report_status(&doctor.report), STATUS_STORE_ERROR);
	report_add(&doctor, FINDING_WARNING, "x", "y");
	assert_int_equal(report_status(&doctor.report), STATUS_STORE_ERROR);
	report_add(&doctor, FINDING_PROBLEM, "x", "y");
	assert_int_equal(report_status(&doctor.report), STATUS_REFUSED);
	report_free(&doctor.report);
	doctor.report.out_of_memory = true;
	assert_int_equal(report_status(&doctor.report), STATUS_STORE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_of_the_kernel_is_reported_and_not_set),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
		cmocka_unit_test(the_gravest_finding_is_the_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
