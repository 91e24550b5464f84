#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# again.sh OUT
#
# Builds what build.sh built once more, elsewhere, with another language, time zone, umask and
# number of jobs. Fails unless each package has the same bytes.
set -eu
out=$1
other=/var/tmp/elsewhere-$$
install -d -o builder "$other"
# shellcheck disable=SC2016 # for the inner shell
runuser -u builder -- env LC_ALL=C TZ=Asia/Kathmandu HOME=/nonexistent sh -euc '
	umask 002
	dpkg-source --extract "$1"/*.dsc "$2/source"
	cd "$2/source"
	DEB_BUILD_OPTIONS="nocheck parallel=1" DEB_BUILD_PROFILES=nocheck \
		dpkg-buildpackage --unsigned-changes --build=binary
' again "$out" "$other"
status=0
for package in "$out"/*.deb; do
	cmp "$package" "$other/${package##*/}" || status=1
done
rm -rf "$other"
exit $status
