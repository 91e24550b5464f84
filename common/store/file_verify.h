/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A code and a file in, a verdict on a durable state out. */
#ifndef TOTPGROUP_STORE_FILE_VERIFY_H
#define TOTPGROUP_STORE_FILE_VERIFY_H

#include "base/error.h"
#include "core/decide.h"
#include "store/file_store.h"

/*
 * Begins, decides and commits, and does it anew as often as somebody else has
 * changed the file, within bounds. attempt->now is set by the clock, under the
 * lock. Whoever calls it waits for nobody but the lock.
 *
 * Returns 0 with a verdict whose new text, if there is one, is durable. Any
 * error of file_store.h or decide.h otherwise, and the decision is a refusal.
 */
int file_verify(const struct file_store_rules *rules, struct attempt *attempt,
	struct decision *decision, struct error *error);

#endif
