#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures the time to draw the letters of a user, beside libqrencode's
# QRcode_encodeString8bit() for the same URI:
#
#     top_builddir=BUILD tests/bench/letter_cost.sh [ROUNDS]
#
# The ratio is the time for a letter divided by the time for the QR code alone.
set -eu

"${top_builddir:?}/tests/bench/letter_cost" "${1:-2000}" | awk '{
	split("a bare QR code;SVG and HTML;SVG;HTML;PNG;TXT;a page of a print run", names, ";")
	for (i = 1; i <= NF; i++)
		printf "%s: %.1f us, ratio %.2f\n", names[i], $i, $i / $1
}'
