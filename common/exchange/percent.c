/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/percent.h"

#include "base/hex.h"
#include "base/wipe.h"
#include "totpgroup.h"

int percent_decode(struct text *text, const char *characters, size_t length)
{
	int status = 0;

	for (size_t i = 0; i < length && status == 0; i++) {
		uint8_t byte = (uint8_t)characters[i];

		if (byte == '%') {
			if (length - i < 3 || !hex_decode(characters + i + 1, 2, &byte))
				return TOTPGROUP_EFORMAT;
			i += 2;
		}
		status = text_append(text, (const char *)&byte, 1);
		WIPE_OBJECT(&byte);
	}
	return status;
}
