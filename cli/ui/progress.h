/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The progress of long work, on standard error: a bar on a terminal, plain lines
 * elsewhere. */
#ifndef TOTPGROUP_CLI_UI_PROGRESS_H
#define TOTPGROUP_CLI_UI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Begins with progress_begin(). */
/* What is counted. */
enum progress_items { PROGRESS_USERS, PROGRESS_ACCOUNTS };

struct progress {
	bool silent;
	bool terminal; /* standard error is one that can go back in the line */
	bool drawn;    /* the bar is on the screen */
	/* Seconds in which nothing is shown; 0 unless the caller sets it. */
	double after;
	struct timespec begun;
	struct timespec latest; /* when the bar was drawn */
	enum progress_items what;
	size_t total; /* 0 where it is not known */
};

void progress_begin(
	struct progress *progress, enum progress_items what, size_t total, bool silent);

/* Draws the bar, at most ten times a second; prints nothing where there is no terminal.
 * done items are finished, which is that fraction of all, or a negative number where that
 * is not known. */
void progress_show(struct progress *progress, unsigned long done, double fraction);

/* Draws a shorter bar, which stays while another program runs: its output comes behind the
 * bar, and the next bar below. */
void progress_leave(struct progress *progress, unsigned long done, double fraction);

/* Does what progress_show() does at the end of a step, at any time; prints a line where
 * there is no terminal. */
void progress_step(struct progress *progress, unsigned long done, double fraction);

/* Removes the bar, before something else is printed, and at the end. */
void progress_clear(struct progress *progress);

#endif
