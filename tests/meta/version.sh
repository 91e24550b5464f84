#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The version stands in configure.ac. What cannot read it there has the same one.
. "$(dirname "$0")/lib.sh"

version=$(sed -n 's/^AC_INIT(\[totpgroup\], \[\(.*\)\])$/\1/p' configure.ac)
[ -n "$version" ]
result $? "configure.ac has a version"
same "NEWS begins with it" "Version $version" "$(head -n 1 NEWS)"
same "so does debian/changelog" "totpgroup ($version-1)" \
	"$(sed -n '1s/ [a-z]*; urgency.*//p' debian/changelog)"
same "so does the SELinux module" "module totpgroup $version;" \
	"$(grep '^module ' packaging/selinux/totpgroup.te)"
for file in packaging/rpm/totpgroup.spec packaging/alpine/APKBUILD packaging/arch/PKGBUILD; do
	grep -qE "^(Version: +|pkgver=)$version\$" "$top_builddir/$file"
	result $? "configure writes it into $file"
done
# Nowhere else, so that a release changes these lines alone.
same "no other file of the build names it" "" \
	"$(grep -lF -- "$version" Makefile.am ./*/Makefile.am.inc debian/rules debian/control \
		packaging/*/*.in 2>/dev/null)"
finish
