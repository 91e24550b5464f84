#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each source file names its license in its first two lines.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046 # names of files without blanks
set -- configure.ac Makefile.am bootstrap .ci/run scripts/* \
	$(sources '*.c' '*.h' '*.m4' '*.inc' '*.map' '*.in' '*.sh' '*.py' '*.po' '*.[158]' '*.yml' '*.ini' '*.j2' \
		'*.css' '*.go' '*.html' '*.js' '*.php' '*.pl' '*.service' '*.socket' |
		grep -vE '/(libtool|lt[^/]*)\.m4$')
[ $# -ge 400 ]
result $? "the source files are found"
same "each source file names its license" "" "$(awk '
	FNR == 1 {if (file) print file; file = FILENAME}
	FNR <= 2 && /SPDX-License-Identifier: LGPL-2.1-or-later/ {file = ""}
	END {if (file) print file}' "$@")"
finish
