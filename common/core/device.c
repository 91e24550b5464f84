/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/device.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool is_blank(char character)
{
	return character == ' ' || character == '\t';
}

/* Whether each character is whole, and is shown. */
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
	return length > 0 && length <= DEVICE_NAME_MAX && !is_blank(name[0]) &&
	       !is_blank(name[length - 1]) && is_shown(name, length);
}

/* What is left of a value, without the blanks around it. */
static struct credential_option trim(struct credential_option rest)
{
	while (rest.length > 0 && is_blank(rest.value[0])) {
		rest.value++;
		rest.length--;
	}
	while (rest.length > 0 && is_blank(rest.value[rest.length - 1]))
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

/* Takes a line apart. The secret is decoded by whoever opens it. */
static int read_further(const struct credential_line *line, const struct devices *others,
	struct device *device, struct error *error)
{
	struct credential_option rest = line->option;

	*device = (struct device){.line = *line};
	device->secret.line = rest.line;
	if (others->count == DEVICES_MAX)
		return damaged(device, "is one too many", error);
	(void)credential_next_word(&rest, &device->secret.value, &device->secret.length);
	device->name = trim(rest);
	if (!device_name_is_allowed(device->name.value, device->name.length))
		return damaged(device, "needs a secret and a name of 1 to 64 bytes", error);
	for (size_t i = 1; i < others->count; i++)
		if (is_same(&device->name, &others->device[i].name))
			return damaged(device, "has the name of another", error);
	return 0;
}

/* Whether codes change with time. A damaged option is for the decision to report. */
static bool may_be_several(const totpgroup_credential *credential)
{
	struct credential_parameters parameters;
	struct error ignored = ERROR_INIT;

	(void)credential_parameters(credential, &parameters, &ignored);
	return parameters.totp;
}

static int check_secret(const totpgroup_credential *credential, const struct device *device,
	struct error *error)
{
	struct hmac *hmac;
	int status = credential_open_hmac_for(credential, &device->secret, &hmac, error);

	hmac_close(hmac);
	return status;
}

int devices_read(
	const totpgroup_credential *credential, struct devices *devices, struct error *error)
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
		if (status == 0)
			status = check_secret(credential, &further, error);
		if (status == 0)
			devices->device[devices->count++] = further;
	}
	return status;
}

/* Further ones first: what the first is called may be anything. */
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
	const struct credential_option *whole = &device->name;
	size_t length = whole->length < DEVICE_NAME_MAX ? whole->length : DEVICE_NAME_MAX;

	memcpy(name, whole->value, length);
	/* Not in the middle of a character of UTF-8. */
	while (length > 0 && length < whole->length &&
		((unsigned char)whole->value[length] & 0xc0) == 0x80)
		length--;
	name[length] = '\0';
	utf8_hide_unshown(name);
}

int device_name(const totpgroup_credential *credential, size_t place,
	char name[DEVICE_NAME_SIZE], struct error *error)
{
	struct devices devices;
	int status = devices_read(credential, &devices, error);

	if (status == 0)
		device_copy_name(&devices.device[place], name);
	return status;
}

static int keep_alone(totpgroup_credential *alone, const struct device *device)
{
	int status = credential_set_secret(alone, device->secret.value, device->secret.length);

	return status == 0 ? credential_unset(alone, DEVICE_KEY) : status;
}

int device_append_alone(const totpgroup_credential *credential, size_t place, struct text *text,
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
	status = keep_alone(alone, &devices.device[place]);
	if (status == 0)
		status = text_append(text, alone->text.data, alone->text.length);
	totpgroup_credential_free(alone);
	return status == 0 ? 0 : error_set(error, status, "out of memory");
}
