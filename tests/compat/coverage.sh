#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the random scenarios of the comparison with pam_google_authenticator.so
# reach of the core:
#
#     tests/compat/coverage.sh [SCENARIOS [SEED [FILE,...]]]
#
# Builds the module with gcov's counters in a temporary folder, compares that
# with the other module as all.sh does (300 scenarios of seed 1 unless told
# otherwise), and prints a table and the lines of decide.c, or of the files that are
# named, with a branch that was never taken. Exit status: 0 when that could be measured and
# nothing differed, 77 where it cannot run here.
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

# Without optimisation, so that each branch of the source is one of the program.
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
