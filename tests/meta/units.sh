#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd-analyze rates the exposure of the daemon's unit as low.
. "$(dirname "$0")/lib.sh"
need units systemd-analyze || finish

unit=$top_builddir/conf/systemd/totp-verifyd.service
grep -q '^ExecStart=/.*/totp-verifyd$' "$unit"
result $? "the unit has the path of the program"
if ! systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
	skip "the exposure" "systemd is older than 250"
	finish
fi
# The threshold is ten times the score.
report=$(systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" 2>&1)
result $? "the exposure is less than 2.0"
[ $failed -eq 0 ] || printf '%s\n' "$report"
for line in 'CapabilityBoundingSet=' 'NoNewPrivileges=yes' 'MemorySwapMax=0' 'LimitCORE=0'; do
	grep -qx "$line" "$unit"
	result $? "the unit says $line"
done
finish
