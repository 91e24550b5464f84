/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What sshd's AuthenticationMethods demands, and how it reads with the code in each list. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"

/* What a method demands of the user; a list demands what its methods demand. */
#define WITHOUT_PAM 1U
#define PASSWORD    2U
#define INTERACTIVE 4U

/* The methods, and the settings that switch them on. */
static const struct method {
	const char *name;
	const char *setting;
	unsigned int demand;
} methods[] = {
	{"publickey", "pubkeyauthentication", WITHOUT_PAM},
	{"hostbased", "hostbasedauthentication", WITHOUT_PAM},
	{"gssapi-with-mic", "gssapiauthentication", WITHOUT_PAM},
	{"password", "passwordauthentication", PASSWORD},
	{"keyboard-interactive", "kbdinteractiveauthentication", INTERACTIVE},
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* An older sshd that does not print the setting does not have the method. */
static bool is_on(const struct text *settings, const struct method *method)
{
	return sshd_settings_is(settings, method->setting, "yes");
}

/* Without PAM nothing asks by keyboard-interactive. */
static void add_demand(
	struct sshd_methods *found, const struct text *settings, unsigned int demand)
{
	if ((demand & (PASSWORD | INTERACTIVE)) == 0)
		found->without_pam = true;
	if ((demand & PASSWORD) != 0)
		found->password = true;
	if ((demand & INTERACTIVE) != 0)
		found->interactive = true;
	if (demand == INTERACTIVE)
		found->interactive_alone = true;
	if ((demand & INTERACTIVE) != 0 && (demand & WITHOUT_PAM) != 0)
		found->interactive_after_key = true;
	if (demand == PASSWORD ||
		((demand & WITHOUT_PAM) == 0 && sshd_settings_is(settings, "usepam", "yes")))
		found->keyless = true;
}

static const struct method *find_method(const char *name, size_t length)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strlen(methods[i].name) == length &&
			memcmp(methods[i].name, name, length) == 0)
			return &methods[i];
	return NULL;
}

#define DEVICE ":pam"

/* Behind keyboard-interactive may stand the device that asks. On Linux only PAM does. */
static bool is_other_device(const char *word, size_t name, size_t length)
{
	return length > name && (length - name != strlen(DEVICE) ||
					memcmp(word + name, DEVICE, strlen(DEVICE)) != 0);
}

/* What a list demands: methods with commas between them. 0 where it is useless, because a
 * method is switched off or a device is not there. */
static unsigned int list_demand(
	const struct text *settings, const char *list, size_t length, bool *other_device)
{
	unsigned int demand = 0;

	while (length > 0) {
		size_t name = strcspn(list, ",: ");
		size_t word = strcspn(list, ", ");
		const struct method *method = find_method(list, name);

		if (method == NULL || !is_on(settings, method))
			return 0;
		if (method->demand == INTERACTIVE && is_other_device(list, name, word)) {
			*other_device = true;
			return 0;
		}
		demand |= method->demand;
		word += word < length;
		list += word;
		length -= word;
	}
	return demand;
}

struct sshd_methods sshd_methods_judge(const struct text *settings)
{
	struct sshd_methods found = {.password = false};
	char *value = sshd_settings_get(settings, "authenticationmethods");

	found.any = value == NULL || strcmp(value, "any") == 0;
	if (found.any) {
		for (size_t i = 0; i < METHODS; i++)
			if (is_on(settings, &methods[i]))
				add_demand(&found, settings, methods[i].demand);
	} else {
		for (const char *list = value; *list != '\0'; list += strspn(list, " ")) {
			size_t length = strcspn(list, " ");
			unsigned int demand =
				list_demand(settings, list, length, &found.other_device);

			if (demand != 0)
				add_demand(&found, settings, demand);
			list += length;
		}
	}
	found.none = !found.without_pam && !found.password && !found.interactive;
	free(value);
	return found;
}

#define WITH_CODE "keyboard-interactive:pam"

/* Whether PAM asks in place of the method. The method none demands nothing. */
static bool is_asked_by_pam(const char *word, size_t length)
{
	const struct method *method = find_method(word, strcspn(word, ",: "));

	return method != NULL ? (method->demand & (PASSWORD | INTERACTIVE)) != 0
			      : length == strlen("none") && memcmp(word, "none", length) == 0;
}

/* Appends the list so that it ends in the code: with PAM's prompt in place of sshd's own, and
 * with all other methods that it demands. */
static void append_list(struct text *text, const char *list, size_t length, bool other_factor)
{
	size_t start = text->length, word;
	bool asks = false;

	for (; length > 0; list += word, length -= word) {
		word = strcspn(list, ", ");
		if (!is_asked_by_pam(list, word))
			text_append_format(text, "%s%.*s", text->length > start ? "," : "",
				(int)word, list);
		else if (!asks && (text->length > start || other_factor))
			asks = text_append_format(text, "%s" WITH_CODE,
				       text->length > start ? "," : "") == 0;
		word += word < length;
	}
	if (text->length == start)
		text_append_string(text, "publickey");
	if (!asks)
		text_append_string(text, "," WITH_CODE);
}

/* Whether that list stands in the text before it. */
static bool is_repeated(const struct text *text, size_t start)
{
	size_t length = text->length - start;

	for (size_t at = 0; at < start; at += strcspn(text->data + at, " ") + 1)
		if (strcspn(text->data + at, " ") == length &&
			memcmp(text->data + at, text->data + start, length) == 0)
			return true;
	return false;
}

/* Appends all lists, or those that are of use with the settings. */
static void append_lists(
	struct text *text, const struct text *settings, const char *value, bool other_factor)
{
	bool ignored;

	for (const char *list = value; *list != '\0'; list += strspn(list, " ")) {
		size_t length = strcspn(list, " "), before = text->length;

		if (settings == NULL || list_demand(settings, list, length, &ignored) != 0) {
			if (before > 0)
				text_append_string(text, " ");
			append_list(text, list, length, other_factor);
			if (text->status == 0 && before > 0 && is_repeated(text, before + 1))
				text_cut(text, before);
		}
		list += length;
	}
}

int sshd_methods_with_code(
	struct text *text, const struct text *settings, const char *value, bool other_factor)
{
	bool keyless = settings == NULL || sshd_methods_judge(settings).keyless;

	if (value == NULL || *value == '\0' || strcmp(value, "any") == 0)
		return text_append_string(
			text, other_factor && keyless ? WITH_CODE : "publickey," WITH_CODE);
	if (settings != NULL)
		append_lists(text, settings, value, other_factor);
	if (text->length == 0)
		append_lists(text, NULL, value, other_factor);
	return text->status;
}
