/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/language.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef ENABLE_NLS
#include <libintl.h>
#endif

#include "message/translate.h"
#include "totpgroup.h"

#define ENGLISH "en"

/* The language of a catalogue stands in its header, which is the translation of
 * nothing; without a catalogue that is nothing, too. */
static const char *spoken_language(size_t *length)
{
	static const char field[] = "\nLanguage: ";
	const char *found = strstr(translate(""), field);

	if (found == NULL) {
		*length = strlen(ENGLISH);
		return ENGLISH;
	}
	found += strlen(field);
	*length = strcspn(found, "\n.@");
	return found;
}

int letter_language_append(struct text *text)
{
	size_t length, before = text->length;
	const char *language = spoken_language(&length);
	int result = text_append(text, language, length);

	for (size_t i = before; result == 0 && i < text->length; i++)
		if (text->data[i] == '_')
			text->data[i] = '-';
	return result;
}

/* Whether that is the language, or one of it: de_AT where there is de. */
static bool is_of(const char *language, const char *general, size_t length)
{
	return strncmp(language, general, length) == 0 &&
	       (language[length] == '\0' || strchr("_.@", language[length]) != NULL);
}

/* Everything else of it stays as the program has it. (locale_t)0 where this host has
 * no such locale. */
static locale_t make_locale(const char *name)
{
	locale_t base = duplocale(LC_GLOBAL_LOCALE), made;

	if (base == (locale_t)0)
		return base;
	made = newlocale(LC_MESSAGES_MASK, name, base);
	if (made == (locale_t)0)
		freelocale(base);
	return made;
}

static int find_english(locale_t *locale, struct error *error)
{
	*locale = make_locale("C");
	if (*locale == (locale_t)0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	return 0;
}

#ifdef ENABLE_NLS

static bool is_spoken_in(locale_t locale, const char *language)
{
	locale_t before = uselocale(locale);
	size_t length;
	const char *spoken = spoken_language(&length);
	bool right = is_of(language, spoken, length);

	uselocale(before);
	return right;
}

/* gettext heeds LANGUAGE in every locale but C, and in newer C libraries C.UTF-8. So
 * the one of the environment, which is empty here, and any other that hosts have. */
static bool find_locale(const char *language, locale_t *locale)
{
	static const char *const names[] = {
		"", "C.UTF-8", "en_US.UTF-8", "de_DE.UTF-8", "en_GB.UTF-8", NULL};

	for (const char *const *name = names; *name != NULL; name++) {
		*locale = make_locale(*name);
		if (*locale == (locale_t)0)
			continue;
		if (is_spoken_in(*locale, language))
			return true;
		freelocale(*locale);
	}
	*locale = (locale_t)0;
	return false;
}

static const char *catalogue_folder(void)
{
	/* translate() has told gettext where it is. */
	(void)translate("");
	return bindtextdomain(PACKAGE, NULL);
}

/* Whether the folder has a catalogue of that name. */
static bool has_catalogue(const char *folder, const char *name)
{
	char *path = NULL;
	bool there = asprintf(&path, "%s/%s/LC_MESSAGES/" PACKAGE ".mo", folder, name) >= 0 &&
		     access(path, R_OK) == 0;

	free(path);
	return there;
}

/* Appends ", de, fr" or the like, with English before. Whatever cannot be found out is
 * left out. */
static void append_known(struct text *known)
{
	const char *folder = catalogue_folder();
	struct dirent **names;
	int count = folder != NULL ? scandir(folder, &names, NULL, alphasort) : 0;

	(void)text_append_format(known, ENGLISH);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.' && has_catalogue(folder, names[i]->d_name))
			(void)text_append_format(known, ", %s", names[i]->d_name);
		free(names[i]);
	}
	if (count > 0)
		free(names);
}

/* Why there is no such language: gettext would find the catalogue where there is
 * one. */
static int refuse(const char *language, struct error *error)
{
	const char *folder = catalogue_folder();
	struct text known = TEXT_INIT;
	char name[16];
	int status;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(language, "_.@"), language);
	if (folder != NULL && name[0] != '\0' && has_catalogue(folder, name))
		return error_set(error, TOTPGROUP_ECONFIG,
			"the C library translates into the language '%s' in no locale of this "
			"host; generate one, such as en_US.UTF-8",
			language);
	append_known(&known);
	status = error_set(error, TOTPGROUP_ECONFIG,
		"there is no translation for the language '%.20s'; there are: %s", language,
		known.data != NULL ? known.data : ENGLISH);
	text_free(&known);
	return status;
}

static int find_translation(const char *language, locale_t *locale, struct error *error)
{
	if (setenv("LANGUAGE", language, 1) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	/* Whatever the locale's characters are, those of a letter are UTF-8. And gettext
	 * is told that the environment is another one. */
	(void)bind_textdomain_codeset(PACKAGE, "UTF-8");
	(void)textdomain(textdomain(NULL));
	return find_locale(language, locale) ? 0 : refuse(language, error);
}

#else

static int find_translation(const char *language, locale_t *locale, struct error *error)
{
	(void)locale;
	return error_set(error, TOTPGROUP_ECONFIG,
		"there is no translation for the language '%.20s': this program was built "
		"with --disable-nls; there is: " ENGLISH,
		language);
}

#endif

int letter_language_find(const char *language, locale_t *locale, struct error *error)
{
	*locale = (locale_t)0;
	if (language == NULL || is_of(language, ENGLISH, strlen(ENGLISH)))
		return find_english(locale, error);
	return find_translation(language, locale, error);
}
