#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The bill of materials is the same each time, and names what the build has.
. "$(dirname "$0")/lib.sh"
need sbom readelf || finish
need sbom python3 || finish

bill=$(scripts/sbom "$top_builddir")
result $? "a bill is printed"
same "and the same again, elsewhere" "$bill" "$(TZ=Asia/Kathmandu LC_ALL=C scripts/sbom "$top_builddir")"

# ask EXPRESSION: prints its value, where bill is the bill.
ask() {
	python3 -c 'import json, sys; bill = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" <<<"$bill"
}
same "the version is configure's" "$(sed -n "s/^PACKAGE_VERSION='\(.*\)'/\1/p" "$top_builddir/config.log")" \
	"$(ask 'bill["packages"][0]["versionInfo"]')"
listed=" $(ask '" ".join(p["name"] for p in bill["packages"])') "
files=(.libs/pam_totpgroup.so .libs/libtotpgroup.so totp-enroll totp-verifyd)
# The plugin, where it was built.
[ ! -e "$top_builddir/.libs/pgsql.so" ] || files+=(.libs/pgsql.so)
for file in "${files[@]}"; do
	for library in $(readelf -dW "$top_builddir/$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[[ $listed = *" $library "* ]]
		result $? "${file##*/}: $library is named"
	done
	same "${file##*/}: its digest" "$(sha256sum <"$top_builddir/$file" | cut -d' ' -f1)" \
		"$(ask "[f['checksums'][1]['checksumValue'] for f in bill['files']
			if f['fileName'] == './${file##*/}'][0]")"
done
[[ $listed = *" libqrencode.so.4 "* ]]
result $? "what is loaded for QR codes is named"
same "each library has a version" "" \
	"$(ask '" ".join(p["name"] for p in bill["packages"] if p["versionInfo"] == "NOASSERTION")')"
finish
