#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# life.sh OLD NEW
#
# The life of the packages on a bare Debian that is thrown away afterwards: those of the folder OLD
# are installed and upgraded to those of NEW, the profile is turned on and off around logins
# through the distribution's own sshd, and all are removed and purged. Needs apt, openssh-server,
# openssh-client and python3-pexpect; a network only for what the packages depend on.
# shellcheck disable=SC2317 # try calls the functions
set -u
old=$1 new=$2
tree=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
packages=(libpam-totpgroup libtotpgroup0 libtotpgroup-dev totp-enroll totp-verifyd totpgroup-common
	totpgroup-pgsql)
module=$(dirname "$(find /usr/lib /lib -name pam_unix.so -print -quit)")/pam_totpgroup.so
failed=0

result() {
	if [ "$1" -eq 0 ]; then
		echo "ok $2"
	else
		echo "not ok $2"
		failed=1
	fi
}

# try NAME COMMAND...: ok when the command succeeds.
try() {
	local name=$1
	shift
	"$@"
	result $? "$name"
}

# fails COMMAND...: does it end with another status than 0?
fails() {
	! "$@"
}

profile_is_off() {
	! grep -q pam_totpgroup /etc/pam.d/common-*
}

profile_is_on() {
	grep -qE '^auth[[:space:]]+required[[:space:]]+pam_totpgroup\.so' /etc/pam.d/common-auth
}

installed() {
	local version
	version=$(dpkg-deb --field "$1"/totp-enroll_*.deb Version) && [ -e "$module" ] &&
		dpkg-query --show --showformat='${db:Status-Status} ${Version}\n' "${packages[@]}" |
			fails grep -vx "installed $version"
}

none_installed() {
	[ ! -e "$module" ] && dpkg-query --show --showformat='${db:Status-Status}\n' "${packages[@]}" \
		2>/dev/null | fails grep -vx -e not-installed -e config-files
}

programs_run() {
	totp-enroll --help >/dev/null && totp-verifyd --version && ldconfig -p | grep -q libtotpgroup.so.0
}

# The plugin and its libraries, as a daemon loads it.
plugin_loads() {
	python3 -c 'import ctypes, glob, os
[path] = glob.glob("/usr/lib/*/totpgroup/pgsql.so")
ctypes.CDLL(path, os.RTLD_NOW).totpgroup_store_plugin' && [ -s /usr/share/totpgroup/schema-1.sql ]
}

# totp-enroll suggests libpskc, with which it reads what vendors deliver with tokens.
a_container_is_read() {
	apt-get install --yes --no-install-recommends libpskc0 &&
		totp-enroll import --dry-run --user=root "$tree/tests/fuzz/seeds/pskc/plain" |
			grep -x "would import root"
}

# AppArmor may stop the daemon only once an administrator says so.
profile_of_the_daemon() {
	grep -q "complain" /etc/apparmor.d/totp-verifyd
}

# In namespaces of its own: sshd of this Debian, on a loopback of its own.
log_in() {
	unshare --net python3 -c "import sys; sys.path.insert(0, '$tree/tests/e2e')
import private_root; private_root.raise_loopback()
import os; os.execv('$tree/debian/tests/login', ['login', *sys.argv[1:]])" "$@"
}

# Whatever the packages left in /etc/pam.d is what was there before.
pam_files() {
	sha256sum /etc/pam.d/* | sort
}

install_old() { apt-get install --yes --no-install-recommends "$old"/*.deb; }
upgrade() { apt-get install --yes --no-install-recommends "$new"/*.deb; }
turn_on() { pam-auth-update --enable totpgroup && profile_is_on; }
remove() { apt-get remove --yes "${packages[@]}"; }
purge() { apt-get purge --yes "${packages[@]}"; }

before=$(pam_files)
try "the packages are installed" install_old
try "all of that version" installed "$old"
try "the profile is off after the installation" profile_is_off
try "an upgrade" upgrade
try "all of the new version" installed "$new"
try "the profile is off after the upgrade" profile_is_off
try "the programs run" programs_run
try "the plugin loads" plugin_loads
try "a container of hardware tokens is read" a_container_is_read
try "the AppArmor profile is there" profile_of_the_daemon
try "folders for secrets are root's" [ "$(stat -c %a:%U /var/lib/totpgroup/secret)" = 700:root ]
try "the group of the recipes is there" getent group totp

log_in logins
result $? "logins with the profile off, on and off"

try "the profile on again" turn_on
try "an upgrade with the profile on" apt-get install --yes --reinstall "$new"/*.deb
try "leaves it on" profile_is_on

echo "auth required pam_totpgroup.so" >/etc/pam.d/written-by-hand
try "no removal while a file names the module" fails remove
try "the module is still there" installed "$new"
try "the profile is still on" profile_is_on
rm /etc/pam.d/written-by-hand

echo "secret of a user" >/var/lib/totpgroup/secret/somebody
try "a removal" remove
try "nothing of it is left" none_installed
try "the profile went" profile_is_off
log_in password
result $? "a login with the password alone"
try "an installation after the removal" upgrade
try "the profile stays off after it" profile_is_off
try "the profile on once more" turn_on
try "purge" purge
try "nothing is left" none_installed
try "the profile went first" profile_is_off
log_in password
result $? "a login with the password alone after the purge"
try "the secret stays" [ "$(cat /var/lib/totpgroup/secret/somebody)" = "secret of a user" ]
try "PAM's files are as before" [ "$(pam_files)" = "$before" ]
exit $failed
