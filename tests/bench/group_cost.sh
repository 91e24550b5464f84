#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures group= with 10 and with 100,000 members, relative to getgrouplist() alone:
#
#     top_builddir=BUILD tests/bench/group_cost.sh [ROUNDS]
#
# The groups are in a private /etc/group, in a mount namespace. The ratio is the time of
# the gate divided by the time of getgrouplist(), which it needs.
set -eu

rounds=${1:-200}

if [ -z "${GROUP_COST_ISOLATED:-}" ]; then
	if [ "$(id -u)" -ne 0 ] || ! unshare --mount true 2>/dev/null; then
		echo "skip group_cost: this needs root, for a mount namespace"
		exit 77
	fi
	export GROUP_COST_ISOLATED=yes
	exec unshare --mount "$0" "$rounds"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'passwd: files\ngroup: files\ninitgroups: files\n' >"$work/nsswitch.conf"
mount --bind "$work/nsswitch.conf" /etc/nsswitch.conf

# measure MEMBERS USER: measures a group with so many members, between other groups.
measure() {
	{
		printf 'root:x:0:\nfirst:x:7001:m1,m2\n'
		printf 'large:x:7002:'
		seq --format='m%.0f' --separator=, 1 "$1"
		printf 'last:x:7003:m1\n'
	} >"$work/group.$1"
	mount --bind "$work/group.$1" /etc/group
	"${top_builddir:?}/tests/bench/group_cost" "$rounds" large "$2" 65534 |
		while read -r lookup gate answer; do
			echo "$lookup $gate" | awk -v members="$1" -v answer="$answer" '{
				printf "%6d members, user %-7s getgrouplist %9.1f us, group= %9.1f us, ratio %.2f\n",
					members, answer ":", $1, $2, $2 / $1 }'
		done
	umount /etc/group
}

for members in 10 100000; do
	measure $members "m$members"
	measure $members stranger
done
