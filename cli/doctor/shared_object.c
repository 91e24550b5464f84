/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a file can be the module: a whole shared object for this machine that has the function
 * that PAM calls. It is read and never loaded. */

#include "config.h"

#include "cli/doctor/shared_object.h"
#include "message/translate.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY "pam_sm_authenticate"

/* No module is larger. */
#define SIZE_MAXIMUM (64 * 1024 * 1024)

/* The header of the running program says what this machine runs. */
static bool read_own_header(ElfW(Ehdr) * header)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && read(fd, header, sizeof *header) == sizeof *header;

	if (fd >= 0)
		close(fd);
	return done;
}

static bool is_for_this_machine(const ElfW(Ehdr) * header)
{
	ElfW(Ehdr) own;

	return !read_own_header(&own) ||
	       (header->e_machine == own.e_machine &&
		       header->e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
		       header->e_ident[EI_DATA] == own.e_ident[EI_DATA]);
}

static bool has_range(size_t size, uint64_t offset, uint64_t length)
{
	return offset <= size && length <= size - offset;
}

/* Whether everything that the headers name is there. */
static bool is_whole(const char *bytes, size_t size, const ElfW(Ehdr) * header)
{
	if (!has_range(size, header->e_phoff, (uint64_t)header->e_phnum * sizeof(ElfW(Phdr))) ||
		!has_range(
			size, header->e_shoff, (uint64_t)header->e_shnum * header->e_shentsize))
		return false;
	for (size_t i = 0; i < header->e_phnum; i++) {
		ElfW(Phdr) segment;

		memcpy(&segment, bytes + header->e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type == PT_LOAD &&
			!has_range(size, segment.p_offset, segment.p_filesz))
			return false;
	}
	return true;
}

static const char *judge(const char *bytes, size_t size)
{
	ElfW(Ehdr) header;

	if (size < EI_NIDENT || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return size == 0 ? translate("is empty") : translate("is no shared object");
	if (size < sizeof header)
		return translate("is cut short");
	memcpy(&header, bytes, sizeof header);
	if (!is_for_this_machine(&header))
		return translate("is for another kind of machine");
	if (header.e_type != ET_DYN)
		return translate("is no shared object");
	if (!is_whole(bytes, size, &header))
		return translate("is cut short");
	if (memmem(bytes, size, ENTRY, sizeof ENTRY) == NULL)
		return translate("is no PAM module");
	return NULL;
}

const char *shared_object_judge(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *wrong = NULL;
	struct stat status;
	void *bytes;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0)
		wrong = NULL;
	else if (!S_ISREG(status.st_mode))
		wrong = translate("is no file");
	else if (status.st_size == 0)
		wrong = translate("is empty");
	else if (status.st_size > SIZE_MAXIMUM)
		wrong = translate("is too large for a PAM module");
	else {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			wrong = judge(bytes, (size_t)status.st_size);
			munmap(bytes, (size_t)status.st_size);
		}
	}
	close(fd);
	return wrong;
}
