/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The language of letters, which is not that of whoever makes them. */
#ifndef TOTPGROUP_CLI_LETTER_LANGUAGE_H
#define TOTPGROUP_CLI_LETTER_LANGUAGE_H

#include <locale.h>

#include "base/error.h"
#include "base/text.h"

/*
 * Finds a locale for uselocale() in which translate() speaks that language, in UTF-8,
 * whatever the environment says; the caller ends it with freelocale(). A language is
 * called as gettext calls it, such as de or pt_BR; NULL is English. The variable
 * LANGUAGE of the process is set for it, and for one language only: the last one.
 *
 * TOTPGROUP_ECONFIG where there is no translation, with those that there are, or where
 * the C library translates in no locale of this host. TOTPGROUP_EMEMORY.
 */
int letter_language_find(const char *language, locale_t *locale, struct error *error);

/* Appends the language that translate() speaks as HTML names it, such as de or
 * pt-BR. 0 or TOTPGROUP_EMEMORY. */
int letter_language_append(struct text *text);

#endif
