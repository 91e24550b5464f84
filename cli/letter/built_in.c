/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/built_in.h"

/* The build makes them of the two files, in its own folder. */
const char letter_built_in_html[] =
#include "cli/letter/html.inc"
	;
const char letter_built_in_text[] =
#include "cli/letter/text.inc"
	;
