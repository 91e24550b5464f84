/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A group as the system's group database has it, through NSS. */
#ifndef TOTPGROUP_GATE_GROUP_RECORD_H
#define TOTPGROUP_GATE_GROUP_RECORD_H

#include <grp.h>

#include "base/error.h"

/* Owned by the caller who looked it up, and freed with free(). */
struct group_record {
	struct group group;
	char strings[]; /* what group points to */
};

/*
 * Looks a group up by name, or by gid, with all of its members. *record is NULL with 0
 * where the database positively has no such group, and with TOTPGROUP_ESYSTEM (and
 * error->system_error) or TOTPGROUP_EMEMORY where it could not be asked, or has more than
 * 64 MiB to say.
 *
 * Up to 200,000 members or so it asks once: a directory sends the members again each time.
 * Thread-safe, and as slow as the host's directory.
 */
int group_record_by_name(struct group_record **record, const char *name, struct error *error);
int group_record_by_gid(struct group_record **record, gid_t gid, struct error *error);

#endif
