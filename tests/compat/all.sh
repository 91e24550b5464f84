#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The comparison with pam_google_authenticator.so, with what was built:
#
#     top_builddir=BUILD tests/compat/all.sh [--scenarios N] [--seed S] [--random-only]
#
# Without an argument the scenarios are the same each time, so that a difference
# is the fault of what was changed; with one they are new ones, for a night.
set -u

# find PATTERN: a library of the system's, whatever its architecture.
find_library() {
	find /lib /usr/lib /usr/lib64 -path "$1" -print -quit 2>/dev/null
}

skip() {
	echo "skip compat: $1"
	exit 77
}

[ "$(id -u)" -eq 0 ] || skip "this needs root"
peer=$(find_library '*/security/pam_google_authenticator.so')
[ -n "$peer" ] || skip "pam_google_authenticator.so is missing (package libpam-google-authenticator)"
faketime=$(find_library '*/faketime/libfaketime.so.1')
[ -n "$faketime" ] || skip "libfaketime is missing (package faketime)"

# In a network of its own the kernel's audit does not hear of the thousands of
# logins, and does not write each of them to the console.
isolate=
unshare --net true 2>/dev/null && isolate="unshare --net"

# compare PROGRAM [OPTION]...
compare() {
	program=$1
	shift
	$isolate python3 -B "$(dirname "$0")/$program" \
		--module "${top_builddir:?}/.libs/pam_totpgroup.so" --peer "$peer" --faketime "$faketime" \
		--worker "$top_builddir/tests/compat/login_worker" "$@"
}

[ $# -gt 0 ] || set -- --scenarios 1000 --seed 1

status=0
case " $* " in
*' --random-only '*) ;;
*)
	compare hashed_codes.py || status=1
	compare devices.py || status=1
	compare front_end_line.py || status=1
	;;
esac
compare side_by_side.py --token-module "$top_builddir/.libs/pam_token.so" "$@" || status=1
exit $status
