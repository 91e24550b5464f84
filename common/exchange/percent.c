/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/percent.h"

#include <stdbool.h>

#include "base/hex.h"
#include "base/wipe.h"
#include "totpgroup.h"

int percent_decode(struct text *text, const char *characters, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = (uint8_t)characters[i];

		if (byte == '%') {
			if (length - i < 3 || !hex_decode(characters + i + 1, 2, &byte))
				return TOTPGROUP_EFORMAT;
			i += 2;
		}
		(void)text_append(text, (const char *)&byte, 1);
		WIPE_OBJECT(&byte);
	}
	return text->status;
}

/* RFC 3986 section 2.3. Not isalnum(), which depends on the locale. */
static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

int percent_encode(struct text *text, const char *string, char also_allowed)
{
	for (; *string != '\0'; string++)
		if (is_unreserved(*string) || *string == also_allowed)
			(void)text_append(text, string, 1);
		else
			(void)text_append_format(
				text, "%%%02X", (unsigned int)(unsigned char)*string);
	return text->status;
}
