/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The devices of one user. The first has its secret in the first line of the
 * credential, and its name in " LABEL; each further one has a line
 *
 *     " DEVICE BASE32SECRET name
 *
 * All else is shared: kind, limits, spent time steps, emergency codes. Only
 * codes that change with time can come from several devices: where they do not, the
 * further lines count for nothing.
 */
#ifndef TOTPGROUP_CORE_DEVICE_H
#define TOTPGROUP_CORE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "core/credential.h"

#define DEVICE_KEY "DEVICE"

/* In all. Each one more makes a guess as much more likely to be right. */
#define DEVICES_MAX 8

/* Bytes of a name. */
#define DEVICE_NAME_MAX	 64
#define DEVICE_NAME_SIZE (DEVICE_NAME_MAX + 1)

/* What the first device is called where no line says it. */
#define DEVICE_FIRST "first"

struct device {
	struct credential_option name;
	struct credential_option secret; /* in base32 */
	struct credential_line line;	 /* of a further one */
};

struct devices {
	struct device device[DEVICES_MAX]; /* the first one first */
	size_t count;
};

/* Whether a further device may be called so: 1 to DEVICE_NAME_MAX bytes of
 * UTF-8, all of it shown (base/utf8.h), without a blank at either end. The name is part
 * of a NUL-terminated text. */
bool device_name_is_allowed(const char *name, size_t length);

/*
 * Finds them, as long as the text is not changed. Of the first one nothing is
 * checked; where its name is that of a further one, that one has it.
 * TOTPGROUP_EFORMAT with the line where a DEVICE line is malformed, has the name of
 * another, or is one too many; TOTPGROUP_EMEMORY.
 */
int devices_read(
	const totpgroup_credential *credential, struct devices *devices, struct error *error);

/* The place of the device of that name, or `count` where there is none. */
size_t devices_find(const struct devices *devices, const char *name);

/* Copies a name, cut where it is too long, with '?' for what is not shown. */
void device_copy_name(const struct device *device, char name[DEVICE_NAME_SIZE]);

/* The same of the one at that place, which there must be. Errors as
 * devices_read(). */
int device_name(const totpgroup_credential *credential, size_t place,
	char name[DEVICE_NAME_SIZE], struct error *error);

/* Appends the credential as it would be if that device were the only one: to hand it
 * out, not to decide on. Returns 0, or an error as devices_read(). */
int device_append_alone(const totpgroup_credential *credential, size_t place, struct text *text,
	struct error *error);

#endif
