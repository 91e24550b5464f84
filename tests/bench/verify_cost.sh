#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures calls of totp-verifyd on a private machine, relative to a plain loop that replaces
# as many files durably:
#
#     sudo top_builddir=BUILD tests/bench/verify_cost.sh [COUNT]
#
# Exit status 77, with the reason, if the machine cannot be made.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 2
why=$("$here/../e2e/isolated" true 2>&1) || {
	echo "skip verify_cost: $why"
	exit 77
}
work=$(mktemp -d /var/tmp/verify-cost.XXXXXXXX) || exit 2
trap 'rm -rf "$work"' EXIT
"$here/../e2e/isolated" /usr/bin/python3 -B "$here/verify_cost.py" \
	"${top_builddir:?}/totp-verifyd" "$top_builddir/tests/bench/verify_cost" "$work" "${1:-10000}"
