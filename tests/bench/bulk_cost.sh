#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures the time to enroll a group with an SVG letter for each user, beside a loop over
# google-authenticator and qrencode that writes the same files, and the memory:
#
#     top_builddir=BUILD tests/bench/bulk_cost.sh [USERS [USERS-OF-THE-LOOP]]
#
# The loop runs before and after, for fewer users. The ratio is the time of totp-enroll divided
# by the time of the loop for as many users.
set -eu

users=${1:-10000}
looped=${2:-500}
build=${top_builddir:?}

skip() {
	echo "skip bulk_cost: $1"
	exit 77
}
if [ -z "${BULK_COST_ISOLATED:-}" ]; then
	if [ "$(id -u)" -ne 0 ] || ! unshare --mount true 2>/dev/null; then
		skip "this needs root, for a mount namespace"
	fi
	export BULK_COST_ISOLATED=yes
	exec unshare --mount "$0" "$users" "$looped"
fi
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bulk-cost.XXXXXXXX")
trap 'rm -rf "$work"' EXIT
case $(stat -f -c %T "$work") in
tmpfs | ramfs) skip "$work is in memory, and the disk is the matter here: set TMPDIR" ;;
esac
printf 'passwd: files\ngroup: files\n' >"$work/nsswitch.conf"
printf 'root:x:0:\ntotp:x:20000:\n' >"$work/group"
echo "root:x:0:0::/root:/bin/sh" >"$work/passwd"
for name in nsswitch.conf group passwd; do
	mount --bind "$work/$name" "/etc/$name"
done

# have USERS: makes a user database with so many members of the group, beside root.
have() {
	seq --format="user%.0f" 1 "$1" | awk -v OFS=: '
		BEGIN {print "root:x:0:0::/root:/bin/sh"}
		{print $0, "x", 20000 + NR, 20000, "", "/nowhere", "/bin/sh"}' >"$work/passwd"
}

now() {
	date +%s.%N
}

# enroll FOLDER [COMMAND]: runs totp-enroll, or COMMAND totp-enroll, in new folders.
enroll() {
	mkdir -m 700 "$work/$1" "$work/$1/secrets"
	printf "secret=%s/secrets/\${USER}\nuser=root\n" "$work/$1" >"$work/$1/conf"
	chmod 600 "$work/$1/conf"
	${2:-env} "$build/totp-enroll" bulk -q --conf="$work/$1/conf" --group=totp --format=svg \
		--output="$work/$1/letters"
}

# loop FOLDER: enrolls the users one by one with the other programs.
loop() {
	mkdir -m 700 "$work/$1" "$work/$1/secrets" "$work/$1/letters"
	seq --format="user%.0f" 1 "$looped" | while read -r user; do
		google-authenticator -t -d -f -r 3 -R 30 -W -C -q -s "$work/$1/secrets/$user"
		read -r secret <"$work/$1/secrets/$user"
		qrencode -t svg -o "$work/$1/letters/$user.svg" \
			"otpauth://totp/host:$user@host?secret=$secret&issuer=host"
	done
}

if command -v google-authenticator >/dev/null && command -v qrencode >/dev/null; then
	have "$users"
	sync
	first=$(now)
	loop before
	second=$(now)
	enroll ours 2>/dev/null
	third=$(now)
	loop after
	fourth=$(now)
	[ "$(find "$work/ours/letters" -name '*.svg' | wc -l)" -eq "$users" ]
	echo "$first $second $third $fourth" | awk -v users="$users" -v looped="$looped" '{
		theirs = ($2 - $1 + $4 - $3) / 2 / looped * users; ours = $3 - $2
		printf "%d users with SVG letters: %.2f s; the loop, from %d users: %.1f s; ratio %.3f\n",
			users, ours, looped, theirs, ours / theirs }'
else
	echo "skip beside the loop: google-authenticator or qrencode is missing" \
		"(packages libpam-google-authenticator, qrencode)"
fi
for count in 100 1000 100000; do
	have "$count"
	peak=$(enroll "peak$count" "$build/tests/bench/peak_memory" 2>&1 | tail -n 1)
	echo "$count users: at most $peak KiB resident"
	rm -rf "${work:?}/peak$count"
done
