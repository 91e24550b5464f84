/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Letters for tests, without anybody being enrolled:
 *
 *     make_letters [NAME=VALUE]... FORMAT...
 *
 * writes those of the formats svg, png, html, txt and run to standard output. The names
 * are user (given more than once, a run has a page for each), full_name, host, issuer, label,
 * secret, algorithm, digits, period, codes (with commas between), hashed, pending and date
 * (seconds since 1970), organization, logo (a file), contact, prompt, with_password, template and
 * language. Exit status 1 and a line on standard error where there is no letter.
 */

#include "config.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/letter/letter.h"
#include "totpgroup.h"

#define USERS_MAX 16

/* The values from the arguments. */
struct wish {
	const char *users[USERS_MAX];
	unsigned int user_count;
	struct letter letter;
	struct new_credential credential;
	struct letter_house house;
	const char *path;
	const char *language;
	const char *logo;
	const char *date;
};

char *bindtextdomain(const char *domain, const char *folder);

/* Replaces the C library's function: where top_builddir is set, translations are those of
 * the build. */
char *bindtextdomain(const char *domain, const char *folder)
{
	char *(*original)(const char *, const char *) = dlsym(RTLD_NEXT, "bindtextdomain");
	const char *build = getenv("top_builddir");
	char path[PATH_MAX];

	if (folder == NULL || build == NULL || strcmp(domain, PACKAGE) != 0)
		return original(domain, folder);
	snprintf(path, sizeof path, "%s/po", build);
	return original(domain, path);
}

static void put_codes(struct emergency_codes *codes, const char *list)
{
	while (*list != '\0' && codes->count < EMERGENCY_CODES_MAX) {
		size_t length = strcspn(list, ",");

		snprintf(codes->code[codes->count++], sizeof codes->code[0], "%.*s",
			(int)length, list);
		list += length;
		list += *list == ',';
	}
}

static enum hmac_algorithm algorithm(const char *name)
{
	if (strcmp(name, "SHA512") == 0)
		return HMAC_SHA512;
	return strcmp(name, "SHA256") == 0 ? HMAC_SHA256 : HMAC_SHA1;
}

static bool is(const char *argument, const char *name, const char **value)
{
	size_t length = strlen(name);

	if (strncmp(argument, name, length) != 0 || argument[length] != '=')
		return false;
	*value = argument + length + 1;
	return true;
}

/* Takes what all letters have in common; false where the argument is something else. */
static bool take_common(struct wish *wish, const char *argument)
{
	const char *value;

	if (is(argument, "organization", &value))
		wish->house.organization = value;
	else if (is(argument, "contact", &value))
		wish->house.contact = value;
	else if (is(argument, "prompt", &value))
		wish->house.prompt = value;
	else if (is(argument, "with_password", &value))
		wish->house.with_password = strcmp(value, "yes") == 0;
	else if (is(argument, "logo", &value))
		wish->logo = value;
	else if (is(argument, "date", &value))
		wish->date = value;
	else if (is(argument, "template", &value))
		wish->path = value;
	else if (is(argument, "language", &value))
		wish->language = value;
	else
		return false;
	return true;
}

/* Takes a NAME=VALUE; false where the argument is none. */
static bool take(struct wish *wish, const char *argument)
{
	struct new_credential *credential = &wish->credential;
	const char *value;

	if (is(argument, "user", &value) && wish->user_count < USERS_MAX)
		wish->users[wish->user_count++] = value;
	else if (is(argument, "host", &value))
		wish->letter.host = value;
	else if (is(argument, "issuer", &value))
		wish->letter.issuer = value;
	else if (is(argument, "label", &value))
		wish->letter.label = value;
	else if (is(argument, "secret", &value))
		snprintf(credential->secret, sizeof credential->secret, "%s", value);
	else if (is(argument, "algorithm", &value))
		credential->algorithm = algorithm(value);
	else if (is(argument, "digits", &value))
		credential->digits = (unsigned int)atoi(value);
	else if (is(argument, "period", &value))
		credential->step_size = atoi(value);
	else if (is(argument, "codes", &value))
		put_codes(&credential->emergency_codes, value);
	else if (is(argument, "hashed", &value))
		credential->emergency_codes.hashed = strcmp(value, "yes") == 0;
	else if (is(argument, "pending", &value))
		wish->letter.pending_until = atoll(value);
	else if (is(argument, "full_name", &value))
		wish->letter.full_name = value;
	else
		return take_common(wish, argument);
	return true;
}

static int append_run(struct wish *wish, const struct letter_template *letter_template,
	struct text *text, struct error *error)
{
	int status = letter_run_begin(&wish->house, letter_template, text, error);

	for (unsigned int i = 0; status == 0 && i < wish->user_count; i++) {
		wish->letter.user = wish->users[i];
		status = letter_run_page(&wish->letter, letter_template, text, error);
	}
	return status == 0 ? letter_run_end(&wish->house, letter_template, text, error)
			   : status;
}

static int append(struct wish *wish, const char *format,
	const struct letter_template *letter_template, struct text *text, struct error *error)
{
	static const char *const formats[] = {"svg", "png", "html", "txt"};

	if (strcmp(format, "run") == 0)
		return append_run(wish, letter_template, text, error);
	for (int i = 0; i < 4; i++)
		if (strcmp(format, formats[i]) == 0)
			return letter_append(&wish->letter, (enum letter_format)i,
				letter_template, text, error);
	return error_set(error, TOTPGROUP_EARGUMENT, "no format %s", format);
}

int main(int argc, char **argv)
{
	struct wish wish = {.users = {"alice"},
		.letter = {.host = "host.example.org",
			.issuer = "Example",
			.full_name = "",
			.label = "alice@host.example.org"},
		.credential = NEW_CREDENTIAL_DEFAULT};
	struct letter_template *letter_template = NULL;
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;
	int i = 1, status;

	snprintf(wish.credential.secret, sizeof wish.credential.secret,
		"HQI5TLL72WPUNYA4ZUHNOBOHKCJMCIRZ");
	while (i < argc && take(&wish, argv[i]))
		i++;
	wish.user_count += wish.user_count == 0;
	wish.letter.user = wish.users[0];
	wish.letter.credential = &wish.credential;
	wish.letter.house = &wish.house;
	status = letter_template_read(&letter_template, wish.path, &error);
	if (status == 0 && wish.language != NULL)
		status = letter_template_set_language(letter_template, wish.language, &error);
	if (status == 0 && wish.date != NULL)
		status = letter_house_set_day(&wish.house, atoll(wish.date), &error);
	if (status == 0 && wish.logo != NULL)
		status = letter_logo_read(&wish.house.logo, wish.logo, &error);
	for (; status == 0 && i < argc; i++)
		status = append(&wish, argv[i], letter_template, &text, &error);
	if (status == 0)
		fwrite(text.data, 1, text.length, stdout);
	else
		fprintf(stderr, "%s\n", error.message);
	letter_template_free(letter_template);
	text_free(&wish.house.logo);
	text_free(&text);
	return status != 0;
}
