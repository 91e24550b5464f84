/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "store/durable_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store/linux_calls.h"
#include "totpgroup.h"

#define LETTERS                                                                                \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                           \
	"abcdefghijklmnopqrstuvwxyz"                                                           \
	"0123456789"

int durable_write_failed(struct error *error, const char *what, const char *path)
{
	bool unwritable = errno == EROFS || errno == EACCES || errno == EPERM ||
			  errno == ENOSPC || errno == EDQUOT;

	return error_set_system(error, unwritable ? TOTPGROUP_EUNWRITABLE : TOTPGROUP_ESYSTEM,
		"cannot %s %s", what, path);
}

static bool is_capital(char character)
{
	return character >= 'A' && character <= 'Z';
}

/* Whether that many letters and digits look as if made up at random. */
static bool is_random(const char *suffix)
{
	size_t capitals = is_capital(suffix[0]);
	size_t capitals_behind = 0;

	for (size_t i = 1; i < DURABLE_SUFFIX_LENGTH; i++)
		capitals_behind += is_capital(suffix[i]);
	return capitals_behind > 0 && capitals + capitals_behind < DURABLE_SUFFIX_LENGTH;
}

bool durable_is_suffix(const char *suffix)
{
	return strspn(suffix, LETTERS) == DURABLE_SUFFIX_LENGTH &&
	       suffix[DURABLE_SUFFIX_LENGTH] == '\0' && is_random(suffix);
}

int durable_draw_suffix(char suffix[DURABLE_SUFFIX_LENGTH + 1])
{
	unsigned char random[DURABLE_SUFFIX_LENGTH];

	suffix[DURABLE_SUFFIX_LENGTH] = '\0';
	do {
		/* Not for want of room or rights, whatever errno says. */
		if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
			errno = EIO;
			return -1;
		}
		for (size_t i = 0; i < DURABLE_SUFFIX_LENGTH; i++)
			suffix[i] = LETTERS[random[i] % (sizeof LETTERS - 1)];
	} while (!is_random(suffix));
	return 0;
}

int durable_temporary_name(const char *file, const char *suffix, char name[NAME_MAX + 1])
{
	int length = snprintf(name, NAME_MAX + 1, "%s~%s", file, suffix);

	if (length >= 0 && length <= NAME_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int durable_write_all(int file, const struct text *text)
{
	size_t written = 0;

	while (written < text->length) {
		ssize_t count = write(file, text->data + written, text->length - written);

		if (count == 0)
			errno = EIO;
		if (count == 0 || (count < 0 && errno != EINTR))
			return -1;
		if (count > 0)
			written += (size_t)count;
	}
	return 0;
}

int durable_overwrite(int file, const char *bytes, size_t length, off_t offset)
{
	size_t written = 0;
	int saved;

	while (written < length) {
		/* pwritev2() does not write to it, and has no const there. */
		struct iovec rest = {.iov_len = length - written};
		const char *at = bytes + written;
		ssize_t count;

		memcpy(&rest.iov_base, &at, sizeof rest.iov_base);
		count = pwritev2(file, &rest, 1, offset + (off_t)written, RWF_DSYNC);
		if (count == 0)
			errno = EIO;
		if (count == 0 || (count < 0 && errno != EINTR))
			break;
		if (count > 0)
			written += (size_t)count;
	}
	if (written == length)
		return 0;
	saved = errno;
	(void)posix_fadvise(file, offset, (off_t)length, POSIX_FADV_DONTNEED);
	errno = saved;
	return -1;
}

int durable_name_exclusively(int from, const char *temporary, int folder, const char *name)
{
	int saved;

	if (renameat2(from, temporary, folder, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system without that flag can still link exclusively. */
	if (linkat(from, temporary, folder, name, 0) != 0)
		return -1;
	if (unlinkat(from, temporary, 0) == 0)
		return 0;
	/* With two names it would be refused for ever. */
	saved = errno;
	(void)unlinkat(folder, name, 0);
	errno = saved;
	return -1;
}

int durable_sync_folder(int folder, int file)
{
	if (folder >= 0 && fsync(folder) == 0)
		return 0;
	if (folder >= 0 && errno != EINVAL)
		return -1;
	return syncfs(file);
}
