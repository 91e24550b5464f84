#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual pages are well-formed. Each command of totp-enroll has a page. The pages have, and with
# them the sample configuration, every option of the module, every key of the sections and every placeholder of letters.
. "$(dirname "$0")/lib.sh"

if need "manual pages" mandoc; then
	# The pages that others refer to need not be installed where the tests run. How long the lines of
	# a source are is seen by nobody who reads the page.
	for page in man/*.[1358]; do
		same "$page is well-formed" "" "$(mandoc -Tlint "$page" 2>&1 |
			grep -v 'referenced manual not found\|outdated mandoc\.db\|line longer than 80 bytes')"
	done
fi

same "no document has a word that is hard on readers with another first language" "" \
	"$(grep -niwE 'who(m|se)?ever' man/*.[1358] ./*.md docs/*.md conf/letter.* conf/totpgroup.conf)"

# names FILE TABLE: the first string of each row of the table.
names() {
	${CC:-cc} -E -P -I"$top_builddir" -I. -Icommon "$1" |
		sed -n "/$2\\[\\] = {/,/^};/s/^[[:space:]]*{ *\"\\([^\"]*\\)\".*/\\1/p"
}

# sample SECTION: the keys of a section of the sample, where all are commented out. An empty SECTION
# means the lines before the first one.
sample() {
	awk -v wanted="$1" '/^#?\[/ {sub("^#", ""); section = substr($0, 2, length($0) - 2); next}
		section == wanted && /^#[a-z_-]+=/ {sub("=.*", ""); print substr($0, 2)}' \
		conf/totpgroup.conf | sort
}

options=$(names common/config/options.c option_definitions)
[ -n "$options" ]
result $? "the table of options is found"
for option in $options; do
	sed 's/\\//g' man/pam_totpgroup.8 | grep -qE "(^|[^a-z_-])$option([^a-z_-]|$)"
	result $? "pam_totpgroup.8 names $option"
done

commands=$(names cli/main.c commands)
[ -n "$commands" ]
result $? "the table of commands is found"
for command in $commands; do
	grep -qE "^\.It Cm $command( |\$)" man/totp-enroll.1 &&
		grep -qx "\.Xr totp-enroll-$command 1 [.,]" man/totp-enroll.1
	result $? "totp-enroll.1 names the command $command and its page"
	same "one page describes $command" 1 \
		"$(grep -lE "^\.Nm totp-enroll-$command( ,)?$" man/totp-enroll-*.1 | wc -l)"
done

checks=$(sed -nE 's/^#define ([A-Z_]*_)?CHECK +"([a-z-]+)"$/\2/p' cli/doctor/*.c | sort -u)
[ -n "$checks" ]
result $? "the names of doctor's checks are found"
for check in $checks; do
	grep -qE "^\.It Cm (.* )?$check( ,|\$)" man/totp-enroll-doctor.1
	result $? "totp-enroll-doctor.1 names the check $check"
done

same "the sample has every option" "$(grep -vx conf <<<"$options" | sort)" "$(sample '')"
same "the sample has no setting in force" "" "$(grep -vE '^(#|\[[a-z]+\]$|$)' conf/totpgroup.conf)"
keys=$(names common/config/enroll_defaults.c enroll_definitions)
[ -n "$keys" ]
result $? "the table of [enroll] is found"
same "the sample has every key of [enroll]" "$(sort <<<"$keys")" "$(sample enroll)"
for key in $keys; do
	grep -q "^\.It Cm $key Ns = Ns" man/totpgroup.conf.5
	result $? "totpgroup.conf.5 names $key"
done
for section in 'verify web' daemon store; do
	file=verify_config
	[ "$section" != store ] || file=store_config
	keys=$(names common/config/$file.c "${section% *}_definitions")
	[ -n "$keys" ]
	result $? "the table of [$section] is found"
	same "the sample has every key of [$section]" "$(sort <<<"$keys")" "$(sample "$section")"
	for key in $keys; do
		grep -q "^\.It Cm $key Ns = Ns" man/totpgroup.conf.5
		result $? "totpgroup.conf.5 names $key"
	done
done

values=$(names cli/letter/values.c letter_values)
[ -n "$values" ]
result $? "the table of letters is found"
same "totpgroup-letter.5 has every placeholder" "$(sort <<<"$values")" \
	"$(sed -n 's/^\.It Li //p' man/totpgroup-letter.5 | sort)"
finish
