/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The sources of groups that /etc/nsswitch.conf names, asked one by one.
 *
 * getgrouplist(3) swallows errors: where a source cannot answer, it returns success with
 * a shorter list. So the list proves in which groups a user is, and never in which the
 * user is not.
 */
#ifndef TOTPGROUP_GATE_NSS_SOURCES_H
#define TOTPGROUP_GATE_NSS_SOURCES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "gate/user_groups.h"

/*
 * Adds to *groups the supplementary groups in which any source of the lines `group` and
 * `initgroups` has the user. TOTPGROUP_ESYSTEM, with the source in the message, where one
 * of them cannot answer; TOTPGROUP_EMEMORY. A source that is not installed, or sssd's
 * where sssd is not set up, is left out.
 * Where the C library has no such sources (musl), nothing is added.
 *
 * A source that forgets a member, and does not know that it does, cannot be told from one
 * that has none. As slow as the slowest source; thread-safe as far as the sources are.
 */
int nss_sources_read_groups(const char *user, struct user_groups *groups, struct error *error);

/* The names of these sources, separated by blanks; "files" where the file does not say.
 * TOTPGROUP_ESYSTEM where it cannot be read, TOTPGROUP_EMEMORY. The caller frees *names. */
int nss_sources_list(char **names, struct error *error);

/* Whether a file of the same form, which is read to its end, has one line for the database, and
 * this asks files first and takes what they say. False also where it cannot be read. */
bool nss_sources_begin_with_files(FILE *file, const char *database);

#endif
