/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The folders that a file of the system's own state lies in. */
#ifndef TOTPGROUP_STORE_PARENT_FOLDERS_H
#define TOTPGROUP_STORE_PARENT_FOLDERS_H

#include "base/error.h"

/*
 * Makes the folder of the file at an absolute path, and those above it that are
 * missing, durably, each with mode 0700 and the identity of the calling process.
 * What is there stays as it is. TOTPGROUP_EUNWRITABLE where one cannot be made
 * (EROFS, EACCES, EPERM, ENOSPC, EDQUOT), TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int parent_folders_make(const char *path, struct error *error);

#endif
