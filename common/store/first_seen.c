/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/first_seen.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

#define FILE_MODE 0600
/* Two logins at once may take the time in one order and note it in the other. */
#define SLACK_SECONDS 60

static struct file_rules rules_of(const char *path)
{
	return (struct file_rules){.path = path, .owner = geteuid(), .allowed_mode = FILE_MODE};
}

/* A time and a line end, and nothing else. */
static bool read_time(const struct text *text, int64_t now, int64_t *seen)
{
	int64_t time;

	if (text->length == 0 || text->data[text->length - 1] != '\n' ||
		!number_parse(text->data, text->length - 1, 0, now + SLACK_SECONDS, &time))
		return false;
	*seen = time < now ? time : now;
	return true;
}

int first_seen_look(const char *path, int64_t now, int64_t *seen, struct error *error)
{
	const struct file_rules rules = rules_of(path);
	struct text text = TEXT_INIT;
	int status;

	if (now < 0)
		return error_set(error, TOTPGROUP_ESYSTEM, "the clock is before 1970: set it");
	status = locked_file_look(&rules, &text, error);
	if (status == 0 && !read_time(&text, now, seen))
		status = error_set(error, TOTPGROUP_EFORMAT,
			"%s: not a time that has been; remove the file, and the time "
			"begins anew",
			path);
	text_free(&text);
	return status;
}

static int note(const char *path, int64_t now, struct error *error)
{
	const struct file_rules rules = rules_of(path);
	struct text text = TEXT_INIT;
	int status = parent_folders_make(path, error);

	if (status == 0 && text_append_format(&text, "%" PRId64 "\n", now) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0)
		status = locked_file_create(&rules, &text, FILE_MODE, false, error);
	text_free(&text);
	return status;
}

int first_seen_note(const char *path, int64_t now, int64_t *seen, struct error *error)
{
	int status = first_seen_look(path, now, seen, error);

	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	status = note(path, now, error);
	if (status == 0) {
		*seen = now;
		return 0;
	}
	if (status != TOTPGROUP_ECONFLICT)
		return status;
	/* Somebody else was quicker. */
	*error = (struct error)ERROR_INIT;
	return first_seen_look(path, now, seen, error);
}
