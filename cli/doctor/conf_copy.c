/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's configuration files in a folder of our own, for a change to be tried in them. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/private_copy.h"
#include "cli/doctor/proof.h"
#include "config/configuration.h"

#define NAME	 "totpgroup.conf"
#define DROP_INS NAME ".d"

/* The parts of drop-ins are numbered with so many digits. */
#define FILES_MAXIMUM 999

bool conf_copy_reads(const struct doctor *doctor, const char *path)
{
	const struct configuration_file *file = doctor->configuration->files;

	for (; file != NULL; file = file->earlier)
		if (strcmp(file->path, path) == 0)
			return true;
	return false;
}

/* The folder of drop-ins has a name that ends so. */
static bool is_drop_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash - path > 2 && strncmp(slash - 2, ".d", 2) == 0;
}

/* The copy of the file that is read as that one; 0 is the file beside which the others are. */
static void name_copy(unsigned int number, char name[64])
{
	if (number == 0)
		(void)snprintf(name, 64, "%s", NAME);
	else
		(void)snprintf(name, 64, "%s/%03u.conf", DROP_INS, number);
}

static bool copy_file(const struct conf_copy *copy, unsigned int number, const char *from,
	const struct mend *mend)
{
	struct text text = TEXT_INIT;
	struct text changed = TEXT_INIT;
	struct error error = ERROR_INIT;
	char name[64];
	bool is_changed = strcmp(from, mend->file) == 0;
	bool done;

	name_copy(number, name);
	done = pam_file_read(&text, from, &error) == 0 &&
	       (!is_changed || mend_apply(mend, from, &text, &changed)) &&
	       private_copy_write(copy->folder, name, is_changed ? &changed : &text, &error) ==
		       0;
	text_free(&text);
	text_free(&changed);
	return done;
}

/* A path of the folder; the caller frees it. NULL if memory is out. */
static char *path_of(const struct conf_copy *copy, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", copy->folder, name) < 0 ? NULL : path;
}

static bool make_folder(struct conf_copy *copy)
{
	struct error error = ERROR_INIT;
	char *drop_ins;
	bool made;

	copy->folder = private_copy_folder(&error);
	if (copy->folder == NULL)
		return false;
	copy->path = path_of(copy, NAME);
	drop_ins = path_of(copy, DROP_INS);
	made = copy->path != NULL && drop_ins != NULL && mkdir(drop_ins, 0700) == 0;
	free(drop_ins);
	return made;
}

bool conf_copy_make(
	struct conf_copy *copy, const struct doctor *doctor, const struct mend *mend)
{
	const struct configuration_file *files = doctor->configuration->files;
	const struct text empty = TEXT_INIT;
	struct error error = ERROR_INIT;
	bool has_file = false;
	bool done;

	for (const struct configuration_file *file = files; file != NULL; file = file->earlier)
		copy->count++;
	done = copy->count <= FILES_MAXIMUM && make_folder(copy);
	/* The first of the list is the one that was read last. */
	for (unsigned int number = copy->count; done && files != NULL;
		number--, files = files->earlier) {
		bool drop_in = is_drop_in(files->path);

		/* The vendor's file and the host's cannot both be beside the drop-ins. */
		done = (drop_in || !has_file) &&
		       copy_file(copy, drop_in ? number : 0, files->path, mend);
		has_file = has_file || !drop_in;
	}
	return done &&
	       (has_file || private_copy_write(copy->folder, NAME, &empty, &error) == 0);
}

void conf_copy_remove(struct conf_copy *copy)
{
	char *drop_ins = copy->folder != NULL ? path_of(copy, DROP_INS) : NULL;
	char name[64];

	if (copy->folder == NULL)
		return;
	for (unsigned int number = 1; number <= copy->count; number++) {
		name_copy(number, name);
		private_copy_unlink(copy->folder, name);
	}
	if (drop_ins != NULL)
		(void)rmdir(drop_ins);
	private_copy_remove(copy->folder, NAME);
	free(drop_ins);
	free(copy->path);
	*copy = (struct conf_copy){.count = 0};
}
