/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of services=: names of PAM services, separated by commas. Pure. */
#ifndef TOTPGROUP_GATE_SERVICE_LIST_H
#define TOTPGROUP_GATE_SERVICE_LIST_H

#include <stdbool.h>

#include "base/error.h"

/*
 * 0 for a list of names that a service can have. TOTPGROUP_ECONFIG for an
 * entry that is empty, or holds a '/', a blank, a byte that is not printable
 * ASCII, or a capital letter: Linux-PAM makes small letters of them, so such
 * an entry would match nothing, and nobody would be asked.
 */
int service_list_check(const char *list, struct error *error);

/* Whether a list that service_list_check() took holds the service, which is
 * compared exactly. */
bool service_list_has(const char *list, const char *service);

#endif
