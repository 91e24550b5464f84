# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a private machine in new namespaces: its own /etc, /dev, /run, /var/log and loopback.

These are mounts in a private mount namespace. They end with the namespace, and the host's files
are never written.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess

# Everything of the private machine is below this folder. All of the host's /run is hidden, so that
# none of its sockets (a name service cache, systemd's user database) can answer.
TOP = "/run/e2e"

HOST_NAME = "private"

# The files that programs need from the host's /etc. They are copied where they exist. Users, groups
# and PAM services are not among them.
ETC_COPIED = (
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "login.defs",
    "security", "services", "environment", "gcrypt", "ssl/openssl.cnf",
    "crypto-policies", "fail2ban/fail2ban.conf", "fail2ban/jail.conf", "fail2ban/paths-common.conf",
    "fail2ban/paths-debian.conf", "fail2ban/paths-fedora.conf", "fail2ban/action.d/nftables.conf",
    "fonts", "nginx/mime.types",
)

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def enter():
    """Makes the private machine. Refuses to in the host's own namespaces."""
    _refuse_the_host()
    mount("tmpfs", "/run", "-t", "tmpfs", "-o", "mode=755,size=256m")
    os.makedirs("/run/sshd", mode=0o755)
    os.makedirs(TOP, mode=0o755)
    _make_etc()
    _make_dev()
    mount("tmpfs", "/var/log", "-t", "tmpfs", "-o", "mode=755,size=16m")
    raise_loopback()
    socket.sethostname(HOST_NAME)


def install(name, content):
    """Writes a program to the private machine. Returns its path."""
    path = f"{TOP}/{name}"
    with open(path, "wb") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write(content)
    return path


def find_libraries(folder):
    """Lets the loader find libraries in a folder, also for set-user-ID programs."""
    with open("/etc/ld.so.conf.d/e2e.conf", "w", encoding="ascii") as file:
        file.write(f"{folder}\n")
    run("/sbin/ldconfig")


def mount(source, target, *options):
    """Runs mount(8)."""
    run("mount", *options, source, target)


def run(*command):
    """Runs a command that must succeed. Returns its output."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _refuse_the_host():
    outer = os.environ.get("OUTER_NAMESPACES", "").split()
    own = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "net", "uts", "pid")]
    if len(outer) != 4 or any(a == b for a, b in zip(outer, own)) or os.getpid() != 1:
        raise RuntimeError("not in namespaces of its own: start this through tests/e2e/isolated")


def _make_etc():
    etc = f"{TOP}/etc"
    os.makedirs(f"{etc}/pam.d")
    for name in ETC_COPIED:
        source, target = f"/etc/{name}", f"{etc}/{name}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True)
        elif os.path.lexists(source):
            shutil.copy2(source, target, follow_symlinks=False)
    with open(f"{etc}/nsswitch.conf", "w", encoding="ascii") as file:
        file.write("passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    with open(f"{etc}/hosts", "w", encoding="ascii") as file:
        file.write(f"127.0.0.1 localhost {HOST_NAME}\n")
    with open(f"{etc}/pam.d/other", "w", encoding="ascii") as file:
        for kind in ("auth", "account", "password", "session"):
            file.write(f"{kind} required pam_deny.so\n")
    mount(etc, "/etc", "--bind")


def _make_dev():
    dev = f"{TOP}/dev"
    os.makedirs(dev)
    mount("tmpfs", dev, "-t", "tmpfs", "-o", "mode=755,size=1m")
    for name in DEVICES:
        open(f"{dev}/{name}", "wb").close()
        mount(f"/dev/{name}", f"{dev}/{name}", "--bind")
    os.makedirs(f"{dev}/pts")
    os.makedirs(f"{dev}/shm", mode=0o1777)
    os.symlink("pts/ptmx", f"{dev}/ptmx")
    os.symlink("/proc/self/fd", f"{dev}/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{dev}/{name}")
    mount("devpts", f"{dev}/pts", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount(dev, "/dev", "--rbind")


def raise_loopback():
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, request))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", flags | up))
