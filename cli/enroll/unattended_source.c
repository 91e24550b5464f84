/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <string.h>
#include <time.h>

#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/exchange/exchange.h"
#include "cli/ui/input.h"
#include "core/device.h"
#include "exchange/otp_key.h"
#include "message/translate.h"
#include "totpgroup.h"

/* Makes the key for apps. A credential that has only emergency codes is refused. */
static int read_key(struct unattended_source *source, struct error *error)
{
	return otp_key_from_credential(
		&source->key, source->text.data, source->text.length, error);
}

static int draw_credential(struct unattended_source *source, struct new_credential *credential,
	const struct enroll_options *options, struct error *error)
{
	struct emergency_codes *codes = &credential->emergency_codes;
	int result = new_credential_draw(credential, error);

	if (result == 0)
		result = emergency_codes_draw(codes, (unsigned int)options->emergency_codes,
			options->code_format == CODE_FORMAT_HASHED, error);
	if (result == 0)
		result = new_credential_append(credential, &source->text, error);
	source->new_codes = *codes;
	return result != 0 ? result : read_key(source, error);
}

enum exit_status unattended_source_draw(struct unattended_source *source,
	const struct enroll_options *options, struct error *error)
{
	struct new_credential credential = {.time_based = false};
	int result;

	questions_take_defaults(options, &credential);
	new_credential_choose_kind(&credential, (enum hmac_algorithm)options->algorithm,
		(unsigned int)options->digits, credential.time_based ? options->step_size : 0);
	result = draw_credential(source, &credential, options, error);
	WIPE_OBJECT(&credential);
	return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

/* Finds the only record for the user. */
static const struct import_record *find_record(
	const struct import_list *list, const char *name, struct error *error)
{
	const struct import_record *found = NULL;

	for (const struct import_record *record = list->first; record != NULL;
		record = record->next)
		if (!record->passed_over && (found == NULL || found->error.code == 0))
			found = record;
	if (found == NULL)
		error_set(error, TOTPGROUP_ENOTFOUND,
			translate("%s: nothing for that user in it"), name);
	else if (found->error.code != 0)
		error_set(error, found->error.code, "%s: %s", name, found->error.message);
	return error->code == 0 ? found : NULL;
}

static int take_record(struct unattended_source *source, const char *name, struct error *error)
{
	const struct import_record *record = find_record(&source->list, name, error);
	struct error problem = ERROR_INIT;
	int result;

	if (record == NULL)
		return error->code;
	source->record = record;
	if (text_append(&source->text, record->credential.data, record->credential.length) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	result = read_key(source, &problem);
	return result == 0 ? 0 : error_set(error, result, "%s: %s", name, problem.message);
}

static int read_list(struct import_list *list, const struct text *text, const char *name,
	struct error *error)
{
	const char *data = text->data != NULL ? text->data : "";
	enum exchange_format format = import_guess_format(data, text->length);
	struct import_how how = {.now = (int64_t)time(NULL)};
	struct error problem = ERROR_INIT;
	int result;

	if (format == FORMAT_UNKNOWN && import_is_secret(data, text->length))
		format = FORMAT_SECRET;
	how.format = format;
	result = import_list_read(list, name, text, &how, &problem);

	if (result == 0)
		return 0;
	return error_set(error, result, "%s: %s", name,
		problem.code == TOTPGROUP_EFORMAT ? "in no format that import knows"
						  : problem.message);
}

enum exit_status unattended_source_read(struct unattended_source *source,
	const struct enroll_options *options, const char *user, struct error *error)
{
	const char *name = input_name(options->from_file);
	struct error problem = ERROR_INIT;
	struct text text = TEXT_INIT;
	int result = input_read(options->from_file, &text, &problem);

	if (result != 0)
		error_set(error, result, "%s: %s", name, problem.message);
	else
		result = read_list(&source->list, &text, name, error);
	if (result == 0 && (import_list_find_users(&source->list, user) != STATUS_DONE ||
				   import_list_join_for_one(&source->list) != STATUS_DONE))
		result = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	if (result == 0)
		result = take_record(source, name, error);
	text_free(&text);
	return result == 0 ? STATUS_DONE : STATUS_STORE_ERROR;
}

/* Whether the devices with that index give the same codes. */
static bool is_same_device(
	const totpgroup_credential *a, const totpgroup_credential *b, size_t index)
{
	const totpgroup_credential *const both[] = {a, b};
	struct otp_key keys[] = {OTP_KEY_INIT, OTP_KEY_INIT};
	struct error ignored = ERROR_INIT;
	int status = 0;
	bool same;

	for (size_t i = 0; i < 2 && status == 0; i++) {
		struct text alone = TEXT_INIT;

		status = device_append_alone(both[i], index, &alone, &ignored);
		if (status == 0)
			status = otp_key_from_credential(
				&keys[i], alone.data, alone.length, &ignored);
		text_free(&alone);
	}
	same = status == 0 && otp_key_same_secret(&keys[0], &keys[1]) &&
	       otp_key_same_kind(&keys[0], &keys[1]);
	otp_key_free(&keys[0]);
	otp_key_free(&keys[1]);
	return same;
}

/* 0 where the text is damaged. */
static size_t count_devices(const totpgroup_credential *credential)
{
	struct devices devices;
	struct error ignored = ERROR_INIT;

	return devices_read(credential, &devices, &ignored) == 0 ? devices.count : 0;
}

bool unattended_source_is(const struct unattended_source *source, const struct text *text)
{
	const struct text *ours_text = &source->text;
	totpgroup_credential *ours = NULL, *theirs = NULL;
	struct error ignored = ERROR_INIT;
	size_t count = 0;
	bool same;

	if (credential_load(&ours, ours_text->data, ours_text->length, &ignored) == 0 &&
		credential_load(&theirs, text->data, text->length, &ignored) == 0)
		count = count_devices(ours);
	same = count > 0 && count == count_devices(theirs);
	for (size_t i = 0; same && i < count; i++)
		same = is_same_device(ours, theirs, i);
	totpgroup_credential_free(ours);
	totpgroup_credential_free(theirs);
	return same;
}

void unattended_source_free(struct unattended_source *source)
{
	text_free(&source->text);
	otp_key_free(&source->key);
	import_list_free(&source->list);
	WIPE_OBJECT(&source->new_codes);
}
