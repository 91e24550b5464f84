/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* setup() and teardown() of a test that has a folder and whose system calls are
 * watched. */
#ifndef TOTPGROUP_TESTS_CALLS_IN_FOLDER_H
#define TOTPGROUP_TESTS_CALLS_IN_FOLDER_H

#include "../fault/system_calls.h"
#include "temporary_folder.h"
#include "test_support.h"

static inline int setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	calls_disarm();
	folder_end();
	return 0;
}

#endif
