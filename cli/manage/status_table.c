/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/manage/status_table.h"
#include "cli/ui/terminal.h"
#include "cli/ui/words.h"
#include "cli/ui/wrap.h"
#include "core/new_credential.h"
#include "exchange/otp_key.h"
#include "message/translate.h"

#define CELL_SIZE 160

/* A line of the table. */
struct row {
	char cell[COLUMNS][CELL_SIZE];
	size_t widths[COLUMNS]; /* on the screen */
	struct text last;	/* the last column */
};

static const char *const headings[COLUMNS] = {
	N_("USER"), N_("STATE"), N_("KIND"), N_("CODES"), N_("LAST USED")};

#define LAST_HEADING N_("SECRET")

/* Between two columns. */
#define GAP 2

static void put_cell(char *cell, const char *words)
{
	size_t length = strnlen(words, CELL_SIZE - 1);

	memcpy(cell, words, length);
	cell[length] = '\0';
}

static void put_time(char *cell, int64_t seconds, const char *before)
{
	char text[40] = "?";
	time_t time = (time_t)seconds;
	struct tm local;

	if (localtime_r(&time, &local) != NULL)
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	snprintf(cell, CELL_SIZE, "%s%s", before, text);
}

static void put_state(struct row *row, const struct user_status *user)
{
	char *cell = row->cell[COLUMN_STATE];

	if (user->state == USER_STATE_PENDING)
		put_time(cell, user->summary.pending.until, translate("pending until "));
	else if (user->state == USER_STATE_PENDING_EXPIRED)
		put_time(cell, user->summary.pending.until, translate("expired "));
	else
		put_cell(cell, translate(user_state_name(user->state)));
}

static void put_kind(struct row *row, const struct credential_summary *summary)
{
	static const char *const names[] = {
		[SUMMARY_TOTP] = "TOTP",
		[SUMMARY_HOTP] = "HOTP",
		[SUMMARY_EMERGENCY_ONLY] = N_("none"),
	};

	put_cell(row->cell[COLUMN_KIND], translate(names[summary->kind]));
}

static void put_used(struct row *row, const struct user_status *user)
{
	const char *from;
	int64_t latest = user_status_last_used(user, &from);

	if (latest == 0)
		put_cell(row->cell[COLUMN_USED], "-");
	else
		put_time(row->cell[COLUMN_USED], latest, "");
}

static void put_enrolled(struct row *row, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;

	put_kind(row, summary);
	snprintf(row->cell[COLUMN_CODES], CELL_SIZE, "%u",
		summary->plain_codes + summary->hashed_codes);
	if (summary->plain_codes > 0 && summary->hashed_codes > 0)
		snprintf(row->cell[COLUMN_CODES], CELL_SIZE, translate("%u+%u hashed"),
			summary->plain_codes, summary->hashed_codes);
	else if (summary->hashed_codes > 0)
		snprintf(row->cell[COLUMN_CODES], CELL_SIZE, translate("%u hashed"),
			summary->hashed_codes);
	put_used(row, user);
}

static void append_blanks(struct text *text, size_t count)
{
	static const char blanks[] = "                                ";

	for (; count >= sizeof blanks; count -= sizeof blanks - 1)
		text_append(text, blanks, sizeof blanks - 1);
	text_append(text, blanks, count);
}

/* Appends the cells but the last column. */
static void append_row(
	struct text *text, const struct status_table *table, const struct row *row)
{
	for (int column = 0; column < COLUMNS; column++) {
		size_t missing = table->widths[column] - row->widths[column];

		text_append_string(text, row->cell[column]);
		if (column < COLUMNS - 1 || table->layout == LAYOUT_LINES)
			append_blanks(text, missing + GAP);
	}
}

/* The cells one behind the other, with their headings where these say more. */
static void append_cells(
	struct text *text, const struct status_table *table, const struct row *row)
{
	struct text words = TEXT_INIT;

	text_append_format(&words, "%s: %s", row->cell[COLUMN_USER], row->cell[COLUMN_STATE]);
	if (strcmp(row->cell[COLUMN_KIND], "-") != 0)
		text_append_format(&words,
			translate(", %s, emergency codes: %s, last used: %s"),
			row->cell[COLUMN_KIND], row->cell[COLUMN_CODES],
			row->cell[COLUMN_USED]);
	if (words.status != 0)
		text->status = words.status;
	else
		fitted_text_append(text, words.data, table->width);
	text_free(&words);
}

/* Appends what is unlike most secrets. */
static void append_kind(struct text *text, const struct credential_summary *summary)
{
	const char *between = "";

	if (summary->algorithm != HMAC_SHA1) {
		text_append_string(text, hmac_algorithm_name(summary->algorithm));
		between = ", ";
	}
	if (summary->digits != NEW_CREDENTIAL_DIGITS) {
		text_append_format(text, translate("%s%u digits"), between, summary->digits);
		between = ", ";
	}
	if (summary->kind == SUMMARY_TOTP && summary->period != NEW_CREDENTIAL_PERIOD) {
		text_append_format(text, translate("%severy %u s"), between, summary->period);
		between = ", ";
	}
	if (*between != '\0')
		text_append_string(text, "; ");
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

/* Appends how the last use is known, unless a login or its code tells. */
static void append_source(struct text *text, const struct user_status *user)
{
	const char *from;

	if (user_status_last_used(user, &from) != 0 && strcmp(from, "attempt") == 0)
		text_append_string(text, translate("last an attempt, right or wrong; "));
}

/* Appends the last column: the file, or what is wrong, and what else is to be said. */
static void append_secret(struct text *text, const struct user_status *user)
{
	const struct credential_summary *summary = &user->summary;
	bool enrolled = user_state_exit_status(user->state) == STATUS_DONE;
	bool has_file = enrolled || user->state == USER_STATE_NOT_ENROLLED;
	size_t before = text->length;

	if (enrolled && summary->kind != SUMMARY_EMERGENCY_ONLY)
		append_kind(text, summary);
	if (enrolled)
		append_source(text, user);
	if (enrolled && summary->limited)
		text_append_format(text, translate("limited for %lld s; "),
			(long long)summary->retry_after);
	text_append_string(text, has_file ? user->file.path : user->error.message);
	append_names(text, summary);
	if (text->status == 0)
		ascii_hide_controls(text->data + before);
}

static void measure_cells(struct row *row)
{
	for (int column = 0; column < COLUMNS; column++)
		row->widths[column] = words_width(row->cell[column]);
}

static void make_row(struct row *row, const struct user_status *user)
{
	for (int column = 0; column < COLUMNS; column++)
		put_cell(row->cell[column], "-");
	put_cell(row->cell[COLUMN_USER], user->name);
	put_state(row, user);
	if (user_state_exit_status(user->state) == STATUS_DONE)
		put_enrolled(row, user);
	for (int column = 0; column < COLUMNS; column++)
		ascii_hide_controls(row->cell[column]);
	measure_cells(row);
	append_secret(&row->last, user);
}

static void make_heading(struct row *row)
{
	for (int column = 0; column < COLUMNS; column++)
		put_cell(row->cell[column], translate(headings[column]));
	measure_cells(row);
	text_append_string(&row->last, translate(LAST_HEADING));
}

static void widen(struct status_table *table, const struct row *row)
{
	size_t last = row->last.length > 0 ? words_width(row->last.data) : 0;

	for (int column = 0; column < COLUMNS; column++)
		if (row->widths[column] > table->widths[column])
			table->widths[column] = row->widths[column];
	if (last > table->last)
		table->last = last;
}

static void choose_layout(struct status_table *table)
{
	size_t sum = 0;

	for (int column = 0; column < COLUMNS; column++)
		sum += table->widths[column] + (column > 0 ? GAP : 0);
	table->layout = sum + GAP + table->last <= table->width ? LAYOUT_LINES
			: sum <= table->width			? LAYOUT_PAIRS
								: LAYOUT_WORDS;
}

static void append_user(
	struct text *text, const struct status_table *table, const struct row *row)
{
	if (table->layout == LAYOUT_WORDS)
		append_cells(text, table, row);
	else
		append_row(text, table, row);
	if (row->last.status != 0) {
		text->status = row->last.status;
	} else if (table->layout == LAYOUT_LINES) {
		text_append_string(text, row->last.data);
		text_append(text, "\n", 1);
	} else {
		text_append(text, "\n", 1);
		append_blanks(text, GAP);
		wrapped_text_append(text, row->last.data, GAP, table->width);
	}
}

static void append_headings(
	struct text *text, const struct status_table *table, const struct row *heading)
{
	if (table->layout == LAYOUT_WORDS)
		return;
	append_row(text, table, heading);
	text_append_format(
		text, "%s\n", table->layout == LAYOUT_LINES ? translate(LAST_HEADING) : "");
}

/* Makes the rows of the users, and behind them that of the headings. */
static void make_rows(struct status_table *table, const struct user_status *users, size_t count,
	struct row *rows)
{
	for (size_t i = 0; i < count; i++)
		make_row(&rows[i], &users[i]);
	make_heading(&rows[count]);
	for (size_t i = 0; i <= count; i++)
		widen(table, &rows[i]);
}

enum exit_status status_table_print(
	struct status_table *table, const struct user_status *users, size_t count)
{
	const enum status_layout before = table->layout;
	struct row *rows = calloc(count + 1, sizeof *rows);
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (rows == NULL)
		return terminal_out_of_memory();
	if (before == LAYOUT_NONE)
		table->width = wrapped_text_width();
	make_rows(table, users, count, rows);
	choose_layout(table);
	if (table->layout != before)
		append_headings(&text, table, &rows[count]);
	for (size_t i = 0; i < count; i++)
		append_user(&text, table, &rows[i]);
	status = terminal_write(&text);
	text_free(&text);
	for (size_t i = 0; i <= count; i++)
		text_free(&rows[i].last);
	free(rows);
	return status;
}
