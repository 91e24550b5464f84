#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages of the library describe what its header declares and what the library exports:
# the same functions with the same prototypes, and every constant and member.
. "$(dirname "$0")/lib.sh"
compiler=${CC:-cc}
need "pages of the library" "${compiler%% *}" || finish

# The header without comments and includes.
header() {
	grep -v '^#include' common/totpgroup.h | ${CC:-cc} -E -P -x c -D__GNUC__=0 - 2>/dev/null
}

# tidy: one declaration on a line, with uniform blanks.
tidy() {
	tr -s '[:space:]' ' ' | tr ';' '\n' |
		sed 's/^ *//; s/ *$//; s/\* /*/g; s/ *\([(),]\) */\1/g; s/,/, /g'
}

prototypes() {
	header | tidy | grep -E '^[^{}]*[ *]totpgroup_[a-z_]+\(' | grep -v '^typedef' | sort
}

# The prototypes in the SYNOPSIS of the pages, one on a line.
documented() {
	awk '/^\.Sh/ {synopsis = $2 == "SYNOPSIS"}
		!synopsis {next}
		/^\.Ft/ {type = substr($0, 5)}
		/^\.Fo/ {line = type " " $2 "("; comma = ""}
		/^\.Fa/ {gsub(/"/, ""); line = line comma substr($0, 5); comma = ", "}
		/^\.Fc/ {print line ");"}' man/totpgroup_*.3 | tidy | grep . | sort
}

# The names of a list of prototypes.
names() {
	grep -oE 'totpgroup_[a-z_]+\(' | tr -d '(' | sort
}

# page_names PAGE: the functions in its NAME section.
page_names() {
	sed -n 's/^\.Nm \(totpgroup_[a-z_]*\)\( ,\)*$/\1/p' "$1" | sort -u
}

[ "$(prototypes | wc -l)" -ge 20 ]
result $? "the prototypes of the header are found"
same "the pages have the prototypes of the header" "$(prototypes)" "$(documented)"
same "the pages name what the header declares" "$(prototypes | names)" \
	"$(for page in man/totpgroup_*.3; do page_names "$page"; done | sort)"
for page in man/totpgroup_*.3; do
	same "$page describes what it names" "$(page_names "$page")" \
		"$(awk '/^\.Sh SYN/,/^\.Sh DESC/ {if ($1 == ".Fo") print $2}' "$page" | sort)"
done
if need "exported symbols" nm; then
	same "the library exports what the pages describe" "$(documented | names)" \
		"$(nm --dynamic --defined-only --format=posix "$top_builddir/.libs/libtotpgroup.so" |
			awk '$2 != "A" {sub("@.*", "", $1); print $1}' | sort)"
fi

# man finds a page for the name of each function.
for name in $(prototypes | names); do
	page=man/$name.3
	if [ ! -f "$page" ]; then
		page=$(sed -n 's/^\.so man3/man/p' "$top_builddir/man3/$name.3" 2>/dev/null)
	fi
	[ -n "$page" ] && grep -qx "\.Fo $name" "$page"
	result $? "there is a page for $name"
done

# Constants and members.
for word in $(header | grep -oE '\bTOTPGROUP_[A-Z_]+' | sort -u); do
	grep -qE "\\.(Dv|It Dv).* ?$word\\b|^\\.Dv $word\\b" man/totpgroup*.3
	result $? "a page names $word"
done
for name in $(header | awk '/^struct totpgroup_[a-z]*_*[a-z]* {/ {inside = 1; next} /^}/ {inside = 0}
	inside {sub("(\\[.*)?;.*", ""); sub(".*[ *]", ""); print}' | sort -u); do
	grep -qE "\\.(Va|It Va).*\\b$name\\b" man/totpgroup*.3
	result $? "a page names the member $name"
done
finish
