/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/letters.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/host_name.h"
#include "cli/bulk/rows.h"
#include "cli/ui/terminal.h"
#include "exchange/csv.h"
#include "store/durable_steps.h"
#include "totpgroup.h"

/* For fewer users another process is not worth it. */
#define HELP_MIN 64

/* A template on the command line is meant for these letters. */
static int check_template(const struct bulk_letters *letters,
	const struct bulk_options *options, struct error *error)
{
	const struct bulk_formats *formats = &options->formats;

	for (size_t i = 0; i < formats->letter_count; i++)
		if (letter_template_replaces(letters->letter_template, formats->letters[i]))
			return 0;
	return error_set(error, TOTPGROUP_ECONFIG,
		"%s is a template of %s, which --format does not name", options->template_file,
		letter_template_replaces(letters->letter_template, LETTER_TXT) ? "txt"
									       : "html");
}

enum exit_status bulk_letters_begin(struct bulk_letters *letters,
	const struct bulk_options *options, const struct host_defaults *defaults)
{
	const char *language =
		options->language != NULL ? options->language : defaults->enroll.language;
	const char *path = options->template_file != NULL ? options->template_file
							  : defaults->enroll.letter_template;
	struct error error = ERROR_INIT;
	int status = letter_template_read(&letters->letter_template, path, &error);

	if (status == 0 && options->template_file != NULL)
		status = check_template(letters, options, &error);
	if (status == 0 && language != NULL)
		status = letter_template_set_language(
			letters->letter_template, language, &error);
	host_name(letters->host);
	letters->issuer = options->issuer;
	if (letters->issuer == NULL)
		letters->issuer = defaults->enroll.issuer;
	if (letters->issuer == NULL)
		letters->issuer = letters->host;
	if (status == 0)
		return STATUS_DONE;
	terminal_complain_error(&error);
	return status == TOTPGROUP_ECONFIG ? STATUS_USAGE : STATUS_STORE_ERROR;
}

void bulk_letters_end(struct bulk_letters *letters)
{
	letter_template_free(letters->letter_template);
	*letters = (struct bulk_letters){.letter_template = NULL};
}

static int name_csv(struct bulk_shared_file *file)
{
	file->name = "users.csv";
	file->between = "";
	file->fixed_header = true;
	return csv_append_header(&file->header);
}

static int name_json(struct bulk_shared_file *file)
{
	file->name = "users.json";
	file->between = ",\n";
	file->fixed_header = true;
	return bulk_rows_frame(&file->header, &file->footer);
}

static int name_run(
	const struct bulk_letters *letters, struct bulk_shared_file *file, struct error *error)
{
	int status = letter_run_begin(letters->letter_template, &file->header, error);

	file->name = "letters.html";
	file->between = "";
	if (status == 0)
		status = letter_run_end(letters->letter_template, &file->footer, error);
	return status;
}

int bulk_letters_name_shared(const struct bulk_letters *letters,
	const struct bulk_formats *formats, struct bulk_shared_file shared[BULK_SHARED],
	struct error *error)
{
	int status = 0;

	for (size_t i = 0; i < BULK_SHARED; i++)
		shared[i] = (struct bulk_shared_file)BULK_SHARED_FILE_INIT;
	if (formats->csv)
		status = name_csv(&shared[BULK_CSV]);
	if (status == 0 && formats->json)
		status = name_json(&shared[BULK_JSON]);
	if (status != 0)
		return error_set(error, status, "out of memory");
	return formats->html ? name_run(letters, &shared[BULK_RUN], error) : 0;
}

const char *bulk_letters_pieces_name(enum bulk_shared_kind kind)
{
	static const char *const names[BULK_SHARED] = {
		[BULK_CSV] = "csv", [BULK_JSON] = "json", [BULK_RUN] = "run"};

	return names[kind];
}

/* One user's letter, and the pieces that are open. */
struct staging {
	const struct bulk_letters *letters;
	const struct bulk_folder *folder;
	int pieces[BULK_SHARED]; /* -1 where there are none */
};

static bool is_made(const struct bulk_formats *formats, enum bulk_shared_kind kind)
{
	return kind == BULK_CSV	   ? formats->csv
	       : kind == BULK_JSON ? formats->json
				   : formats->html;
}

static int open_pieces(
	struct staging *staging, const struct bulk_formats *formats, struct error *error)
{
	for (int kind = 0; kind < BULK_SHARED; kind++)
		staging->pieces[kind] = -1;
	for (int kind = 0; kind < BULK_SHARED; kind++) {
		const char *name = bulk_letters_pieces_name((enum bulk_shared_kind)kind);

		if (!is_made(formats, (enum bulk_shared_kind)kind))
			continue;
		staging->pieces[kind] = openat(staging->folder->staging, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (staging->pieces[kind] < 0)
			return error_set_system(error, TOTPGROUP_ESYSTEM,
				"cannot write %s in %s", name, staging->folder->path);
	}
	return 0;
}

static int close_pieces(struct staging *staging, int status, struct error *error)
{
	for (int kind = 0; kind < BULK_SHARED; kind++)
		if (staging->pieces[kind] >= 0 && close(staging->pieces[kind]) != 0 &&
			status == 0)
			status = error_set_system(error, TOTPGROUP_ESYSTEM,
				"cannot write in %s", staging->folder->path);
	return status;
}

static int append_piece(const struct staging *staging, const struct bulk_entry *entry,
	const struct letter *letter, enum bulk_shared_kind kind, struct text *text,
	struct error *error)
{
	switch (kind) {
	case BULK_CSV:
		return bulk_rows_append_csv(letter, &entry->text, text, error);
	case BULK_JSON:
		return bulk_rows_append_json(letter, text, error);
	default:
		return letter_run_page(letter, staging->letters->letter_template, text, error);
	}
}

typedef int (*letter_work)(const struct staging *staging, const struct bulk_formats *formats,
	struct bulk_entry *entry, const struct letter *letter, struct error *error);

static int write_pieces(const struct staging *staging, const struct bulk_formats *formats,
	struct bulk_entry *entry, const struct letter *letter, struct error *error)
{
	int status = 0;

	(void)formats;

	for (int kind = 0; status == 0 && kind < BULK_SHARED; kind++) {
		struct text text = TEXT_INIT;

		if (staging->pieces[kind] < 0)
			continue;
		status = append_piece(
			staging, entry, letter, (enum bulk_shared_kind)kind, &text, error);
		if (status == 0 && durable_write_all(staging->pieces[kind], &text) != 0)
			status = error_set_system(error, TOTPGROUP_ESYSTEM,
				"cannot write in %s", staging->folder->path);
		entry->pieces[kind] = text.length;
		text_free(&text);
	}
	return status;
}

static int write_letters(const struct staging *staging, const struct bulk_formats *formats,
	struct bulk_entry *entry, const struct letter *letter, struct error *error)
{
	char name[NAME_MAX + 1];
	int status = 0;

	for (size_t i = 0; status == 0 && i < formats->letter_count; i++) {
		struct text text = TEXT_INIT;

		(void)bulk_entry_letter_name(entry, formats->letters[i], name);
		status = letter_append(letter, formats->letters[i],
			staging->letters->letter_template, &text, error);
		if (status == 0)
			status = bulk_folder_write(
				staging->folder, staging->folder->staging, name, &text, error);
		text_free(&text);
	}
	return status;
}

/* Makes what goes into a letter, and does the work with it. */
static int with_letter(const struct staging *staging, const struct bulk_formats *formats,
	struct bulk_entry *entry, letter_work work, struct error *error)
{
	struct text label = TEXT_INIT;
	struct letter letter = {
		.user = bulk_entry_user(entry),
		.host = staging->letters->host,
		.issuer = staging->letters->issuer,
		.credential = &entry->credential,
		.pending_until = entry->credential.pending_until,
	};
	int status = text_append_format(&label, "%s@%s", letter.user, letter.host);

	letter.label = label.data;
	if (status != 0)
		error_set(error, status, "out of memory");
	else
		status = work(staging, formats, entry, &letter, error);
	text_free(&label);
	return status;
}

static int write_letters_of(const struct staging *staging, struct bulk_batch *batch,
	size_t first, size_t end, struct error *error)
{
	int status = 0;

	for (size_t i = first; status == 0 && i < end; i++)
		status = with_letter(
			staging, &batch->formats, &batch->entries[i], write_letters, error);
	return status;
}

/* What the process that helps has to say. */
struct answer {
	int status;
	struct error error;
};

static pid_t start_helper(
	const struct staging *staging, struct bulk_batch *batch, size_t first, int *answers)
{
	struct answer answer = {.error = ERROR_INIT};
	int ends[2];
	pid_t child;

	if (first == batch->count || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		answer.status =
			write_letters_of(staging, batch, first, batch->count, &answer.error);
		_exit(write(ends[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
	}
	close(ends[1]);
	*answers = ends[0];
	if (child < 0)
		close(ends[0]);
	return child;
}

static int take_answer(pid_t child, int answers, struct error *error)
{
	struct answer answer;
	ssize_t n;

	do
		n = read(answers, &answer, sizeof answer);
	while (n < 0 && errno == EINTR);
	close(answers);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof answer)
		return error_set(
			error, TOTPGROUP_ESYSTEM, "the process that helped with letters died");
	if (answer.status != 0)
		*error = answer.error;
	return answer.status;
}

/* Where another processor is there, a second process makes half of the letters. */
static size_t helpers_share(const struct bulk_batch *batch)
{
	bool helps = batch->count >= HELP_MIN && batch->formats.letter_count > 0 &&
		     sysconf(_SC_NPROCESSORS_ONLN) > 1;

	return helps ? batch->count / 2 : 0;
}

int bulk_letters_stage(const struct bulk_letters *letters, const struct bulk_folder *folder,
	struct bulk_batch *batch, struct error *error)
{
	struct staging staging = {.letters = letters, .folder = folder};
	struct error problem = ERROR_INIT;
	size_t own = batch->count - helpers_share(batch);
	int answers = -1;
	pid_t helper = start_helper(&staging, batch, own, &answers);
	int status = open_pieces(&staging, &batch->formats, error);
	int helped = 0;

	for (size_t i = 0; status == 0 && i < batch->count; i++)
		status = with_letter(
			&staging, &batch->formats, &batch->entries[i], write_pieces, error);
	if (status == 0)
		status = write_letters_of(
			&staging, batch, 0, helper > 0 ? own : batch->count, error);
	status = close_pieces(&staging, status, error);
	if (helper > 0)
		helped = take_answer(helper, answers, &problem);
	if (status == 0 && helped != 0)
		*error = problem;
	return status != 0 ? status : helped;
}
