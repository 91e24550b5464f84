#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples with what was built: real daemon, web servers, browser and sshd. With
# TOTPGROUP_PICTURES=FOLDER it keeps pictures of what the browser showed.
here=$(cd "$(dirname "$0")" && pwd) || exit 2
set -- --module "${top_builddir:?}/.libs/pam_totpgroup.so" --enroll "$top_builddir/totp-enroll" \
	--folder "$here"
# Without the daemon, the scenarios say that it is missing.
[ ! -x "$top_builddir/totp-verifyd" ] || set -- "$@" --verifyd "$top_builddir/totp-verifyd"
exec "$here/../e2e/run" "$@"
