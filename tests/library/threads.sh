#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Threads with a handle each, and a process that forks: with the library as it was built, and
# with its sources under ThreadSanitizer, which does not cover libgcrypt.
# shellcheck source=installed.sh
. "$(dirname "$0")/installed.sh"
need "threads" pkg-config || finish

compiler=${CC:-cc}
folders=(common/{api,base,client,config,core,exchange,gate,host,store})

# run NAME PROGRAM: runs it, and prints its own results and how it ended.
run() {
	rm -rf "$work/users"
	mkdir "$work/users"
	chmod 711 "$work" "$work/users"
	echo strict=no >"$work/users/totpgroup.conf"
	chmod 600 "$work/users/totpgroup.conf"
	"${prefix[@]}" "$2" "$work/users" >"$work/output" 2>&1
	result $? "$1"
	[ $failed -eq 0 ] || cat "$work/output"
}

# With some kernels ThreadSanitizer only works if addresses are not random.
sanitizes() {
	printf 'int main(void) { return 0; }\n' >"$work/empty.c"
	$compiler -fsanitize=thread -o "$work/empty" "$work/empty.c" 2>/dev/null || return
	"$work/empty" 2>/dev/null && return
	prefix=(setarch -R)
	"${prefix[@]}" "$work/empty" 2>/dev/null
}

build_sanitized() {
	mkdir "$work/objects" || return
	# shellcheck disable=SC2046,SC2086 # lists of options
	find "${folders[@]/#/$top_srcdir/}" "$top_srcdir/tests/library/threads.c" -name '*.c' -print0 |
		(cd "$work/objects" && xargs -0 -P 2 -n 8 $compiler -c -std=gnu11 -g -O1 -pthread \
			-fsanitize=thread -DHAVE_CONFIG_H -I"$top_builddir" -I"$top_srcdir/common" \
			$(pkg-config --cflags libgcrypt libqrencode)) &&
		$compiler -fsanitize=thread -pthread -o "$work/sanitized" "$work"/objects/*.o \
			$(pkg-config --libs libgcrypt) -ldl
}

prefix=()
compile "$compiler" gnu11 tests/library/threads.c "$work/threads" -pthread
result $? "the program compiles"
[ $failed -eq 0 ] || finish
run "a code lets in one thread, and each thread its own user" "$work/threads"
if ! sanitizes; then
	skip "ThreadSanitizer" "it does not work with $compiler here"
	finish
fi
build_sanitized
result $? "the library compiles with ThreadSanitizer"
[ $failed -eq 0 ] || finish
run "there is no data race" "$work/sanitized"
finish
