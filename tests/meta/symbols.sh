#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The module exports its entry points, and the library what its header declares; nothing else.
. "$(dirname "$0")/lib.sh"
need symbols nm || finish

exported() {
	nm --dynamic --defined-only --format=posix "$1" | awk '$2 != "A" {print $1}' | sort
}

# The functions that totpgroup.h declares, one on a line.
declared() {
	${CC:-cc} -E -P -x c common/totpgroup.h | grep -oE '\btotpgroup_[a-z_]+\(' | tr -d '(' |
		sort -u
}

same "the module exports its entry points alone" \
	"$(printf 'pam_sm_%s\n' authenticate close_session open_session setcred)" \
	"$(exported "$top_builddir/.libs/pam_totpgroup.so")"
same "the library exports what its header declares" \
	"$(declared | sed 's/$/@@TOTPGROUP_0/')" \
	"$(exported "$top_builddir/.libs/libtotpgroup.so")"
same "the version script names what the header declares" \
	"$(declared)" \
	"$(grep -oE '^	totpgroup_[a-z_]+' common/totpgroup.map | tr -d '\t' | sort)"
finish
