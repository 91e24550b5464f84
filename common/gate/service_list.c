/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/service_list.h"

#include <string.h>

#include "gate/comma_list.h"
#include "totpgroup.h"

/* The problem of a name and its remedy, or NULL. */
static const char *find_problem(const char *entry, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (entry[i] == '/')
			return "which is a path; write the name of a file in /etc/pam.d alone";
		if (entry[i] <= ' ' || entry[i] >= 0x7f)
			return "which is no name; separate names with commas, and write "
			       "printable ASCII";
		if (entry[i] >= 'A' && entry[i] <= 'Z')
			return "which matches nothing, because PAM writes services in small "
			       "letters; do so too";
	}
	return NULL;
}

int service_list_check(const char *option, const char *list, struct error *error)
{
	struct comma_list entries = {.rest = list};
	const char *entry;
	size_t length;

	while (comma_list_next(&entries, &entry, &length)) {
		const char *problem = find_problem(entry, length);

		if (length == 0)
			return error_set(error, TOTPGROUP_ECONFIG,
				"entry %zu of %s= is empty; name a service or remove it",
				entries.number, option);
		if (problem != NULL)
			return comma_list_refuse(option, entry, length, problem, error);
	}
	return 0;
}

bool service_list_has(const char *list, const char *service)
{
	struct comma_list entries = {.rest = list};
	const char *entry;
	size_t length;

	while (comma_list_next(&entries, &entry, &length))
		if (length == strlen(service) && memcmp(entry, service, length) == 0)
			return true;
	return false;
}
