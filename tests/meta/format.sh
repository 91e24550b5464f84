#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# clang-format would change no C file. Other versions than 14 format differently.
. "$(dirname "$0")/lib.sh"

for formatter in clang-format-14 clang-format; do
	"$formatter" --version 2>/dev/null | grep -q 'version 14\.' && break
	formatter=
done
if [ -z "$formatter" ]; then
	skip format "clang-format 14 is not installed"
	finish
fi
# shellcheck disable=SC2046 # names of files without blanks
"$formatter" --dry-run -Werror $(sources '*.c' '*.h')
result $? "each C file is formatted"
finish
