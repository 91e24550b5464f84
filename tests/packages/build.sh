#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# build.sh TREE OUT
#
# Builds the source package and the packages of a tree, as a user without rights. It is run as root
# on a Debian that has what debian/control asks for. scripts/check runs the tests.
set -eu
tree=$1 out=$2
id builder >/dev/null 2>&1 || useradd --create-home builder
install -d -o builder "$out"
chown -R builder "$tree"
version=$(dpkg-parsechangelog --file "$tree/debian/changelog" --show-field Version)
upstream=${version%-*}
# shellcheck disable=SC2016 # for the inner shell
runuser -u builder -- sh -euc '
	tree=$1 out=$2 upstream=$3
	cd "$tree"
	./bootstrap && ./configure --disable-tests && make dist
	mv "totpgroup-$upstream.tar.gz" "$out/totpgroup_$upstream.orig.tar.gz"
	cd "$out" && tar -xf "totpgroup_$upstream.orig.tar.gz"
	cd "totpgroup-$upstream" && DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck \
		dpkg-buildpackage --unsigned-source --unsigned-changes
' build "$tree" "$out" "$upstream"
