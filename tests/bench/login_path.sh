#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# sudo tests/bench/login_path.sh
#
# What an accepted login runs: how many of the module's functions in how many files (by
# gcov, with a durable state), how many frames lie between the entry point and fsync(), and
# how many system calls a read-only login makes, beside pam_google_authenticator. It builds
# a copy without optimization in a temporary folder. The user is nobody, with a secret in
# that folder. Needs root, gdb, strace, oathtool and libpam-google-authenticator.
set -eu
source_tree=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 711 "$work"
secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
mkdir -p "$work/build" "$work/pam.d" "$work/home/nobody"
chown nobody "$work/home/nobody"
chmod 711 "$work/home"

# A tree that was built in cannot be configured elsewhere, so the files are copied.
copy_tree() {
	if [ -e "$source_tree/.git" ]; then
		git -c safe.directory='*' -C "$source_tree" ls-files
	else
		(cd "$source_tree" && find . -type f)
	fi | tar -C "$source_tree" -cf - --files-from=- | tar -C "$work/build" -xf -
}
(copy_tree && cd "$work/build" && ./bootstrap && ./configure --disable-tests --disable-hardening --disable-nls \
	CFLAGS='-O0 -g --coverage' && make -j2 pam_totpgroup.la) >"$work/log" 2>&1 ||
	{ tail -n 20 "$work/log"; exit 2; }
${CC:-cc} -o "$work/login" "$source_tree/tests/bench/login_path.c" -lpam
echo "auth required $work/build/.libs/pam_totpgroup.so secret=$work/home/\${USER}/secret" >"$work/pam.d/ours"
echo "auth required pam_google_authenticator.so secret=$work/home/\${USER}/secret" >"$work/pam.d/peer"

# put_secret LINE...: a new file of nobody's.
put_secret() {
	rm -f "$work/home/nobody/secret"
	printf '%s\n' "$secret" '" TOTP_AUTH' "$@" >"$work/home/nobody/secret"
	chown nobody "$work/home/nobody/secret"
	chmod 400 "$work/home/nobody/secret"
}

# log_in SERVICE N [COMMAND...]
log_in() {
	"${@:3}" "$work/login" "$work/pam.d" "$1" nobody "$(oathtool --totp -b $secret)" "$2"
}

count_system_calls() {
	log_in "$1" 2 strace -f -o "$work/calls"
	awk '/"BEGIN"/ {f = 1; next} /"END"/ {f = 0} f' "$work/calls" | wc -l
}

put_secret
echo "system calls of a read-only login: $(count_system_calls ours)" \
	"(pam_google_authenticator: $(count_system_calls peer))"

put_secret '" DISALLOW_REUSE'
printf '%s\n' 'set breakpoint pending on' 'break fsync' run backtrace >"$work/script"
log_in ours 1 gdb -q -batch -x "$work/script" --args >"$work/frames" 2>&1
sed -n '/^#/p' "$work/frames" | awk '/ fsync| __GI_fsync|in fsync/ {next} {n++} /pam_sm_authenticate/ {print "frames from pam_sm_authenticate() to fsync(): " n; exit}'

put_secret '" DISALLOW_REUSE'
find "$work/build" -name '*.gcda' -delete
log_in ours 1
cd "$work/build" && find . -name '*.gcda' -exec gcov --json-format --stdout {} + 2>/dev/null |
	python3 -c '
import json, sys
ran = {(one["file"], function["name"]) for line in sys.stdin for one in json.loads(line)["files"]
       for function in one["functions"] if function["execution_count"] > 0}
print(f"functions of ours that a durable login runs: {len(ran)} in {len({f for f, _ in ran})} files")'
