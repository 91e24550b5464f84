/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the parts of the store of files share: file_read.c reads, file_create.c creates, and
 * file_store.c does the rest. */
#ifndef TOTPGROUP_STORE_FILE_PLACE_H
#define TOTPGROUP_STORE_FILE_PLACE_H

#include "store/file_rules.h"
#include "store/file_store.h"
#include "store/sealing.h"

struct file_store {
	struct store store; /* first, so that a store can be taken for this */
	struct file_store_settings settings;
};

struct file_place {
	struct store_place place; /* first */
	struct sealing sealing;
	struct file_rules rules; /* of the secret's file */
	char *path;
	char *state_path; /* NULL where the state is in the secret's file */
	const char *user;
};

/* One operation on a place that is done with the owner's rights. */
struct file_task {
	struct file_place *place;
	struct store_record *record;
	const struct text *text; /* a new secret */
	bool replace;
	bool or_without; /* its lock */
};

static inline const struct file_store_settings *settings_of(const struct store_place *place)
{
	return &((const struct file_store *)place->store)->settings;
}

static inline struct file_place *file_place_of(struct store_place *place)
{
	return (struct file_place *)place;
}

/* Does a task with the rights of the secret's owner. */
int file_place_with_rights(
	struct file_place *place, store_task *task, void *argument, struct error *error);

/* Reads the secret with its owner's rights, and opens it: file_read.c. */
int file_place_read_secret(
	struct file_place *place, struct store_record *record, struct error *error);

/* Open what was read, if it is sealed. */
int file_place_open_secret(
	struct file_place *place, struct store_record *record, struct error *error);
int file_place_open_state(
	struct file_place *place, struct store_record *record, struct error *error);

/* Reads the state without a lock, and opens it. beside is an entry of the folder of states, or
 * NULL. */
int file_place_look_at_state(struct file_place *place, const struct dir_entry *beside,
	struct store_record *record, struct error *error);

/* Reads the state that belongs to a secret, with whose status this goes on, and ends the look. The
 * keys are not wiped, as the next place may need them. */
int file_place_add_state(struct file_place *place, const struct dir_entry *beside,
	struct store_record *record, int status, struct error *error);

/* An operation of the store. */
int file_place_look(
	struct store_place *place, struct store_record *record, struct error *error);

/* Operations for many users: file_many.c. */
void file_place_read_many(struct store_read *items, size_t count);
int file_store_list(struct store *store, bool states, store_name *name, void *argument,
	struct error *error);

/* Two operations of the store: file_create.c. */
int file_place_create(struct store_place *place, const struct text *secret, bool replace,
	struct error *error);
void file_place_create_many(
	struct store_new *items, size_t count, const char *suffix, bool is_again);

#endif
