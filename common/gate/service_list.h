/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The values of services= and grace_services=: names of PAM services. Pure. */
#ifndef TOTPGROUP_GATE_SERVICE_LIST_H
#define TOTPGROUP_GATE_SERVICE_LIST_H

#include <stdbool.h>

#include "base/error.h"

/*
 * 0 for a list of possible names of services, the value of that option. TOTPGROUP_ECONFIG for an entry that is
 * empty, or has a '/', a blank, a byte that is not printable ASCII, or a capital letter.
 * Linux-PAM turns capital letters into small ones, so an entry with one would match no
 * service, and nobody would be asked.
 */
int service_list_check(const char *option, const char *list, struct error *error);

/* Whether a list that service_list_check() accepts has exactly that service. */
bool service_list_has(const char *list, const char *service);

#endif
