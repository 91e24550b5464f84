#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The dynamic sections of what is built: libraries, search paths, names and hardening.
. "$(dirname "$0")/lib.sh"
need elf readelf || finish

module=$top_builddir/.libs/pam_totpgroup.so
library=$top_builddir/.libs/libtotpgroup.so
program=$top_builddir/totp-enroll
daemon=$top_builddir/totp-verifyd
plugin=$top_builddir/.libs/pgsql.so

# dynamic FILE TAG: the values of this tag in the dynamic section.
dynamic() {
	readelf --dynamic --wide "$1" | sed -n "s/.*($2) .*[[]\(.*\)[]].*/\1/p" | sort
}

# shows FILE OPTION PATTERN: does readelf OPTION print a line that matches?
shows() {
	readelf "$2" --wide "$1" | grep -qE "$3"
}

hardened() {
	local name=${1##*/}
	shows "$1" --segments GNU_RELRO
	result $? "$name: read-only relocations"
	shows "$1" --dynamic '\(BIND_NOW\)|\(FLAGS(_1)?\).*NOW'
	result $? "$name: bound at start"
	shows "$1" --segments 'GNU_STACK.* RW +0x'
	result $? "$name: no executable stack"
}

same "the module needs libpam, libgcrypt and libc alone" \
	"$(printf '%s\n' libc.so.6 libgcrypt.so.20 libpam.so.0)" "$(dynamic "$module" NEEDED)"
same "the module has no soname" "" "$(dynamic "$module" SONAME)"
shows "$module" --dynamic 'NODELETE'
result $? "the module stays loaded"
same "the library has its soname" libtotpgroup.so.0 "$(dynamic "$library" SONAME)"
same "the library needs libgcrypt and libc alone" \
	"$(printf '%s\n' libc.so.6 libgcrypt.so.20)" "$(dynamic "$library" NEEDED)"
same "the daemon needs libgcrypt and libc alone" \
	"$(printf '%s\n' libc.so.6 libgcrypt.so.20)" "$(dynamic "$daemon" NEEDED)"
# The store in PostgreSQL is loaded by what store=pgsql is for; neither sshd nor sudo has libpq then.
same "nothing but the plugin links libpq" "" \
	"$(for file in "$module" "$library" "$program" "$daemon"; do dynamic "$file" NEEDED; done | grep libpq)"
grep -qa totpgroup_store_plugin "$module"
same "the module has nothing that loads a plugin" 1 $?
if [ -e "$plugin" ]; then
	same "the plugin has one symbol" totpgroup_store_plugin \
		"$(readelf --dyn-syms --wide "$plugin" | awk '$5 == "GLOBAL" && $7 != "UND" {print $8}')"
	[ "${hardening:-yes}" != yes ] || hardened "$plugin"
	same "the plugin: no search path" "" "$(dynamic "$plugin" 'R\(UN\)*PATH')"
else
	skip "the plugin" "configured without libpq"
fi
for file in "$module" "$library" "$program" "$daemon"; do
	same "${file##*/}: no search path" "" "$(dynamic "$file" 'R\(UN\)*PATH')"
	if [ "${hardening:-yes}" = yes ]; then
		hardened "$file"
	else
		skip "${file##*/}: hardening" "configured with --disable-hardening"
	fi
done
if [ "${hardening:-yes}" = yes ]; then
	for file in "$program" "$daemon"; do
		shows "$file" --file-header 'Type: +DYN'
		result $? "${file##*/}: position-independent"
	done
fi
finish
