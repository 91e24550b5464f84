/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the tests of the file store share: one set of rules, and each function
 * of the store called by the name of a file, with its descriptors counted. */
#ifndef TOTPGROUP_TESTS_LOCKED_FILE_SUPPORT_H
#define TOTPGROUP_TESTS_LOCKED_FILE_SUPPORT_H

#include "../fault/system_calls.h"
#include "temporary_folder.h"
#include "test_support.h"

#include "core/credential.h"
#include "store/locked_file.h"
#include "totpgroup.h"

#define OLD "OLDOLDOLDOLDOLDO\n\" TOTP_AUTH\n"
#define NEW "NEWNEWNEWNEWNEWN\n\" TOTP_AUTH\n\" DISALLOW_REUSE 1 2 3\n12345678\n"

static struct file_rules rules;
static struct error failure;
static const char *new_text;
/* What was read last, NUL-terminated. */
static char seen[CREDENTIAL_TEXT_MAX + 1];
static size_t seen_length;
/* Called between begin and commit. */
static void (*between)(void);

static inline int locked_file_setup(void **state)
{
	(void)state;
	calls_reset();
	folder_begin();
	rules = (struct file_rules){.owner = geteuid(), .allowed_mode = 0600, .own_file = true};
	new_text = NEW;
	between = NULL;
	return 0;
}

static inline int locked_file_teardown(void **state)
{
	(void)state;
	calls_disarm();
	folder_end();
	return 0;
}

/* Name NULL leaves rules.path as it is. */
static inline unsigned int before_call(const char *name)
{
	if (name != NULL)
		rules.path = in_folder(name);
	failure = (struct error)ERROR_INIT;
	*seen = '\0';
	seen_length = 0;
	return count_descriptors();
}

static inline int after_call(int status, unsigned int descriptors)
{
	calls_disarm();
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(failure.code, status);
	assert_true(status <= 0);
	if (status != 0)
		assert_string_not_equal(failure.message, "");
	return status;
}

static inline void remember(struct text *text)
{
	assert_true(text->length <= CREDENTIAL_TEXT_MAX);
	/* What is wiped when it is freed. */
	assert_true(text->data == NULL || text->capacity > text->length);
	if (text->length > 0)
		memcpy(seen, text->data, text->length);
	seen_length = text->length;
	seen[seen_length] = '\0';
	text_free(text);
}

static inline int look(const char *name)
{
	unsigned int descriptors = before_call(name);
	struct text text = TEXT_INIT;
	int status;

	calls.armed = true;
	status = locked_file_look(&rules, &text, &failure);
	calls_disarm();
	remember(&text);
	return after_call(status, descriptors);
}

static inline int begin_and_abort(const char *name)
{
	unsigned int descriptors = before_call(name);
	struct locked_file *transaction;
	struct text text = TEXT_INIT;
	int status;

	calls.armed = true;
	status = locked_file_begin(&rules, &transaction, &text, &failure);
	calls_disarm();
	remember(&text);
	assert_true((transaction != NULL) == (status == 0));
	locked_file_abort(transaction);
	return after_call(status, descriptors);
}

/* Begins, and commits new_text. */
static inline int begin_and_commit(const char *name)
{
	unsigned int descriptors = before_call(name);
	struct locked_file *transaction;
	struct text text = TEXT_INIT;
	char *data = strdup(new_text);
	const struct text replacement = {
		.data = data, .length = strlen(data), .capacity = strlen(data) + 1};
	int status;

	calls.armed = true;
	status = locked_file_begin(&rules, &transaction, &text, &failure);
	if (status == 0 && between != NULL)
		between();
	if (status == 0)
		status = locked_file_commit(&transaction, &replacement, false, &failure);
	calls_disarm();
	remember(&text);
	free(data);
	return after_call(status, descriptors);
}

static inline int create(const char *name, bool replace)
{
	unsigned int descriptors = before_call(name);
	char *data = strdup(new_text);
	const struct text text = {
		.data = data, .length = strlen(data), .capacity = strlen(data) + 1};
	int status;

	calls.armed = true;
	status = locked_file_create(&rules, &text, 0400, replace, &failure);
	calls_disarm();
	free(data);
	return after_call(status, descriptors);
}

#endif
