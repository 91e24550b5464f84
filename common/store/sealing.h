/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Seals what the store of files writes, and opens what it reads (core/seal.h). The keys are read
 * from their file once for each operation of the store, which ends with sealing_forget(), so that
 * none is held across a prompt.
 */
#ifndef TOTPGROUP_STORE_SEALING_H
#define TOTPGROUP_STORE_SEALING_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "core/seal.h"

struct sealing {
	const char *key_file; /* the option seal_key=; NULL: there is none */
	const char *user;
	bool seals;	       /* what is written; otherwise it stays plain */
	struct seal_keys keys; /* of an operation that goes on; otherwise zeroed */
};

/* Wipes the keys. */
void sealing_forget(struct sealing *sealing);

/* The id of the key with which a text was sealed; empty for a plain one. */
typedef char sealing_key_id[SEAL_KEY_ID_MAX + 1];

/* Reads the file of keys, which must be root's, or the caller's where that is somebody else, and
 * unreadable to all others. TOTPGROUP_ECONFIG also where there is none; never
 * TOTPGROUP_ENOTFOUND, which would mean that there is no secret. TOTPGROUP_EUNSAFE,
 * TOTPGROUP_ESYSTEM or TOTPGROUP_EMEMORY. The message names the file. */
int sealing_read_keys(const char *key_file, struct seal_keys *keys, struct error *error);

/* The id of the key that seals. Errors as sealing_read_keys(). */
int sealing_find_first_key(const char *key_file, sealing_key_id id, struct error *error);

/*
 * Opens a text in place, if it is sealed; `where` names its file in messages. Returns 0;
 * TOTPGROUP_EFORMAT where the seal is broken; TOTPGROUP_ECRYPTO where its key is not there;
 * otherwise as sealing_read_keys(). The text is empty after an error.
 */
int sealing_open(struct sealing *sealing, enum seal_kind kind, const char *where,
	struct text *text, sealing_key_id id, struct error *error);

/* Appends what is to be written for a text: sealed, or the text itself. Errors as
 * sealing_read_keys(), TOTPGROUP_ECRYPTO and TOTPGROUP_EARGUMENT. */
int sealing_close(struct sealing *sealing, enum seal_kind kind, const struct text *text,
	struct text *written, struct error *error);

/*
 * Draws a key with that id, and puts it in front of the file's others; where there is no file,
 * it is made, and its folder is, too. TOTPGROUP_EARGUMENT for an id that is malformed, or there
 * already; otherwise as sealing_read_keys() and locked_file_commit().
 */
int sealing_add_key(const char *key_file, const char *id, struct error *error);

#endif
