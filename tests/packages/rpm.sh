#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rpm.sh ARCHIVE FOLDER
#
# Builds the RPM packages of an archive of make dist below a folder, with stand-ins for the macros
# that Fedora has and Debian's rpm has not, and reads them with rpmlint.
set -eu
archive=$1 folder=$2
languages=$(sed "s,.*,echo '%%lang(&) /usr/share/locale/&/LC_MESSAGES/totpgroup.mo';," \
	"$(dirname "$0")/../../po/LINGUAS" | tr '\n' ' ')
# Debian's rpm knows nothing of the packages that BuildRequires names.
rpmbuild -ta --nodeps --define "_topdir $folder" --define '_unitdir /usr/lib/systemd/system' \
	--define '_tmpfilesdir /usr/lib/tmpfiles.d' --define '_sysusersdir /usr/lib/sysusers.d' \
	--define "find_lang true; { $languages} >totpgroup.lang; :" \
	--define 'systemd_post() %{nil}' --define 'systemd_preun() %{nil}' \
	--define 'systemd_postun_with_restart() %{nil}' --define 'tmpfiles_create() %{nil}' \
	"$archive"
rpmlint --config "$(dirname "$0")/rpmlint.toml" "$folder"/RPMS/*/*.rpm "$folder"/SRPMS/*.rpm
