/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which login session the process belongs to, by what its starter cannot choose: the audit
 * session, which pam_loginuid begins at each login and nobody without root's rights leaves;
 * or, where there is none, the controlling terminal with the process that leads its session,
 * and when that process began. The terminal's name alone would be that of the next user.
 */
#ifndef TOTPGROUP_HOST_LOGIN_SESSION_H
#define TOTPGROUP_HOST_LOGIN_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#define LOGIN_SESSION_SIZE 128

/*
 * Writes the name of the session, which no other session has had since the machine began, and
 * none has after the next start. It consists of letters, digits, '-', '.' and ':'. False where
 * there is neither an audit session nor a terminal, and where that cannot be read. Thread-safe.
 */
bool login_session_find(char name[LOGIN_SESSION_SIZE]);

/* Seconds since the machine was started, with the time that it slept. It never goes back. */
int64_t login_session_uptime(void);

#endif
