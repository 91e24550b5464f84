/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store of files: new secrets, one by one and many together. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/file_batch.h"
#include "store/file_place.h"
#include "store/locked_file.h"
#include "store/parent_folders.h"
#include "totpgroup.h"

#define SECRET_MODE 0400

/* A secret whose seal cannot be opened is not replaced: nobody could say whose it is. */
static int check_that_it_opens(const struct file_task *task, struct error *error)
{
	struct text text = TEXT_INIT;
	struct error ignored = ERROR_INIT;
	sealing_key_id id;
	int status = locked_file_look(&task->place->rules, &text, &ignored);

	/* Whatever else is wrong with the file is no reason to keep it. */
	status = status == 0 ? sealing_open(&task->place->sealing, SEAL_SECRET,
				       task->place->path, &text, id, error)
			     : 0;
	text_free(&text);
	return status;
}

static int create_secret(void *argument, struct error *error)
{
	const struct file_task *task = argument;
	const struct file_rules *rules = &task->place->rules;
	int status = task->replace ? check_that_it_opens(task, error) : 0;

	if (status == 0 && settings_of(&task->place->place)->make_folders)
		status = parent_folders_make(rules->path, error);
	if (status == 0)
		status = locked_file_create(
			rules, task->text, SECRET_MODE, task->replace, error);
	return status;
}

int file_place_create(
	struct store_place *place, const struct text *secret, bool replace, struct error *error)
{
	struct text written = TEXT_INIT;
	struct file_task task = {
		.place = file_place_of(place), .text = &written, .replace = replace};
	int status = sealing_close(&task.place->sealing, SEAL_SECRET, secret, &written, error);

	if (status == 0)
		status = file_place_with_rights(task.place, create_secret, &task, error);
	sealing_forget(&task.place->sealing);
	text_free(&written);
	return status;
}

/* Only new files in folders of root's own, which root writes, go together. */
static bool goes_together(const struct store_new *item)
{
	return !item->replace && settings_of(item->place)->make_folders && geteuid() == 0;
}

/* The files that are written together, and what is in them. */
struct together {
	struct file_batch_file *files;
	struct text *texts;
	size_t count;
};

/* Adds an item. Where its folder cannot be made, the file cannot be written either, and that
 * error is reported. */
static void add_file(struct together *together, struct store_new *item)
{
	struct file_batch_file *file = &together->files[together->count];
	struct text *text = &together->texts[together->count];
	struct error ignored = ERROR_INIT;
	struct sealing *sealing = &file_place_of(item->place)->sealing;

	item->status = sealing_close(sealing, SEAL_SECRET, item->secret, text, &item->error);
	sealing_forget(sealing);
	if (item->status != 0) {
		text_free(text);
		return;
	}
	if (together->count == 0 || !dir_entry_is_beside(file[-1].path, item->place->file))
		(void)parent_folders_make(item->place->file, &ignored);
	file->path = item->place->file;
	file->text = text;
	together->count++;
}

/* Passes on what came of each file. */
static void report_files(const struct together *together, struct store_new *items, size_t count)
{
	size_t next = 0;

	for (size_t i = 0; i < count && next < together->count; i++)
		if (items[i].place->file == together->files[next].path) {
			items[i].status = together->files[next].status;
			items[i].error = together->files[next].error;
			next++;
		}
}

void file_place_create_many(
	struct store_new *items, size_t count, const char *suffix, bool is_again)
{
	struct together together = {.files = calloc(count + 1, sizeof *together.files),
		.texts = calloc(count + 1, sizeof *together.texts)};
	bool has_lists = together.files != NULL && together.texts != NULL;

	/* Without memory for the lists each is stored alone, which takes longer. */
	for (size_t i = 0; i < count; i++)
		if (has_lists && goes_together(&items[i]))
			add_file(&together, &items[i]);
		else
			items[i].status = file_place_create(items[i].place, items[i].secret,
				items[i].replace, &items[i].error);
	if (together.count > 0 && is_again)
		file_batch_sweep(together.files, together.count, suffix);
	if (together.count > 0)
		file_batch_put(together.files, together.count, suffix, SECRET_MODE);
	report_files(&together, items, count);
	for (size_t i = 0; i < together.count; i++)
		text_free(&together.texts[i]);
	free(together.files);
	free(together.texts);
}
