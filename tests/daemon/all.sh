#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# All scenarios with what was built, for make, which gives no arguments.
exec "$(dirname "$0")/run" --verifyd "${top_builddir:?}/totp-verifyd" \
	--module "$top_builddir/.libs/pam_totpgroup.so" \
	--worker "$top_builddir/tests/compat/login_worker" \
	--enroll "$top_builddir/totp-enroll" \
	--filter "$top_builddir/tests/daemon/under_filter"
