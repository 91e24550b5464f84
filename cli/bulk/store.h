/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Putting the secrets of a batch where a login looks. */
#ifndef TOTPGROUP_CLI_BULK_STORE_H
#define TOTPGROUP_CLI_BULK_STORE_H

#include "cli/bulk/batch.h"

/*
 * Puts the secrets of all entries that have no reason against it in place, durably, and
 * sets `placed`, or a reason. Those in folders of root go together; each of the others
 * with its owner's identity. A secret that an entry does not mean to replace stands,
 * whoever made it. Of a batch that was recovered, what is in place already is left
 * alone.
 */
void bulk_place(struct bulk_batch *batch);

#endif
