#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What other systems build packages from is sound, as far as it can be told here: shells parse it,
# checkmodule compiles the SELinux module, AppArmor's parser takes the drop-in and the profile.
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

sh -n packaging/alpine/APKBUILD.in
result $? "APKBUILD is a script for sh"
bash -n packaging/arch/PKGBUILD.in
result $? "PKGBUILD is a script for bash"
if need "lint of APKBUILD and PKGBUILD" shellcheck; then
	shellcheck packaging/alpine/APKBUILD.in packaging/arch/PKGBUILD.in
	result $? "shellcheck finds nothing in them"
fi
if need "SELinux module" checkmodule; then
	checkmodule -M -m -o "$work/totpgroup.mod" packaging/selinux/totpgroup.te >"$work/said"
	result $? "checkmodule compiles the SELinux module"
	cat "$work/said"
fi
# The names that the contexts have to cover.
contexts() {
	sed -n 's/^\([^[:space:]]*\)[[:space:]].*gen_context(system_u:object_r:\([a-z_]*\),s0)$/\1 \2/p' \
		packaging/selinux/totpgroup.fc
}
# context_of PATH: the type of the last line that matches the whole path.
context_of() {
	local pattern type found=''
	while read -r pattern type; do
		[[ $1 =~ ^${pattern/HOME_DIR/\/home\/alice}$ ]] && found=$type
	done < <(contexts)
	echo "$found"
}
same "a temporary name in a home" auth_home_t "$(context_of '/home/alice/.google_authenticator~Ab3dEf')"
same "the store" var_auth_t "$(context_of /var/lib/totpgroup/secret/alice)"
same "a temporary name in the store" var_auth_t "$(context_of '/var/lib/totpgroup/secret/alice~Ab3dEf')"
same "the keys that seal secrets" "var_auth_t var_auth_t" \
	"$(context_of /etc/totpgroup/seal.keys) $(context_of /run/totpgroup-seal/seal.keys)"
same "the socket" totp_verifyd_runtime_t "$(context_of /run/totpgroup/verify)"
same "the daemon" totp_verifyd_exec_t "$(context_of /usr/sbin/totp-verifyd)"
same "no other file" "" "$(context_of /home/alice/.bashrc)"
# The parser reads a profile as it does for the kernel, with the drop-in of the tree.
apparmor() {
	apparmor_parser --skip-kernel-load --skip-cache --Include "$work/apparmor" "$@"
}
if need "AppArmor's drop-in and profile" apparmor_parser; then
	mkdir -p "$work/apparmor/abstractions/authentication.d"
	cp conf/apparmor/totpgroup "$work/apparmor/abstractions/authentication.d/"
	{
		echo 'abi <abi/3.0>,'
		echo 'include <tunables/global>'
		echo "profile totpgroup_test { include <abstractions/authentication.d/totpgroup> }"
	} >"$work/profile"
	apparmor "$work/profile"
	result $? "AppArmor's parser takes the drop-in"
	apparmor conf/apparmor/totp-verifyd
	result $? "and the daemon's profile"
	same "which attaches to the daemon alone" totp-verifyd "$(apparmor --names conf/apparmor/totp-verifyd)"
fi

# authselect's profile, out of one like authselect's own.
mkdir -p "$work/authselect/default/local"
for file in system-auth password-auth; do
	printf '%s\n' 'auth        required    pam_env.so' \
		'auth        sufficient  pam_unix.so {if not "without-nullok":nullok}' \
		'auth        required    pam_deny.so' >"$work/authselect/default/local/$file"
done
echo 'Local users only' >"$work/authselect/default/local/README"
: >"$work/authselect/default/local/REQUIREMENTS"
packaging/authselect/make-profile "$work/authselect" &&
	packaging/authselect/make-profile "$work/authselect"
result $? "authselect's profile is made, and made again"
made=$work/authselect/vendor/totpgroup
same "a code is asked for before a password can be enough" "pam_env.so pam_totpgroup.so pam_unix.so pam_deny.so" \
	"$(grep -ho 'pam_[a-z]*\.so' "$made/password-auth" | tr '\n' ' ' | sed 's/ $//')"
grep -q 'pam_totpgroup.so .*{include if "with-totpgroup"}$' "$made/system-auth"
result $? "with the feature alone"
sed -i /pam_unix/d "$work/authselect/default/local/system-auth"
! packaging/authselect/make-profile "$work/authselect" 2>/dev/null && [ -e "$made/system-auth" ]
result $? "a profile that is not understood is not touched"
finish
