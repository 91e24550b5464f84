/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

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

/* Finds the language of the catalog. It is in the catalog's header, which is the translation
 * of the empty string; without a catalog that is empty, too. */
static const char *find_spoken_language(size_t *length)
{
	static const char field[] = "\nLanguage: ";
	const char *found = strstr(translate_header(), field);

	if (found == NULL) {
		*length = strlen(ENGLISH);
		return ENGLISH;
	}
	found += strlen(field);
	*length = strcspn(found, "\n.@");
	return found;
}

int letter_language_append(const struct letter *letter, struct text *text)
{
	size_t length, before = text->length;
	const char *language = find_spoken_language(&length);

	(void)letter;
	text_append(text, language, length);
	for (size_t i = before; i < text->length; i++)
		if (text->data[i] == '_')
			text->data[i] = '-';
	return text->status;
}

/* Whether a language is the general one or a variant of it, as de_AT is of de. */
static bool is_variant_of(const char *language, const char *general, size_t length)
{
	return strncmp(language, general, length) == 0 &&
	       (language[length] == '\0' || strchr("_.@", language[length]) != NULL);
}

/* Makes a locale with the messages of `name`, in which text is UTF-8, and everything else as in
 * the program's own. (locale_t)0 where this host has no such locale. */
static locale_t make_locale(const char *name)
{
	locale_t base = duplocale(LC_GLOBAL_LOCALE), utf8, made;

	if (base == (locale_t)0)
		return base;
	/* Where the C library lacks C.UTF-8, a letter that is no ASCII counts as several. */
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", base);
	base = utf8 != (locale_t)0 ? utf8 : base;
	made = newlocale(LC_MESSAGES_MASK, name, base);
	if (made == (locale_t)0)
		freelocale(base);
	return made;
}

#ifdef ENABLE_NLS

static bool is_spoken_in(locale_t locale, const char *language)
{
	locale_t before = uselocale(locale);
	size_t length;
	const char *spoken = find_spoken_language(&length);
	bool right = is_variant_of(language, spoken, length);

	uselocale(before);
	return right;
}

/* Tries the locale of the environment ("") and others that many hosts have: gettext ignores
 * LANGUAGE in the locale C, and newer C libraries ignore it in C.UTF-8, too. */
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

static const char *find_catalog_folder(void)
{
	/* translate() tells gettext the folder at its first call. */
	(void)translate_header();
	return bindtextdomain(PACKAGE, NULL);
}

static bool has_catalog(const char *folder, const char *name)
{
	char *path = NULL;
	bool there = asprintf(&path, "%s/%s/LC_MESSAGES/" PACKAGE ".mo", folder, name) >= 0 &&
		     access(path, R_OK) == 0;

	free(path);
	return there;
}

/* Appends "en, de, es" or the like. If the folder cannot be read, it is English alone. */
static void append_known(struct text *known)
{
	const char *folder = find_catalog_folder();
	struct dirent **names;
	int count = folder != NULL ? scandir(folder, &names, NULL, alphasort) : 0;

	(void)text_append_format(known, ENGLISH);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.' && has_catalog(folder, names[i]->d_name))
			(void)text_append_format(known, ", %s", names[i]->d_name);
		free(names[i]);
	}
	if (count > 0)
		free(names);
}

/* With or without the territory, as in zh_CN and de_AT. */
static bool has_translation(const char *language)
{
	static const char *const ends[] = {".@", "_.@"};
	const char *folder = find_catalog_folder();
	char name[16];

	for (size_t i = 0; folder != NULL && i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%.*s", (int)strcspn(language, ends[i]), language);
		if (name[0] != '\0' && strchr(name, '/') == NULL && has_catalog(folder, name))
			return true;
	}
	return false;
}

/* Says whether the language has no catalog, or the host no locale for it. */
static int refuse_language(const char *language, struct error *error)
{
	struct text known = TEXT_INIT;
	int status;

	if (has_translation(language))
		return error_set(error, TOTPGROUP_ECONFIG,
			translate("the C library translates into the language '%s' in no "
				  "locale of this "
				  "host; generate one, such as en_US.UTF-8"),
			language);
	append_known(&known);
	status = error_set(error, TOTPGROUP_ECONFIG,
		translate("there is no translation for the language '%.20s'; there are: %s"),
		language, known.data != NULL ? known.data : ENGLISH);
	text_free(&known);
	return status;
}

static int find_translation(const char *language, locale_t *locale, struct error *error)
{
	if (setenv("LANGUAGE", language, 1) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	/* Letters are UTF-8 in every locale. textdomain() makes gettext read the changed
	 * environment. */
	(void)bind_textdomain_codeset(PACKAGE, "UTF-8");
	(void)textdomain(textdomain(NULL));
	return find_locale(language, locale) ? 0 : refuse_language(language, error);
}

#else

static int find_translation(const char *language, locale_t *locale, struct error *error)
{
	(void)locale;
	return error_set(error, TOTPGROUP_ECONFIG,
		translate("there is no translation for the language '%.20s': this program was "
			  "built "
			  "with --disable-nls; there is: en"),
		language);
}

#endif

int letter_language_find(const char *language, locale_t *locale, struct error *error)
{
	*locale = (locale_t)0;
	if (language == NULL || is_variant_of(language, ENGLISH, strlen(ENGLISH)))
		*locale = make_locale("C");
	else
		return find_translation(language, locale, error);
	return *locale != (locale_t)0
		       ? 0
		       : error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}
