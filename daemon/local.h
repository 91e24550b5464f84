/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fail=local: what is done while the store that hosts share gives no answer (host/local_codes.h).
 * Each login that a code of this host let in is in a file of LOCAL_LOG_FOLDER, until the store's log
 * has it.
 */
#ifndef TOTPGROUP_DAEMON_LOCAL_H
#define TOTPGROUP_DAEMON_LOCAL_H

#include "base/error.h"
#include "core/decide.h"
#include "daemon/log.h"
#include "daemon/work.h"
#include "host/user_store.h"

/* Decides on root's call, or a user's about herself, after user_store_was_silent(). False where the
 * codes of this host do not count: decision and error stay what they were, and error says why. An
 * acceptance is durable in LOCAL_LOG_FOLDER. */
bool local_verify(const struct work *work, struct user_store *store,
	const struct attempt *attempt, struct decision *decision, struct error *error);

/* local_log.c: keeps an acceptance of now for the store's log. Returns 0 once it is durable, or
 * errors as locked_file_create(). */
int local_log_add(const struct call *call, struct error *error);

/* For a call that the store has just answered: tells the store's log what LOCAL_LOG_FOLDER has. Does
 * nothing where the call took so long that its peer might not wait any more. What cannot be told is
 * logged, and stays. */
void local_log_copy(const struct work *work, struct user_store *store);

#endif
