/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the public functions on a handle share. */
#ifndef TOTPGROUP_API_HANDLE_H
#define TOTPGROUP_API_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "host/user_store.h"
#include "totpgroup.h"

struct totpgroup_handle {
	struct user_store *store; /* NULL where it could not be opened */
	struct error error;	  /* of the last call */
};

/* Clears the error of the last call. Returns 0, or the reason for which there is no store,
 * which stays in handle->error. */
int handle_begin(totpgroup_handle *handle);

/*
 * Structs that may grow begin with the size that the header of the caller gives them. Ours
 * has `size` bytes, and the first version of it had `least`. The caller's may be of an older
 * or a newer version; one shorter than `least`, or longer than any struct, is an error.
 */

/* Copies theirs into ours, which holds its initial value. False after an error, and where
 * theirs is longer than ours and the rest is not zero: it asks for something unknown. */
bool sized_read(void *ours, size_t size, size_t least, const void *theirs);

/* Copies as much of ours into theirs as fits, and zeroes the rest; theirs keeps its size.
 * False after an error. */
bool sized_write(void *theirs, const void *ours, size_t size, size_t least);

#endif
