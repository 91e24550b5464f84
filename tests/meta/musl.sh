#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The library and the core compile with another C library, musl, without a warning. Linking would
# need a libgcrypt that is built for it.
. "$(dirname "$0")/lib.sh"
need musl musl-gcc || finish

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
# What configure found in this host's C library, older ones of musl have not.
cp "$top_builddir/config.h" "$work/config.h"
for function in pwritev2 renameat2; do
	printf '#define _GNU_SOURCE\n#include <stdio.h>\n#include <sys/uio.h>\nvoid *found = (void *)%s;\n' \
		$function | musl-gcc -x c -fsyntax-only - 2>/dev/null ||
		sed -i "/HAVE_${function^^}/d" "$work/config.h"
done
# Headers that musl has not, such as gcrypt.h, are this host's.
flags=(-std=c11 -Wall -Wextra -Werror -fsyntax-only "-I$work" -Icommon '-DLOCALEDIR="/"'
	-idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)")
# shellcheck disable=SC2046 # names of files without blanks
musl-gcc "${flags[@]}" $(find common -name '*.c' | sort)
result $? "the library and the core compile with musl"
finish
