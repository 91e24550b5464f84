/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A user's credential on this host: where it is kept, whose rights reach it, and
 * everything that is done with it. The module, the program, the daemon and the library
 * all use this; nothing else opens a secret, takes on rights, repeats a transaction after
 * a conflict, or turns options into an attempt.
 *
 * A struct user_credential is used by one thread at a time; different ones by different
 * threads. Between two calls it holds no lock, no open file and no secret.
 */
#ifndef TOTPGROUP_HOST_USER_CREDENTIAL_H
#define TOTPGROUP_HOST_USER_CREDENTIAL_H

#include <pwd.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "config/options.h"
#include "core/credential.h"
#include "core/decide.h"
#include "gate/user_groups.h"
#include "host/account_index.h"
#include "host/rights.h"
#include "host/user_entry.h"
#include "store/store.h"

/* Begins zeroed but for what is set before, ends with user_credential_free(). It must not be moved
 * in between. */
struct user_credential {
	/* NULL where the user database does not know the user. */
	const struct passwd *user;
	/* Whose rights reach the secret: the user's own, or those of the option user=. NULL
	 * where there is no credential to reach. */
	const struct passwd *owner;
	/* Where the credential is kept; NULL where the user can have none. */
	struct store_place *place;
	struct user_groups groups; /* the user's, once they were needed */

	/* Helps to find the user; NULL: NSS alone is asked. Not owned. */
	struct account_index *accounts;
	const char *name; /* as the user database spells it, or as it was typed */
	/* Set before it is located: the store of a plugin, which is in use instead of files and
	 * outlives the credential, or NULL; and where the user comes from, for the log of such a
	 * store. */
	struct store *shared;
	const char *service;
	const char *rhost;
	struct store *store; /* of files; owned */
	const struct options *options;
	struct user_entry *user_entry;	/* owned */
	struct user_entry *owner_entry; /* owned */
	struct user_groups owner_groups;
	struct rights rights;
	bool without_state;
	bool leaves_plain; /* what is written is not sealed */
	bool is_own_file;  /* the owner's own, where links are followed */
};

/*
 * Looks up the user and the owner; name is what somebody typed. An unknown user is no
 * error. The options must outlive the credential.
 *
 * TOTPGROUP_ECONFIG where user= names nobody, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY. It may
 * wait for the host's user database.
 */
int user_credential_find(struct user_credential *credential, const struct options *options,
	const char *name, struct error *error);

/*
 * Finds the place, as the options say; it stays NULL where there is no owner. With user=,
 * unknown users get one too, so that they cost as much time as known ones.
 *
 * TOTPGROUP_EARGUMENT where the user can have no credential (the name, or the home folder,
 * does not do for a path), TOTPGROUP_EMEMORY.
 */
int user_credential_locate(struct user_credential *credential, struct error *error);

/* Where to look in place of what the options say. */
struct user_credential_source {
	const char *file; /* the secret's; NULL: as the options say */
	bool is_literal;  /* ~, ${HOME} and ${USER} in file are not expanded */
	bool is_in_home;  /* file is in a folder that is known to be the user's own */
	/* The state, where it is kept apart, is neither read nor locked: for a change that
	 * no login depends on. */
	bool without_state;
	bool leaves_plain; /* seal nothing, although seal_key= is set */
	/* The user whom the option user= names, from user_credential_find_owner(), where many
	 * credentials have the same. It must outlive the credential. NULL: he is looked up. */
	const struct passwd *owner;
};

/*
 * Looks up the user whom the option user= names or numbers. The caller frees *owner, which
 * is NULL after an error: TOTPGROUP_ECONFIG where there is no such user, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_EMEMORY.
 */
int user_credential_find_owner(
	const struct options *options, struct user_entry **owner, struct error *error);

/*
 * Does both for a user who was looked up already; *entry is owned by the credential from
 * now on, and NULL. With file, which may be NULL, the secret is in that file, which may
 * belong to another user than the options say: for a caller who is root it is reached with
 * the rights of the first owner on the way to it who is not root, because what root owns
 * nobody else can lead elsewhere. That owner must be the user, unless the user is root.
 *
 * Also TOTPGROUP_EUNSAFE where the way to a file leads through the folder of somebody else
 * or through one that others may write.
 */
int user_credential_find_for(struct user_credential *credential, const struct options *options,
	struct user_entry **entry, const struct user_credential_source *source,
	struct error *error);

/* Whether nobody but root can write what is kept of the credential, secret and state. */
bool user_credential_is_roots(const struct user_credential *credential);

void user_credential_free(struct user_credential *credential);

/*
 * Reads the texts without a lock. record must be STORE_RECORD_INIT, and is the caller's to
 * store_record_free(), also after an error. Errors as store_look().
 */
int user_credential_look(const struct user_credential *credential, struct store_record *record,
	struct error *error);

/*
 * Puts the texts of a record together, secret and state. The caller frees *parsed, which
 * is NULL after an error. A damaged state is TOTPGROUP_EFORMAT with a message that names
 * the state.
 */
int user_credential_parse(const struct user_credential *credential,
	const struct store_record *record, totpgroup_credential **parsed, struct error *error);

/* For the work of a transaction: gives the texts that are to be written, where the parsed
 * credential of the record was changed as by a login. Errors as state_extract(). */
int user_credential_change(const struct store_record *record,
	const totpgroup_credential *parsed, struct store_change *change, struct error *error);

/*
 * Looks with the owner's rights whether there is a secret's file, and whether one could be
 * written, before a person answers questions for nothing. TOTPGROUP_EUNSAFE where the file
 * or its folder is not fit for a secret, TOTPGROUP_EUNWRITABLE where the folder cannot be
 * written to, TOTPGROUP_ENOTFOUND where it is missing and is not made on demand.
 */
int user_credential_examine(
	struct user_credential *credential, bool *exists, struct error *error);

/* Stores a credential for a user who has none. As store_create() without replace. */
int user_credential_create(
	struct user_credential *credential, const struct text *text, struct error *error);

/* Adds what the options say to an attempt that began as ATTEMPT_INIT. */
void user_credential_apply_options(const struct options *options, struct attempt *attempt);

/*
 * Decides on an attempt in one transaction. attempt->now is set by the store's clock. The
 * caller waits for nobody but the lock. In a set-user-ID program (setuid_is_set()) the
 * attempt is counted in a transaction of its own before.
 *
 * Returns 0 with a verdict whose new state, if there is one, is durable. After any error
 * of store_transact(), of the state or of decide() the decision is a refusal for
 * user_credential_reason(). A state that cannot be written (TOTPGROUP_EUNWRITABLE) is such
 * an error, unless unrecorded is not NULL: the verdict stands then, and unrecorded holds
 * the error.
 */
int user_credential_verify(const struct user_credential *credential, struct attempt *attempt,
	struct decision *decision, struct error *unrecorded, struct error *error);

/*
 * Writes a decision to the log of a store that keeps one, where user_credential_verify() did not:
 * of a user who could not be judged, or before the prompt. 0 where the store has no log.
 */
int user_credential_note(const struct user_credential *credential,
	const struct totpgroup_result *result, const char *device, struct error *error);

/*
 * For a user who was not judged because this host does not know her, after that error: asks a shared
 * store as often as for others, and has it log the refusal. Returns the error, or that of a store
 * that fails for others as well.
 */
int user_credential_pretend(const struct user_credential *credential, struct decision *decision,
	int status, struct error *error);

/* What such an error is called in a refusal. */
enum totpgroup_reason user_credential_reason(int status);

#endif
