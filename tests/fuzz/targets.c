/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const struct fuzz_target fuzz_targets[] = {
	{"credential", fuzz_credential},
	{"state", fuzz_state},
	{"state-slots", fuzz_state_slots},
	{"options", fuzz_options},
	{"configuration", fuzz_configuration},
	{"gate", fuzz_gate},
	{"uri", fuzz_uri},
	{"migration", fuzz_migration},
	{"users-file", fuzz_users_file},
	{"csv", fuzz_csv},
	{"token-csv", fuzz_token_csv},
	{"vault", fuzz_vault},
#ifdef FUZZ_PSKC
	{"pskc", fuzz_pskc},
#endif
	{"letter", fuzz_letter},
	{"pam-file", fuzz_pam_file},
	{"sshd-settings", fuzz_sshd_settings},
	{"sshd-files", fuzz_sshd_files},
	{"frame", fuzz_frame},
	{"reply", fuzz_reply},
	{"json", fuzz_json},
	{"sealed", fuzz_sealed},
	{"seal-keys", fuzz_seal_keys},
	{"login", fuzz_login},
	{NULL, NULL},
};

const struct fuzz_target *fuzz_target_chosen(void)
{
	const char *name = getenv("FUZZ_TARGET");

	for (const struct fuzz_target *target = fuzz_targets; target->name != NULL; target++)
		if (name != NULL && strcmp(name, target->name) == 0)
			return target;
	fprintf(stderr, "FUZZ_TARGET has to name one of these targets:");
	for (const struct fuzz_target *target = fuzz_targets; target->name != NULL; target++)
		fprintf(stderr, " %s", target->name);
	fputc('\n', stderr);
	exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_target *chosen;

	if (chosen == NULL)
		chosen = fuzz_target_chosen();
	chosen->run((struct fuzz_input){(const char *)data, size});
	return 0;
}

void fuzz_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: this is not true: %s\n", file, line, condition);
	abort();
}

void fuzz_take_line(struct fuzz_input *input, char *line, size_t size)
{
	const char *end = input->length > 0 ? memchr(input->data, '\n', input->length) : NULL;
	size_t length = end != NULL ? (size_t)(end - input->data) : input->length;
	size_t kept = length < size ? length : size - 1;

	if (kept > 0)
		memcpy(line, input->data, kept);
	line[kept] = '\0';
	length += end != NULL;
	input->data += length;
	input->length -= length;
}

struct fuzz_input fuzz_take_part(struct fuzz_input *input, const char *separator)
{
	struct fuzz_input part = *input;
	size_t length = strlen(separator);
	const char *end = input->length > 0
				  ? memmem(input->data, input->length, separator, length)
				  : NULL;

	if (end == NULL) {
		input->data += input->length;
		input->length = 0;
		return part;
	}
	part.length = (size_t)(end - input->data);
	input->length -= part.length + length;
	input->data = end + length;
	return part;
}

unsigned int fuzz_take_byte(struct fuzz_input *input)
{
	unsigned int byte;

	if (input->length == 0)
		return 0;
	byte = (unsigned char)*input->data++;
	input->length--;
	return byte;
}

char *fuzz_copy(struct fuzz_input input)
{
	char *copy = malloc(input.length > 0 ? input.length : 1);

	if (copy == NULL)
		abort();
	if (input.length > 0)
		memcpy(copy, input.data, input.length);
	return copy;
}

void fuzz_copy_free(char *copy)
{
	free(copy);
}

void fuzz_check_error(const struct error *error)
{
	FUZZ_CHECK(error->code < 0);
	FUZZ_CHECK(error->message[0] != '\0');
	for (const char *at = error->message; *at != '\0'; at++)
		FUZZ_CHECK((unsigned char)*at >= ' ' && *at != '\x7f');
}

static char folder_path[64];

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder_path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int fuzz_folder(void)
{
	static int folder = -1;

	if (folder >= 0)
		return folder;
	snprintf(folder_path, sizeof folder_path, "/dev/shm/totpgroup-fuzz-XXXXXX");
	if (mkdtemp(folder_path) == NULL)
		abort();
	atexit(remove_folder);
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		abort();
	return folder;
}

const char *fuzz_folder_path(void)
{
	fuzz_folder();
	return folder_path;
}

void fuzz_put_file(const char *name, struct fuzz_input content)
{
	int fd = openat(fuzz_folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, content.data, content.length) != (ssize_t)content.length)
		abort();
	close(fd);
}
