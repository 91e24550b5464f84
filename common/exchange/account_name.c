/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/account_name.h"

#include <string.h>

/* Takes ` (device)` off the end. A user's name has no blank, so the first one counts: a
 * device's name may have parentheses of its own. */
static struct word take_device(struct word *name)
{
	const char *start = memmem(name->start, name->length, " (", 2);
	struct word device = {"", 0};

	if (start == NULL || start == name->start || name->start[name->length - 1] != ')')
		return device;
	device.start = start + 2;
	device.length = name->length - 1 - (size_t)(device.start - name->start);
	name->length = (size_t)(start - name->start);
	return device;
}

struct account_name account_name_split(const char *name)
{
	struct account_name parts = {.whole = {name, strlen(name)}, .host = {"", 0}};
	const char *at;

	parts.device = take_device(&parts.whole);
	parts.user = parts.whole;
	at = memrchr(parts.whole.start, '@', parts.whole.length);
	if (at != NULL) {
		parts.user.length = (size_t)(at - parts.whole.start);
		parts.host.start = at + 1;
		parts.host.length = parts.whole.length - parts.user.length - 1;
	}
	return parts;
}
