/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/device.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "core/otp.h"
#include "core/skew.h"

/* Whether all characters are complete and can be shown. */
static bool is_shown(const char *name, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = utf8_length(name + at);

		if (size == 0 || size > length - at || !utf8_is_shown(name + at, size))
			return false;
		at += size;
	}
	return true;
}

bool device_name_is_allowed(const char *name, size_t length)
{
	return length > 0 && length <= DEVICE_NAME_MAX && !ascii_is_blank(name[0]) &&
	       !ascii_is_blank(name[length - 1]) && is_shown(name, length);
}

/* The rest of a value, without the blanks around it. */
static struct credential_option trim(struct credential_option rest)
{
	while (rest.length > 0 && ascii_is_blank(rest.value[0])) {
		rest.value++;
		rest.length--;
	}
	while (rest.length > 0 && ascii_is_blank(rest.value[rest.length - 1]))
		rest.length--;
	return rest;
}

static bool is_same(const struct credential_option *a, const struct credential_option *b)
{
	return a->length == b->length && memcmp(a->value, b->value, a->length) == 0;
}

static void read_first(const totpgroup_credential *credential, struct device *device)
{
	struct credential_option label;

	*device = (struct device){
		.name = {DEVICE_FIRST, strlen(DEVICE_FIRST), 0},
		.secret = credential_secret(credential),
		.line = CREDENTIAL_LINE_INIT,
	};
	if (!credential_find(credential, "LABEL", &label))
		return;
	label = trim(label);
	if (label.length > 0)
		device->name = label;
}

static int damaged(const struct device *device, const char *what, struct error *error)
{
	return error_set(error, TOTPGROUP_EFORMAT, "line %u: " DEVICE_KEY " %s",
		device->line.option.line, what);
}

/* Reads a DEVICE line, but does not decode the secret. */
static int read_further(const struct credential_line *line, const struct devices *others,
	struct device *device, struct error *error)
{
	struct credential_option rest = line->option;
	struct word secret;

	*device = (struct device){.line = *line};
	if (others->count == DEVICES_MAX)
		return damaged(device, "is one too many", error);
	(void)credential_next_word(&rest, &secret);
	device->secret = (struct credential_option){secret.start, secret.length, rest.line};
	device->name = trim(rest);
	if (!device_name_is_allowed(device->name.value, device->name.length))
		return damaged(device, "needs a secret and a name of 1 to 64 bytes", error);
	for (size_t i = 1; i < others->count; i++)
		if (is_same(&device->name, &others->device[i].name))
			return damaged(device, "has the name of another", error);
	return 0;
}

/* Whether codes change with time. Damaged options are reported by decide(). */
static bool may_be_several(const totpgroup_credential *credential)
{
	struct credential_parameters parameters;
	struct error ignored = ERROR_INIT;

	(void)credential_parameters(credential, &parameters, &ignored);
	return parameters.totp;
}

/* Finds the handles of the further devices, unless keys is NULL. */
static int read_devices(const totpgroup_credential *credential, struct devices *devices,
	struct device_keys *keys, struct error *error)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	int status = 0;

	devices->count = 1;
	read_first(credential, &devices->device[0]);
	if (!may_be_several(credential))
		return 0;
	while (status == 0 && credential_next_line(credential, DEVICE_KEY, &line)) {
		struct device further;

		status = read_further(&line, devices, &further, error);
		if (status == 0 && keys != NULL) {
			status = credential_hmac(credential, devices->count, &further.secret,
				&keys->hmac[devices->count], error);
		}
		if (status == 0)
			devices->device[devices->count++] = further;
	}
	if (status == 0 && keys != NULL)
		keys->count = devices->count;
	return status;
}

int devices_read(
	const totpgroup_credential *credential, struct devices *devices, struct error *error)
{
	struct device_keys keys;

	return read_devices(credential, devices, &keys, error);
}

size_t devices_find(const struct devices *devices, const char *name)
{
	const struct credential_option wanted = {name, strlen(name), 0};

	for (size_t i = 1; i < devices->count; i++)
		if (is_same(&devices->device[i].name, &wanted))
			return i;
	return is_same(&devices->device[0].name, &wanted) ? 0 : devices->count;
}

void device_copy_name(const struct device *device, char name[DEVICE_NAME_SIZE])
{
	utf8_copy_shown(name, DEVICE_NAME_SIZE, device->name.value, device->name.length);
}

int device_name(const totpgroup_credential *credential, size_t index,
	char name[DEVICE_NAME_SIZE], struct error *error)
{
	struct devices devices;
	int status = read_devices(credential, &devices, NULL, error);

	if (status == 0)
		device_copy_name(&devices.device[index], name);
	return status;
}

static int keep_alone(totpgroup_credential *alone, const struct device *device)
{
	int status = credential_set_secret(alone, device->secret.value, device->secret.length);

	return status == 0 ? credential_unset(alone, DEVICE_KEY) : status;
}

int device_append_alone(const totpgroup_credential *credential, size_t index, struct text *text,
	struct error *error)
{
	const struct text *whole = &credential->text;
	totpgroup_credential *alone = NULL;
	struct devices devices;
	int status = devices_read(credential, &devices, error);

	if (status == 0)
		status = credential_load(&alone, whole->data, whole->length, error);
	if (status != 0)
		return status;
	status = keep_alone(alone, &devices.device[index]);
	if (status == 0)
		status = text_append(text, alone->text.data, alone->text.length);
	totpgroup_credential_free(alone);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}

int device_keys_open_first(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	int status = credential_first_hmac(credential, &keys->hmac[0], error);

	keys->count = status == 0 ? 1 : 0;
	return status;
}

/* Not inlined, because nearly nobody needs its large frame. */
__attribute__((noinline)) static int open_further(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	struct devices devices;

	return read_devices(credential, &devices, keys, error);
}

int device_keys_open_further(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	struct credential_option line;

	return credential_find(credential, DEVICE_KEY, &line)
		       ? open_further(credential, keys, error)
		       : 0;
}

/* Keeps the first match, but searches all devices. */
static int search_all(const struct device_keys *keys, const struct device_search *search,
	enum device_match_kind kind, const char *code, struct device_match *match)
{
	const int64_t window = search->window;
	int status = 0;

	for (size_t i = 0; status == 0 && i < keys->count; i++) {
		int64_t center = search->now_step + (i == 0 ? search->first_skew : 0);
		struct otp_range range = {center - (window - 1) / 2, center + window / 2};
		int64_t nearest = range.first, step = 0;
		bool found;

		if (kind == DEVICE_MATCH_OTHER_TIME) {
			nearest = search->now_step;
			range.first = nearest - SKEW_STEPS_MAX;
			range.last = nearest + SKEW_STEPS_MAX;
		}
		status = otp_search(
			keys->hmac[i], range, nearest, code, search->digits, &found, &step);
		if (status == 0 && found && match->kind == DEVICE_MATCH_NONE)
			*match = (struct device_match){kind, i, step};
	}
	return status;
}

int device_search(const struct device_keys *keys, const struct device_search *search,
	const char *code, struct device_match *match)
{
	int status;

	*match = (struct device_match){.kind = DEVICE_MATCH_NONE};
	status = search_all(keys, search, DEVICE_MATCH_WINDOW, code, match);
	if (status == 0 && match->kind == DEVICE_MATCH_NONE)
		status = search_all(keys, search, DEVICE_MATCH_OTHER_TIME, code, match);
	if (status != 0)
		*match = (struct device_match){.kind = DEVICE_MATCH_NONE};
	return status;
}
