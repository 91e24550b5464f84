/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/state_devices.h"

#include <string.h>

#include "core/device.h"
#include "core/state_spent.h"

#define STEPS "DISALLOW_REUSE"

static bool has_word(struct credential_option value, const char *wanted, size_t wanted_length)
{
	const char *word;
	size_t length;

	while (credential_next_word(&value, &word, &length))
		if (length == wanted_length && memcmp(word, wanted, length) == 0)
			return true;
	return false;
}

/* Appends the words that are not among those of another value. */
static int append_others(struct text *text, struct credential_option value,
	const struct credential_option *known)
{
	const char *word;
	size_t length;
	int status = 0;

	while (status == 0 && credential_next_word(&value, &word, &length)) {
		if (has_word(*known, word, length))
			continue;
		status = text_append(text, " ", 1);
		if (status == 0)
			status = text_append(text, word, length);
	}
	return status;
}

static int add_steps(const struct state_section *section, totpgroup_credential *effective)
{
	struct credential_option steps, known = {"", 0, 0};
	struct text words = TEXT_INIT;
	int status;

	if (!state_section_find(section, STEPS, &steps))
		return 0;
	(void)credential_find(effective, STEPS, &known);
	status = state_append_words(&words, known);
	if (status == 0)
		status = append_others(&words, steps, &known);
	if (status == 0)
		status = state_put_line(
			effective, STEPS, words.data != NULL ? words.data + 1 : "");
	text_free(&words);
	return status;
}

/* Where the line is malformed, no device's code is good in any case. */
static int apply_device(const struct state_sections *sections,
	const struct credential_line *line, totpgroup_credential *effective)
{
	struct credential_option rest = line->option, secret = rest;
	const struct state_section *section;
	char id[STATE_DIGEST_LENGTH + 1];
	struct error ignored = ERROR_INIT;
	struct hmac *hmac = NULL;
	int status;

	(void)credential_next_word(&rest, &secret.value, &secret.length);
	status = credential_open_digest(&secret, &hmac, &ignored);
	if (status == TOTPGROUP_EFORMAT)
		return 0;
	if (status == 0)
		status = state_identify(hmac, id);
	section = status == 0 ? state_text_find(sections, id) : NULL;
	if (section != NULL)
		status = add_steps(section, effective);
	if (status == 0 && section != NULL)
		status = state_spent_blank(hmac, section, effective);
	hmac_close(hmac);
	return status;
}

/* Finds the line anew each time, because the text may have changed before it. */
static bool find_device(const totpgroup_credential *credential, unsigned int place,
	struct credential_line *line)
{
	*line = (struct credential_line)CREDENTIAL_LINE_INIT;
	for (unsigned int i = 0; i <= place; i++)
		if (!credential_next_line(credential, DEVICE_KEY, line))
			return false;
	return true;
}

int state_devices_apply(const struct state_sections *sections, totpgroup_credential *effective)
{
	struct credential_line line;
	int status = 0;

	for (unsigned int i = 0; status == 0 && i < DEVICES_MAX; i++) {
		if (!find_device(effective, i, &line))
			break;
		status = apply_device(sections, &line, effective);
	}
	return status;
}
