/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/ssh_methods.h"

#include <string.h>

#include "gate/comma_list.h"
#include "totpgroup.h"

/* The i-th method has the bit 1 << i in a set. */
static const char *const methods[] = {"publickey", "password", "hostbased", "gssapi-with-mic"};

#define METHODS (sizeof methods / sizeof methods[0])
#define KNOWN	"publickey, password, hostbased and gssapi-with-mic"

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

bool ssh_methods_completed(const char *auth_info, const char *method)
{
	while (auth_info != NULL && *auth_info != '\0') {
		size_t length = strcspn(auth_info, "\n");

		if (is_word(auth_info, strcspn(auth_info, "/ \n"), method))
			return true;
		auth_info += length;
		if (*auth_info == '\n')
			auth_info++;
	}
	return false;
}

static int refuse_method(const char *entry, size_t length, size_t number, struct error *error)
{
	if (length == 0)
		return error_set(error, TOTPGROUP_ECONFIG,
			"entry %zu of skip_after= is empty; name a method or remove it",
			number);
	return comma_list_refuse("skip_after", entry, length,
		is_word(entry, length, "keyboard-interactive")
			? "the method that asks for the code itself; remove it"
			: "which is no method of sshd; it knows " KNOWN,
		error);
}

static unsigned int bit_of(const char *entry, size_t length)
{
	for (unsigned int i = 0; i < METHODS; i++)
		if (is_word(entry, length, methods[i]))
			return 1U << i;
	return 0;
}

int ssh_methods_parse(const char *list, unsigned int *set, struct error *error)
{
	struct comma_list entries = {.rest = list};
	const char *entry;
	size_t length;

	*set = 0;
	while (comma_list_next(&entries, &entry, &length)) {
		unsigned int bit = bit_of(entry, length);

		if (bit == 0) {
			*set = 0;
			return refuse_method(entry, length, entries.number, error);
		}
		*set |= bit;
	}
	return 0;
}

const char *ssh_methods_find(unsigned int set, const char *auth_info)
{
	for (unsigned int i = 0; i < METHODS; i++)
		if ((set & 1U << i) != 0 && ssh_methods_completed(auth_info, methods[i]))
			return methods[i];
	return NULL;
}
