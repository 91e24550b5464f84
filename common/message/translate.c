/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "message/translate.h"

#ifdef ENABLE_NLS
#include <libintl.h>

/* The domain is bound on each call, because this file keeps no state. gettext leaves a
 * binding that exists as it is. Without a binding there is no translation. */
const char *translate(const char *text)
{
	(void)bindtextdomain(PACKAGE, LOCALEDIR);
	/* gettext has its header for an empty text, which letters ask for by translate_header(). */
	return *text != '\0' ? dgettext(PACKAGE, text) : text;
}

const char *translate_header(void)
{
	(void)bindtextdomain(PACKAGE, LOCALEDIR);
	return dgettext(PACKAGE, "");
}

const char *translate_plural(const char *one, const char *many, unsigned long number)
{
	(void)bindtextdomain(PACKAGE, LOCALEDIR);
	return dngettext(PACKAGE, one, many, number);
}

#else

const char *translate(const char *text)
{
	return text;
}

const char *translate_header(void)
{
	return "";
}

const char *translate_plural(const char *one, const char *many, unsigned long number)
{
	return number == 1 ? one : many;
}

#endif
