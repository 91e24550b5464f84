# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `bulk --dry-run` says of each user is what a run does with them."""

import collections
import json
import os

from bulk_host import FIRST_UID, GID, Host
from support import check, equal, test

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n\" TOTP_AUTH\n"


def home_of(host, name):
    return host.top / "home" / name


def put_secret(host, name, text=SECRET, mode=0o400):
    path = home_of(host, name) / ".google_authenticator"
    path.write_text(text, encoding="ascii")
    path.chmod(mode)
    os.chown(path, FIRST_UID + host.users.index(name), GID)


def replace_home(host, name, make):
    home_of(host, name).rmdir()
    make(home_of(host, name))


# What is done to the home of a user of that name.
NASTY = {
    "fine": lambda host, name: None,
    "gone": lambda host, name: home_of(host, name).rmdir(),
    "file": lambda host, name: replace_home(host, name, lambda home: home.write_text("")),
    "fifo": lambda host, name: replace_home(host, name, os.mkfifo),
    "dangling": lambda host, name: replace_home(
        host, name, lambda home: home.symlink_to(home.parent / "nowhere")),
    "loop": lambda host, name: replace_home(host, name, lambda home: home.symlink_to(home)),
    "link": lambda host, name: replace_home(
        host, name, lambda home: home.symlink_to(home.parent / "fine")),
    "roots": lambda host, name: os.chown(home_of(host, name), 0, 0),
    "foreign": lambda host, name: os.chown(home_of(host, name), FIRST_UID, GID),
    "shared": lambda host, name: home_of(host, name).chmod(0o777),
    "sealed": lambda host, name: home_of(host, name).chmod(0o500),
    "closed": lambda host, name: home_of(host, name).chmod(0),
    "enrolled": put_secret,
    "open": lambda host, name: put_secret(host, name, mode=0o644),
    "damaged": lambda host, name: put_secret(host, name, "=\n"),
    "folder": lambda host, name: (home_of(host, name) / ".google_authenticator").mkdir(),
    "pipe": lambda host, name: os.mkfifo(home_of(host, name) / ".google_authenticator"),
    "linked": lambda host, name: (home_of(host, name) / ".google_authenticator").symlink_to("/x"),
    "near": lambda host, name: (home_of(host, name) / ".google_authenticator").symlink_to("x"),
    "letter": lambda host, name: (host.out / f"{name}.svg").write_text("an old one"),
    "letters": lambda host, name: None,
    "white space": lambda host, name: None,
    "-dash": lambda host, name: None,
    ".dot": lambda host, name: None,
    "locked": lambda host, name: None,
}


def outcomes(host, *arguments, **changes):
    _, report = host.report(*arguments, **changes)
    return collections.Counter(
        (user["user"], user["result"], user["reason"]) for user in report["users"]), report


def compare(host, *arguments, **changes):
    """Both say the same of every user. Returns what they say."""
    before = sorted(str(path) for path in host.top.rglob("*"))
    promised, dry = outcomes(host, "--dry-run", *arguments, **changes)
    equal(sorted(str(path) for path in host.top.rglob("*")), before, "files after the dry run")
    done, run = outcomes(host, *arguments, **changes)
    equal((promised - done, done - promised), (collections.Counter(), collections.Counter()),
          "what was promised and not done, what was done and not promised")
    equal([dry[key] for key in ("created", "skipped", "failed", "status")],
          [run[key] for key in ("created", "skipped", "failed", "status")], "numbers")
    return done


def make_host(folder):
    """A host with a user for each nasty home, and system accounts in the group."""
    host = Host(folder, NASTY, others=(f"daemon:x:99:{GID}::/nowhere:/bin/sh\n"
                                       f"closed-shell:x:30001:{GID}::/nowhere:/usr/sbin/nologin\n"
                                       f"homeless:x:30002:{GID}:::/bin/sh\n"
                                       f"relative:x:30003:{GID}::home:/bin/sh\n"
                                       f"same-as-fine:x:{FIRST_UID}:{GID}::{folder.path}/home/fine:/bin/sh\n"),
                members="no-such-member")
    host.make_homes()
    host.out.mkdir(mode=0o700)
    for name, spoil in NASTY.items():
        spoil(host, name)
    return host


@test
def a_dry_run_of_a_list_promises_what_a_run_does(folder):
    host = make_host(folder)
    names = [*NASTY, *NASTY, "no-such-user", "daemon", "closed-shell", "homeless", "relative",
             "same-as-fine", " fine ", "FINE", "20001", "x" * 300, "a/b", "..", ".", "a\x01b", "é"]
    text = "\n".join(["\ufeff# a list", *names, "", "fine"]) + "\n"
    done = compare(host, "--users=-", group=False, names=text, formats="svg,html,csv")
    check(done[("fine", "created", None)] == 1, done)
    check(done[("gone", "created", None)] == 0, done)


@test
def a_dry_run_of_a_group_promises_what_a_run_does(folder):
    compare(make_host(folder), formats="svg")


@test
def a_dry_run_promises_what_a_rotation_does(folder):
    compare(make_host(folder), "--rotate", formats="svg")


@test
def a_dry_run_promises_what_is_done_in_a_folder_of_roots(folder):
    for text in ("secret={top}/store/${{USER}}\nuser=root\n",
                 "secret={top}/new/folder/${{USER}}\nuser=root\n",
                 "secret={top}/store/one-for-all\nuser=root\n",
                 "secret={top}/home/${{USER}}/.config/totp\n"):
        with folder.__class__() as inner:
            host = make_host(inner)
            host.configure(text.format(top=host.top))
            compare(host, formats="svg")
