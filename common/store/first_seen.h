/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a user was first seen without a secret: a file for each user that holds
 * that time, from which a deadline of their own counts. */
#ifndef TOTPGROUP_STORE_FIRST_SEEN_H
#define TOTPGROUP_STORE_FIRST_SEEN_H

#include <stdint.h>

#include "base/error.h"

/*
 * Reads the time, in seconds since 1970, that stands in the file at path.
 * TOTPGROUP_ENOTFOUND where there is no file. TOTPGROUP_EUNSAFE or
 * TOTPGROUP_EFORMAT where it is not the caller's own alone, holds no time, or
 * one more than a minute after now: a clock that was wrong must not lengthen
 * anybody's time. *seen is never after now, which is not before 1970, or it is
 * TOTPGROUP_ESYSTEM; it is left alone after any error.
 */
int first_seen_look(const char *path, int64_t now, int64_t *seen, struct error *error);

/*
 * The same; but where there is no file, now is noted durably in a new one, and
 * its folder, with mode 0700, is made where that is missing. Of several callers
 * at once one notes, and all get its time. Errors as above, and
 * TOTPGROUP_EUNWRITABLE, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int first_seen_note(const char *path, int64_t now, int64_t *seen, struct error *error);

#endif
