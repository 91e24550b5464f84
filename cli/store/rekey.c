/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* store rekey: seals with the first key what others seal. It can be ended at any time and run again,
 * while users log in. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/store/store.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "store/sealing.h"
#include "totpgroup.h"

#define BLOCK_SIZE 512

#define LACKING                                                                                \
	"select name from totpgroup.host_report h join totpgroup.member m on m.role = h.role " \
	"where m.realm = (select realm from totpgroup.member where role = session_user) "      \
	"and not $1::text = any (h.keys) order by name"
#define OLDER "select username from totpgroup.older_keys($1::text, $2::text, 512)"

/* Names, each with a NUL behind it. */
struct names {
	struct text text;
	size_t count;
};

static int take_name(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	struct names *names = context;

	(void)count;
	if (fields[0].kind != STORE_VALUE_TEXT)
		return 0;
	names->count++;
	return text_append(&names->text, fields[0].bytes, fields[0].length + 1) == 0
		       ? 0
		       : error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

/* A host without the key would refuse everybody whose secret is sealed with it. */
static enum exit_status check_hosts(const struct store_run *run, const char *key)
{
	const struct store_value parameter = store_text(key);
	const struct store_statement statement = {.text = LACKING,
		.columns = "t",
		.parameters = &parameter,
		.count = 1,
		.is_repeatable = true};
	struct names names = {.text = TEXT_INIT};
	enum exit_status status = store_run_statement(run, &statement, take_name, &names);

	if (names.count > 0)
		ascii_hide_controls(names.text.data);
	if (status == STATUS_DONE && names.count > 0 && run->options.force == 0)
		status = terminal_fail(STATUS_REFUSED,
			"hosts that lack the key %s: %zu, among them %s; add the key there "
			"first, "
			"behind the others, and let them connect; or use --force",
			key, names.count, names.text.data);
	text_free(&names.text);
	return status;
}

static int reseal(const struct store_run *run, const char *user, struct error *error)
{
	const struct store_user named = {.name = user};
	struct store_place *place = NULL;
	int status = store_locate(shared_store_of(run->shared), &named, &place, error);

	if (status == 0)
		status = shared_store_reseal(run->shared, place, error);
	store_release(place);
	return status;
}

struct sealing_counts {
	size_t done, failed;
};

static void complain(const char *user, const struct error *error)
{
	const struct store_value name = store_text(user);
	char shown[STORE_SHOWN_MAX];

	terminal_complain("%s: %s", store_show(&name, shown), error->message);
}

/* Returns the last name, which is good while the names are; NULL where there is none. */
static const char *reseal_names(
	const struct store_run *run, const struct names *names, struct sealing_counts *counts)
{
	const char *user = names->text.data, *last = NULL;

	for (size_t i = 0; i < names->count; i++, user += strlen(user) + 1) {
		struct error error = ERROR_INIT;
		int status = run->options.dry_run != 0 ? 0 : reseal(run, user, &error);

		if (status != 0)
			complain(user, &error);
		counts->failed += status != 0;
		counts->done += status == 0;
		last = user;
	}
	return last;
}

/* Goes through the users in the order of their names, so that one who fails is not met again. */
static enum exit_status reseal_all(
	const struct store_run *run, const char *key, struct sealing_counts *counts)
{
	struct store_value parameters[] = {store_text(key), store_text("")};
	const struct store_statement statement = {.text = OLDER,
		.columns = "t",
		.parameters = parameters,
		.count = sizeof parameters / sizeof parameters[0],
		.is_repeatable = true};
	enum exit_status status = STATUS_DONE;
	char *after = NULL;
	bool more = true;

	while (status == STATUS_DONE && more) {
		struct names names = {.text = TEXT_INIT};
		const char *last;

		status = store_run_statement(run, &statement, take_name, &names);
		last = status == STATUS_DONE ? reseal_names(run, &names, counts) : NULL;
		more = last != NULL && names.count == BLOCK_SIZE;
		free(after);
		after = last != NULL ? strdup(last) : NULL;
		text_free(&names.text);
		if (last != NULL && after == NULL)
			status = terminal_out_of_memory();
		else if (more)
			parameters[1] = store_text(after);
	}
	free(after);
	return status;
}

enum exit_status store_rekey(struct store_run *run)
{
	struct sealing_counts counts = {.done = 0};
	struct error error = ERROR_INIT;
	enum exit_status status;
	sealing_key_id key;

	if (sealing_find_first_key(shared_store_key_file(run->shared), key, &error) != 0)
		return terminal_complain_error(&error);
	status = check_hosts(run, key);
	if (status == STATUS_DONE)
		status = reseal_all(run, key, &counts);
	if (status == STATUS_DONE && run->options.quiet == 0)
		terminal_say(run->options.dry_run != 0
				     ? N_("would be sealed with the key %s: %zu\n")
				     : N_("sealed with the key %s: %zu\n"),
			key, counts.done);
	return status == STATUS_DONE && counts.failed > 0 ? STATUS_SOME_FAILED : status;
}
