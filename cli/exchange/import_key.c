/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The key or the password of an encrypted container: from a file or the terminal, for the arguments
 * of a program can be seen by others. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/wipe.h"
#include "cli/exchange/exchange.h"
#include "cli/exchange/pskc.h"
#include "cli/ui/input.h"
#include "cli/ui/terminal.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The longest line that is typed. */
#define LINE_SIZE 1024

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

static int read_file(const char *path, struct text *text, struct error *error)
{
	struct error problem = ERROR_INIT;
	int status = input_read(path, text, &problem);

	return status == 0
		       ? 0
		       : error_set(error, status, "%s: %s", input_name(path), problem.message);
}

/* Whether standard input is read for something else. */
static bool is_input_taken(const struct exchange_options *options)
{
	bool taken = options->word_count == 0;

	for (int i = 0; i < options->word_count; i++)
		taken |= strcmp(options->words[i], "-") == 0;
	return taken;
}

static int read_line(
	const struct import_key *key, bool password, struct text *text, struct error *error)
{
	const char *option = password ? "--password-file" : "--key-file";
	char prompt[256], line[LINE_SIZE];
	int status = 0;

	if (is_input_taken(key->options))
		return error_set(error, TOTPGROUP_EARGUMENT,
			translate("it is encrypted, and comes from standard input: name %s"),
			option);
	snprintf(prompt, sizeof prompt,
		password ? translate("Password of %s: ") : translate("Key of %s: "),
		key->source);
	if (!terminal_read_hidden_line(prompt, line, sizeof line))
		status = error_set(error, TOTPGROUP_EARGUMENT,
			translate("it is encrypted: name %s, or type it"), option);
	else if (text_append_string(text, line) != 0)
		status = out_of_memory(error);
	WIPE_ARRAY(line);
	return status;
}

static bool is_key_length(size_t length)
{
	return length == 16 || length == 24 || length == 32;
}

/* Appends the bytes of a key that is hexadecimal, or base64, or the bytes themselves. */
static int decode_key(const struct text *text, struct text *answer, struct error *error)
{
	struct text characters = TEXT_INIT;
	uint8_t bytes[32];
	int status = 0;

	for (size_t i = 0; i < text->length && status == 0; i++)
		if (strchr(" \t\r\n:", text->data[i]) == NULL || text->data[i] == '\0')
			status = text_append(&characters, text->data + i, 1);
	if (status != 0) {
		text_free(&characters);
		return out_of_memory(error);
	}
	if (is_key_length(characters.length / 2) &&
		hex_decode(characters.data, characters.length, bytes))
		status = text_append(answer, (const char *)bytes, characters.length / 2);
	else if (characters.length > 0)
		status = base64_decode(answer, characters.data, characters.length);
	WIPE_ARRAY(bytes);
	text_free(&characters);
	if (status != TOTPGROUP_EMEMORY && !is_key_length(answer->length)) {
		text_cut(answer, 0);
		if (!is_key_length(text->length))
			return error_set(error, TOTPGROUP_EFORMAT,
				translate("the key is not of 16, 24 or 32 bytes, hexadecimal "
					  "or base64"));
		status = text_append(answer, text->data, text->length);
	}
	return status == 0 ? 0 : out_of_memory(error);
}

/* A password is the first line of a file, as editors write it. */
static int take_password(const struct text *text, struct text *answer, struct error *error)
{
	size_t length = text->length > 0 ? strcspn(text->data, "\r\n") : 0;

	if (length == 0)
		return error_set(error, TOTPGROUP_EFORMAT, translate("the password is empty"));
	return text_append(answer, text->data, length) == 0 ? 0 : out_of_memory(error);
}

int import_key_ask(void *argument, bool password, struct text *answer, struct error *error)
{
	const struct import_key *key = argument;
	const struct exchange_options *options = key->options;
	const char *path = password ? options->password_file : options->key_file;
	const char *other = password ? options->key_file : options->password_file;
	struct text text = TEXT_INIT;
	int status;

	if (path == NULL && other != NULL)
		return error_set(error, TOTPGROUP_EARGUMENT,
			translate("it is encrypted with a %s: name %s"),
			password ? "password" : "pre-shared key",
			password ? "--password-file" : "--key-file");
	status = path != NULL ? read_file(path, &text, error)
			      : read_line(key, password, &text, error);
	if (status == 0)
		status = password ? take_password(&text, answer, error)
				  : decode_key(&text, answer, error);
	text_free(&text);
	return status;
}
