/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "exchange/csv_text.h"
#include "message/translate.h"
#include "totpgroup.h"

static enum exit_status open_group(struct bulk_users *users, const char *group)
{
	enum exit_status status;

	users->is_group = true;
	if (getuid() != 0) {
		terminal_complain("only root may enroll a group");
		return STATUS_NOT_PERMITTED;
	}
	status = group_walk_begin(&users->walk, group);
	if (status != STATUS_DONE)
		return status;
	users->total = group_walk_count(&users->walk);
	if (users->total == 0)
		terminal_complain("the group '%s' has no members", group);
	return status;
}

static enum exit_status open_names(struct bulk_users *users, const char *path)
{
	struct stat status;

	users->source = input_name(path);
	users->file = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		users->file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (users->file < 0 || fstat(users->file, &status) != 0) {
		terminal_complain("cannot open %s: %s", path, strerror(errno));
		return STATUS_STORE_ERROR;
	}
	if (S_ISREG(status.st_mode) && status.st_size > 0)
		users->size = (size_t)status.st_size;
	return STATUS_DONE;
}

enum exit_status bulk_users_begin(struct bulk_run *run)
{
	const struct bulk_options *options = &run->options;

	run->users.signals = &run->signals;
	run->users.file = -1;
	if (options->group != NULL)
		return open_group(&run->users, options->group);
	return open_names(&run->users, options->users != NULL ? options->users : "-");
}

/* Reads the next bytes into the buffer; false at the end. */
static bool fill_buffer(struct bulk_users *users)
{
	ssize_t n;

	do {
		if (!bulk_signals_wait_for(users->signals, users->file)) {
			users->interrupted = true;
			return false;
		}
		n = read(users->file, users->buffer, sizeof users->buffer);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	users->failed = n < 0;
	if (users->failed)
		terminal_complain("cannot read %s: %s", users->source, strerror(errno));
	if (n <= 0)
		return false;
	users->length = (size_t)n;
	users->consumed += users->length;
	users->at = 0;
	return true;
}

/* Reads a line into row, and cuts it one byte behind the longest. NULs become newlines, which
 * no name contains. False at the end. */
static bool read_line(struct bulk_users *users)
{
	size_t length = 0;
	bool any = false;

	while (users->at < users->length || fill_buffer(users)) {
		char byte = users->buffer[users->at++];

		any = true;
		if (byte == '\n')
			break;
		if (length <= BULK_LINE_MAX)
			users->row[length++] = byte != '\0' ? byte : '\n';
	}
	users->row[length] = '\0';
	users->line += any;
	return any && !users->interrupted && !users->failed;
}

static char *skip_blanks(char *name)
{
	return name + strspn(name, " \t");
}

static void cut_blanks(char *name)
{
	size_t length = strlen(name);

	while (length > 0 && strchr(" \t\r", name[length - 1]) != NULL)
		name[--length] = '\0';
}

/* Cuts off the blanks around a row, and the byte order mark that spreadsheets write. */
static char *trim(char *row, bool is_first)
{
	if (is_first && strncmp(row, "\xef\xbb\xbf", 3) == 0)
		row += 3;
	row = skip_blanks(row);
	cut_blanks(row);
	return row;
}

static int refuse_line(const struct bulk_users *users, struct bulk_user *user)
{
	return error_set(&user->error, TOTPGROUP_EFORMAT,
		translate("%s, line %u: is no name of a user"), users->source, users->line);
}

/* Reads what stands behind the name and a separator: the full name, and nothing else. */
static int read_full_name(
	struct bulk_users *users, struct bulk_user *user, const char *rest, char separator)
{
	struct csv_text csv = {.text = rest, .length = strlen(rest), .separator = separator};
	struct error problem = ERROR_INIT;
	struct text field = TEXT_INIT;
	bool last = false;
	int status = csv_text_read(&csv, &field, &last, &problem);

	if (status == TOTPGROUP_EMEMORY)
		error_set(&user->error, status, translate("out of memory"));
	else if (status != 0 || !last)
		error_set(&user->error, TOTPGROUP_EFORMAT,
			translate("%s, line %u: behind the user's name stands the full name "
				  "alone, in quotes if it has a comma"),
			users->source, users->line);
	else
		utf8_copy_shown(
			users->full_name, sizeof users->full_name, field.data, field.length);
	if (user->error.code == 0 && users->full_name[0] != '\0')
		user->full_name = users->full_name;
	text_free(&field);
	return user->error.code;
}

/* Cuts the row into the name and the full name. */
static void read_row(struct bulk_users *users, struct bulk_user *user, char *row)
{
	char *end = row + strcspn(row, ",;\t"), separator = *end;
	bool is_cut = strlen(users->row) > BULK_LINE_MAX;

	*end = '\0';
	cut_blanks(row);
	user->name = row;
	if (is_cut || *row == '\0' || strlen(row) > BULK_NAME_MAX ||
		ascii_has_control(row, strlen(row)))
		refuse_line(users, user);
	else if (separator != '\0')
		read_full_name(users, user, skip_blanks(end + 1), separator);
}

static bool next_name(struct bulk_users *users, struct bulk_user *user)
{
	char *row;

	do {
		if (!read_line(users))
			return false;
		row = trim(users->row, users->line == 1);
	} while (*row == '\0' || *row == '#');
	user->named = true;
	user->entry = NULL;
	users->given++;
	read_row(users, user, row);
	return true;
}

static void append_capitalized(struct text *text, const char *name)
{
	size_t before = text->length;

	if (text_append_string(text, name) == 0 && *name >= 'a' && *name <= 'z')
		text->data[before] = (char)(*name - 'a' + 'A');
}

void bulk_full_name(const struct passwd *entry, char name[BULK_FULL_NAME_MAX + 1])
{
	const char *gecos = entry->pw_gecos != NULL ? entry->pw_gecos : "";
	struct text text = TEXT_INIT;

	for (; *gecos != '\0' && *gecos != ','; gecos++)
		if (*gecos != '&') {
			text_append(&text, gecos, 1);
		} else {
			append_capitalized(&text, entry->pw_name);
		}
	name[0] = '\0';
	if (text.length > 0)
		utf8_copy_shown(name, BULK_FULL_NAME_MAX + 1, text.data, text.length);
	text_free(&text);
}

bool bulk_users_next(struct bulk_users *users, struct bulk_user *user)
{
	*user = (struct bulk_user){.error = ERROR_INIT};
	if (!users->is_group)
		return next_name(users, user);
	users->interrupted = bulk_signals_came(users->signals);
	return !users->interrupted && group_walk_next(&users->walk, &user->name, &user->entry);
}

double bulk_users_fraction(const struct bulk_users *users, unsigned long done)
{
	size_t read = users->consumed - (users->length - users->at);
	double fraction;

	if (users->is_group)
		return users->total > 0 ? (double)done / (double)users->total : 1;
	if (users->size == 0 || users->consumed > users->size)
		return -1;
	fraction = (double)read / (double)users->size;
	/* The names of a batch are read before its users are enrolled. */
	return done < users->given ? fraction * (double)done / (double)users->given : fraction;
}

void bulk_users_end(struct bulk_users *users)
{
	group_walk_end(&users->walk);
	if (users->file > STDIN_FILENO)
		close(users->file);
	users->file = -1;
}
