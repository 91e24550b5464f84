#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The public header compiles without others, in each dialect of C and C++ that may include it.
. "$(dirname "$0")/lib.sh"

# compiles LANGUAGE COMPILER STANDARD
compiles() {
	need "totpgroup.h in $1" "${2%% *}" || return
	printf '#include <totpgroup.h>\n#include <totpgroup.h>\n' |
		$2 -x "${1%[0-9][0-9]}" -std="$3" -Wall -Wextra -Wpedantic -Werror \
			-Icommon -fsyntax-only -
	result $? "totpgroup.h compiles as $3"
}

compiles c "${CC:-cc}" c99
compiles c "${CC:-cc}" gnu11
compiles c++ "${CXX:-c++}" c++11
compiles c++ "${CXX:-c++}" c++17
finish
