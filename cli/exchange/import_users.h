/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose each account of an import is. */
#ifndef TOTPGROUP_CLI_EXCHANGE_IMPORT_USERS_H
#define TOTPGROUP_CLI_EXCHANGE_IMPORT_USERS_H

#include "cli/commands.h"
#include "cli/exchange/import_list.h"

/*
 * Finds the user of every usable record, and makes a record not usable where
 * there is none or where several are for the same user: a user has one secret.
 *
 * wanted is the user that the whole input is for, or NULL. Records that name
 * another user are passed over then. Of several records with mere labels those
 * count whose account is that user; a single one counts whatever it says.
 *
 * STATUS_STORE_ERROR where memory runs out, which is reported.
 */
enum exit_status import_users_find(struct import_list *list, const char *wanted);

#endif
