/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The interface of every store: where users' credentials are kept. Texts go in and
 * come out; the pure core (core/) decides what they mean.
 *
 * A store of another kind is one more struct store_operations. Callers use the
 * functions below and see no difference.
 *
 * A store and its places are used by one thread at a time. A store of a plugin (plugin.h) may be used
 * by many threads at a time, each of its places by one. Between two calls stores and places hold
 * memory, a plugin's store also its connections, and nothing else: no lock, no open file, no secret.
 */
#ifndef TOTPGROUP_STORE_STORE_H
#define TOTPGROUP_STORE_STORE_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* A transaction is repeated after conflicts for at most this long. */
#define STORE_DEADLINE_SECONDS 5

/* The version of the structures in this header, for stores that are loaded. */
#define STORE_ABI 1

/* A result of a commit: the store itself knows that what the change spends was spent before. Nothing
 * was written but a line of the log. */
#define STORE_SPENT 1

/* The longest id of a key, with its NUL (core/seal_keys.h). */
#define STORE_KEY_ID_SIZE 33

struct store_operations;

struct store {
	const struct store_operations *operations;
};

/* Work that needs a user's rights on files. It may be done twice. */
typedef int store_task(void *argument, struct error *error);

/*
 * How a store of files takes on the rights of a file's owner. perform() does the task
 * with these rights, gives them up again, and returns what the task returned;
 * TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY where the rights cannot be had.
 */
struct store_rights {
	int (*perform)(void *context, store_task *task, void *argument, struct error *error);
	void *context;
};

/* Where one user's credential is kept in a store. */
struct store_place {
	struct store *store;
	const char *name;	/* for messages: a path, where the store has files */
	const char *state_name; /* the state's; NULL where it is not kept apart */
	const char *file;	/* the secret's file; NULL in a store without files */
	/* Taken on from the beginning of a transaction to its end; NULL where the caller's
	 * own rights do. */
	const struct store_rights *rights;
};

/* What a transaction holds between begin and commit: a lock, or a version. */
struct store_token;

/* One user's credential as it was read. It holds secrets. */
struct store_record {
	struct text secret;
	struct text state; /* empty unless it is kept apart from the secret */
	bool apart;
	/* The ids of the keys with which they are sealed at rest; empty: they are plain. */
	char secret_key[STORE_KEY_ID_SIZE];
	char state_key[STORE_KEY_ID_SIZE];
	/* Set by store_look() where there is no secret: 0, or the error of reading the state. */
	int state_status;
	int64_t now; /* the store's clock, in seconds since 1970, read under the lock */
	struct store_token *token; /* NULL after store_look() */
};

#define STORE_RECORD_INIT                                                                      \
	{                                                                                      \
		.secret = TEXT_INIT, .state = TEXT_INIT                                        \
	}

/* Erases the texts. The token is ended by the store. */
void store_record_free(struct store_record *record);

/* What a change spends, for stores that enforce it themselves. */
enum store_spend_kind {
	STORE_SPEND_NONE = 0,
	STORE_SPEND_TOTP, /* value is the second at which the time step begins */
	STORE_SPEND_HOTP, /* value is the counter */
	STORE_SPEND_CODE, /* an emergency code, whose digest is state_find_spent()'s */
};

#define STORE_DIGEST_SIZE 16

/* What a decision was, for a store that keeps a log. Strings outlive the commit; NULL where
 * nothing is known. */
struct store_note {
	const char *service;
	const char *rhost;
	const char *result; /* "accepted" or "refused"; NULL: nothing was decided */
	const char *reason;
	const char *method;
	const char *device;
	int64_t offset; /* of the device's clock, in seconds */
	/* For store_note() alone, of what happened while the store did not answer: when, in seconds
	 * since 1970, or 0; and a name of 32 hexadecimal digits, by which the log has it once. */
	int64_t happened;
	const char *attempt;
};

/* The texts that are to be made durable. It holds secrets. */
struct store_change {
	struct text secret;
	struct text state;
	bool has_secret;
	bool has_state;
	bool rewrites; /* also what is the same, because it is to be sealed otherwise */
	enum store_spend_kind spend;
	int64_t value;
	unsigned char digest[STORE_DIGEST_SIZE];
	struct store_note note;
};

#define STORE_CHANGE_INIT                                                                      \
	{                                                                                      \
		.secret = TEXT_INIT, .state = TEXT_INIT                                        \
	}

void store_change_free(struct store_change *change);

/*
 * The pure part of a transaction: looks at the record and says in *change, which begins
 * as STORE_CHANGE_INIT, what is to be written, if anything. It may be called several
 * times, each time with the newest texts, and begins anew each time. What it returns,
 * unless 0, ends the transaction with nothing written.
 */
typedef int store_work(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error);

/* A user as the store needs to know her. */
struct store_user {
	const char *name;	     /* as the user database spells it, or as typed */
	const struct passwd *passwd; /* NULL where the user database does not know her */
};

/* One of many new credentials. status and error begin zeroed. */
struct store_new {
	struct store_place *place;
	const struct text *secret;
	bool replace;
	int status; /* as store_create() returns, with error */
	struct error error;
};

/* One of many credentials that are read. Begins with place, STORE_RECORD_INIT and ERROR_INIT; the
 * record is the caller's to store_record_free(). */
struct store_read {
	struct store_place *place;
	struct store_record record;
	int status; /* as store_look() returns, with error */
	struct error error;
};

/* Is given a user's name, which is good until it returns. False ends the list. */
typedef bool store_name(void *argument, const char *user);

/* How a store is, or what is wrong with it. Strings are the store's, and good until store_report
 * returns; they are in the language of the caller's locale where the store translates them. */
enum store_level {
	STORE_FINE,
	STORE_WARNING, /* works, but not as well as it could */
	STORE_PROBLEM, /* logins are refused, or are less safe than they should be */
	STORE_UNKNOWN, /* could not be looked at */
};

struct store_finding {
	enum store_level level;
	const char *about; /* one word, on which programs may rely, such as "state" */
	int code;	   /* 0 or a TOTPGROUP_E... */
	const char *what;
	const char *why; /* it matters; or NULL */
	const char *run; /* a command that mends it; or NULL */
};

typedef void store_report(void *argument, const struct store_finding *finding);

/*
 * What a store can do. Unless said otherwise functions return 0 or a TOTPGROUP_E...,
 * and error says which credential and why: TOTPGROUP_ENOTFOUND where there is none,
 * TOTPGROUP_EUNSAFE where what is there cannot be trusted, TOTPGROUP_EFORMAT where the store
 * itself finds that it is damaged, TOTPGROUP_EBUSY where a lock was not free in time,
 * TOTPGROUP_EUNWRITABLE where the store lets nothing be written, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_ECRYPTO, TOTPGROUP_EMEMORY.
 */
struct store_operations {
	unsigned int abi; /* STORE_ABI */
	size_t size;	  /* of this structure */
	const char *name; /* "file" */

	void (*close)(struct store *store);

	/* Finds where the user's credential is kept, without looking whether there is
	 * one. TOTPGROUP_EARGUMENT where there can be none for this user. *place is
	 * NULL after an error. */
	int (*locate)(struct store *store, const struct store_user *user,
		struct store_place **place, struct error *error);
	void (*release)(struct store_place *place);

	/* Reads without a lock. */
	int (*look)(
		struct store_place *place, struct store_record *record, struct error *error);
	/* Locks, where the store has locks, and reads. record->token is set on success
	 * and NULL after an error. */
	int (*begin)(
		struct store_place *place, struct store_record *record, struct error *error);
	/*
	 * Ends the transaction; record->token is NULL then. 0: the new texts survive a power cut.
	 * TOTPGROUP_ECONFLICT: somebody else changed the credential; where the store can,
	 * the record holds the newest texts and a token again; where not, the
	 * transaction is begun again. STORE_SPENT. In a store that has note() a change
	 * that has a note and neither secret nor state is committed, too.
	 */
	int (*commit)(struct store_place *place, struct store_record *record,
		const struct store_change *change, struct error *error);
	/* Ends the transaction, if record->token is not NULL, and writes nothing. */
	void (*abort)(struct store_place *place, struct store_record *record);

	/* Stores a new credential durably. TOTPGROUP_ECONFLICT where there is one already
	 * and replace is false. */
	int (*create)(struct store_place *place, const struct text *secret, bool replace,
		struct error *error);
	/* Removes the credential, and notes that in a state that is kept apart: 0 also where
	 * there is nothing but that to do. With or_without it removes the credential even if the lock
	 * is not free in time, and makes sure that no other writer brings it back. */
	int (*remove)(struct store_place *place, bool or_without, struct error *error);
	/* Creates many with one wait for the disk. NULL: one by one. */
	void (*create_many)(
		struct store_new *items, size_t count, const char *suffix, bool is_again);

	/* When the user was first seen without a credential, in seconds since 1970. With
	 * note, now is noted where nothing is. TOTPGROUP_ENOTFOUND where nothing is. */
	int (*first_seen)(struct store_place *place, int64_t now, bool note, int64_t *seen,
		struct error *error);

	/* Reads many without a lock, each as look() does. All places are of one kind of store.
	 * NULL: one by one. */
	void (*read_many)(struct store_read *items, size_t count);
	/* Names the users who have a secret; with states those who have a state that is kept apart,
	 * which outlives its secret. In no order; a name may be given that has neither.
	 * TOTPGROUP_EARGUMENT where the store cannot tell. */
	int (*list)(struct store *store, bool states, store_name *name, void *argument,
		struct error *error);
	/* Reports how the store is, and what place has, unless that is NULL. Nothing is changed or
	 * spent. NULL: there is nothing to say. */
	void (*check)(struct store *store, struct store_place *place, store_report *report,
		void *argument);

	/* Writes a decision to the store's log, where there was no commit. NULL: the store has
	 * no log. */
	int (*note)(
		struct store_place *place, const struct store_note *note, struct error *error);

	/* Whether the last call about the place, but for note(), failed because no answer came in
	 * time, or because none came lately. Not where the store answered with an error. NULL:
	 * never. */
	bool (*was_silent)(const struct store_place *place);
};

/* store may be NULL. */
void store_close(struct store *store);

int store_locate(struct store *store, const struct store_user *user, struct store_place **place,
	struct error *error);

/* place may be NULL. */
void store_release(struct store_place *place);

/* Reads the credential without a lock. record must be STORE_RECORD_INIT, and is the
 * caller's to store_record_free(), also after an error. With TOTPGROUP_ENOTFOUND it has
 * the state, where that is kept apart and can be read. */
int store_look(struct store_place *place, struct store_record *record, struct error *error);

/* Reads many credentials, in less time than one by one where the store can. All places are of
 * one kind of store. */
void store_read_many(struct store_read *items, size_t count);

/*
 * The one way to change a credential: begins, calls the work, and commits what it says;
 * after a conflict all over again, until STORE_DEADLINE_SECONDS are over. Returns 0
 * where the work succeeded and its change, if any, is durable; otherwise what the work
 * or the store returned, TOTPGROUP_ECONFLICT after the deadline. TOTPGROUP_EUNWRITABLE
 * says that the work succeeded on the newest texts and its change could not be written.
 */
int store_transact(
	struct store_place *place, store_work *work, void *argument, struct error *error);

int store_create(struct store_place *place, const struct text *secret, bool replace,
	struct error *error);
int store_remove(struct store_place *place, bool or_without, struct error *error);

/*
 * Creates many credentials, in less time than one by one where the store can. All places
 * are of one kind of store. suffix, drawn by durable_draw_suffix(), names what is
 * temporary: a process that died in the middle is followed by another call with the same
 * suffix and is_again, which removes what was left.
 */
void store_create_many(
	struct store_new *items, size_t count, const char *suffix, bool is_again);
int store_first_seen(
	struct store_place *place, int64_t now, bool note, int64_t *seen, struct error *error);

int store_list(struct store *store, bool states, store_name *name, void *argument,
	struct error *error);

/* place may be NULL. */
void store_check(
	struct store *store, struct store_place *place, store_report *report, void *argument);

/* Writes a decision, or one that could not be made, to the log of the store. 0 where the store has
 * none. */
int store_note(struct store_place *place, const struct store_note *note, struct error *error);

/* Whether the last call about the place had no answer from the store. place may be NULL. */
bool store_was_silent(const struct store_place *place);

#endif
