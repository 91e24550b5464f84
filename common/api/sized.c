/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "api/sized.h"

#include <string.h>

/* No version of a struct is longer: that is memory which nobody has initialised. */
#define LONGEST 4096

/* The struct begins with it. */
static size_t size_of(const void *theirs)
{
	size_t size;

	memcpy(&size, theirs, sizeof size);
	return size;
}

bool sized_read(void *ours, size_t size, size_t least, const void *theirs)
{
	size_t given = size_of(theirs);
	const unsigned char *bytes = theirs;

	if (given < least || given > LONGEST)
		return false;
	for (size_t i = size; i < given; i++)
		if (bytes[i] != 0)
			return false;
	memcpy(ours, theirs, given < size ? given : size);
	return true;
}

bool sized_write(void *theirs, const void *ours, size_t size, size_t least)
{
	size_t given = size_of(theirs);

	if (given < least || given > LONGEST)
		return false;
	memset(theirs, 0, given);
	memcpy(theirs, ours, given < size ? given : size);
	memcpy(theirs, &given, sizeof given);
	return true;
}
