#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compares the module that was built with pam_google_authenticator.so:
#
#     [top_builddir=BUILD] tests/compat/all.sh [--scenarios N] [--seed S] [--random-only]
#
# Without arguments the scenarios are always the same, so that a new difference comes
# from a change. With arguments they are new ones. TOTPGROUP_LONG=1 tries 100,000.
set -u
top_builddir=${top_builddir:-$(cd "$(dirname "$0")/../.." && pwd)}

# find_library PATTERN: prints the path of a library of the system, for any architecture.
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

# In a network namespace, the kernel's audit does not see the thousands of logins and
# does not write each of them to the console.
isolate=
unshare --net true 2>/dev/null && isolate="unshare --net"

# compare PROGRAM [OPTION]...: runs one of the comparisons.
compare() {
	program=$1
	shift
	$isolate python3 -B "$(dirname "$0")/$program" \
		--module "$top_builddir/.libs/pam_totpgroup.so" --peer "$peer" --faketime "$faketime" \
		--worker "$top_builddir/tests/compat/login_worker" "$@"
}

if [ $# -eq 0 ]; then
	set -- --scenarios 1000 --seed 1
	[ -z "${TOTPGROUP_LONG:-}" ] || set -- --scenarios 100000
fi

# Both modules sync what they write. In memory that takes a twentieth of the time.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm

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
