/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The logins that the store's log does not have yet, each in a file of its own: a file that is told
 * twice, because the host died in between, is one line there by its name. */
#include "config.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/folder.h"
#include "base/hex.h"
#include "base/json.h"
#include "daemon/local.h"
#include "host/local_codes.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

#define NAME_BYTES  16
#define NAME_LENGTH (2 * NAME_BYTES)
#define PATH_SIZE   (sizeof LOCAL_LOG_FOLDER + 1 + NAME_LENGTH)

/* The last second of the year 9999. */
#define HAPPENED_MAX INT64_C(253402300799)

/* Milliseconds after a call came. A peer waits for ten seconds, and the store may fall silent for a
 * deadline, which is seven at most. */
#define PATIENCE 1000

/* With one call at most so many are told, because a peer waits for its answer. */
#define COPIED_MAX 16

/* A file, and what it has. Ends with text_free(). */
struct event {
	char name[NAME_LENGTH + 1], path[PATH_SIZE];
	struct text text;
	const char *user, *service, *rhost; /* in the text, or NULL */
	int64_t happened;
};

static struct file_rules rules_of(const struct event *event)
{
	return (struct file_rules){
		.path = event->path, .owner = geteuid(), .allowed_mode = 0600};
}

static void name_event(struct event *event, const char *name)
{
	*event = (struct event){.text = TEXT_INIT};
	(void)snprintf(event->name, sizeof event->name, "%s", name);
	(void)snprintf(event->path, sizeof event->path, LOCAL_LOG_FOLDER "/%s", event->name);
}

static void append_string(struct text *text, const char *key, const char *value)
{
	if (value == NULL)
		return;
	(void)text_append_format(text, ",\"%s\":", key);
	(void)json_append(text, value);
}

static int write_event(const struct call *call, struct text *text)
{
	(void)text_append_format(text, "{\"happened\":%" PRId64, (int64_t)time(NULL));
	append_string(text, "user", call->user);
	append_string(text, "service", call->service);
	append_string(text, "rhost", call->rhost);
	return text_append_string(text, "}\n");
}

int local_log_add(const struct call *call, struct error *error)
{
	uint8_t bytes[NAME_BYTES];
	char name[NAME_LENGTH + 1];
	struct event event;
	struct file_rules rules;
	int status = random_bytes(bytes, sizeof bytes);

	if (status != 0)
		return error_set(error, status, "no random number for a name");
	hex_encode(bytes, sizeof bytes, name);
	name_event(&event, name);
	rules = rules_of(&event);
	status = write_event(call, &event.text);
	if (status != 0)
		error_set(error, status, "out of memory");
	if (status == 0)
		status = parent_folders_make(event.path, error);
	if (status == 0)
		status = locked_file_create(&rules, &event.text, 0600, false, error);
	text_free(&event.text);
	return status;
}

/* Decodes a string where it stands, so that nothing else of the text can be read any more. NULL where
 * there is none. */
static bool take_string(
	struct event *event, const struct json_value *value, const char **string)
{
	char *start;

	if (value->kind == JSON_ABSENT)
		return true;
	start = event->text.data + (value->text - event->text.data);
	*string = start;
	return json_string(value, start, value->length);
}

static bool take_event(struct event *event)
{
	struct json_value object, happened, user, service, rhost;

	if (!json_read(event->text.data, event->text.length, &object) ||
		!json_member(&object, "happened", &happened) ||
		!json_integer(&happened, 1, HAPPENED_MAX, &event->happened) ||
		!json_member(&object, "user", &user) ||
		!json_member(&object, "service", &service) ||
		!json_member(&object, "rhost", &rhost))
		return false;
	return take_string(event, &user, &event->user) && event->user != NULL &&
	       take_string(event, &service, &event->service) &&
	       take_string(event, &rhost, &event->rhost);
}

static int read_event(struct event *event, struct error *error)
{
	const struct file_rules rules = rules_of(event);
	int status = locked_file_look(&rules, &event->text, error);

	if (status == 0 && !take_event(event))
		status = error_set(error, TOTPGROUP_EFORMAT,
			"%s: is damaged; look at it, and remove it", event->path);
	return status;
}

static int tell(struct store *shared, const struct event *event, struct error *error)
{
	const struct store_user user = {.name = event->user};
	const struct store_note note = {
		.service = event->service,
		.rhost = event->rhost,
		.result = "accepted",
		.method = totpgroup_method_name(TOTPGROUP_METHOD_EMERGENCY),
		.happened = event->happened,
		.attempt = event->name,
	};
	struct store_place *place = NULL;
	int status = store_locate(shared, &user, &place, error);

	if (status == 0)
		status = store_note(place, &note, error);
	store_release(place);
	return status;
}

/* False where the store did not take it, so that the others have to wait, too. A file that is damaged
 * keeps no other. */
static bool copy(struct store *shared, const char *name, struct error *error)
{
	struct event event;
	bool is_taken = true;

	name_event(&event, name);
	if (read_event(&event, error) == 0) {
		is_taken = tell(shared, &event, error) == 0;
		if (is_taken && unlink(event.path) != 0)
			error_set_system(
				error, TOTPGROUP_ESYSTEM, "cannot remove %s", event.path);
	}
	text_free(&event.text);
	return is_taken;
}

static bool is_event(const char *name)
{
	return strlen(name) == NAME_LENGTH && strspn(name, "0123456789abcdef") == NAME_LENGTH;
}

static void copy_all(struct store *shared, DIR *folder)
{
	const struct dirent *entry;
	struct error error = ERROR_INIT;
	bool goes_on = true;

	for (int left = COPIED_MAX;
		goes_on && left > 0 && folder_next(folder, &entry) == 0 && entry != NULL;) {
		if (!is_event(entry->d_name))
			continue;
		goes_on = copy(shared, entry->d_name, &error);
		left--;
	}
	if (error.code != 0)
		verify_log_error(
			"logins with codes of this host are not in the store's log", &error);
}

void local_log_copy(const struct work *work, struct user_store *store)
{
	DIR *folder;

	if (monotonic_microseconds() / 1000 - work->now > PATIENCE ||
		!local_codes_are_on(user_store_configuration(store)))
		return;
	folder = opendir(LOCAL_LOG_FOLDER);
	if (folder == NULL)
		return;
	/* Another thread that is about it does it for all. */
	if (flock(dirfd(folder), LOCK_EX | LOCK_NB) == 0)
		copy_all(user_store_shared(store), folder);
	(void)closedir(folder);
}
