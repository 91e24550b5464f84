#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/library.md and totpgroup(3) have the same small program. It is compiled as they say, in C and
# in C++, and does what they say.
# shellcheck source=installed.sh
. "$(dirname "$0")/installed.sh"
need "programs" pkg-config || finish
need "programs" python3 || finish

secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
me=$(id -un)

# The first listing of docs/library.md.
of_guide() {
	# shellcheck disable=SC2016 # no command
	sed -n '/^```c$/,/^```$/p' docs/library.md | sed '1d;/^```$/,$d'
}

# The first listing of totpgroup(3).
of_page() {
	sed -n '/^\.Bd -literal$/,/^\.Ed$/p' man/totpgroup.3 | sed '1d;/^\.Ed$/,$d; s/\\e/\\/g; s/^\\&//'
}

enroll() {
	printf '%s\n" DISALLOW_REUSE\n" TOTP_AUTH\n' "$secret" >"$work/secret/$me"
	chmod 600 "$work/secret/$me"
}

# says NAME EXPECTED STATUS CODE
says() {
	local output status
	output=$("$program" "$me" "$work/totpgroup.conf" <<<"$4" 2>>"$work/complaints")
	status=$?
	same "$1" "$2 $3" "$output $status"
}

# try COMPILER STANDARD
try() {
	local compiler=$1
	need "a program as $2" "${compiler%% *}" || return
	program=$work/check-$2
	compile "$1" "$2" "$work/check.c" "$program"
	result $? "the program compiles as $2" || return
	enroll
	code=$(phone "$secret")
	says "a right code is accepted ($2)" accepted 0 "$code"
	says "the same code is refused the second time ($2)" refused 1 "$code"
	says "a wrong code is refused ($2)" refused 1 12345
	rm "$work/secret/$me"
	says "a code of a user without a secret is refused ($2)" refused 1 "$code"
}

# shellcheck disable=SC2016 # ${USER} is for the configuration
printf 'secret=%s/secret/${USER}\nuser=%s\n' "$work" "$(id -u)" >"$work/totpgroup.conf"
of_guide >"$work/check.c"
[ -s "$work/check.c" ]
result $? "docs/library.md has a program"
same "totpgroup(3) has the program of docs/library.md" "$(of_guide)" "$(of_page)"
try "${CC:-cc}" c11
try "${CXX:-c++}" c++17
finish
