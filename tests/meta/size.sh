#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No function has more than 60 lines, and no file more than 450. Files of tests may be longer.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046 # names of files without blanks
same "no file has more than 450 lines" "" \
	"$(wc -l $(sources '*.c' '*.h' | grep -v ^tests/) | awk '$1 > 450 && $2 != "total" {print $1, $2}')"

if ! ctags --version 2>/dev/null | grep -q Universal; then
	skip "length of functions" "universal-ctags is not installed"
	finish
fi
# Each function: its length, its name, its file.
long=$(sources '*.c' '*.h' |
	ctags -x --kinds-C=f --fields=+ne --_xformat='%{end} %n %N %F' -L - |
	awk '$1 - $2 + 1 > 60 {print $1 - $2 + 1, $3, $4}')
same "no function has more than 60 lines" "" "$long"
finish
