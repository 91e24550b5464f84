/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/pskc_library.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "message/translate.h"
#include "totpgroup.h"

#define PSKC_LIBRARY "libpskc.so.0"

void pskc_library_free(void *memory)
{
	if (memory != NULL)
		wipe_free(memory, malloc_usable_size(memory));
}

/* realloc() would leave the old memory as it was. */
static void *resize(void *memory, size_t size)
{
	size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
	void *more = malloc(size);

	if (more == NULL)
		return NULL;
	if (before > 0)
		memcpy(more, memory, before < size ? before : size);
	pskc_library_free(memory);
	return more;
}

static int refuse(struct pskc_library *library, const char *why, struct error *error)
{
	error_set(error, TOTPGROUP_ENOTFOUND,
		translate("a PSKC container needs libpskc (Debian: apt install libpskc0): %s"),
		why);
	pskc_library_close(library);
	return TOTPGROUP_ENOTFOUND;
}

int pskc_library_open(struct pskc_library *library, struct error *error)
{
	library->handle = dlopen(PSKC_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library->handle == NULL)
		return refuse(library, dlerror(), error);
		/* C has no conversion from an object pointer to a function pointer. */
#define FIND(name)                                                                             \
	*(void **)&library->name = dlsym(library->handle, #name);                              \
	if (library->name == NULL)                                                             \
		return refuse(library, "it has no " #name, error);
	PSKC_LIBRARY_FUNCTIONS(FIND)
#undef FIND
	if (library->xmlMemSetup(pskc_library_free, malloc, resize, strdup) != 0 ||
		library->pskc_global_init() != PSKC_OK)
		return refuse(library, translate("it cannot be used"), error);
	return 0;
}

/* The library stays loaded: libxml2 keeps memory that only the end of the program releases. */
void pskc_library_close(struct pskc_library *library)
{
	*library = (struct pskc_library){.handle = NULL};
}
