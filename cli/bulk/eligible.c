/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/eligible.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/number.h"
#include "base/text.h"
#include "totpgroup.h"

#define FIRST_UID_DEFAULT 1000
#define KEY		  "UID_MIN"

/* What systemd's documentation of uids calls dynamic; then nobody, and the uid that
 * means none where uids had 16 bits. */
#define SERVICES_FIRST 61184
#define SERVICES_LAST  65535

/* Reads the rest of a line that begins with the key. */
static int read_number(const struct lines *lines, const char *path, const char *rest,
	size_t length, uid_t *first, struct error *error)
{
	const char *word = "";
	size_t word_length = 0;
	int64_t number;

	if (!lines_next_word(&rest, &length, &word, &word_length) ||
		!number_parse(word, word_length, 0, UINT32_MAX - 1, &number))
		return error_set(error, TOTPGROUP_ECONFIG,
			"%s, line %u: " KEY
			" needs a number, and tells who is no system account",
			path, lines->number);
	*first = (uid_t)number;
	return 0;
}

static int read_lines(
	const struct text *text, const char *path, uid_t *first, struct error *error)
{
	struct lines lines = {.text = text->data, .length = text->length};
	const char *line, *word;
	size_t length, word_length;
	int status = 0;

	while (status == 0 && text->data != NULL && lines_next(&lines, &line, &length))
		if (lines_next_word(&line, &length, &word, &word_length) &&
			word_length == strlen(KEY) && memcmp(word, KEY, word_length) == 0)
			status = read_number(&lines, path, line, length, first, error);
	return status;
}

static int read_all(int file, struct text *text)
{
	char buffer[1024];
	ssize_t n = 1;
	int status = 0;

	while (status == 0 && n != 0) {
		n = read(file, buffer, sizeof buffer);
		if (n < 0 && errno != EINTR)
			return TOTPGROUP_ESYSTEM;
		if (n > 0)
			status = text_append(text, buffer, (size_t)n);
	}
	return status;
}

int bulk_read_first_uid(const char *path, uid_t *first, struct error *error)
{
	struct text text = TEXT_INIT;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int status;

	*first = FIRST_UID_DEFAULT;
	if (file < 0 && errno == ENOENT)
		return 0;
	if (file < 0)
		return error_set_system(error, TOTPGROUP_ESYSTEM, "cannot open %s", path);
	status = read_all(file, &text);
	if (status != 0)
		error_set_system(error, status, "cannot read %s", path);
	else
		status = read_lines(&text, path, first, error);
	text_free(&text);
	close(file);
	return status;
}

bool bulk_is_system_account(uid_t uid, uid_t first)
{
	return uid < first || (uid >= SERVICES_FIRST && uid <= SERVICES_LAST);
}

bool bulk_has_login_shell(const char *shell)
{
	static const char *const closed[] = {
		"nologin", "false", "true", "sync", "shutdown", "halt", "no"};
	const char *slash = shell != NULL ? strrchr(shell, '/') : NULL;

	/* None is /bin/sh. */
	if (slash == NULL)
		return true;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (strcmp(slash + 1, closed[i]) == 0)
			return false;
	return true;
}
