# SPDX-License-Identifier: LGPL-2.1-or-later
"""The auth lines of the services of several distributions, as they are without totpgroup. Each
is a table of files; a login begins in the first one. @ is the folder of the files."""

DEBIAN = {
    "login": "auth include @/common-auth\n",
    "common-auth": "auth [success=1 default=ignore] pam_unix.so nullok\n"
                   "auth requisite pam_deny.so\n"
                   "auth required pam_permit.so\n"
                   "auth optional pam_cap.so\n"}
UBUNTU = {
    "login": "auth optional pam_faildelay.so delay=3000000\n"
             "auth include @/common-auth\n"
             "auth optional pam_group.so\n",
    "common-auth": "auth [success=2 default=ignore] pam_unix.so nullok\n"
                   "auth [success=1 default=ignore] pam_sss.so use_first_pass\n"
                   "auth requisite pam_deny.so\n"
                   "auth required pam_permit.so\n"
                   "auth optional pam_cap.so\n"}
UBUNTU_FINGER = {
    "login": "auth include @/common-auth\n",
    "common-auth": "auth [success=2 default=ignore] pam_fprintd.so max-tries=1\n"
                   "auth [success=1 default=ignore] pam_unix.so nullok try_first_pass\n"
                   "auth requisite pam_deny.so\n"
                   "auth required pam_permit.so\n"}
DEBIAN_LOCKED = {
    "login": "auth include @/common-auth\n",
    "common-auth": "auth required pam_faillock.so preauth\n"
                   "auth [success=1 default=ignore] pam_unix.so nullok\n"
                   "auth [default=die] pam_faillock.so authfail auth=7\n"
                   "auth sufficient pam_faillock.so authsucc\n"
                   "auth requisite pam_deny.so\n"}
DEBIAN_COCKPIT = {
    "login": "auth substack @/common-auth\n"
             "auth optional pam_ssh_add.so\n",
    "common-auth": DEBIAN["common-auth"]}
DEBIAN_GDM = {
    "login": "auth requisite pam_nologin.so\n"
             "auth required pam_succeed_if.so user != root quiet_success\n"
             "auth include @/common-auth\n"
             "auth optional pam_gnome_keyring.so\n",
    "common-auth": DEBIAN["common-auth"]}
DEBIAN_LIGHTDM = {
    "login": "auth requisite pam_nologin.so\n"
             "auth include @/common-auth\n"
             "-auth optional pam_gnome_keyring.so\n",
    "common-auth": DEBIAN["common-auth"]}
FEDORA = {
    "login": "auth substack @/password-auth\n"
             "auth include @/postlogin\n",
    "password-auth": "auth required pam_env.so\n"
                     "auth required pam_faildelay.so delay=2000000\n"
                     "auth sufficient pam_unix.so nullok\n"
                     "auth required pam_deny.so\n",
    "postlogin": "session optional pam_umask.so silent\n"}
FEDORA_SSSD = {
    "login": "auth substack @/password-auth\n",
    "password-auth":
        "auth required pam_env.so\n"
        "auth required pam_faildelay.so delay=2000000\n"
        "auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
        "auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
        "auth sufficient pam_unix.so nullok\n"
        "auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
        "auth sufficient pam_sss.so forward_pass\n"
        "auth required pam_deny.so\n"}
FEDORA_LOCKED = {
    "login": "auth substack @/system-auth\n",
    "system-auth": "auth required pam_env.so\n"
                   "auth required pam_faillock.so preauth silent\n"
                   "auth sufficient pam_unix.so nullok\n"
                   "auth required pam_faillock.so authfail auth=7\n"
                   "auth required pam_deny.so\n"}
ARCH = {
    "login": "auth include @/system-remote-login\n",
    "system-remote-login": "auth include @/system-login\n",
    "system-login": "auth required pam_shells.so\n"
                    "auth requisite pam_nologin.so\n"
                    "auth include @/system-auth\n",
    "system-auth": "auth required pam_faillock.so preauth\n"
                   "auth [success=2 default=ignore] pam_systemd_home.so\n"
                   "auth [success=1 default=bad] pam_unix.so try_first_pass nullok\n"
                   "auth [default=die] pam_faillock.so authfail auth=7\n"
                   "auth optional pam_permit.so\n"
                   "auth required pam_env.so\n"
                   "auth required pam_faillock.so authsucc\n"}
OPENSUSE = {
    "login": "auth requisite pam_nologin.so\n"
             "auth include @/common-auth\n",
    "common-auth": "auth required pam_env.so\n"
                   "auth required pam_unix.so try_first_pass\n"}
OPENSUSE_SSSD = {
    "login": "auth requisite pam_nologin.so\n"
             "auth include @/common-auth\n",
    "common-auth": "auth required pam_env.so\n"
                   "auth sufficient pam_unix.so try_first_pass\n"
                   "auth required pam_sss.so use_first_pass\n"}
ALPINE = {
    "login": "auth include @/base-auth\n",
    "base-auth": "auth required pam_env.so\n"
                 "auth required pam_nologin.so\n"
                 "auth required pam_unix.so nullok\n"}

DISTRIBUTIONS = {
    "Debian": DEBIAN, "Ubuntu": UBUNTU, "Ubuntu with a finger": UBUNTU_FINGER,
    "Debian with faillock": DEBIAN_LOCKED, "Debian's cockpit": DEBIAN_COCKPIT,
    "Debian's GDM": DEBIAN_GDM,
    "Fedora": FEDORA, "Fedora with sssd": FEDORA_SSSD, "Fedora with faillock": FEDORA_LOCKED,
    "Arch": ARCH, "openSUSE": OPENSUSE, "openSUSE with sssd": OPENSUSE_SSSD, "Alpine": ALPINE}

PASSWORDS = ("pam_unix.so", "pam_sss.so", "pam_systemd_home.so", "pam_ldap.so")
GATES = ("pam_usertype.so", "pam_localuser.so", "pam_nologin.so", "pam_succeed_if.so")
FACTORS = ("pam_fprintd.so", "pam_u2f.so")
# They identify nobody, and say yes.
OTHERS = ("pam_permit.so", "pam_cap.so", "pam_env.so", "pam_faildelay.so", "pam_faillock.so",
          "pam_gnome_keyring.so", "pam_group.so", "pam_shells.so", "pam_ssh_add.so")

CONTROLS = (
    "required", "requisite", "sufficient", "optional", "[success=ok default=ignore]",
    "[success=ok ignore=ignore default=bad]", "[success=ok ignore=ignore default=die]",
    "[success=done default=die]", "[success=done ignore=ignore default=die]",
    "[success=done default=ignore]", "[success=1 default=ignore]", "[success=2 default=ignore]",
    "[success=1 default=die]", "[success=ok auth_err=bad default=ignore]", "[default=ignore]",
    "[default=1 ignore=ignore success=ok]", "[success=ok default=1]", "[default=bad success=ok]",
    "[default=bad]", "[success=1 default=bad]", "[success=reset default=die]")
