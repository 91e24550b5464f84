/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the parts of the store in PostgreSQL share: pgsql_store.c reads, change.c changes, create.c
 * stores new secrets, row.c opens and closes seals. */
#ifndef TOTPGROUP_PGSQL_STORE_H
#define TOTPGROUP_PGSQL_STORE_H

#include "core/seal.h"
#include "pgsql/call.h"
#include "store/plugin.h"

/* The version of the schema that this plugin knows. */
#define SCHEMA_VERSION 1

/* The size of the text of a UUID. */
#define UUID_SIZE 37

struct pgsql_store {
	struct store store; /* first, so that a store can be taken for this */
	/* Its strings are these copies. */
	struct store_plugin_settings settings;
	char *key_file, *realm, *host;
	struct target target;
	struct pool *pool;
};

struct pgsql_place {
	struct store_place place; /* first */
	char *name;		  /* for messages: `alice in totp at db1,db2` */
	char *user;
	char *subject;	/* whose seals these are: the user, in a realm REALM/USER */
	int64_t until;	/* the deadline of a transaction that goes on; or 0 */
	bool is_silent; /* the last call had no answer */
};

/* What a transaction holds between begin and commit. */
struct store_token {
	int64_t version;
	bool has_state;		 /* the row has one */
	char attempt[UUID_SIZE]; /* the attempt that made the version */
};

static inline struct pgsql_store *store_of(const struct store_place *place)
{
	return (struct pgsql_store *)place->store;
}

static inline struct pgsql_place *place_of(struct store_place *place)
{
	return (struct pgsql_place *)place;
}

/* A row of a user, as it is in the table. Begins as ROW_INIT, ends with row_free(). */
struct row {
	bool has_secret, has_state;
	struct text secret, state; /* sealed */
	int64_t secret_version, version, now, first_seen, schema;
	bool has_first_seen;
	char outcome[16];	 /* of settle() */
	char attempt[UUID_SIZE]; /* the one that made the version; empty: none did */
	const char *name;	 /* of the place, for messages */
};

#define ROW_INIT                                                                               \
	{                                                                                      \
		.secret = TEXT_INIT, .state = TEXT_INIT                                        \
	}

void row_free(struct row *row);

/* Takes a row of look() and of settle(), whose columns these are. */
#define ROW_LOOK    "secret, secret_key, secret_version, state, state_key, version, now"
#define ROW_COLUMNS "btnbtnn"
int row_take(const struct store_value *fields, struct row *row, struct error *error);

/* Takes the attempt that made the version, which is a text, or NULL. */
#define ROW_ATTEMPT "attempt::text"
int row_take_attempt(const struct store_value *field, struct row *row, struct error *error);

/* What a transaction keeps of a row. */
struct store_token row_token(const struct row *row);

/* Reads the keys; the caller wipes them. Errors as sealing_read_keys(). */
int read_keys(const struct pgsql_store *store, struct seal_keys *keys, struct error *error);

/*
 * Opens the seals of a row into a record: secret, if there is one, and state. Returns 0;
 * TOTPGROUP_ENOTFOUND where there is no secret, with the state; TOTPGROUP_EFORMAT where a seal is
 * broken; TOTPGROUP_ECRYPTO where a key is missing; or as sealing_read_keys(). With
 * is_state_alone the secret is not opened.
 */
int row_open(struct row *row, struct pgsql_place *place, bool is_state_alone,
	struct store_record *record, struct error *error);

/* A text that is sealed for a version. Begins zeroed, ends with sealed_free(). */
struct sealed {
	struct text blob;
	char key[SEAL_KEY_ID_MAX + 1];
	bool is_there;
};

void sealed_free(struct sealed *sealed);

/* Seals a text; an empty state is none. Errors as sealing_read_keys() and seal_close(). */
int row_seal(struct pgsql_place *place, enum seal_kind kind, const struct text *text,
	int64_t version, struct sealed *sealed, struct error *error);

/* The parameters of a statement: for a sealed text, and for a string, which may be NULL. */
struct store_value value_of_blob(const struct sealed *sealed);
struct store_value value_of_key(const struct sealed *sealed);
struct store_value value_of_text(const char *text);
struct store_value value_of_number(int64_t number);

/* A new deadline, by link_clock(). */
int64_t store_deadline(const struct pgsql_store *store);

/* The deadline: of the transaction that goes on, or a new one. */
int64_t place_deadline(struct pgsql_place *place);

/* pgsql_store.c: reads the row of a user. row is ROW_INIT. */
int place_look(struct pgsql_place *place, struct row *row, struct error *error);

/* Does a statement about a user until the deadline. */
int place_do(struct pgsql_place *place, const struct store_statement *statement,
	store_take_row *take, void *context, struct error *error);

/* change.c: operations of the store. */
int pgsql_begin(struct store_place *place, struct store_record *record, struct error *error);
int pgsql_commit(struct store_place *place, struct store_record *record,
	const struct store_change *change, struct error *error);
void pgsql_abort(struct store_place *place, struct store_record *record);
int pgsql_note(struct store_place *place, const struct store_note *note, struct error *error);

/*
 * create.c: writes secret and state where the row still has that version; otherwise *is_done is
 * false. An empty text means that there is none. A fresh secret has a counter of its own.
 */
int row_put(struct pgsql_place *place, int64_t version, const struct text *secret,
	const struct text *state, bool is_fresh, bool *is_done, struct error *error);

/* The same: operations of the store. */
int pgsql_create(struct store_place *place, const struct text *secret, bool replace,
	struct error *error);
int pgsql_remove(struct store_place *place, bool or_without, struct error *error);

/* list.c: the same. */
int pgsql_list(struct store *store, bool states, store_name *name, void *argument,
	struct error *error);

/* place_is_again(): whether another writer was faster and there is time for another round.
 * place_end_rounds(): the result after the last round. */
bool place_is_again(const struct pgsql_place *place, int status, bool is_done);
int place_end_rounds(struct pgsql_place *place, int status, bool is_done, struct error *error);

/* many.c, reseal.c, check.c */
void pgsql_read_many(struct store_read *items, size_t count);
void pgsql_create_many(
	struct store_new *items, size_t count, const char *suffix, bool is_again);
int pgsql_reseal(struct store_place *place, struct error *error);
void pgsql_check(
	struct store *store, struct store_place *place, store_report *report, void *argument);

/* hello.c: the ids and the check tags of the keys as arrays. Errors as sealing_read_keys(). */
int hello_describe_keys(const struct pgsql_store *store, struct text *ids, struct text *tags,
	struct error *error);

/* hello.c: pool_greet; context is a struct pgsql_store. */
enum failure_kind hello_greet(
	struct link *link, int64_t until, void *context, struct failure *failure);

#endif
