/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose each hardware token is: by its serial, in a file of the administrator's. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/lines.h"
#include "cli/exchange/exchange.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

/* One line of the file. */
struct owner {
	struct word user; /* points into the file's text */
	struct word serial;
	unsigned int line;
	bool is_used;
	const char *problem; /* why it cannot be used; static, or NULL */
};

struct owners {
	const char *source; /* the file's name for messages */
	struct text text;
	struct owner *each; /* sorted by serial, then line */
	size_t count;
};

/* Compares serials, in which upper and lower case are the same. */
static int compare_words(const struct word *a, const struct word *b)
{
	size_t common = a->length < b->length ? a->length : b->length;
	int order = strncasecmp(a->start, b->start, common);

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *left = a, *right = b;
	int order = compare_words(&left->serial, &right->serial);

	return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

static bool is_separator(char character)
{
	return character == ',' || character == ';' || ascii_is_blank(character);
}

/* Takes a value off the front of a line, with what separates it from the next one. */
static struct word take_value(struct word *rest)
{
	struct word value = {rest->start, 0};

	while (value.length < rest->length && !is_separator(rest->start[value.length]))
		value.length++;
	rest->start += value.length;
	rest->length -= value.length;
	while (rest->length > 0 && is_separator(rest->start[0])) {
		rest->start++;
		rest->length--;
	}
	if (value.length >= 2 && value.start[0] == '"' &&
		value.start[value.length - 1] == '"') {
		value.start++;
		value.length -= 2;
	}
	return value;
}

static struct owner read_owner(struct word line, unsigned int number)
{
	struct owner owner = {.line = number};

	while (line.length > 0 && ascii_is_blank(line.start[0])) {
		line.start++;
		line.length--;
	}
	if (line.length == 0 || *line.start == '#')
		return owner;
	owner.user = take_value(&line);
	owner.serial = take_value(&line);
	if (owner.user.length == 0 || owner.serial.length == 0 || line.length > 0)
		owner.problem = translate("a line is a user and a serial");
	return owner;
}

static int add_owner(struct owners *owners, const struct owner *owner)
{
	struct owner *more = reallocarray(owners->each, owners->count + 1, sizeof *more);

	if (more == NULL)
		return TOTPGROUP_EMEMORY;
	owners->each = more;
	more[owners->count++] = *owner;
	return 0;
}

static bool is_same_word(const struct word *a, const struct word *b)
{
	return a->length == b->length && memcmp(a->start, b->start, a->length) == 0;
}

/* A serial that two users have is nobody's; the same line twice is there once. */
static void judge_owners(struct owners *owners)
{
	for (size_t i = 1; i < owners->count; i++) {
		struct owner *one = &owners->each[i - 1], *other = &owners->each[i];

		if (other->serial.length == 0 ||
			compare_words(&one->serial, &other->serial) != 0)
			continue;
		if (is_same_word(&one->user, &other->user)) {
			other->problem = one->problem;
			other->is_used = true;
			continue;
		}
		one->problem = translate("the serial is there for two users");
		other->problem = one->problem;
	}
}

static int read_owners(struct owners *owners)
{
	const struct word text = import_skip_mark(
		owners->text.data != NULL ? owners->text.data : "", owners->text.length);
	struct lines lines = {.text = text.start, .length = text.length};
	struct word line;
	int status = 0;

	while (status == 0 && lines_next(&lines, &line.start, &line.length)) {
		struct owner owner = read_owner(line, lines.number);

		/* Spreadsheets have names of columns in front. */
		if (owners->count == 0 &&
			ascii_is_word(owner.user.start, owner.user.length, "user") &&
			ascii_is_word(owner.serial.start, owner.serial.length, "serial"))
			continue;
		if (owner.user.length > 0 || owner.problem != NULL)
			status = add_owner(owners, &owner);
	}
	if (owners->count > 0)
		qsort(owners->each, owners->count, sizeof owners->each[0], compare_owners);
	judge_owners(owners);
	return status;
}

/* The first line of a serial, or NULL. */
static struct owner *find_owner(const struct owners *owners, const char *serial)
{
	const struct word word = {serial, strlen(serial)};
	size_t low = 0, high = owners->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_words(&owners->each[middle].serial, &word) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < owners->count && compare_words(&owners->each[low].serial, &word) == 0
		       ? &owners->each[low]
		       : NULL;
}

/* Returns 0 or TOTPGROUP_EMEMORY. */
static int assign(struct import_record *record, struct owner *owner)
{
	int status;

	owner->is_used = true;
	if (owner->problem != NULL) {
		/* The line itself is reported. */
		record->passed_over = true;
		owner->is_used = false;
		return 0;
	}
	/* A name that cannot be one is the record's error. */
	status = otp_key_set_name(
		&record->key, owner->user.start, owner->user.length, &record->error);
	return status == TOTPGROUP_EMEMORY ? status : 0;
}

/* Adds a record for a line of the file that no token fits. */
static int add_failure(
	struct import_list *list, const struct owners *owners, const struct owner *owner)
{
	struct import_record *record = calloc(1, sizeof *record);

	if (record == NULL)
		return TOTPGROUP_EMEMORY;
	record->source = owners->source;
	record->key = (struct otp_key)OTP_KEY_INIT;
	error_set(&record->error, TOTPGROUP_ENOTFOUND, translate("line %u: %.*s%s%s%.*s"),
		owner->line, (int)owner->user.length, owner->user.start,
		owner->user.length > 0 ? ": " : "",
		owner->problem != NULL ? owner->problem : "there is no token with the serial ",
		owner->problem != NULL ? 0 : (int)owner->serial.length, owner->serial.start);
	list->last->next = record;
	list->last = record;
	return 0;
}

static int add_failures(struct import_list *list, const struct owners *owners)
{
	int status = 0;

	for (size_t i = 0; i < owners->count && status == 0; i++)
		if (!owners->each[i].is_used)
			status = add_failure(list, owners, &owners->each[i]);
	return status;
}

static int compare_records(const void *a, const void *b)
{
	const struct import_record *const *left = a, *const *right = b;

	return strcasecmp((*left)->serial, (*right)->serial);
}

/* Two tokens with one serial are not the same one if their secrets differ. */
static void refuse_twins(struct import_record **records, size_t count)
{
	qsort(records, count, sizeof records[0], compare_records);
	for (size_t i = 1; i < count; i++) {
		struct import_record *one = records[i - 1], *other = records[i];

		if (compare_records(&records[i - 1], &records[i]) != 0 ||
			(otp_key_same_secret(&one->key, &other->key) &&
				otp_key_same_kind(&one->key, &other->key)))
			continue;
		error_set(&one->error, TOTPGROUP_ECONFLICT,
			translate("the serial %s is there with two secrets"), one->serial);
		other->error = one->error;
	}
}

static bool is_assigned(const struct import_record *record)
{
	return record->is_token && record->serial != NULL && !record->passed_over &&
	       record->error.code == 0;
}

static int find_twins(const struct import_list *list)
{
	struct import_record **records;
	size_t count = 0;

	for (struct import_record *record = list->first; record != NULL; record = record->next)
		count += is_assigned(record);
	records = calloc(count + 1, sizeof(struct import_record *));
	if (records == NULL)
		return TOTPGROUP_EMEMORY;
	count = 0;
	for (struct import_record *record = list->first; record != NULL; record = record->next)
		if (is_assigned(record))
			records[count++] = record;
	refuse_twins(records, count);
	free(records);
	return 0;
}

static int assign_all(struct import_list *list, const struct owners *owners, size_t *unassigned)
{
	int status = 0;

	for (struct import_record *record = list->first; record != NULL && status == 0;
		record = record->next) {
		struct owner *owner =
			record->serial != NULL ? find_owner(owners, record->serial) : NULL;

		if (!record->is_token)
			continue;
		if (owner != NULL) {
			status = assign(record, owner);
		} else if (record->serial != NULL) {
			record->passed_over = true;
			++*unassigned;
		} else if (record->error.code == 0) {
			error_set(&record->error, TOTPGROUP_EFORMAT,
				translate("a token without a serial"));
		}
	}
	if (status == 0)
		status = find_twins(list);
	return status == 0 ? add_failures(list, owners) : status;
}

static enum exit_status assign_by_file(
	struct import_list *list, const struct exchange_options *options)
{
	struct owners owners = {.source = options->users, .text = TEXT_INIT};
	size_t unassigned = 0;
	struct error error = ERROR_INIT;
	int status = input_read(options->users, &owners.text, &error);

	if (status == 0)
		status = read_owners(&owners);
	if (status == 0 && list->first != NULL)
		status = assign_all(list, &owners, &unassigned);
	/* Not which: where columns are mixed up, the secret is in the place of the serial. */
	if (unassigned > 0 && options->quiet == 0)
		terminal_complain(
			"%zu of the tokens have no user in %s", unassigned, options->users);
	free(owners.each);
	text_free(&owners.text);
	if (status == TOTPGROUP_EMEMORY)
		return terminal_out_of_memory();
	if (error.code == 0)
		return STATUS_DONE;
	return terminal_fail(STATUS_STORE_ERROR, "%s: %s", options->users, error.message);
}

enum exit_status import_list_assign(
	struct import_list *list, const struct exchange_options *options)
{
	size_t unnamed = 0, tokens = 0;

	for (const struct import_record *record = list->first; record != NULL;
		record = record->next) {
		tokens += record->is_token;
		unnamed +=
			record->is_token && record->key.name == NULL && record->error.code == 0;
	}
	if (options->users != NULL && tokens == 0 && list->first != NULL)
		return terminal_fail(STATUS_USAGE, "--users is for hardware tokens");
	if (options->users != NULL)
		return assign_by_file(list, options);
	if (unnamed > 1 || (unnamed == 1 && options->user == NULL))
		return terminal_fail(STATUS_USAGE, "whose are the tokens? --users=FILE has a "
						   "line with user and serial for "
						   "each");
	return STATUS_DONE;
}
