#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Documents link only to files that are there, manual pages name only such guides, README.md and the
# archive have each guide, and a test types the commands of each.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The targets of the links of a document, as paths of the tree.
links() {
	local target
	grep -o '](\([^)#]*\)' "$1" | sed 's/^](//' | grep -v '^[a-z]*:' | sort -u |
		while IFS= read -r target; do
			realpath -m --relative-to=. "$(dirname "$1")/$target"
		done
}

dead=
for document in *.md docs/*.md examples/*/README.md; do
	for target in $(links "$document"); do
		[ -e "$target" ] || dead+="$document: $target"$'\n'
	done
done
[ -z "$dead" ]
result $? "each link of a document leads to a file" || printf '%s' "$dead"

missing=
while read -r guide; do
	[ -e "$guide" ] || missing+=" $guide"
done < <(grep -oh 'docs/[a-z_-]*\.md\|^\.Pa [A-Z]*\.md' man/*.[1358] | sed 's/^\.Pa //' | sort -u)
same "each guide that a manual page names is there" "" "$missing"
same "README.md links each guide" "$(ls docs/*.md)" "$(links README.md | grep '^docs/')"
same "Makefile.am names each guide" "$(ls docs/*.md)" \
	"$(sed -n '/^dist_guides_DATA/,/[^\\]$/p' Makefile.am | grep -o 'docs/[^ ]*\.md')"
same "a test types the commands of each guide" "$(grep -l '^ *```sh$' docs/*.md)" \
	"$(grep -oh 'host\.guide("[^"]*")' tests/guides/test_*.py | cut -d'"' -f2 | sort -u |
		sed 's#.*#docs/&.md#')"
finish
