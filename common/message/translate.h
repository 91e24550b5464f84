/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a person reads, in the language of the caller's locale (LC_MESSAGES); in
 * English where the caller has set none, as sshd. It goes through gettext with the
 * project's own domain: neither the locale nor the environment nor the domain of the
 * caller is touched.
 *
 * xgettext collects what stands in these three (scripts/messages). A text with
 * conversions of printf() has the same ones in every language.
 */
#ifndef TOTPGROUP_MESSAGE_TRANSLATE_H
#define TOTPGROUP_MESSAGE_TRANSLATE_H

/* Returns text where there is no translation. The result is never freed. It is good
 * as long as the locale stays, and so is safe with threads. */
const char *translate(const char *text) __attribute__((format_arg(1)));

/* The same for a text that depends on a number. */
const char *translate_plural(const char *one, const char *many, unsigned long number)
	__attribute__((format_arg(1), format_arg(2)));

/* A text that goes through translate() later. */
#define N_(text) text

#endif
