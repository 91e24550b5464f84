#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures a login with state= in a folder with the states of 10 and of 100,000 users:
#
#     top_builddir=BUILD tests/bench/state_cost.sh [ROUNDS]
#
# The ratio is the time with 100,000 users divided by the time with 10.
set -eu

rounds=${1:-400}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fill FOLDER USERS: writes a state for each user, as a login does.
fill() {
	mkdir -m 0700 "$1"
	(umask 077 && cd "$1" && seq --format='user%.0f' 1 "$2" |
		awk '{ printf "totpgroup-state 1\n\" END\n" >$0; close($0) }')
}

fill "$work/ten" 10
fill "$work/many" 100000
sync
"${top_builddir:?}/tests/bench/state_cost" "$rounds" "$work/ten" "$work/many" |
	awk '{ printf "a login with state=: 10 users %.1f us, 100,000 users %.1f us, ratio %.2f\n",
		$1, $2, $2 / $1 }'
