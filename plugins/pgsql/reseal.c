/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Seals what a user has with the key that is the first now. */
#include "config.h"

#include "pgsql/pgsql_store.h"
#include "totpgroup.h"

/* The marks stay as they are. The version is one more, so that a decision in progress is made again.
 * A user without a secret may have a state. */
static int reseal_once(struct pgsql_place *place, bool *is_done, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	struct row row = ROW_INIT;
	int status = place_look(place, &row, error);

	if (status == 0)
		status = row_open(&row, place, false, &record, error);
	if (status == TOTPGROUP_ENOTFOUND) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	if (status == 0 && !row.has_secret && !row.has_state)
		*is_done = true;
	else if (status == 0)
		status = row_put(place, row.version, &record.secret, &record.state, false,
			is_done, error);
	store_record_free(&record);
	row_free(&row);
	return status;
}

int pgsql_reseal(struct store_place *place, struct error *error)
{
	struct pgsql_place *own = place_of(place);
	bool is_done = false;
	int status;

	own->until = place_deadline(own);
	do
		status = reseal_once(own, &is_done, error);
	while (place_is_again(own, status, is_done));
	return place_end_rounds(own, status, is_done, error);
}
