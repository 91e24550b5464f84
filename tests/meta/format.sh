#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# clang-format would change nothing. Other versions than 14 format otherwise.
. "$(dirname "$0")/lib.sh"

for formatter in clang-format-14 clang-format; do
	"$formatter" --version 2>/dev/null | grep -q 'version 14\.' && break
	formatter=
done
if [ -z "$formatter" ]; then
	skip format "clang-format 14 is not installed"
	finish
fi
for file in $(sources '*.c' '*.h'); do
	"$formatter" --dry-run -Werror "$file"
	result $? "$file is formatted"
done
finish
