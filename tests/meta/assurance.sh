#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each row of docs/assurance.md ends with a command, and what the command names is there: the test is
# in a list of the Makefile, the script can be run, the case exists.
. "$(dirname "$0")/lib.sh"

document=docs/assurance.md
rows=$(grep '^| ' "$document" | grep -v '^| \(check\|---\) ')
# The last column: the command between backquotes.
# shellcheck disable=SC2016 # for sed
commands=$(sed -n 's/^.* | `\([^`]*\)` |$/\1/p' <<<"$rows")
same "each row has one command" "$(wc -l <<<"$rows")" "$(wc -l <<<"$commands")"
same "no command stands twice" "" "$(sort <<<"$commands" | uniq -d)"

# The tests that the Makefile lists, as `make check TESTS=` takes them.
listed=$(grep -o 'tests/[a-z0-9_]*/[A-Za-z0-9_.]*' tests/Makefile.am.inc | sort -u)

# problem COMMAND: says what of it is missing.
problem() {
	local words word file='' only=''
	read -ra words <<<"$1"
	set -- "${words[@]}"
	while case ${1:-} in sudo | TOTPGROUP_*=*) true ;; *) false ;; esac; do
		shift
	done
	case "${1:-} ${2:-}" in
	'make check' | 'tests/run '*)
		word=${2:-}
		[ "$1" = tests/run ] || word=${3:-}
		file=${word#TESTS=}
		only=$([ "${3:-}" != --only ] || echo "${4:-}")
		grep -qx "$file" <<<"$listed" || { echo "no list of tests has $file"; return; }
		[ -e "$file" ] || file=$file.c
		[ -z "$only" ] || grep -q "$only" "$file" || echo "$file has no $only"
		;;
	*) [ -x "${1:-}" ] || echo "${1:-nothing} cannot be run" ;;
	esac
	[ -z "$file" ] || [ -e "$file" ] || echo "$file is missing"
}

missing=
while IFS= read -r command; do
	found=$(problem "$command")
	[ -z "$found" ] || missing+="$command: $found"$'\n'
done <<<"$commands"
[ -z "$missing" ]
result $? "what the commands name is there" || true
printf '%s' "$missing"
finish
