#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# All scenarios with what was built, for make, which gives no arguments.
exec "$(dirname "$0")/run" --module "${top_builddir:?}/.libs/pam_totpgroup.so" \
	--enroll "$top_builddir/totp-enroll"
