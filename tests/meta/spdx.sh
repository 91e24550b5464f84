#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each source file says its licence in its first two lines.
. "$(dirname "$0")/lib.sh"

for file in configure.ac Makefile.am bootstrap .ci/run scripts/* \
	$(sources '*.c' '*.h' '*.m4' '*.inc' '*.map' '*.in' '*.sh' '*.py' '*.po' '*.[158]' '*.yml' '*.ini' '*.j2' \
		'*.css' '*.go' '*.html' '*.js' '*.php' '*.pl' '*.service' '*.socket' |
		grep -vE '/(libtool|lt[^/]*)\.m4$'); do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later'
	result $? "$file names its licence"
done
finish
