/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the doctor says of the kernel's clock, whatever that of this machine. */

#include "config.h"

#include "test_support.h"

#include <errno.h>
#include <sys/timex.h>

#include "cli/doctor/doctor.h"

int __wrap_adjtimex(struct timex *clock);

static int kernel_status;
static int kernel_error;

int __wrap_adjtimex(struct timex *clock)
{
	/* It is asked, and not set. */
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

static void clocks(void **state)
{
	(void)state;
	kernel_status = STA_PLL;
	assert_says(FINDING_OK, NULL);
	kernel_status = STA_UNSYNC;
	assert_says(FINDING_WARNING, "timedatectl set-ntp true");
	kernel_error = EPERM;
	assert_says(FINDING_UNKNOWN, NULL);
}

/* Control characters do not get as far as a terminal. */
static void reports(void **state)
{
	struct report report = {.count = 0};
	struct finding *finding;

	(void)state;
	assert_int_equal(report_status(&report), STATUS_DONE);
	finding = report_add(&report, FINDING_UNKNOWN, "x", "a%sb", "\033[2J\n\x7f");
	finding_mend(finding, MEND_ADD, "/f\t", 3, "%s", "\a");
	assert_string_equal(finding->what, "a?[2J??b");
	assert_string_equal(finding->mends[0].file, "/f?");
	assert_string_equal(finding->mends[0].text, "?");
	assert_int_equal(report_status(&report), STATUS_STORE_ERROR);
	report_add(&report, FINDING_WARNING, "x", "y");
	assert_int_equal(report_status(&report), STATUS_STORE_ERROR);
	report_add(&report, FINDING_PROBLEM, "x", "y");
	assert_int_equal(report_status(&report), STATUS_REFUSED);
	report_free(&report);
	report.out_of_memory = true;
	assert_int_equal(report_status(&report), STATUS_STORE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clocks), cmocka_unit_test(reports)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
