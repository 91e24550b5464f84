/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The devices of one user. The first device has its secret in the first line of the
 * credential, and its name in " LABEL. Each further one has a line
 *
 *     " DEVICE BASE32SECRET name
 *
 * Devices share all else: parameters, limits, spent time steps, emergency codes. Only
 * TOTP codes can come from several devices; without TOTP the further lines are ignored.
 */
#ifndef TOTPGROUP_CORE_DEVICE_H
#define TOTPGROUP_CORE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/crypto.h"
#include "core/credential.h"

#define DEVICE_KEY "DEVICE"

/* The most devices of a user. Each one makes it more likely that a guess is right. */
#define DEVICES_MAX CREDENTIAL_KEYS_MAX

/* Bytes of a name. */
#define DEVICE_NAME_MAX	 64
#define DEVICE_NAME_SIZE (DEVICE_NAME_MAX + 1)

/* The name of the first device where no line has one. */
#define DEVICE_FIRST "first"

/* Points into the credential. */
struct device {
	struct credential_option name;
	struct credential_option secret; /* in base32 */
	struct credential_line line;	 /* of a further device */
};

struct devices {
	struct device device[DEVICES_MAX]; /* the first device first */
	size_t count;
};

/* Whether a further device may have that name: 1 to DEVICE_NAME_MAX bytes of UTF-8 that
 * can be shown (base/utf8.h), without a blank at either end. name must be part of a
 * NUL-terminated text. */
bool device_name_is_allowed(const char *name, size_t length);

/*
 * Finds the devices; the result is valid until the text is changed. Does not check the
 * first device. TOTPGROUP_EFORMAT with the line where a DEVICE line is malformed, has
 * the name of another further device, or is one too many; TOTPGROUP_EMEMORY;
 * TOTPGROUP_ECRYPTO.
 */
int devices_read(
	const totpgroup_credential *credential, struct devices *devices, struct error *error);

/* The index of the device with that name, or `count` where there is none. A further
 * device has precedence over the first one. */
size_t devices_find(const struct devices *devices, const char *name);

/* Copies a name, cut where it is too long, with '?' for bytes that cannot be shown. */
void device_copy_name(const struct device *device, char name[DEVICE_NAME_SIZE]);

/* The same for the device with that index, which must exist. Does not check secrets;
 * otherwise errors as devices_read(). */
int device_name(const totpgroup_credential *credential, size_t index,
	char name[DEVICE_NAME_SIZE], struct error *error);

/* Appends the credential as if the device with that index were the only one: to export
 * it, not to decide on it. Returns 0, or an error as devices_read(). */
int device_append_alone(const totpgroup_credential *credential, size_t index, struct text *text,
	struct error *error);

/* An HMAC handle for each device, the first device first. Begins zeroed. The handles belong
 * to the credential (credential_hmac()), and are good until its text is changed. */
struct device_keys {
	struct hmac *hmac[DEVICES_MAX];
	size_t count;
};

/* Finds the handle of the first device. Errors as credential_hmac(). */
int device_keys_open_first(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error);

/* Then finds those of the further devices. Errors as devices_read(). */
int device_keys_open_further(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error);

enum device_match_kind {
	DEVICE_MATCH_NONE = 0,
	DEVICE_MATCH_WINDOW,	 /* a code of the window */
	DEVICE_MATCH_OTHER_TIME, /* a code of up to SKEW_STEPS_MAX steps before or after */
};

struct device_match {
	enum device_match_kind kind;
	size_t device;
	int64_t step;
};

struct device_search {
	int64_t now_step;
	int64_t first_skew; /* how far ahead the first device is, in steps */
	unsigned int window;
	unsigned int digits;
};

/*
 * Looks for a code in the windows of all devices, and if it is in none, at other times.
 * Of several devices with the same code, finds the first. Always computes the codes of
 * all devices, so that the time does not tell which device matched. Returns 0, or
 * TOTPGROUP_ECRYPTO with DEVICE_MATCH_NONE.
 */
int device_search(const struct device_keys *keys, const struct device_search *search,
	const char *code, struct device_match *match);

#endif
