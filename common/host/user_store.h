/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The credential of any user of this host, where the configuration says that it is:
 * found, locked, decided on and made durable, with the rights that reach it. What a
 * login, a program of the library's and the verification daemon do is the same state.
 *
 * A process of root's takes on the user's rights for it, in the calling thread alone
 * (rights.h); any other process reaches what its own rights reach. A store may
 * be used by one thread at a time, and different ones by different threads. Between two
 * calls it holds memory and nothing else: no file, no lock. After fork() parent and child
 * may go on with it, each with its own.
 */
#ifndef TOTPGROUP_HOST_USER_STORE_H
#define TOTPGROUP_HOST_USER_STORE_H

#include "base/error.h"
#include "base/text.h"
#include "config/configuration.h"
#include "core/decide.h"
#include "core/summary.h"
#include "store/store.h"

struct user_store;

/*
 * Reads the configuration: the file conf, an absolute path, and its drop-ins, or the
 * usual files where conf is NULL. It is read once. With store=pgsql it also opens the store that
 * hosts share, which nobody can use after fork(). The caller ends *store, which is NULL
 * after an error, with user_store_close(). Errors as configuration_load() and
 * shared_store_open().
 */
int user_store_open(struct user_store **store, const char *conf, struct error *error);

/*
 * The same for a process that has one store of a plugin for all its threads: where the
 * configuration says store=pgsql, none is opened. user_store_lend() says which one is in use from
 * now on; it outlives that use, and is NULL where there is none. With a loan that is not what the
 * configuration says, everything else returns TOTPGROUP_ECONFIG.
 */
int user_store_open_to_lend(struct user_store **store, const char *conf, struct error *error);
void user_store_lend(struct user_store *store, struct store *shared);
struct store *user_store_shared(const struct user_store *store);

/* NULL is allowed. */
void user_store_close(struct user_store *store);

/*
 * Decides on an attempt of the user's as a login does behind its prompt: begin, decide,
 * commit, anew a bounded number of times where somebody else changed the file. Whether
 * he must give a code at all (group=, skip_net=, nullok and so on) is not asked.
 *
 * The caller sets attempt->typed, begun with ATTEMPT_INIT, and attempt->grace if the
 * place counts; a session counts only for a secret of root's. attempt->now is set by the clock, under the lock, and what the
 * configuration asks for (disallow_reuse, noskewadj, no_increment_hotp, strict,
 * grace_period) is added; but allow_readonly is not heeded: what cannot be recorded is
 * not accepted.
 *
 * Returns 0 with a verdict whose new state is durable. TOTPGROUP_ENOTFOUND where NSS does
 * not know the user, where he can have no credential, or where he has none. Otherwise an
 * error of user_credential.h. With any error the decision is a refusal
 * with a reason, and as much was computed as for a wrong code.
 */
int user_store_verify(struct user_store *store, const char *user, struct attempt *attempt,
	struct decision *decision, struct error *error);

/* Whether that failed because a store of a plugin gave no answer (store_was_silent()). */
bool user_store_was_silent(const struct user_store *store);

/* Where the login comes from, for the log of a store that keeps one; NULL where that is not known.
 * It is for the calls that follow, and outlives them. */
void user_store_set_origin(struct user_store *store, const char *service, const char *rhost);

/*
 * The same before anybody is asked: decide_before_prompt(), with nothing locked, counted
 * or changed. attempt->typed is not looked at.
 */
int user_store_look(struct user_store *store, const char *user, struct attempt *attempt,
	struct totpgroup_result *result, struct error *error);

/* What the credential says about itself now. Errors as above, and TOTPGROUP_EFORMAT where
 * a login would find it damaged. */
int user_store_summarize(struct user_store *store, const char *user,
	struct credential_summary *summary, struct error *error);

/*
 * Puts a new credential in place durably, with mode 0400. TOTPGROUP_ECONFLICT where there
 * is one, which stays; TOTPGROUP_ENOTFOUND where NSS does not know the user, or a folder
 * on the way is missing. Other errors as locked_file_create().
 */
int user_store_create(struct user_store *store, const char *user, const struct text *text,
	struct error *error);

/* Good until the store is closed. */
const struct configuration *user_store_configuration(const struct user_store *store);

#endif
