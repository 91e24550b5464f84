/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/import_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "exchange/csv.h"
#include "exchange/migration.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "exchange/users_file.h"
#include "totpgroup.h"

/* An input that is being taken apart. */
struct reading {
	struct import_list *list;
	const char *source;
	const struct text *text;
	int64_t now;
	struct error *error; /* of the input as a whole */
};

static void free_record(struct import_record *record)
{
	otp_key_free(&record->key);
	text_free(&record->credential);
	free(record->user);
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
	return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
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

static void append(struct import_list *list, struct import_record *record)
{
	if (list->last != NULL)
		list->last->next = record;
	else
		list->first = record;
	list->last = record;
}

/* Not everything that finds an error knows the line. */
static void name_line(struct import_record *record, unsigned int line)
{
	struct error problem = record->error;

	record->key.line = line;
	if (problem.code != 0)
		error_set(&record->error, problem.code, "line %u: %s", line, problem.message);
}

/*
 * Ends what a reader began: status is what it returned, and found whether
 * there was anything. Appends the record, a bad one too, or frees it. What
 * one record can be blamed for does not stop the others.
 */
static int finish(
	const struct reading *reading, struct import_record *record, int status, bool found)
{
	if (status == 0 && found && record->credential.length == 0) {
		status = otp_key_to_credential(
			&record->key, reading->now, &record->credential, &record->error);
		name_line(record, record->key.line);
	}
	if (status == TOTPGROUP_EMEMORY || (status == 0 && !found)) {
		free_record(record);
		return status == 0 ? 0 : out_of_memory(reading->error);
	}
	append(reading->list, record);
	return 0;
}

static int read_credential(const struct reading *reading)
{
	struct import_record *record = new_record(reading);
	int status;

	if (record == NULL)
		return out_of_memory(reading->error);
	status = otp_key_from_credential(
		&record->key, reading->text->data, reading->text->length, &record->error);
	/* The text itself is taken over, so that nothing of it is left out. */
	if (status == 0)
		status = text_append(
			&record->credential, reading->text->data, reading->text->length);
	return finish(reading, record, status, true);
}

static int read_users_file(const struct reading *reading)
{
	struct lines lines = {.text = reading->text->data, .length = reading->text->length};
	bool found = true;
	int status = 0;

	while (status == 0 && found) {
		struct import_record *record = new_record(reading);

		if (record == NULL)
			return out_of_memory(reading->error);
		record->names_user = true;
		status = users_file_next(&lines, &record->key, &found, &record->error);
		status = finish(reading, record, status, found);
	}
	return status;
}

static int read_csv(const struct reading *reading)
{
	struct csv_reader reader;
	bool found = true;
	int status =
		csv_open(&reader, reading->text->data, reading->text->length, reading->error);

	while (status == 0 && found) {
		struct import_record *record = new_record(reading);

		if (record == NULL)
			return out_of_memory(reading->error);
		record->names_user = true;
		status = csv_next(&reader, &record->key, &found, &record->error);
		status = finish(reading, record, status, found);
	}
	return status;
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
	return finish(reading, record, status, true);
}

static int read_migration(
	const struct reading *reading, const char *uri, size_t length, unsigned int line)
{
	struct migration migration = {.at = 0};
	struct error problem = ERROR_INIT;
	bool found = true;
	int status = migration_open(&migration, uri, length, &problem);

	/* What cannot be opened is one bad record. */
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
		status = finish(reading, record, status, found);
	} while (status == 0 && found);
	migration_close(&migration);
	return status;
}

/* Both kinds of URI may stand in one file. */
static int read_uris(const struct reading *reading)
{
	static const char start[] = "otpauth-migration:";
	struct lines lines = {.text = reading->text->data, .length = reading->text->length};
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
		if (length >= strlen(start) && ascii_is_word(line, strlen(start), start))
			status = read_migration(reading, line, length, lines.number);
		else
			status = read_uri(reading, line, length, lines.number);
	}
	return status;
}

int import_list_read(struct import_list *list, const char *source, const struct text *text,
	enum transfer_format format, int64_t now, struct error *error)
{
	const struct reading reading = {list, source, text, now, error};

	switch (format) {
	case FORMAT_GOOGLE_AUTHENTICATOR:
		return read_credential(&reading);
	case FORMAT_USERS_FILE:
		return read_users_file(&reading);
	case FORMAT_CSV:
		return read_csv(&reading);
	case FORMAT_URI:
	case FORMAT_MIGRATION:
		return read_uris(&reading);
	case FORMAT_UNKNOWN:
		break;
	}
	return error_set(error, TOTPGROUP_EFORMAT,
		"not a format that can be told from its content; name it with --from");
}
