/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/ui/qr_mode.h"

#include <langinfo.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	enum qr_mode mode;
} modes[] = {
	{"auto", QR_MODE_AUTO},
	{"none", QR_MODE_NONE},
	{"ansi", QR_MODE_ANSI},
	{"ansi_inverse", QR_MODE_ANSI_INVERSE},
	{"ansi_grey", QR_MODE_ANSI_GREY},
	{"utf8", QR_MODE_UTF8},
	{"utf8_inverse", QR_MODE_UTF8_INVERSE},
	{"utf8_grey", QR_MODE_UTF8_GREY},
	{"ansi256", QR_MODE_ANSI256},
};

static bool names_match(const char *given, const char *name)
{
	for (; *name != '\0'; given++, name++) {
		/* Not tolower(): a Turkish locale has another 'i'. */
		char c = (char)(*given >= 'A' && *given <= 'Z' ? *given - 'A' + 'a' : *given);

		if (c != *name && !(c == '-' && *name == '_'))
			return false;
	}
	return *given == '\0';
}

bool qr_mode_parse(const char *name, enum qr_mode *mode)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (names_match(name, modes[i].name)) {
			*mode = modes[i].mode;
			return true;
		}
	}
	return false;
}

void qr_surroundings_look(struct qr_surroundings *surroundings)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	surroundings->terminal = isatty(STDOUT_FILENO) == 1;
	surroundings->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	surroundings->dumb = term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
	surroundings->no_color = no_color != NULL && no_color[0] != '\0';
}

enum qr_mode qr_mode_choose(enum qr_mode mode, const struct qr_surroundings *surroundings)
{
	if (mode != QR_MODE_AUTO)
		return mode;
	if (!surroundings->terminal)
		return QR_MODE_NONE;
	if (surroundings->utf8)
		return surroundings->dumb || surroundings->no_color ? QR_MODE_UTF8
								    : QR_MODE_ANSI256;
	if (surroundings->dumb)
		return QR_MODE_NONE;
	return surroundings->no_color ? QR_MODE_ANSI : QR_MODE_ANSI_GREY;
}
