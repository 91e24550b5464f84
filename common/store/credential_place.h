/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A user's credential where it lies, in one file or in two: the secret, reached with
 * the rights that reach it, and the state, which with state= is kept apart and is
 * reached with the caller's own. Begin, decide and commit are the same for both, and
 * for whoever asks.
 */
#ifndef TOTPGROUP_STORE_CREDENTIAL_PLACE_H
#define TOTPGROUP_STORE_CREDENTIAL_PLACE_H

#include "base/error.h"
#include "base/text.h"
#include "core/credential.h"
#include "core/decide.h"
#include "store/file_store.h"

/* A piece of work on the secret's file. What is to come back of it stands in its
 * argument, in text and in error, and nowhere else: it may be done by another
 * process. */
typedef int (*rights_work)(void *argument, struct text *text, struct error *error);

/* Nothing in it is owned. */
struct credential_place {
	struct file_store_rules rules; /* of the secret's file */
	const char *state;	       /* of the state; NULL: in the secret's own file */
	/*
	 * Does the work with the rights that reach the secret, and gives them up
	 * again; NULL where the caller's own do. The size bytes at argument and the
	 * text, which may be NULL, are then as the work left them. Returns what the
	 * work returned, or TOTPGROUP_ESYSTEM where the rights could not be taken on
	 * (nothing was done), or not be given up (what was done is void).
	 */
	int (*with_rights)(void *context, rights_work work, void *argument, size_t size,
		struct text *text, struct error *error);
	void *context;
};

/* Reads the secret's file without a lock. Errors as file_store_look(). */
int credential_place_read(
	const struct credential_place *place, struct text *secret, struct error *error);

/*
 * The credential of a text that was read, together with its state where that is kept
 * apart, without a lock. The caller frees *credential. What is wrong with the state is
 * never TOTPGROUP_ENOTFOUND.
 */
int credential_place_load(const struct credential_place *place, const struct text *secret,
	totpgroup_credential **credential, struct error *error);

/*
 * Begins, decides and commits, and does it anew as often as somebody else has changed
 * the file, within bounds. attempt->now is set by the clock, under the lock. Whoever
 * calls it waits for nobody but the lock.
 *
 * Returns 0 with a verdict whose new state, if there is one, is durable. Any error of
 * file_store.h, state.h or decide.h otherwise, and the decision is a refusal for
 * credential_place_reason(). A state
 * that cannot be written (TOTPGROUP_EUNWRITABLE) is such an error, unless unrecorded is
 * not NULL: the verdict stands then, and unrecorded holds the error.
 */
int credential_place_verify(const struct credential_place *place, struct attempt *attempt,
	struct decision *decision, struct error *unrecorded, struct error *error);

/* What such an error is called in a refusal. */
enum totpgroup_reason credential_place_reason(int status);

/* Puts the secret's file in place where there is none, with that mode; errors as
 * file_store_create(). */
int credential_place_create(const struct credential_place *place, const struct text *text,
	mode_t mode, struct error *error);

#endif
