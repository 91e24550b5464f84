/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's configuration files in a folder of our own, for a change to be tried in them. */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/proof.h"
#include "config/configuration.h"

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

static bool write_file(const char *path, const struct text *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t done = 0;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while (done < text->length && n >= 0) {
		n = write(fd, text->data + done, text->length - done);
		if (n > 0)
			done += (size_t)n;
	}
	return close(fd) == 0 && done == text->length;
}

/* The copy of the file that is read as that one; 0 is the file beside which the others are. */
static void name_copy(const struct conf_copy *copy, unsigned int number, char path[128])
{
	if (number == 0)
		(void)snprintf(path, 128, "%s", copy->path);
	else
		(void)snprintf(path, 128, "%s.d/%03u.conf", copy->path, number);
}

static bool copy_file(const struct conf_copy *copy, unsigned int number, const char *from,
	const struct mend *mend)
{
	struct text text = TEXT_INIT;
	struct text changed = TEXT_INIT;
	struct error error = ERROR_INIT;
	char path[128];
	bool done;

	name_copy(copy, number, path);
	done = pam_file_read(&text, from, &error) == 0;
	if (done && strcmp(from, mend->file) == 0)
		done = mend_apply(mend, from, &text, &changed) && write_file(path, &changed);
	else if (done)
		done = write_file(path, &text);
	text_free(&text);
	text_free(&changed);
	return done;
}

static bool make_folder(struct conf_copy *copy)
{
	char drop_ins[128];

	(void)snprintf(copy->folder, sizeof(copy->folder), "/tmp/totp-enroll.XXXXXX");
	if (mkdtemp(copy->folder) == NULL) {
		copy->folder[0] = '\0';
		return false;
	}
	(void)snprintf(copy->path, sizeof(copy->path), "%s/totpgroup.conf", copy->folder);
	(void)snprintf(drop_ins, sizeof(drop_ins), "%s.d", copy->path);
	return mkdir(drop_ins, 0700) == 0;
}

bool conf_copy_make(
	struct conf_copy *copy, const struct doctor *doctor, const struct mend *mend)
{
	const struct configuration_file *files = doctor->configuration->files;
	const struct text empty = TEXT_INIT;
	bool has_file = false;
	bool done;

	for (const struct configuration_file *file = files; file != NULL; file = file->earlier)
		copy->count++;
	done = copy->count <= FILES_MAXIMUM && make_folder(copy);
	/* The first of the list is the one that was read last. */
	for (unsigned int number = copy->count; done && files != NULL;
		number--, files = files->earlier) {
		bool drop_in = is_drop_in(files->path);

		has_file = has_file || !drop_in;
		done = copy_file(copy, drop_in ? number : 0, files->path, mend);
	}
	return done && (has_file || write_file(copy->path, &empty));
}

void conf_copy_remove(struct conf_copy *copy)
{
	char path[128];

	if (copy->folder[0] == '\0')
		return;
	for (unsigned int number = 0; number <= copy->count; number++) {
		name_copy(copy, number, path);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s.d", copy->path);
	(void)rmdir(path);
	(void)rmdir(copy->folder);
}
