/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* store prune: removes old lines of the log, a block at a time. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "cli/store/store.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"

#define BLOCK_SIZE 10000

#define COUNT                                                                                  \
	"select count(*) from totpgroup.log_report where at < to_timestamp($1::bigint) and "   \
	"realm = (select realm from totpgroup.member where role = session_user)"
#define PRUNE "select totpgroup.prune(to_timestamp($1::bigint), 10000)"

/* A day, or how long ago. */
static bool read_time(const char *text, int64_t *time_before)
{
	const int64_t now = (int64_t)time(NULL);
	int64_t seconds;

	if (date_parse(text, strlen(text), time_before))
		return *time_before <= now;
	if (!duration_parse(text, strlen(text), 0, now, &seconds))
		return false;
	*time_before = now - seconds;
	return true;
}

static int take_count(
	const struct store_value *fields, size_t count, void *context, struct error *error)
{
	int64_t *number = context;

	(void)count;
	(void)error;
	*number = fields[0].number;
	return 0;
}

enum exit_status store_prune(struct store_run *run)
{
	const bool dry = run->options.dry_run != 0;
	struct store_value before = {.kind = STORE_VALUE_NUMBER};
	const struct store_statement statement = {
		.text = dry ? COUNT : PRUNE, .columns = "n", .parameters = &before, .count = 1};
	int64_t removed = 0, block = BLOCK_SIZE;
	enum exit_status status = STATUS_DONE;

	if (!read_time(run->options.before, &before.number))
		return terminal_fail(STATUS_USAGE,
			"--before needs a day that is over, such as 2026-01-31, or a length of "
			"time, such as 90d");
	while (status == STATUS_DONE && block >= BLOCK_SIZE) {
		status = store_run_statement(run, &statement, take_count, &block);
		removed += status == STATUS_DONE ? block : 0;
		if (dry)
			break;
	}
	if (run->options.quiet == 0 && (status == STATUS_DONE || removed > 0))
		terminal_say(dry ? N_("lines of the log that would be removed: %lld\n")
				 : N_("lines of the log that were removed: %lld\n"),
			(long long)removed);
	return status;
}
