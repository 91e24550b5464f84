/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ui/terminal.h"
#include "cli/ui/wrap.h"
#include "message/translate.h"

#define COLUMNS_DEFAULT 80
#define BAR_MIN		10
#define BAR_MAX		50
#define DRAW_SECONDS	0.1

/* Goes to the beginning of the line and erases it. */
#define ERASE "\r\033[K"

void progress_begin(
	struct progress *progress, enum progress_items what, size_t total, bool silent)
{
	const char *kind = getenv("TERM");

	*progress = (struct progress){.silent = silent, .what = what, .total = total};
	progress->terminal = isatty(STDERR_FILENO) && kind != NULL && *kind != '\0' &&
			     strcmp(kind, "dumb") != 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->begun);
}

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (double)(now.tv_sec - then->tv_sec) +
	       (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static void append_time(struct text *text, double seconds)
{
	unsigned long whole = (unsigned long)(seconds + 0.5);

	if (whole >= 3600)
		text_append_format(text, translate(", %lu:%02lu:%02lu left"), whole / 3600,
			whole / 60 % 60, whole % 60);
	else
		text_append_format(text, translate(", %lu:%02lu left"), whole / 60, whole % 60);
}

static void append_count(const struct progress *progress, struct text *text, unsigned long done)
{
	bool users = progress->what == PROGRESS_USERS;

	if (progress->total > 0)
		text_append_format(text,
			users ? translate_plural(
					"%lu of %zu user", "%lu of %zu users", progress->total)
			      : translate_plural("%lu of %zu account", "%lu of %zu accounts",
					progress->total),
			done, progress->total);
	else
		text_append_format(text,
			users ? translate_plural("%lu user", "%lu users", done)
			      : translate_plural("%lu account", "%lu accounts", done),
			done);
}

/* Appends the count, the rate and the time left. */
static void append_numbers(
	const struct progress *progress, struct text *text, unsigned long done, double fraction)
{
	double elapsed = seconds_since(&progress->begun);

	append_count(progress, text, done);
	if (elapsed > 0)
		text_append_format(text, ", %.0f/s", (double)done / elapsed);
	if (fraction > 0)
		append_time(text, elapsed * (1 - fraction) / fraction);
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

static void append_bar(struct text *text, double fraction, size_t room)
{
	size_t width = room > BAR_MAX ? BAR_MAX : room;
	size_t full = (size_t)(fraction * (double)width);

	text_append_string(text, "[");
	for (size_t i = 0; i < width; i++)
		text_append_string(text, i < full ? "#" : ".");
	text_append_string(text, "] ");
}

/* Writes the whole line at once, so that it does not flicker. The last column stays free:
 * some terminals begin a new line behind it. */
static void draw_bar(
	const struct progress *progress, unsigned long done, double fraction, size_t width)
{
	struct text numbers = TEXT_INIT;
	struct text line = TEXT_INIT;

	append_numbers(progress, &numbers, done, fraction);
	text_append_string(&line, ERASE);
	if (fraction >= 0)
		text_append_format(&line, "%3d%% ", (int)(fraction * 100));
	if (fraction >= 0 && words_width(numbers.data) + BAR_MIN + 9 <= width)
		append_bar(&line, fraction, width - words_width(numbers.data) - 9);
	text_append(&line, numbers.data, numbers.length);
	if (line.length > strlen(ERASE) + width - 1)
		line.length = strlen(ERASE) + width - 1;
	if (numbers.status == 0 && line.status == 0)
		(void)!write(STDERR_FILENO, line.data, line.length);
	text_free(&numbers);
	text_free(&line);
}

static bool is_too_early(const struct progress *progress)
{
	return progress->after > 0 && seconds_since(&progress->begun) < progress->after;
}

void progress_show(struct progress *progress, unsigned long done, double fraction)
{
	if (progress->silent || !progress->terminal || is_too_early(progress))
		return;
	if (progress->drawn && seconds_since(&progress->latest) < DRAW_SECONDS)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->latest);
	draw_bar(progress, done, fraction > 1 ? 1 : fraction, columns());
	progress->drawn = true;
}

void progress_leave(struct progress *progress, unsigned long done, double fraction)
{
	if (progress->silent || !progress->terminal)
		return;
	draw_bar(progress, done, fraction > 1 ? 1 : fraction, columns() / 4 * 3);
	(void)!write(STDERR_FILENO, "  ", 2);
	progress->drawn = true;
}

void progress_step(struct progress *progress, unsigned long done, double fraction)
{
	struct text text = TEXT_INIT;

	/* Draw even if the bar was drawn just now: it may stay until the end of the next
	 * step. */
	progress->latest = (struct timespec){0};
	progress_show(progress, done, fraction);
	if (progress->silent || progress->terminal || is_too_early(progress))
		return;
	append_numbers(progress, &text, done, fraction);
	if (text.status == 0)
		terminal_complain("%s", text.data);
	text_free(&text);
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn)
		(void)!write(STDERR_FILENO, ERASE, strlen(ERASE));
	progress->drawn = false;
}
