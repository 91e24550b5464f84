/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A search for secrets in all writable memory of the process. */
#ifndef TOTPGROUP_TESTS_MEMORY_SEARCH_H
#define TOTPGROUP_TESTS_MEMORY_SEARCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before what is searched for: makes a text longer than the part of freed memory that the allocator
 * overwrites, and than what is allocated soon after. */
#define MEMORY_BLANKS                                                                          \
	"                                                            "                         \
	"                                                            "                         \
	"                                                            "                         \
	"                                                            "

/* The test itself must not have the secrets in writable memory. It has them in literals, or masked. */
#define MEMORY_MASK 0x55

struct needle {
	const char *what;
	unsigned char bytes[64]; /* masked */
	size_t length;
};

static struct needle needles[12];
static unsigned int needle_count;

static inline void memory_forget(void)
{
	needle_count = 0;
}

/* Remembers bytes to search for, each XORed with a pad, without a copy in clear text. */
static inline void memory_remember(
	const char *what, const char *literal, size_t length, unsigned char pad)
{
	struct needle *needle = &needles[needle_count++];

	needle->what = what;
	needle->length = length;
	for (size_t i = 0; i < length; i++)
		needle->bytes[i] = (unsigned char)(literal[i] ^ pad ^ MEMORY_MASK);
}

static inline bool is_at(const struct needle *needle, const unsigned char *bytes)
{
	size_t i = 0;

	while (i < needle->length && (bytes[i] ^ MEMORY_MASK) == needle->bytes[i])
		i++;
	return i == needle->length;
}

static inline unsigned int search_range(const unsigned char *from, const unsigned char *to)
{
	unsigned int found = 0;

	for (unsigned int n = 0; n < needle_count; n++)
		for (const unsigned char *at = from; at + needles[n].length <= to; at++)
			if (is_at(&needles[n], at)) {
				fprintf(stderr, "%s is left at %p\n", needles[n].what,
					(const void *)at);
				found++;
			}
	return found;
}

extern void __asan_init(void) __attribute__((weak));

/* Skips the program when it was built with the address sanitizer, which keeps terabytes of memory of
 * its own. */
static inline void memory_need_no_sanitizer(void)
{
	if (__asan_init == NULL)
		return;
	printf("1..0 # SKIP the memory of a sanitizer is too large to be searched\n");
	exit(77);
}

/* Has all functions found when the program starts again (stack_main()). Otherwise the loader finds those of
 * libpam and others at their first call, and stores the registers on the stack meanwhile, which may hold
 * a text that was wiped from memory. The module itself is always bound at once. */
static inline void memory_bind_now(void)
{
	setenv("LD_BIND_NOW", "1", 1);
}

static char maps[1 << 16];

/* Bytes of another process that are searched at a time, and how many of them once more. */
#define MEMORY_CHUNK   (1 << 20)
#define MEMORY_OVERLAP 64

/* Searches a part of another process's memory through its file. */
static inline unsigned int search_file(int memory, unsigned long from, unsigned long to)
{
	static unsigned char chunk[MEMORY_CHUNK];
	unsigned int found = 0;
	ssize_t count;

	for (; from < to; from += MEMORY_CHUNK - MEMORY_OVERLAP) {
		size_t size = to - from < MEMORY_CHUNK ? to - from : MEMORY_CHUNK;

		count = pread(memory, chunk, size, (off_t)from);
		if (count > 0)
			found += search_range(chunk, chunk + count);
		explicit_bzero(chunk, sizeof chunk);
	}
	return found;
}

/* Searches all writable memory of a process; 0 is this one. Returns how often it found one of the
 * secrets. */
static inline unsigned int memory_search_of(pid_t pid)
{
	char path[64];
	int file, memory = -1;
	unsigned int found = 0;
	size_t length = 0;
	ssize_t count;

	snprintf(path, sizeof path, "/proc/%d/maps", pid != 0 ? pid : getpid());
	file = open(path, O_RDONLY | O_CLOEXEC);
	while ((count = read(file, maps + length, sizeof maps - 1 - length)) > 0)
		length += (size_t)count;
	maps[length] = '\0';
	close(file);
	if (pid != 0) {
		snprintf(path, sizeof path, "/proc/%d/mem", pid);
		memory = open(path, O_RDONLY | O_CLOEXEC);
		if (memory < 0 || length == 0)
			return 1;
	}
	for (char *line = strtok(maps, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long from, to;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 ||
			strncmp(rights, "rw", 2) != 0)
			continue;
		if (pid != 0)
			found += search_file(memory, from, to);
		else
			found += search_range(
				(const unsigned char *)from, (const unsigned char *)to);
	}
	if (memory >= 0)
		close(memory);
	return found;
}

static inline unsigned int memory_search(void)
{
	return memory_search_of(0);
}

#endif
