#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No function over 60 lines; no file of what is installed over 450.
. "$(dirname "$0")/lib.sh"

for file in $(sources '*.c' '*.h' | grep -v ^tests/); do
	[ "$(wc -l <"$file")" -le 450 ]
	result $? "$file has at most 450 lines"
done

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
