/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Placing a file durably, with system calls that fail as they are told to. */
#ifndef TOTPGROUP_TESTS_DURABLE_FILE_SUPPORT_H
#define TOTPGROUP_TESTS_DURABLE_FILE_SUPPORT_H

#include "calls_in_folder.h"

#include "store/durable_file.h"

#define OLD "the old text\n"
#define NEW "the new text, longer than the old one was\n"

/* What a test has seen happen. */
static char trace[1024];

/* Puts NEW in place under a name, with the failures that are armed. */
static inline int place_text(const char *name, struct durable_file file, struct error *error)
{
	static char bytes[] = NEW;
	const struct text text = {
		.data = bytes, .length = sizeof bytes - 1, .capacity = sizeof bytes};
	struct dir_entry place = DIR_ENTRY_INIT;
	unsigned int descriptors = count_descriptors();
	int status;

	*error = (struct error)ERROR_INIT;
	assert_int_equal(dir_entry_open(&place, in_folder(name), error), 0);
	calls.armed = true;
	status = durable_file_put(&place, &file, &text, error);
	calls_disarm();
	dir_entry_close(&place);
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(status, error->code);
	return status;
}

static inline int replace(const char *name)
{
	const struct durable_file file = {.mode = 0600, .previous = -1};
	struct error error;

	return place_text(name, file, &error);
}

static inline int create(const char *name)
{
	const struct durable_file file = {.mode = 0600, .previous = -1, .exclusive = true};
	struct error error;

	return place_text(name, file, &error);
}

#endif
