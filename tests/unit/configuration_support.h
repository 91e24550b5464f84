/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes configuration files into a temporary folder, and loads them. */
#ifndef TOTPGROUP_TESTS_CONFIGURATION_SUPPORT_H
#define TOTPGROUP_TESTS_CONFIGURATION_SUPPORT_H

#include "temporary_folder.h"
#include "test_support.h"

#include "config/configuration.h"
#include "totpgroup.h"

static struct configuration configuration;
static struct error error;

/* Makes the empty folders vendor/ and host/. */
static inline int configuration_setup(void **state)
{
	(void)state;
	configuration = (struct configuration)CONFIGURATION_INIT;
	error = (struct error)ERROR_INIT;
	folder_begin();
	make_folder("vendor", 0755);
	make_folder("host", 0755);
	return 0;
}

static inline int configuration_teardown(void **state)
{
	(void)state;
	configuration_free(&configuration);
	folder_end();
	return 0;
}

/* Loads vendor/t.conf, host/t.conf, their drop-ins, and one argument or NULL. */
static inline int load_with(const char *argument)
{
	char vendor[PATH_MAX], host[PATH_MAX];
	const struct configuration_paths paths = {.vendor = vendor, .host = host};

	strcpy(vendor, in_folder("vendor/t.conf"));
	strcpy(host, in_folder("host/t.conf"));
	configuration_free(&configuration);
	error = (struct error)ERROR_INIT;
	return configuration_load_from(
		&configuration, &paths, argument != NULL, &argument, &error);
}

static inline int load(void)
{
	return load_with(NULL);
}

/* Loads host/t.conf with this text. */
static inline int load_text(const char *text)
{
	put_file("host/t.conf", text, 0644);
	return load();
}

/* The last load failed with this code, and a message of one line with both words. */
static inline void assert_failed(int status, int code, const char *word, const char *another)
{
	if (status == 0 || strstr(error.message, word) == NULL ||
		strstr(error.message, another) == NULL)
		fail_msg("status %d, \"%s\" for \"%s\", \"%s\"", status, error.message, word,
			another);
	assert_int_equal(status, code);
	assert_int_equal(error.code, code);
	assert_null(strpbrk(error.message, "\n\r\033"));
}

#endif
