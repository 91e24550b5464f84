#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# older.sh NEW OLD
#
# Makes packages of a version before those of the folder NEW, to upgrade from: the same files
# under the version 0.0.1.
set -eu
new=$1 old=$2
mkdir -p "$old"
work=$(mktemp -d)
for package in "$new"/*.deb; do
	version=$(dpkg-deb --field "$package" Version)
	dpkg-deb --raw-extract "$package" "$work/one"
	sed -i "s/$version/0.0.1/" "$work/one/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$work/one" "$old" >/dev/null
	rm -r "$work/one"
done
