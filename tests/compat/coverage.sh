#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures how much of the core the random scenarios of the comparison with
# pam_google_authenticator.so reach:
#
#     tests/compat/coverage.sh [SCENARIOS [SEED [FILE,...]]]
#
# Builds the module with gcov's counters in a temporary folder and compares it with the
# other module as all.sh does, by default with 300 scenarios of seed 1. Prints a table,
# and the lines of decide.c or of the given files with a branch that was never taken.
# Exit status: 0 if nothing differed, 77 if it cannot run here.
set -u

scenarios=${1:-300}
seed=${2:-1}
listed=${3:-decide.c}
source_tree=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
measured='decide rate_limit reuse skew grace emergency typed credential otp'

give_up() {
	echo "$1"
	exit "${2:-1}"
}

command -v gcov >/dev/null || give_up "skip coverage: gcov is missing (package gcc)" 77
command -v gcc >/dev/null || give_up "skip coverage: gcc is missing" 77
[ -x "$source_tree/configure" ] || give_up "there is no configure: run ./bootstrap"
[ ! -e "$source_tree/config.status" ] || give_up "this tree was built in: make distclean"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"

# Without optimization each branch of the source is a branch of the program.
build() {
	cd "$work" &&
		"$source_tree/configure" --disable-hardening --disable-dependency-tracking CC=gcc \
			CFLAGS='-O0 -g --coverage' &&
		make -j2 pam_totpgroup.la pam_token.la tests/compat/login_worker
}
(build) >"$work/build.log" 2>&1 || {
	tail -n 20 "$work/build.log"
	give_up "the module could not be built with gcov's counters"
}

top_builddir=$work "$source_tree/tests/compat/all.sh" --scenarios "$scenarios" --seed "$seed" --random-only \
	>"$work/compare.log" 2>&1
status=$?
grep -v '^ok ' "$work/compare.log"
[ $status -eq 0 ] || exit $status

set -- "$listed"
for name in $measured; do
	set -- "$@" "common/core/libcore_la-$name"
done
cd "$work" && python3 -B "$source_tree/tests/compat/coverage.py" "$@"
