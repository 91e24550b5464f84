/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A folder whose owner has forbidden everybody, and so himself, to write to it. */
#ifndef TOTPGROUP_STORE_WRITABLE_FOLDER_H
#define TOTPGROUP_STORE_WRITABLE_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

/* Begins as WRITABLE_FOLDER_INIT, ends with writable_folder_end(). */
struct writable_folder {
	int folder; /* opened with O_PATH, or -1 */
	mode_t before;
};

#define WRITABLE_FOLDER_INIT                                                                   \
	{                                                                                      \
		.folder = -1                                                                   \
	}

/* Lets its owner read, write and search the folder of an absolute path, or of what a link there
 * points to. False where that needs no change, or where the rights of the calling thread do not
 * allow it: those of the folder's owner do. */
bool writable_folder_begin(struct writable_folder *writable, const char *path);

/* Gives the folder its mode back. */
void writable_folder_end(struct writable_folder *writable);

#endif
