/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/manage/manage.h"
#include "cli/ui/terminal.h"
#include "exchange/otp_key.h"

#define CELL_SIZE 160

/* The columns of the table but the last, which has the path or the problem and no
 * width. */
enum column {
	COLUMN_USER,
	COLUMN_STATE,
	COLUMN_KIND,
	COLUMN_CODES,
	COLUMN_USED,
	COLUMN_LIMIT,
	COLUMNS
};

/* A line of the table without its last column. */
struct row {
	char cell[COLUMNS][CELL_SIZE];
};

static const struct row heading = {{"USER", "STATE", "KIND", "CODES", "LAST USED", "LIMITED"}};

static void put_time(char *cell, int64_t seconds, const char *before, const char *behind)
{
	char text[40] = "?";
	time_t time = (time_t)seconds;
	struct tm local;

	if (localtime_r(&time, &local) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	snprintf(cell, CELL_SIZE, "%s%s%s", before, text, behind);
}

static void put_state(struct row *row, const struct user_status *user)
{
	char *cell = row->cell[COLUMN_STATE];

	if (user->state == USER_STATE_PENDING)
		put_time(cell, user->summary.pending.until, "pending until ", "");
	else if (user->state == USER_STATE_PENDING_EXPIRED)
		put_time(cell, user->summary.pending.until, "expired ", "");
	else
		snprintf(cell, CELL_SIZE, "%s", user_state_name(user->state));
}

static void put_kind(struct row *row, const struct credential_summary *summary)
{
	char *cell = row->cell[COLUMN_KIND];
	const char *algorithm = hmac_algorithm_name(summary->algorithm);

	if (summary->kind == SUMMARY_TOTP)
		snprintf(cell, CELL_SIZE, "TOTP %s, %u digits, %u s", algorithm,
			summary->digits, summary->period);
	else if (summary->kind == SUMMARY_HOTP)
		snprintf(cell, CELL_SIZE, "HOTP %s, %u digits", algorithm, summary->digits);
	else
		snprintf(cell, CELL_SIZE, "emergency codes alone");
}

static void put_used(struct row *row, const struct user_status *user)
{
	const char *from;
	int64_t latest = user_status_last_used(user, &from);
	char behind[20];

	if (latest == 0) {
		snprintf(row->cell[COLUMN_USED], CELL_SIZE, "-");
		return;
	}
	snprintf(behind, sizeof behind, " (%s)", from);
	put_time(row->cell[COLUMN_USED], latest, "", behind);
}

static void put_enrolled(struct row *row, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;

	put_kind(row, summary);
	snprintf(row->cell[COLUMN_CODES], CELL_SIZE, "%u",
		summary->plain_codes + summary->hashed_codes);
	if (summary->plain_codes > 0 && summary->hashed_codes > 0)
		snprintf(row->cell[COLUMN_CODES], CELL_SIZE, "%u+%u hashed",
			summary->plain_codes, summary->hashed_codes);
	else if (summary->hashed_codes > 0)
		snprintf(
			row->cell[COLUMN_CODES], CELL_SIZE, "%u hashed", summary->hashed_codes);
	put_used(row, user);
	if (summary->limited)
		snprintf(row->cell[COLUMN_LIMIT], CELL_SIZE, "%lld s",
			(long long)summary->retry_after);
}

static void make_row(struct row *row, const struct user_status *user)
{
	for (int column = 0; column < COLUMNS; column++)
		snprintf(row->cell[column], CELL_SIZE, "-");
	snprintf(row->cell[COLUMN_USER], CELL_SIZE, "%s", user->name);
	put_state(row, user);
	if (user_state_exit_status(user->state) == STATUS_DONE)
		put_enrolled(row, user);
	for (int column = 0; column < COLUMNS; column++)
		ascii_hide_controls(row->cell[column]);
}

/* The width on the screen; the length in bytes where the locale cannot read the cell. */
static size_t width_of(const char *cell)
{
	wchar_t wide[CELL_SIZE];
	size_t length = mbstowcs(wide, cell, CELL_SIZE);
	int width = length < CELL_SIZE ? wcswidth(wide, length) : -1;

	return width >= 0 ? (size_t)width : strlen(cell);
}

static void widen(size_t widths[COLUMNS], const struct row *row)
{
	for (int column = 0; column < COLUMNS; column++) {
		size_t width = width_of(row->cell[column]);

		if (width > widths[column])
			widths[column] = width;
	}
}

static void append_row(struct text *text, const size_t widths[COLUMNS], const struct row *row)
{
	for (int column = 0; column < COLUMNS; column++)
		text_append_format(text, "%s%*s  ", row->cell[column],
			(int)(widths[column] - width_of(row->cell[column])), "");
}

/* Appends the names of several devices, or the label of the only one. */
static void append_names(struct text *text, const struct credential_summary *summary)
{
	if (summary->device_count <= 1) {
		if (summary->label[0] != '\0')
			text_append_format(text, " (%s)", summary->label);
		return;
	}
	for (size_t i = 0; i < summary->device_count; i++)
		text_append_format(text, "%s%s", i == 0 ? " (" : ", ", summary->devices[i]);
	text_append_string(text, ")");
}

static void append_secret(struct text *text, const struct user_status *user)
{
	bool has_file = user_state_exit_status(user->state) == STATUS_DONE ||
			user->state == USER_STATE_NOT_ENROLLED;
	size_t before = text->length;

	text_append_string(text, has_file ? user->path : user->error.message);
	append_names(text, &user->summary);
	if (text->status == 0)
		ascii_hide_controls(text->data + before);
	text_append_string(text, "\n");
}

enum exit_status status_table_print(const struct user_status *users, size_t count)
{
	size_t widths[COLUMNS] = {0};
	struct text text = TEXT_INIT;
	enum exit_status status;
	struct row row;

	widen(widths, &heading);
	for (size_t i = 0; i < count; i++) {
		make_row(&row, &users[i]);
		widen(widths, &row);
	}
	append_row(&text, widths, &heading);
	text_append_string(&text, "SECRET\n");
	for (size_t i = 0; i < count; i++) {
		make_row(&row, &users[i]);
		append_row(&text, widths, &row);
		append_secret(&text, &users[i]);
	}
	status = terminal_write(&text);
	text_free(&text);
	return status;
}
