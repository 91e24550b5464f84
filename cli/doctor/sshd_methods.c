/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/sshd_methods.h"

#include <stdlib.h>
#include <string.h>

/* The methods and the settings that switch them on. */
static const struct method {
	const char *name;
	const char *setting;
	bool without_pam;
} methods[] = {
	{"publickey", "pubkeyauthentication", true},
	{"hostbased", "hostbasedauthentication", true},
	{"gssapi-with-mic", "gssapiauthentication", true},
	{"password", "passwordauthentication", false},
	{"keyboard-interactive", "kbdinteractiveauthentication", false},
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* What one list demands. */
struct demand {
	bool other; /* of those that PAM is not asked for */
	bool password;
	bool interactive;
};

/* A setting that an older sshd does not print is not there to be used. */
static bool is_on(const struct sshd_settings *settings, const struct method *method)
{
	return sshd_settings_is(settings, method->setting, "yes");
}

static void demand_method(struct demand *demand, const struct method *method)
{
	demand->other = demand->other || method->without_pam;
	demand->password = demand->password || strcmp(method->name, "password") == 0;
	demand->interactive =
		demand->interactive || strcmp(method->name, "keyboard-interactive") == 0;
}

static void add(struct sshd_methods *found, const struct demand *demand)
{
	if (!demand->password && !demand->interactive)
		found->without_pam = true;
	found->password = found->password || demand->password;
	found->interactive = found->interactive || demand->interactive;
	if (demand->interactive && !demand->other && !demand->password)
		found->interactive_alone = true;
	if (demand->interactive && demand->other)
		found->interactive_after_key = true;
}

static void add_any(struct sshd_methods *found, const struct sshd_settings *settings)
{
	for (size_t i = 0; i < METHODS; i++) {
		struct demand demand = {.other = false};

		if (!is_on(settings, &methods[i]))
			continue;
		demand_method(&demand, &methods[i]);
		add(found, &demand);
	}
}

static const struct method *find_method(const char *name, size_t length)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strlen(methods[i].name) == length &&
			memcmp(methods[i].name, name, length) == 0)
			return &methods[i];
	return NULL;
}

/* A list of methods with commas between, each perhaps with a colon and a
 * device. One that cannot be had makes the list useless. */
static void add_list(struct sshd_methods *found, const struct sshd_settings *settings,
	const char *list, size_t length)
{
	struct demand demand = {.other = false};

	while (length > 0) {
		size_t name = strcspn(list, ",: ");
		size_t word = strcspn(list, ", ");
		const struct method *method = find_method(list, name);

		if (method == NULL || !is_on(settings, method))
			return;
		demand_method(&demand, method);
		word += word < length;
		list += word;
		length -= word;
	}
	add(found, &demand);
}

struct sshd_methods sshd_methods_judge(const struct sshd_settings *settings)
{
	struct sshd_methods found = {.password = false};
	char *value = sshd_settings_get(settings, "authenticationmethods");

	if (value == NULL || strcmp(value, "any") == 0)
		add_any(&found, settings);
	else
		for (const char *list = value; *list != '\0'; list += strspn(list, " ")) {
			size_t length = strcspn(list, " ");

			add_list(&found, settings, list, length);
			list += length;
		}
	free(value);
	return found;
}
