/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an import has read: one record for each account, good or bad. */
#ifndef TOTPGROUP_CLI_EXCHANGE_IMPORT_LIST_H
#define TOTPGROUP_CLI_EXCHANGE_IMPORT_LIST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/exchange/format.h"
#include "exchange/otp_key.h"

struct import_record {
	struct import_record *next;
	const char *source; /* the input, as a message calls it; not owned */
	bool names_user;    /* key.name is a user, and not a part of a label */
	bool passed_over;   /* it is for another user than was asked for */
	struct otp_key key;
	struct text credential; /* what to write */
	char *user;		/* whose it is, once that is known */
	struct error error;	/* code is not 0 where it is not usable */
	/* Of a migration text, as struct migration has them. */
	int32_t part;
	int32_t part_count;
	int32_t export_id;
};

/* Begins zeroed; ends with import_list_free(). */
struct import_list {
	struct import_record *first;
	struct import_record *last;
};

/*
 * Takes one input apart and appends a record for each account. now, in seconds
 * since 1970, tells what time the spent codes of a users file belong to.
 * source must outlive the list. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT where nothing of the input can be used.
 */
int import_list_read(struct import_list *list, const char *source, const struct text *text,
	enum transfer_format format, int64_t now, struct error *error);

void import_list_free(struct import_list *list);

#endif
