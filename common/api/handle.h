/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a handle of totpgroup.h holds. */
#ifndef TOTPGROUP_API_HANDLE_H
#define TOTPGROUP_API_HANDLE_H

#include "base/error.h"
#include "host/user_store.h"
#include "totpgroup.h"

struct totpgroup_handle {
	struct user_store *store; /* NULL where it could not be opened */
	struct error error;	  /* of the last call */
};

/* Begins a call: what was wrong in the last one is forgotten. Returns 0, or the error for
 * which there is no store. */
int handle_begin(totpgroup_handle *handle);

#endif
