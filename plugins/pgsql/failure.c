/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pgsql/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "totpgroup.h"

#define READ_ONLY "25006"

/* A whole SQLSTATE, or the class that it begins with; the first that fits. */
static const struct {
	const char *state;
	enum failure_kind kind;
	const char *meaning;
} states[] = {
	{"01", FAILURE_OTHER,
		"the server warned: a wait for the standby may have been cancelled"},
	{"08", FAILURE_LOST, "the connection was lost"},
	{READ_ONLY, FAILURE_PASSES, "the server is read-only: no primary was found"},
	{"28", FAILURE_CONFIG, "the server does not let this role in"},
	{"3D000", FAILURE_CONFIG, "there is no such database"},
	{"3F000", FAILURE_CONFIG, "there is no schema totpgroup in the database"},
	{"40001", FAILURE_PASSES, "others change the same row"},
	{"40P01", FAILURE_PASSES, "others change the same row"},
	{"42501", FAILURE_CONFIG, "the role lacks a right, or a realm"},
	{"42883", FAILURE_CONFIG, "a function is missing, so the schema is of another version"},
	{"42P01", FAILURE_CONFIG, "a table is missing, so the schema is of another version"},
	{"42", FAILURE_CONFIG, "the schema is of another version"},
	{"53300", FAILURE_PASSES, "the server has no connection left"},
	{"53", FAILURE_OTHER, "the server has run out of something"},
	{"55000", FAILURE_OTHER,
		"no standby has to confirm, but require_sync is set; or the database takes no "
		"connections"},
	{"55P03", FAILURE_BUSY, "the row was locked for too long"},
	{"57014", FAILURE_OTHER, "the server cancelled the statement"},
	{"57P", FAILURE_LOST, "the server is going down or coming up"},
	{NULL, FAILURE_OTHER, "the server failed"},
};

static size_t find_state(const char *state)
{
	size_t i = 0;

	while (states[i].state != NULL &&
		strncmp(states[i].state, state, strlen(states[i].state)) != 0)
		i++;
	return i;
}

enum failure_kind failure_kind_of(const char *state)
{
	return states[find_state(state)].kind;
}

bool failure_is_of_server(const struct failure *failure)
{
	return failure->kind == FAILURE_LOST || failure->kind == FAILURE_SILENT ||
	       strcmp(failure->state, READ_ONLY) == 0;
}

enum failure_kind failure_set_state(struct failure *failure, const char *state)
{
	*failure = (struct failure){.kind = FAILURE_OTHER};
	if (state == NULL || strlen(state) != SQLSTATE_LENGTH)
		return failure_set(failure, FAILURE_LOST, "the connection was lost");
	strcpy(failure->state, state);
	failure->kind = failure_kind_of(state);
	return failure->kind;
}

enum failure_kind failure_set(
	struct failure *failure, enum failure_kind kind, const char *format, ...)
{
	va_list arguments;

	*failure = (struct failure){.kind = kind};
	va_start(arguments, format);
	(void)vsnprintf(failure->text, sizeof failure->text, format, arguments);
	va_end(arguments);
	/* Some of the text may come from a library. */
	for (char *byte = failure->text; *byte != '\0'; byte++)
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
			*byte = ' ';
	return kind;
}

int failure_report(const struct failure *failure, const char *where, struct error *error)
{
	int code = failure->kind == FAILURE_CONFIG ? TOTPGROUP_ECONFIG
		   : failure->kind == FAILURE_BUSY ? TOTPGROUP_EBUSY
						   : TOTPGROUP_ESYSTEM;

	if (*failure->state == '\0')
		return error_set(error, code, "%.100s: %s", where, failure->text);
	return error_set(error, code, "%.100s: %s (SQLSTATE %s)", where,
		states[find_state(failure->state)].meaning, failure->state);
}
