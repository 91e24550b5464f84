#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The example with a database of its own. Of many processes with one code, one is let in.
# shellcheck source=installed.sh
. "$(dirname "$0")/installed.sh"
need "the example" pkg-config || finish
need "the example" python3 || finish
if ! pkg-config --exists sqlite3; then
	skip "the example" "sqlite3 is not installed (package libsqlite3-dev)"
	finish
fi

processes=16
rounds=10
program=$work/codes_in_sqlite
database=$work/codes.db

# shellcheck disable=SC2046 # a list of options
compile "${CC:-cc}" c11 examples/sqlite/codes_in_sqlite.c "$program" \
	$(pkg-config --cflags --libs sqlite3)
result $? "the example compiles"
[ $failed -eq 0 ] || finish

# enroll USER [CODE]: enrolls with that code, or with the right one. Sets $secret, and
# $emergency to an emergency code.
enroll() {
	local uri
	coproc "$program" "$database" enroll "$1" 2>"$work/complaint"
	read -r uri <&"${COPROC[0]}"
	read -r emergency <&"${COPROC[0]}"
	secret=${uri#*secret=}
	secret=${secret%%&*}
	echo "${2:-$(phone "$secret")}" >&"${COPROC[1]}"
	wait "$COPROC_PID"
}

# check USER CODE
check() {
	echo "$2" | "$program" "$database" check "$1" 2>>"$work/complaint"
}

# race USER CODE: prints how many of all processes at once are let in.
race() {
	local i
	for ((i = 0; i < processes; i++)); do
		check "$1" "$2" &
	done | grep -cx accepted
}

enroll alice
result $? "alice is enrolled"
! enroll alice
result $? "alice cannot enroll a second time"
grep -q 'enrolled already' "$work/complaint"
result $? "the message says that she is enrolled"
! enroll mallory 000
result $? "without a right code mallory is not enrolled"
same "a user without a credential is refused" refused "$(check mallory 12345678)"

wins=
for ((i = 0; i < rounds; i++)); do
	enroll "bob$i"
	wins+="$(race "bob$i" "$(phone "$secret" 1)") "
	# Another user, because each has a limit of attempts.
	enroll "carol$i"
	wins+="$(race "carol$i" "$emergency") "
done
same "of $processes processes with the same code one is let in, $rounds times" \
	"$(for ((i = 0; i < rounds; i++)); do printf '1 1 '; done)" "$wins"
finish
