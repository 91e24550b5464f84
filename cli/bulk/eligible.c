/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <string.h>

#include "base/lines.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/ui/input.h"
#include "message/translate.h"
#include "totpgroup.h"

#define FIRST_UID_DEFAULT 1000
#define KEY		  "UID_MIN"

#define SERVICES_FIRST 61184
#define SERVICES_LAST  65535

static int read_lines(
	const struct text *text, const char *path, uid_t *first, struct error *error)
{
	struct lines lines = {.text = text->data, .length = text->length};
	const char *line, *word;
	size_t length, word_length;
	int64_t number;

	while (text->data != NULL && lines_next(&lines, &line, &length)) {
		if (!lines_next_word(&line, &length, &word, &word_length) ||
			word_length != strlen(KEY) || memcmp(word, KEY, word_length) != 0)
			continue;
		if (!lines_next_word(&line, &length, &word, &word_length) ||
			!number_parse(word, word_length, 0, UINT32_MAX - 1, &number))
			return error_set(error, TOTPGROUP_ECONFIG,
				translate("%s, line %u: %s needs a number, and tells who is no "
					  "system account"),
				path, lines.number, KEY);
		*first = (uid_t)number;
	}
	return 0;
}

int bulk_read_first_uid(const char *path, uid_t *first, struct error *error)
{
	struct text text = TEXT_INIT;
	struct error problem = ERROR_INIT;
	int status = input_read(path, &text, &problem);

	*first = FIRST_UID_DEFAULT;
	if (status == 0)
		status = read_lines(&text, path, first, error);
	else if (problem.system_error == ENOENT)
		status = 0;
	else
		error_set(
			error, status, translate("cannot read %s: %s"), path, problem.message);
	text_free(&text);
	return status;
}

bool bulk_is_system_uid(uid_t uid, uid_t first)
{
	return uid < first || (uid >= SERVICES_FIRST && uid <= SERVICES_LAST);
}

bool bulk_has_login_shell(const char *shell)
{
	static const char *const closed[] = {
		"nologin", "false", "true", "sync", "shutdown", "halt", "no"};
	const char *slash = shell != NULL ? strrchr(shell, '/') : NULL;

	/* A user without a shell gets /bin/sh. */
	if (slash == NULL)
		return true;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (strcmp(slash + 1, closed[i]) == 0)
			return false;
	return true;
}
