/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The interfaces in varlink's own language. totp-verifyd(8) describes them for
 * people. */
#ifndef TOTPGROUP_DAEMON_INTERFACE_TEXT_H
#define TOTPGROUP_DAEMON_INTERFACE_TEXT_H

#define INTERFACE_URL "man:totp-verifyd(8)"

extern const char interface_text_verify[];
extern const char interface_text_service[];

#endif
