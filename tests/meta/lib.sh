# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the tests of this folder share: they print a line for each result and set the exit status.
set -u
top_srcdir=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
top_builddir=${top_builddir:-$top_srcdir}
cd "$top_srcdir" || exit 1

passed=0 failed=0

# result STATUS NAME: ok when STATUS is 0.
result() {
	if [ "$1" -eq 0 ]; then
		echo "ok $2"
		passed=$((passed + 1))
	else
		echo "not ok $2"
		failed=$((failed + 1))
	fi
}

# same NAME EXPECTED FOUND: ok when both texts are equal.
same() {
	[ "$2" = "$3" ]
	local status=$?
	[ $status -eq 0 ] || printf '%s: expected\n%s\nbut found\n%s\n' "$1" "$2" "$3"
	result $status "$1"
}

skip() {
	echo "skip $1: $2"
}

# need NAME COMMAND: is the command installed? Skips NAME when it is not.
need() {
	command -v "$2" >/dev/null && return
	skip "$1" "$2 is not installed"
	return 1
}

# sources PATTERN...: the files of the tree whose names match.
sources() {
	local folder names=(-false) pattern
	for pattern in "$@"; do
		names+=(-o -name "$pattern")
	done
	for folder in common pam cli daemon debian examples packaging po tests conf m4 man scripts .ci; do
		[ ! -d "$folder" ] || find "$folder" -type f \( "${names[@]}" \)
	done | sort
}

finish() {
	[ $failed -eq 0 ] || exit 1
	[ $passed -gt 0 ] || exit 77
	exit 0
}
