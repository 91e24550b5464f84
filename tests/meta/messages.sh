#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each translation has exactly the messages of the sources.
. "$(dirname "$0")/lib.sh"
for tool in xgettext msgfmt msgcat msgattrib; do
	need messages "$tool" || finish
done
template=$(mktemp) || exit 1
trap 'rm -f "$template"' EXIT

# messages FILE: the messages of a template or translation in order, and which are formats.
messages() {
	msgcat --no-wrap "$1" | awk '/^msgid/ {source = 1} /^msgstr/ {source = 0}
		source || (/^#,/ && !/fuzzy/)'
}

scripts/messages >"$template"
result $? "the texts are collected"

# The functions that translate are named by scripts/messages. Messages of error_set() are translated
# by the programs alone.
unlisted=$(sources '*.c' '*.h' | grep -v '^tests/' | grep -E '^(cli|common|daemon|pam)/' |
	grep -vxF -f po/POTFILES | grep -vx 'common/message/translate.[ch]')
# shellcheck disable=SC2086 # names of files without blanks
same "po/POTFILES names each file with texts" "" \
	"$(scripts/messages $unlisted | sed -n '/^#:/{n; p}')"
same "each file that po/POTFILES names has texts" \
	"$(sed -n 's/^#: //p' "$template" | tr ' ' '\n' | sort -u)" \
	"$(grep -v '^#' po/POTFILES | sort)"

languages=$(grep -v '^#' po/LINGUAS)
for language in $languages; do
	po=po/$language.po
	same "$po has exactly the texts of the sources" "$(messages "$template")" "$(messages "$po")"
	same "$po: nothing is untranslated, uncertain or out of use" "" \
		"$(msgattrib --untranslated "$po"; msgattrib --fuzzy "$po"; msgattrib --only-obsolete "$po")"
	msgfmt --check --output-file=/dev/null "$po"
	result $? "$po passes msgfmt --check"
	grep -q "^po/$language/LC_MESSAGES/totpgroup.mo:" po/Makefile.am.inc
	result $? "$po is built"
done
same "po/LINGUAS names each language" "$(cd po && printf '%s\n' *.po | sed 's/\.po$//')" "$languages"

# Clients and scripts match the prompt.
! grep -q 'msgid "Verification code: "' "$template"
result $? "the prompt is the same in every language"
finish
