#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages are well-formed, and name every option of the module.
. "$(dirname "$0")/lib.sh"

if need "manual pages" mandoc; then
	for page in man/*.[158]; do
		mandoc -Tlint -Wwarning "$page"
		result $? "$page is well-formed"
	done
fi

# The first string of each row of the table.
options=$(${CC:-cc} -E -P -I"$top_builddir" -Icommon common/config/options.c |
	sed -n '/option_definitions\[\] = {/,/^};/s/^[[:space:]]*{ *"\([^"]*\)".*/\1/p')
[ -n "$options" ]
result $? "the table of options is found"
for option in $options; do
	sed 's/\\//g' man/pam_totpgroup.8 | grep -qE "(^|[^a-z_-])$option([^a-z_-]|$)"
	result $? "pam_totpgroup.8 names $option"
done
finish
