# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For tests that build programs with the library: a folder with the library as if it were
# installed, and with the secrets of users.
# shellcheck source=../meta/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../meta/lib.sh"

top_builddir=$(cd "$top_builddir" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/totpgroup-library.XXXXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/pkgconfig" "$work/secret"
ln -s "$top_builddir/.libs" "$work/lib"
ln -s "$top_srcdir/common" "$work/include"
sed "s|^libdir=.*|libdir=$work/lib|; s|^includedir=.*|includedir=$work/include|" \
	"$top_builddir/common/totpgroup.pc" >"$work/pkgconfig/totpgroup.pc"
export PKG_CONFIG_PATH=$work/pkgconfig LD_LIBRARY_PATH=$work/lib PYTHONDONTWRITEBYTECODE=1
flags=$(pkg-config --cflags --libs totpgroup)

# compile COMPILER STANDARD SOURCE PROGRAM [FLAG...]
compile() {
	local language=c
	case $2 in c++*) language=c++ ;; esac
	# shellcheck disable=SC2086 # lists of options
	$1 -x $language -std="$2" -Wall -Wextra -Wpedantic -Werror -o "$4" "$3" $flags "${@:5}"
}

# phone SECRET [STEPS]: the code that an app shows now, or that many steps later.
phone() {
	PYTHONPATH=tests/e2e python3 -c '
import sys
from one_time_code import Secret
print(Secret.of_base32(sys.argv[1]).code(int(sys.argv[2])))' "$1" "${2:-0}"
}
