/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Structs that may grow: the first member is the size that the caller's header gave them,
 * which may be an older or a newer one than this library's. */
#ifndef TOTPGROUP_API_SIZED_H
#define TOTPGROUP_API_SIZED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies the caller's struct into ours, which has its initial value and is `size` bytes
 * long. False where it is shorter than the first version of it, `least` bytes, longer
 * than any can be, or longer than ours with something in what we do not know, which must
 * not be overlooked.
 */
bool sized_read(void *ours, size_t size, size_t least, const void *theirs);

/* Copies as much of ours into the caller's as fits and clears the rest; theirs keeps its
 * size. False where it is shorter than `least`, or longer than any can be. */
bool sized_write(void *theirs, const void *ours, size_t size, size_t least);

#endif
