/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/first_seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "store/file_store.h"
#include "totpgroup.h"

#define FILE_MODE   0600
#define FOLDER_MODE 0700
/* Two logins at once may take the time in one order and note it in the other. */
#define SLACK_SECONDS 60

static struct file_store_rules rules_of(const char *path)
{
	return (struct file_store_rules){
		.path = path, .owner = geteuid(), .allowed_mode = FILE_MODE};
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
	const struct file_store_rules rules = rules_of(path);
	struct text text = TEXT_INIT;
	int status;

	if (now < 0)
		return error_set(error, TOTPGROUP_ESYSTEM, "the clock is before 1970: set it");
	status = file_store_look(&rules, &text, error);
	if (status == 0 && !read_time(&text, now, seen))
		status = error_set(error, TOTPGROUP_EFORMAT,
			"%s: not a time that has been; remove the file, and the time "
			"begins anew",
			path);
	text_free(&text);
	return status;
}

/* A new folder that a power cut takes away takes the time that is in it along. */
static int sync_folder(const char *path, struct error *error)
{
	int folder = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status = 0;

	if (folder < 0 || fsync(folder) != 0)
		status = error_set_system(error, TOTPGROUP_ESYSTEM, "cannot sync %s", path);
	if (folder >= 0)
		close(folder);
	return status;
}

/* Makes the last folder of path, unless it is there. */
static int make_folder(char *path, struct error *error)
{
	char *name = strrchr(path, '/') + 1;
	char first = *name;
	int status;

	if (mkdir(path, FOLDER_MODE) != 0)
		return errno == EEXIST ? 0
				       : error_set_system(error, TOTPGROUP_EUNWRITABLE,
						 "cannot make %s", path);
	*name = '\0';
	status = sync_folder(path, error);
	*name = first;
	return status;
}

/* Makes the folder of a file, and those above it that are missing. */
static int make_folders(const char *path, struct error *error)
{
	char *folder = strdup(path);
	int status = 0;

	if (folder == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	for (char *at = strchr(folder + 1, '/'); at != NULL && status == 0;
		at = strchr(at + 1, '/')) {
		*at = '\0';
		status = make_folder(folder, error);
		*at = '/';
	}
	free(folder);
	return status;
}

static int note(const char *path, int64_t now, struct error *error)
{
	const struct file_store_rules rules = rules_of(path);
	struct text text = TEXT_INIT;
	int status = make_folders(path, error);

	if (status == 0 && text_append_format(&text, "%" PRId64 "\n", now) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0)
		status = file_store_create(&rules, &text, FILE_MODE, false, error);
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
