# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that is really full, has no inode left, is read-only, or of which a quota is used up: each
kind of login is refused, the files stay as they are, and the next login works once there is room
again. A state that is written in place needs no room, but where each write takes new blocks."""

import contextlib
import os
import shutil
import subprocess

from case import Skip, check, equal
from outside_logins import Host, Isolated, judge, logins

test = Isolated()


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        raise Skip(f"{' '.join(map(str, words))}: {done.stdout.strip()}")


def new_disk(folder, options):
    """Mounts a tmpfs at a new folder for each kind of login. Yields both."""
    for number, login in enumerate(logins()):
        path = folder.path / str(number)
        path.mkdir()
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path)
        os.chmod(path, 0o755)
        yield login, path


def try_login(login, path, spoil, mend, in_place):
    """A login between spoil() and mend()."""
    host = Host(path, login)
    host.reset()
    spoiled = spoil(path)
    result = host.log_in(host.answer)[0]
    needs_no_room = in_place and login.begins > 0
    equal(result, login.result if needs_no_room else "refused", login.name)
    if not needs_no_room:
        equal(host.texts(), host.before, f"{login.name}: the files")
    mend(path, spoiled)
    judge(host, result, login.name)


def fill(folder):
    """Leaves no byte. Returns the file that takes them."""
    path = folder / "ballast"
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as stream:
        for size in (65536, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    stream.write(bytes(size))
                    if folder.name == "btrfs":
                        os.fsync(stream.fileno())
    return path


def remove(_, path):
    path.unlink()
    os.sync()


@test
def on_a_full_disk_a_login_is_refused_and_nothing_is_damaged(folder):
    for login, path in new_disk(folder, "size=64k"):
        try_login(login, path, fill, remove, in_place=True)


@test
def on_a_disk_without_inodes_too(folder):
    def use_up(path):
        count = 0
        with contextlib.suppress(OSError):
            while True:
                (path / f"inode{count}").touch()
                count += 1
        return count

    def remove_all(path, count):
        for number in range(count):
            (path / f"inode{number}").unlink()

    for login, path in new_disk(folder, "nr_inodes=40"):
        try_login(login, path, use_up, remove_all, in_place=True)


@test
def on_a_read_only_mount_too(folder):
    def protect(path):
        run("mount", "-o", "remount,ro", path)

    def unprotect(path, _):
        run("mount", "-o", "remount,rw", path)

    for login, path in new_disk(folder, "size=1m"):
        try_login(login, path, protect, unprotect, in_place=False)


@test
def beyond_a_quota_too(folder):
    """Of a subvolume of btrfs, which holds for root as well."""
    def fill_quota(path):
        ballast = fill(path)
        check(ballast.stat().st_size < 2 << 20, "no quota was in force")
        return ballast

    if shutil.which("mkfs.btrfs") is None:
        raise Skip("mkfs.btrfs is missing (package btrfs-progs)")
    image, path = folder.path / "image", folder.path / "btrfs"
    path.mkdir()
    for login in logins():
        with open(image, "wb") as stream:
            stream.truncate(112 << 20)
        run("mkfs.btrfs", "-q", "-f", image)
        run("mount", "-t", "btrfs", "-o", "loop", image, path)
        try:
            run("btrfs", "quota", "enable", path)
            run("btrfs", "qgroup", "limit", "1M", path)
            os.chmod(path, 0o755)
            try_login(login, path, fill_quota, remove, in_place=False)
        finally:
            subprocess.run(["umount", path], check=True)
