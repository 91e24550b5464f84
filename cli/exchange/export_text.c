/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/host_name.h"
#include "base/crypto.h"
#include "cli/exchange/exchange.h"
#include "core/device.h"
#include "exchange/csv.h"
#include "exchange/migration.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "exchange/users_file.h"
#include "totpgroup.h"

static int fail_with(struct error *error, int status)
{
	return error_set(error, status, "%s", totpgroup_strerror(status));
}

/* Whether the format is for an app, in which one entry is one device. */
static bool is_for_app(const struct export_text *export)
{
	return export->format == FORMAT_URI || export->format == FORMAT_MIGRATION;
}

/* Whether a text in this format says which of several devices it is. */
static bool names_devices(const struct export_text *export)
{
	return is_for_app(export) || export->format == FORMAT_CSV;
}

/* Sets the name and the issuer. In an app, which has keys of many hosts, they say which
 * host it is, and which of several devices. */
static int label_key(const struct export_text *export, const char *user, struct otp_key *key,
	struct error *error)
{
	const char *device = key->device;
	const char *issuer = export->issuer;
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	int status;

	host_name(host);
	text_append_string(&label, user);
	if (is_for_app(export)) {
		issuer = issuer != NULL ? issuer : host;
		text_append_format(&label, "@%s", host);
		if (device != NULL)
			text_append_format(&label, " (%s)", device);
	}
	if (label.status != 0)
		return fail_with(error, label.status);
	status = otp_key_set_name(key, label.data, label.length, error);
	if (status == 0 && issuer != NULL)
		status = otp_key_set_issuer(key, issuer, strlen(issuer), error);
	text_free(&label);
	return status;
}

static int append_uri(
	struct export_text *export, const struct otp_key *key, struct error *error)
{
	int status = otpauth_uri_append_key(&export->text, key);

	if (status == 0)
		status = text_append(&export->text, "\n", 1);
	return status == 0 ? 0 : fail_with(error, status);
}

static int append_csv(
	struct export_text *export, const struct otp_key *key, struct error *error)
{
	int status = export->text.length == 0 ? csv_append_header(&export->text) : 0;

	if (status == 0)
		status = csv_append(&export->text, key);
	return status == 0 ? 0 : fail_with(error, status);
}

/* Moves the key to the others of the migration. */
static int add_migrant(struct export_text *export, struct otp_key *key, struct error *error)
{
	struct otp_key **migrants;
	struct otp_key *moved;
	int status = migration_check(key, error);

	if (status != 0)
		return status;
	migrants = reallocarray(
		export->migrants, export->migrant_count + 1, sizeof(struct otp_key *));
	if (migrants == NULL)
		return fail_with(error, TOTPGROUP_EMEMORY);
	export->migrants = migrants;
	moved = malloc(sizeof *moved);
	if (moved == NULL)
		return fail_with(error, TOTPGROUP_EMEMORY);
	*moved = *key;
	*key = (struct otp_key)OTP_KEY_INIT;
	migrants[export->migrant_count++] = moved;
	return 0;
}

/* Leaves so many of them. */
static void drop_migrants(struct export_text *export, size_t count)
{
	while (export->migrant_count > count) {
		struct otp_key *last = export->migrants[--export->migrant_count];

		otp_key_free(last);
		free(last);
	}
}

static int append_key(struct export_text *export, struct otp_key *key, struct error *error)
{
	switch (export->format) {
	case FORMAT_USERS_FILE:
		return users_file_append(&export->text, key, error);
	case FORMAT_CSV:
		return append_csv(export, key, error);
	case FORMAT_MIGRATION:
		return add_migrant(export, key, error);
	default:
		return append_uri(export, key, error);
	}
}

static int add_key(
	struct export_text *export, const char *user, struct otp_key *key, struct error *error)
{
	bool has_codes = key->emergency_code_count > 0 && export->format != FORMAT_CSV;
	bool has_name = key->device != NULL && !names_devices(export);
	unsigned int notes = key->notes;
	int status = label_key(export, user, key, error);

	if (status == 0)
		status = append_key(export, key, error);
	if (status != 0)
		return status;
	export->notes |= notes;
	export->emergency_codes_left_out |= has_codes;
	export->device_names_left_out |= has_name;
	return 0;
}

/* Adds the credential unchanged, every byte of it. */
static int add_credential(struct export_text *export, const struct otp_key *key,
	const struct text *credential, struct error *error)
{
	int status = text_append(&export->text, credential->data, credential->length);

	if (status != 0)
		return fail_with(error, status);
	export->parameters_left_out |=
		key->algorithm != HMAC_SHA1 || key->digits != 6 || key->period > 60;
	return 0;
}

/* Adds a credential with one device, or in a format that has it whole. */
static int add_text(struct export_text *export, const char *user, const struct text *credential,
	struct error *error)
{
	struct otp_key key = OTP_KEY_INIT;
	int status = otp_key_from_credential(&key, credential->data, credential->length, error);

	if (status == 0 && export->format == FORMAT_GOOGLE_AUTHENTICATOR)
		status = add_credential(export, &key, credential, error);
	else if (status == 0)
		status = add_key(export, user, &key, error);
	otp_key_free(&key);
	return status;
}

/* Gives the key of one of several devices its name. The emergency codes, which all devices
 * share, are the first one's. */
static int name_device(const totpgroup_credential *credential, size_t index,
	struct otp_key *key, struct error *error)
{
	char name[DEVICE_NAME_SIZE];
	int status = device_name(credential, index, name, error);

	if (status == 0 && index > 0)
		otp_key_drop_emergency_codes(key);
	return status == 0 ? otp_key_set_device(key, name, strlen(name), error) : status;
}

static int add_device(struct export_text *export, const char *user,
	const totpgroup_credential *credential, size_t index, struct error *error)
{
	struct otp_key key = OTP_KEY_INIT;
	struct text alone = TEXT_INIT;
	int status = device_append_alone(credential, index, &alone, error);

	if (status == 0)
		status = otp_key_from_credential(&key, alone.data, alone.length, error);
	if (status == 0)
		status = name_device(credential, index, &key, error);
	if (status == 0)
		status = add_key(export, user, &key, error);
	otp_key_free(&key);
	text_free(&alone);
	return status;
}

int export_text_add(struct export_text *export, const char *user,
	const totpgroup_credential *credential, struct error *error)
{
	struct devices devices = {.count = 1};
	size_t before = export->text.length;
	size_t migrants = export->migrant_count;
	int status = devices_read(credential, &devices, error);

	if (status == 0 &&
		(devices.count == 1 || export->format == FORMAT_GOOGLE_AUTHENTICATOR))
		return add_text(export, user, &credential->text, error);
	for (size_t i = 0; status == 0 && i < devices.count; i++)
		status = add_device(export, user, credential, i, error);
	/* A user is there with all devices or not at all. */
	if (status != 0) {
		text_cut(&export->text, before);
		drop_migrants(export, migrants);
	}
	return status;
}

int export_text_finish(struct export_text *export, struct error *error)
{
	uint32_t export_id;
	int status;

	if (export->migrant_count == 0)
		return 0;
	status = random_below(INT32_MAX, &export_id);
	if (status == 0)
		status = migration_append(&export->text,
			(const struct otp_key *const *)export->migrants, export->migrant_count,
			(int32_t)export_id);
	return status == 0 ? 0 : fail_with(error, status);
}

void export_text_free(struct export_text *export)
{
	text_free(&export->text);
	drop_migrants(export, 0);
	free(export->migrants);
	*export = (struct export_text){.format = export->format};
}
