#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/check-abi tells libraries that break programs from those that do not.
. "$(dirname "$0")/../meta/lib.sh"
need abi abidiff || finish

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# library NAME TEXT: builds a library of that C text.
library() {
	echo "$2" >"$work/$1.c"
	${CC:-cc} -g -shared -fPIC -Wl,-soname,libtry.so.0 -o "$work/$1.so" "$work/$1.c"
}

# judged NAME STATUS: how the change from old.so to NAME.so is judged.
judged() {
	scripts/check-abi --files "$work/old.so" "$work/$1.so" >"$work/said" 2>&1
	same "$3" "$2" $?
}

library old 'struct s { int size; }; int f(struct s *s) { return s->size; } int g(void) { return 1; }'
library more 'struct s { int size; }; int f(struct s *s) { return s->size; } int g(void) { return 1; }
	int h(void) { return 2; }'
library grown 'struct s { int size, last; }; int f(struct s *s) { return s->size; } int g(void) { return 1; }'
library less 'struct s { int size; }; int f(struct s *s) { return s->size; }'
judged old 0 "the same library"
judged more 0 "one more function"
judged grown 0 "a struct that grew at its end"
judged less 1 "a function that is gone"
scripts/check-abi --files "$work/old.so" "$work/none.so" >/dev/null 2>&1
same "a file that is missing" 2 $?
judged_library=$top_builddir/.libs/libtotpgroup.so
scripts/check-abi --files "$judged_library" "$judged_library" >/dev/null 2>&1
same "libtotpgroup.so can be judged" 0 $?
finish
