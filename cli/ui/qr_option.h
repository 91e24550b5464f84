/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What --qr= says: how a QR code is drawn on the terminal, or a file for a picture. */
#ifndef TOTPGROUP_CLI_UI_QR_OPTION_H
#define TOTPGROUP_CLI_UI_QR_OPTION_H

#include "base/qr.h"
#include "cli/commands.h"

/* Reads the value of the option; NULL, where it is not given, changes nothing. *file becomes
 * the value where it ends in .png or .svg, and NULL where it is a mode. Reports another
 * value: STATUS_USAGE. */
enum exit_status qr_option_read(const char *value, enum qr_mode *mode, const char **file);

/* Draws the link into a new file of that name. Reports what fails. */
enum exit_status qr_option_draw(const char *file, const char *uri);

#endif
