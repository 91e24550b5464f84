/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "cli/exchange/exchange.h"
#include "cli/exchange/pskc.h"
#include "cli/ui/terminal.h"
#include "exchange/account_name.h"
#include "exchange/csv.h"
#include "exchange/migration.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "exchange/token_csv.h"
#include "exchange/users_file.h"
#include "exchange/vault_json.h"
#include "message/translate.h"
#include "totpgroup.h"

static bool begins_with(const char *line, size_t length, const char *start)
{
	return length >= strlen(start) && ascii_is_word(line, strlen(start), start);
}

/* An input that is being read. */
struct reading {
	struct import_list *list;
	const char *source;
	struct word text; /* without a byte order mark */
	const struct import_how *how;
	struct error *error; /* for the input as a whole */
};

static void free_record(struct import_record *record)
{
	otp_key_free(&record->key);
	text_free(&record->credential);
	free(record->user);
	free(record->serial);
	free(record);
}

void import_list_free(struct import_list *list)
{
	while (list->first != NULL) {
		struct import_record *record = list->first;

		list->first = record->next;
		free_record(record);
	}
	list->last = NULL;
}

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

static struct import_record *new_record(const struct reading *reading)
{
	struct import_record *record = calloc(1, sizeof *record);

	if (record == NULL)
		return NULL;
	record->source = reading->source;
	record->key = (struct otp_key)OTP_KEY_INIT;
	return record;
}

static void append_record(struct import_list *list, struct import_record *record)
{
	if (list->last != NULL)
		list->last->next = record;
	else
		list->first = record;
	list->last = record;
}

/* Notes the line, and puts it before the message: not every reader knows it. */
static void name_line(struct import_record *record, unsigned int line)
{
	struct error problem = record->error;

	record->key.line = line;
	if (problem.code != 0)
		error_set(&record->error, problem.code, translate("line %u: %s"), line,
			problem.message);
}

/* A label may name a device. What cannot be one's name is left out. */
static int take_device(struct import_record *record)
{
	struct otp_key *key = &record->key;
	struct word device = account_name_split(key->name != NULL ? key->name : "").device;
	struct error ignored = ERROR_INIT;
	int status = 0;

	if (device.length > 0)
		status = otp_key_set_device(key, device.start, device.length, &ignored);
	return status == TOTPGROUP_EFORMAT ? 0 : status;
}

/*
 * Appends a record that was read, or frees it. status is the result of the reader, and
 * found is false where there was nothing to read. Returns 0 also for a bad record, which
 * does not stop the others.
 */
static int finish_record(
	const struct reading *reading, struct import_record *record, int status, bool found)
{
	if (status == 0 && found && !record->names_user)
		status = take_device(record);
	if (status == 0 && found && record->credential.length == 0) {
		status = otp_key_to_credential(
			&record->key, reading->how->now, &record->credential, &record->error);
		name_line(record, record->key.line);
	}
	if (status == TOTPGROUP_EMEMORY || (status == 0 && !found)) {
		free_record(record);
		return status == 0 ? 0 : out_of_memory(reading->error);
	}
	append_record(reading->list, record);
	return 0;
}

static int read_credential(const struct reading *reading)
{
	struct import_record *record = new_record(reading);
	int status;

	if (record == NULL)
		return out_of_memory(reading->error);
	record->is_whole = true;
	status = otp_key_from_credential(
		&record->key, reading->text.start, reading->text.length, &record->error);
	/* The text itself is written, so that nothing of it is left out. */
	if (status == 0)
		status = text_append(
			&record->credential, reading->text.start, reading->text.length);
	return finish_record(reading, record, status, true);
}

static int read_secret(const struct reading *reading)
{
	struct import_record *record = new_record(reading);
	int status;

	if (record == NULL)
		return out_of_memory(reading->error);
	status = otp_key_set_base32(
		&record->key, reading->text.start, reading->text.length, &record->error);
	return finish_record(reading, record, status, true);
}

/* Reads the rows of a CSV or a users file. */
static int read_rows(const struct reading *reading, bool is_csv)
{
	const struct word text = reading->text;
	struct lines lines = {.text = text.start, .length = text.length};
	struct csv_reader csv;
	bool found = true;
	int status = is_csv ? csv_open(&csv, text.start, text.length, reading->error) : 0;

	while (status == 0 && found) {
		struct import_record *record = new_record(reading);

		if (record == NULL)
			return out_of_memory(reading->error);
		/* A vault has accounts of all hosts. */
		record->names_user = !is_csv || !csv.vault;
		status = is_csv ? csv_next(&csv, &record->key, &found, &record->error)
				: users_file_next(&lines, &record->key, &found, &record->error);
		status = finish_record(reading, record, status, found);
	}
	return status;
}

/* Reads the export of an app for codes or passwords. */
static int read_vault(const struct reading *reading, enum vault_kind kind)
{
	struct vault vault;
	bool found = true;
	int status = vault_open(
		&vault, kind, reading->text.start, reading->text.length, reading->error);

	while (status == 0 && found) {
		struct import_record *record = new_record(reading);

		if (record == NULL)
			return out_of_memory(reading->error);
		status = vault_next(&vault, &record->key, &found, &record->error);
		status = finish_record(reading, record, status, found);
	}
	return status;
}

/* A token that goes to its user is told from others by its serial. */
static int take_serial(struct import_record *record, struct text *serial)
{
	struct error ignored = ERROR_INIT;
	int status = 0;

	record->is_token = true;
	record->names_user = true;
	if (serial->length == 0)
		return 0;
	record->serial = strdup(serial->data);
	if (record->serial != NULL)
		status = otp_key_set_device(
			&record->key, serial->data, serial->length, &ignored);
	return record->serial == NULL || status == TOTPGROUP_EMEMORY ? TOTPGROUP_EMEMORY : 0;
}

/* Reads one of them; one of the readers is NULL. */
static int read_token(
	const struct reading *reading, struct token_csv *csv, struct pskc *pskc, bool *found)
{
	struct import_record *record = new_record(reading);
	struct text serial = TEXT_INIT;
	int status;

	if (record == NULL)
		return out_of_memory(reading->error);
	status = pskc != NULL
			 ? pskc_next(pskc, &record->key, &serial, found, &record->error)
			 : token_csv_next(csv, &record->key, &serial, found, &record->error);
	if (take_serial(record, &serial) != 0)
		status = TOTPGROUP_EMEMORY;
	text_free(&serial);
	return finish_record(reading, record, status, *found);
}

static int read_token_table(const struct reading *reading)
{
	const struct exchange_options *options = reading->how->tokens;
	static const char *const types[] = {NULL, "totp", "hotp"};
	const struct token_defaults defaults = {
		.type = types[options->type],
		.algorithm = options->algorithm > 0 ? hmac_algorithm_name((enum hmac_algorithm)(
							      options->algorithm - 1))
						    : NULL,
		.digits = (unsigned int)options->digits,
		.period = (unsigned int)options->period,
	};
	struct token_csv csv;
	bool found = true;
	int status = token_csv_open(
		&csv, reading->text.start, reading->text.length, &defaults, reading->error);

	while (status == 0 && found)
		status = read_token(reading, &csv, NULL, &found);
	return status;
}

static int read_pskc(const struct reading *reading)
{
	struct import_key key = {reading->how->tokens, reading->source};
	const struct pskc_asker asker = {import_key_ask, &key};
	struct pskc *pskc = NULL;
	bool found = true;
	int status = pskc_open(
		&pskc, reading->text.start, reading->text.length, &asker, reading->error);

	if (status == 0 && pskc_is_signed(pskc) && key.options->quiet == 0)
		terminal_complain("%s: its signature is not checked", reading->source);
	while (status == 0 && found)
		status = read_token(reading, NULL, pskc, &found);
	pskc_close(pskc);
	return status;
}

static int read_tokens(const struct reading *reading)
{
	if (reading->how->tokens == NULL)
		return error_set(reading->error, TOTPGROUP_EARGUMENT,
			translate("hardware tokens are for the command import"));
	return reading->how->format == FORMAT_PSKC ? read_pskc(reading)
						   : read_token_table(reading);
}

static int read_uri(
	const struct reading *reading, const char *uri, size_t length, unsigned int line)
{
	struct import_record *record = new_record(reading);
	int status;

	if (record == NULL)
		return out_of_memory(reading->error);
	status = otpauth_uri_parse(&record->key, uri, length, &record->error);
	name_line(record, line);
	return finish_record(reading, record, status, true);
}

static int read_migration(
	const struct reading *reading, const char *uri, size_t length, unsigned int line)
{
	struct migration migration = {.at = 0};
	struct error problem = ERROR_INIT;
	bool found = true;
	int status = migration_open(&migration, uri, length, &problem);

	/* A URI that cannot be opened becomes one bad record. */
	do {
		struct import_record *record = new_record(reading);

		if (record == NULL) {
			status = out_of_memory(reading->error);
			break;
		}
		record->error = problem;
		record->part = migration.part;
		record->part_count = migration.part_count;
		record->export_id = migration.export_id;
		if (status == 0)
			status = migration_next(
				&migration, &record->key, &found, &record->error);
		else
			found = false;
		name_line(record, line);
		status = finish_record(reading, record, status, found);
	} while (status == 0 && found);
	migration_close(&migration);
	return status;
}

/* A file may have both kinds of URI. */
static int read_uris(const struct reading *reading)
{
	struct lines lines = {.text = reading->text.start, .length = reading->text.length};
	const char *line;
	size_t length;
	int status = 0;

	while (status == 0 && lines_next(&lines, &line, &length)) {
		while (length > 0 && (*line == ' ' || *line == '\t')) {
			line++;
			length--;
		}
		while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
			length--;
		if (length == 0 || *line == '#')
			continue;
		if (begins_with(line, length, "otpauth-migration:"))
			status = read_migration(reading, line, length, lines.number);
		else
			status = read_uri(reading, line, length, lines.number);
	}
	return status;
}

int import_list_read(struct import_list *list, const char *source, const struct text *text,
	const struct import_how *how, struct error *error)
{
	const char *data = text->data != NULL ? text->data : "";
	const struct reading reading = {
		list, source, import_skip_mark(data, text->length), how, error};

	if (import_is_utf16(data, text->length))
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("the text is UTF-16: save it as UTF-8"));
	switch (how->format) {
	case FORMAT_GOOGLE_AUTHENTICATOR:
		return read_credential(&reading);
	case FORMAT_USERS_FILE:
		return read_rows(&reading, false);
	case FORMAT_CSV:
		return read_rows(&reading, true);
	case FORMAT_URI:
	case FORMAT_MIGRATION:
		return read_uris(&reading);
	case FORMAT_AEGIS:
		return read_vault(&reading, VAULT_AEGIS);
	case FORMAT_BITWARDEN:
		return read_vault(&reading, VAULT_BITWARDEN);
	case FORMAT_PSKC:
	case FORMAT_TOKENS:
		return read_tokens(&reading);
	case FORMAT_SECRET:
		return read_secret(&reading);
	case FORMAT_FILES: /* has no input */
	case FORMAT_UNKNOWN:
		break;
	}
	return error_set(error, TOTPGROUP_EFORMAT,
		translate(
			"not a format that can be told from its content; name it with --from"));
}
