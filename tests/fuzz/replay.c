/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs inputs without a fuzzer. Each argument is a file, or a folder whose files are run:
 *
 *     FUZZ_TARGET=uri replay [-m COUNT] FILE|FOLDER...
 *
 * With -m each input is also run COUNT times with random changes, by TOTPGROUP_TEST_SEED or a seed
 * that is printed. An input that breaks the target is printed.
 */

#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static uint64_t random_state;
static unsigned int changes, run_count;
static const struct fuzz_target *target;
static struct fuzz_input current;

/* splitmix64 */
static uint64_t draw(uint64_t limit)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % limit;
}

/* Changes a byte, or leaves a piece out, or repeats one. */
static size_t change(char *data, size_t length, size_t room)
{
	size_t at, piece;

	if (length == 0)
		return 0;
	at = (size_t)draw(length);
	piece = 1 + (size_t)draw(length - at < 16 ? length - at : 16);
	switch (draw(4)) {
	case 0:
		memmove(data + at, data + at + piece, length - at - piece);
		return length - piece;
	case 1:
		if (length + piece > room)
			return length;
		memmove(data + at + piece, data + at, length - at);
		return length + piece;
	case 2:
		data[at] = (char)draw(256);
		return length;
	default:
		data[at] = data[draw(length)];
		return length;
	}
}

/* Shows what broke the target as a string of C, from which printf(1) makes the input again. */
static void show_input(int number)
{
	(void)number;
	fprintf(stderr, "the input: '");
	for (size_t i = 0; i < current.length; i++) {
		unsigned char byte = (unsigned char)current.data[i];

		if (byte < ' ' || byte > '~' || strchr("\\'%", byte) != NULL)
			fprintf(stderr, "\\%03o", byte);
		else
			fputc(byte, stderr);
	}
	fprintf(stderr, "'\n");
}

static void run_one(const char *data, size_t length)
{
	current = (struct fuzz_input){data, length};
	target->run(current);
	run_count++;
}

static void run_input(const char *data, size_t length)
{
	size_t room = length + 256;
	char *changed = malloc(room);

	if (changed == NULL)
		abort();
	run_one(data, length);
	for (unsigned int i = 0; i < changes; i++) {
		size_t size = length;

		memcpy(changed, data, length);
		for (uint64_t count = 1 + draw(6); count > 0; count--)
			size = change(changed, size, room);
		run_one(changed, size);
	}
	free(changed);
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct text text = TEXT_INIT;
	char piece[4096];
	size_t count;

	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	while ((count = fread(piece, 1, sizeof piece, file)) > 0)
		if (text_append(&text, piece, count) != 0)
			abort();
	fclose(file);
	run_input(text.data != NULL ? text.data : "", text.length);
	text_free(&text);
}

static void run_path(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	char file[4096];

	if (count < 0) {
		run_file(path);
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			run_file(file);
		free(entries[i]);
	}
	free(entries);
}

static void read_seed(void)
{
	const char *seed = getenv("TOTPGROUP_TEST_SEED");

	if (seed != NULL && *seed != '\0')
		random_state = strtoull(seed, NULL, 0);
	else if (getrandom(&random_state, sizeof random_state, 0) !=
		 (ssize_t)sizeof random_state)
		abort();
	fprintf(stderr, "# %s: TOTPGROUP_TEST_SEED=%" PRIu64 "\n", target->name, random_state);
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "m:")) != -1) {
		if (option != 'm')
			return 2;
		changes = (unsigned int)strtoul(optarg, NULL, 10);
	}
	target = fuzz_target_chosen();
	read_seed();
	/* The signal ends the program when the function has returned. */
	signal(SIGABRT, show_input);
	for (int i = optind; i < argc; i++)
		run_path(argv[i]);
	fprintf(stderr, "# %s: %u inputs\n", target->name, run_count);
	return run_count > 0 ? 0 : 2;
}
