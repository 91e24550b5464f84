# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian on the private machine, before anybody followed a recipe: sshd and PAM ask for the
password alone, and /usr/local is empty."""

import os
import shutil

from case import Skip
from sshd_host import TOP

COMMON_AUTH = """\
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
"""
PAM_SSHD = """\
@include common-auth
account required pam_nologin.so
@include common-account
session required pam_loginuid.so
@include common-session
@include common-password
"""


def over_folders(host, *paths):
    """Lets changes below these folders of the host go to folders of the test, which are
    returned."""
    written = []
    for path in paths:
        over = host.folder(f"over{path.replace('/', '-')}")
        for name in ("new", "work"):
            os.mkdir(f"{over}/{name}", 0o755)
        try:
            host.mount_over(path, "-t", "overlay", "-o",
                            f"lowerdir={path},upperdir={over}/new,workdir={over}/work", "overlay")
        except RuntimeError as problem:
            raise Skip(f"no overlay file system: {problem}") from problem
        written.append(f"{over}/new")
    return written


def empty_local(host):
    """An empty /usr/local."""
    host.mount_over("/usr/local", "-t", "tmpfs", "tmpfs")
    for folder in ("bin", "sbin", "lib", "share/man", "src"):
        os.makedirs(f"/usr/local/{folder}")


def pam(write_sshd=PAM_SSHD):
    """PAM's files as Debian has them, for sshd."""
    for name, text in (
            ("common-auth", COMMON_AUTH), ("common-account", "account required pam_unix.so\n"),
            ("common-session", "session required pam_unix.so\n"),
            ("common-password", "password required pam_unix.so\n"), ("sshd", write_sshd)):
        with open(f"/etc/pam.d/{name}", "w", encoding="ascii") as file:
            file.write(text)


def sshd(host, *lines):
    """Starts sshd with /etc/ssh/sshd_config, which includes drop-ins before those lines."""
    os.makedirs("/etc/ssh/sshd_config.d", exist_ok=True)
    if not os.path.lexists("/etc/ssh/sshd_config"):
        os.symlink(f"{TOP}/sshd_config", "/etc/ssh/sshd_config")
    host.start_sshd("Include /etc/ssh/sshd_config.d/*.conf", *lines)
    # sshd -t on a part of the settings looks for the keys in their default folder.
    shutil.copy(f"{TOP}/host_key", "/etc/ssh/ssh_host_ed25519_key")
