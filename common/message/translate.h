/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Texts for people, in the language of the caller's locale (LC_MESSAGES). A caller that
 * sets no locale, such as sshd, gets English. gettext is used with the project's own
 * domain; the caller's locale, environment and domain stay as they are.
 *
 * scripts/messages collects the arguments of these two functions and of N_(). A
 * translation has the same conversions of printf() as the text.
 */
#ifndef TOTPGROUP_MESSAGE_TRANSLATE_H
#define TOTPGROUP_MESSAGE_TRANSLATE_H

/* Returns text where there is no translation. The result is not to be freed, and is
 * valid until the locale changes. Thread-safe. */
const char *translate(const char *text) __attribute__((format_arg(1)));

/* The head of the catalog, whose lines are fields such as "Language: de"; empty where there is no
 * translation. */
const char *translate_header(void);

/* The same as translate() for a text whose form depends on a number. */
const char *translate_plural(const char *one, const char *many, unsigned long number)
	__attribute__((format_arg(1), format_arg(2)));

/* Marks a text that is given to translate() later. */
#define N_(text) text

#endif
