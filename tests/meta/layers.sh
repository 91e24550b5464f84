#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Includes go downwards only. core/ and exchange/ make no system calls. No module keeps mutable data.
. "$(dirname "$0")/lib.sh"

# A folder may include headers of its own, and of the folders on the lines above it.
layers='
base
core
exchange store
gate client message pgsql
config
host
login
api
pam cli daemon
'

# The functions of the C library that core/ and exchange/ may call. They depend on their arguments
# only. Random numbers come from base/.
pure='bsearch calloc explicit_bzero free malloc memchr memcmp memcpy memmem memmove memrchr memset
qsort realloc reallocarray snprintf strchr strcmp strcspn strdup strlen strncmp strndup strnlen
strpbrk strrchr strspn strstr strtol strtoll strtoul strtoull vsnprintf'

# Variables that are not const, as FILE:VARIABLE.
#   crypto.c           libgcrypt is initialized once in a process; pthread_once() records that.
#   user_credential.c  The texts of a struct passwd are not const. Nobody writes to them.
variables='common/base/crypto.c:once
common/host/user_credential.c:root_home
common/host/user_credential.c:root_name'

# Prints each include that does not go downwards. All may include config.h and common/totpgroup.h.
upward() {
	# shellcheck disable=SC2046 # names of files without blanks
	grep -nE '^#[[:space:]]*include "' $(sources '*.c' '*.h' '*.inc' | grep -E '^(common|pam|cli|daemon|plugins)/') |
		awk -v layers="$layers" '
			BEGIN {
				count = split(layers, lines, "\n")
				for (i = 1; i <= count; i++) {
					folders = split(lines[i], names, " ")
					for (j = 1; j <= folders; j++)
						level[names[j]] = i
				}
			}
			{
				split($0, parts, ":")
				split($0, quoted, "\"")
				split(parts[1], from, "/")
				own = from[1] == "common" || from[1] == "plugins" ? from[2] : from[1]
				if (quoted[2] == "config.h" || quoted[2] == "totpgroup.h")
					next
				used = quoted[2]
				sub("/.*", "", used)
				if (own != used && !(level[own] > level[used] && level[used]))
					print parts[1] " includes " quoted[2]
			}'
}

# objects FOLDER: the object files of the sources below a folder. The build may also have objects of
# sources that were removed.
objects() {
	local source name object
	for source in $(sources '*.c' | grep "^$1/"); do
		name=${source##*/}
		for object in "$top_builddir/${source%/*}"/{.libs/,}*-"${name%.c}.o"; do
			[ ! -e "$object" ] || { echo "$object"; break; }
		done
	done
}

# symbols OPTION FOLDER...: the symbols that the objects of the folders define or lack.
symbols() {
	local option=$1 folder
	shift
	for folder in "$@"; do
		# shellcheck disable=SC2046
		nm "$option" --format=posix $(objects "$folder")
	done | awk 'NF > 1 {print $1}' | sort -u
}

# impure FOLDER...: the functions that the last folder calls, without those of the folders and the
# pure ones. __memcpy_chk is memcpy(); other symbols here are the compiler's.
impure() {
	symbols --undefined-only "${@: -1}" |
		comm -23 - <(symbols --defined-only "$@") |
		sed -E 's/^__isoc(99|23)_//; s/^__(.*)_chk$/\1/' |
		grep -vE '^(_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(asan|gcov|llvm|ubsan)_.*)$' |
		grep -vxF "$(tr ' ' '\n' <<<"$pure")"
}

# Each variable that is not const, as FILE:VARIABLE. Objects of programs name no variables.
found_variables() {
	local folder object source
	for folder in common pam cli daemon; do
		for object in $(objects "$folder"); do
			source=${object#"$top_builddir"/}
			source=${source/.libs\//}
			source=${source%/*}/${source##*-}
			size --format=sysv "$object" | awk -v name="${source%.o}.c" '
				$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
					sub(/^\.[a-z]*\.?/, "", $1)
					sub(/\.[0-9]+$/, "", $1)
					print name ":" $1
				}'
		done
	done
}

same "no include goes upward" "" "$(upward)"
need "objects" nm || finish
[ "$(objects common/core | wc -l)" -eq "$(sources '*.c' | grep -c ^common/core/)" ]
result $? "each source of the core has an object"
same "core/ calls the base and pure functions alone" "" "$(impure common/base common/core)"
same "exchange/ calls what is below it and pure functions alone" "" \
	"$(impure common/base common/core common/exchange)"
if symbols --undefined-only common/core | grep -qE '^__(asan|gcov)_'; then
	skip "variables" "the objects have those of the compiler"
else
	same "all data is const but for what is explained" "$variables" "$(found_variables | sort)"
fi
finish
