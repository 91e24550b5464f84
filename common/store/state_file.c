/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/state_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/state.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

#define FILE_MODE 0600

/* How often the file may go away before that is strange. */
#define TRIES 3

static struct file_rules rules_of(const char *path)
{
	return (struct file_rules){
		.path = path,
		.owner = geteuid(),
		.allowed_mode = FILE_MODE,
		.if_empty = "once it is removed, spent codes are good again",
	};
}

int state_file_look(const char *path, struct text *text, struct error *error)
{
	const struct file_rules rules = rules_of(path);
	int status = locked_file_look(&rules, text, error);

	if (status != TOTPGROUP_ENOTFOUND)
		return status;
	*error = (struct error)ERROR_INIT;
	status = text_append(text, STATE_EMPTY, strlen(STATE_EMPTY));
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

/* Of several that make it at once all but one find it made, or find that what
 * they were about to give its name has been tidied up by the next writer. And a
 * folder may go away as it came. */
static bool is_worth_another_look(const struct error *error)
{
	return error->code == TOTPGROUP_ECONFLICT || error->code == TOTPGROUP_ENOTFOUND ||
	       (error->code == TOTPGROUP_ESYSTEM && error->system_error == ENOENT);
}

static int make(const struct file_rules *rules, struct error *error)
{
	struct text empty = TEXT_INIT;
	int status = parent_folders_make(rules->path, error);

	if (status == 0 && text_append(&empty, STATE_EMPTY, strlen(STATE_EMPTY)) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (status == 0) {
		status = locked_file_create(rules, &empty, FILE_MODE, false, error);
		if (is_worth_another_look(error))
			status = 0;
	}
	text_free(&empty);
	return status;
}

int state_file_begin(const char *path, struct locked_file **transaction, struct text *text,
	struct error *error)
{
	const struct file_rules rules = rules_of(path);
	int status;

	for (unsigned int i = 0; i < TRIES; i++) {
		*error = (struct error)ERROR_INIT;
		status = locked_file_begin(&rules, transaction, text, error);
		if (status != TOTPGROUP_ENOTFOUND)
			return status;
		*error = (struct error)ERROR_INIT;
		status = make(&rules, error);
		if (status != 0)
			return status;
	}
	return error_set(error, TOTPGROUP_ECONFLICT, "%s: removed again and again", rules.path);
}

int state_file_note_revoked(const char *path, bool *noted, struct error *error)
{
	struct locked_file *file = NULL;
	struct text state = TEXT_INIT, next = TEXT_INIT;
	struct error look = ERROR_INIT;
	bool enrolled = false;
	int status = state_file_look(path, &state, &look);

	if (status == 0)
		status = state_is_enrolled(&state, &enrolled, &look);
	if (status == 0 && enrolled) {
		text_free(&state);
		status = state_file_begin(path, &file, &state, &look);
		if (status == 0)
			status = state_revoke(&state, (int64_t)time(NULL), &next, &look);
		if (status == 0 && next.length > 0)
			status = locked_file_commit(&file, &next, false, &look);
		locked_file_abort(file);
		*noted = status == 0;
	}
	text_free(&state);
	text_free(&next);
	if (status == 0 || look.system_error == EACCES)
		return 0;
	return error_set(error, status,
		"the secret is removed, but %.150s does not say so, so that the user is "
		"refused and offered none: %.120s",
		path, look.message);
}
