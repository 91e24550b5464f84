/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How far long work has come, on standard error: a bar that is drawn anew on a
 * terminal, plain lines elsewhere. */
#ifndef TOTPGROUP_CLI_UI_PROGRESS_H
#define TOTPGROUP_CLI_UI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Begins with progress_begin(). */
struct progress {
	bool silent;
	bool terminal; /* one that knows how to go back to the line's beginning */
	bool drawn;    /* the bar stands on the screen */
	struct timespec begun;
	struct timespec latest; /* when it was drawn */
	const char *what;	/* is counted, one of it, such as "user" */
	size_t total;		/* 0: nobody knows */
};

void progress_begin(struct progress *progress, const char *what, size_t total, bool silent);

/* So many are done, which is that fraction of all; negative: nobody knows. Draws the
 * bar, ten times a second at most, and elsewhere than on a terminal nothing. */
void progress_show(struct progress *progress, unsigned long done, double fraction);

/* Draws a shorter bar, which stands while another program runs. What that prints
 * comes behind it, and the next bar below. */
void progress_leave(struct progress *progress, unsigned long done, double fraction);

/* As progress_show() at the end of a step, in any case: elsewhere than on a terminal, a line. */
void progress_step(struct progress *progress, unsigned long done, double fraction);

/* Takes the bar away, before something else is printed, and at the end. */
void progress_clear(struct progress *progress);

#endif
