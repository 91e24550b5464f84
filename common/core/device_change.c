/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/device_change.h"

#include <string.h>

#include "core/credential.h"
#include "core/device.h"
#include "core/grace.h"
#include "core/reuse.h"
#include "core/state.h"

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
}

/* Forgets the skew, too, which was that of the former first device. */
static int set_first_secret(totpgroup_credential *credential, const char *secret, size_t length)
{
	int status = credential_set_secret(credential, secret, length);

	if (status == 0)
		status = credential_unset(credential, "TIME_SKEW");
	return status == 0 ? credential_unset(credential, "RESETTING_TIME_SKEW") : status;
}

/* Inserts the line of the new device, below another one or below the secret. */
static int insert_device(const struct device_change *change,
	const struct credential_line *below, totpgroup_credential *credential)
{
	struct text line = TEXT_INIT;
	int status = text_append_format(
		&line, "\" " DEVICE_KEY " %s %s", change->secret, change->name);

	if (status == 0)
		status = credential_insert_line(credential, below, &line);
	text_free(&line);
	return status;
}

/* Puts the new device in place of another one. */
static int replace_device(const struct device_change *change, const struct device *old,
	totpgroup_credential *credential)
{
	struct credential_line line = old->line;
	int status = credential_delete_line(credential, &line);

	line.next = line.start;
	return status == 0 ? insert_device(change, &line, credential) : status;
}

static int add_device(const struct device_change *change, totpgroup_credential *credential,
	const struct devices *devices, struct error *error)
{
	size_t index = devices_find(devices, change->name);
	int status;

	if (!device_name_is_allowed(change->name, strlen(change->name)))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"a device's name has 1 to %d bytes of UTF-8, without control "
			"characters, and no blank at either end",
			DEVICE_NAME_MAX);
	if (index < devices->count && !change->replace)
		return error_set(error, TOTPGROUP_EARGUMENT, "there is a device '%s' already",
			change->name);
	if (index == DEVICES_MAX)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"there are %d devices already, which is the most", DEVICES_MAX);
	if (index == devices->count)
		/* The last line, so that the others keep their order. */
		status = insert_device(change,
			devices->count > 1 ? &devices->device[devices->count - 1].line : NULL,
			credential);
	else if (index > 0)
		status = replace_device(change, &devices->device[index], credential);
	else
		status = set_first_secret(credential, change->secret, strlen(change->secret));
	if (status == 0 && index < devices->count)
		status = grace_forget(credential);
	return status == 0 ? 0 : out_of_memory(error);
}

/* Makes the next device the first one, with its own name. */
static int replace_first_by_next(totpgroup_credential *credential, const struct device *next)
{
	struct text secret = TEXT_INIT;
	char name[DEVICE_NAME_SIZE];
	int status = text_append(&secret, next->secret.value, next->secret.length);

	device_copy_name(next, name);
	if (status == 0)
		status = credential_delete_line(credential, &next->line);
	if (status == 0)
		status = set_first_secret(credential, secret.data, secret.length);
	if (status == 0)
		status = credential_set(credential, "LABEL", name);
	text_free(&secret);
	return status;
}

static int revoke_device(const struct device_change *change, totpgroup_credential *credential,
	const struct devices *devices, struct error *error)
{
	size_t index = devices_find(devices, change->name);
	int status;

	if (index == devices->count)
		return error_set(
			error, TOTPGROUP_ENOTFOUND, "there is no device '%s'", change->name);
	if (devices->count == 1)
		return error_set(error, TOTPGROUP_EARGUMENT,
			"'%s' is the only device: 'totp-enroll revoke USER' removes it, with "
			"the emergency codes",
			change->name);
	status = index == 0 ? replace_first_by_next(credential, &devices->device[1])
			    : credential_delete_line(credential, &devices->device[index].line);
	if (status == 0)
		status = grace_forget(credential);
	return status == 0 ? 0 : out_of_memory(error);
}

/* Checks that the secret and the options allow several devices. */
static int check_credential(
	const totpgroup_credential *credential, bool adds, struct error *error)
{
	struct credential_parameters parameters;
	int status = credential_check_secret(credential, error);

	if (status == 0)
		status = credential_parameters(credential, &parameters, error);
	if (status == 0 && adds && !parameters.totp)
		status = error_set(error, TOTPGROUP_EARGUMENT,
			"only a secret whose codes change with time can have a second device");
	return status;
}

static int change_credential(const struct device_change *change,
	totpgroup_credential *credential, struct error *error)
{
	struct devices devices;
	int status = check_credential(credential, change->secret != NULL, error);

	if (status == 0)
		status = devices_read(credential, &devices, error);
	if (status != 0)
		return status;
	return change->secret != NULL ? add_device(change, credential, &devices, error)
				      : revoke_device(change, credential, &devices, error);
}

/* Spends the step of the code that confirmed the device, as a login does. */
static int spend_step(const struct device_change *change, totpgroup_credential *credential,
	struct error *error)
{
	struct credential_parameters parameters;
	enum reuse ignored;
	int status;

	if (change->secret == NULL || change->spent_step == 0)
		return 0;
	status = credential_parameters(credential, &parameters, error);
	return status != 0 ? status
			   : reuse_spend(credential, change->spent_step, parameters.window,
				     change->disallow_reuse, &ignored, error);
}

static int change_state(const struct device_change *change, const struct text *secret,
	const struct text *state, const struct text *next_secret, struct text *next_state,
	bool *damaged_state, struct error *error)
{
	totpgroup_credential *effective = NULL;
	int status = state_apply(secret, state, &effective, damaged_state, error);

	if (status == 0)
		status = change_credential(change, effective, error);
	if (status == 0)
		status = spend_step(change, effective, error);
	if (status == 0)
		status = state_extract(next_secret, state, effective, next_state, error);
	totpgroup_credential_free(effective);
	return status;
}

int device_change(const struct device_change *change, const struct text *secret,
	const struct text *state, struct text *next_secret, struct text *next_state,
	bool *damaged_state, struct error *error)
{
	totpgroup_credential *credential = NULL;
	int status = credential_load(&credential, secret->data, secret->length, error);

	*damaged_state = false;
	if (status == 0)
		status = change_credential(change, credential, error);
	if (status == 0 && state == NULL)
		status = spend_step(change, credential, error);
	if (status == 0 &&
		text_append(next_secret, credential->text.data, credential->text.length) != 0)
		status = out_of_memory(error);
	if (status == 0 && state != NULL)
		status = change_state(
			change, secret, state, next_secret, next_state, damaged_state, error);
	totpgroup_credential_free(credential);
	return status;
}
