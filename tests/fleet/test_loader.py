# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin that store=pgsql names, and the section [store]: what is loaded, and what is refused
with one line that says why."""

import ctypes.util
import os
import re
import shutil
import subprocess

from case import check, equal
from store_host import CONF, KEYS, TOP, test

FOLDER = f"{TOP}/plugins"


def refusal(host, program="verifyd", arguments=("--check", f"--conf={CONF}")):
    """What a program says about the configuration; empty where nothing is wrong."""
    done = subprocess.run([host.paths[program], *arguments], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    said = done.stdout + done.stderr
    check(done.returncode in (0, 6), f"{done.returncode}: {said}")
    equal(done.returncode == 0, said == "", said)
    check(said.count("\n") <= 1, f"more than a line: {said}")
    return said


def expect(host, words, **keys):
    """The daemon refuses these keys of [store], and says why."""
    host.use(**keys)
    said = refusal(host)
    check(words in said, f"{keys}: {said!r} lacks {words!r}")


@test
def only_what_nobody_else_can_write_is_loaded(host):
    os.mkdir(FOLDER, 0o755)
    host.at_end(shutil.rmtree, FOLDER)
    path = f"{FOLDER}/pgsql.so"
    shutil.copy(host.paths["plugin"], path)
    os.chmod(path, 0o644)
    host.use(plugin=path)
    equal(refusal(host), "", "a file of root's")
    expect(host, "is no absolute path", plugin="pgsql.so")
    expect(host, "needs plugin=", plugin=None)
    expect(host, "No such file", plugin=f"{FOLDER}/other.so")
    for mode in (0o664, 0o646):
        os.chmod(path, mode)
        expect(host, "others may write it", plugin=path)
    os.chmod(path, 0o644)
    os.chown(path, 1001, 0)
    expect(host, "is not root's", plugin=path)
    os.chown(path, 0, 0)
    for mode in (0o775, 0o757):
        os.chmod(FOLDER, mode)
        expect(host, "others may write there", plugin=path)
    os.chmod(FOLDER, 0o755)
    os.chown(FOLDER, 1001, 0)
    expect(host, "is not root's", plugin=path)
    os.chown(FOLDER, 0, 0)
    os.symlink(path, f"{FOLDER}/link.so")
    expect(host, "no regular file", plugin=f"{FOLDER}/link.so")
    expect(host, "no regular file", plugin=FOLDER)
    os.mkfifo(f"{FOLDER}/fifo")
    expect(host, "no regular file", plugin=f"{FOLDER}/fifo")
    host.use(plugin=path)
    equal(refusal(host), "", "afterwards")


@test
def only_a_plugin_of_this_version_is_loaded(host):
    library = f"{TOP}/any.so"
    host.at_end(os.unlink, library)
    with open(host.paths["plugin"], "rb") as file:
        plugin = file.read()

    def write(content):
        with open(library, "wb") as file:
            file.write(content)
        os.chmod(library, 0o644)

    write(b"no library")
    expect(host, "cannot be loaded", plugin=library)
    write(plugin[:40])
    expect(host, "cannot be loaded", plugin=library)
    shutil.copy(_find_library("png16"), library)
    expect(host, "is no plugin of totpgroup", plugin=library)
    for content in of_other_versions(plugin):
        write(content)
        expect(host, "is of another version of totpgroup", plugin=library)


def of_other_versions(plugin):
    """The plugin with another version, and with other sizes: the first fields of its symbol."""
    at = [found.start() for found in re.finditer(rb"\x01\0{7}[^\0]\0{7}[^\0]\0{7}", plugin)]
    equal(len(at), 1, "the symbol is found in the file")
    for offset in (0, 8, 16):
        changed = bytearray(plugin)
        changed[at[0] + offset] += 1
        yield bytes(changed)


def _find_library(name):
    folder = f"/usr/lib/{os.uname().machine}-linux-gnu"
    return f"{folder}/{ctypes.util.find_library(name)}"


@test
def the_section_is_checked(host):
    server = f"host={host.cluster.socket} dbname=one user=web1"
    for connection, words in (
            (None, "needs connection="), ("nonsense", "malformed"),
            ("host=/x dbname=d user=u password=geheim", "has password in it"),
            ("host=/x dbname=d user=u service=s", "has service"),
            ("postgresql://u:geheim@h/d", "has password in it"),
            ("host=/x dbname=d user=u target_session_attrs=any", "has target_session_attrs"),
            ("host=/x dbname=d user=u client_encoding=LATIN1", "has client_encoding"),
            ("dbname=d user=u", "has no host"), ("host=/x user=u", "needs dbname and user"),
            ("host=/x dbname=d", "needs dbname and user"),
            ("host=/x dbname=d user=u colour=blue", "malformed"),
            ("host=a,b hostaddr=192.0.2.1 dbname=d user=u", "another number"),
            ("host=" + ",".join("a" * 9) + " dbname=d user=u", "more than 8 hosts")):
        expect(host, words, connection=connection)
        check("geheim" not in refusal(host), "a password is shown")
    for key, value, words in (("key_file", None, "needs key_file="),
                              ("key_file", "keys", "is no absolute path"),
                              ("deadline", "0", "deadline"), ("deadline", "8", "deadline"),
                              ("connections", "0", "connections"),
                              ("connections", "65", "connections"),
                              ("fail", "local", "needs fail_group="),
                              ("fail", "safe", "fail needs one of deny|local"),
                              ("fail_group", "staff", "is for fail=local alone"),
                              ("colour", "blue", "colour")):
        expect(host, words, **{"connection": server, key: value})
    for group, words in (("!staff", "names nobody but exemptions"), ("a,,b", "fail_group=: "),
                         ("4294967295", "fail_group=: ")):
        expect(host, words, connection=server, fail="local", fail_group=group)
    for option in ("secret=/x/${{USER}}", "state=/x/${{USER}}", "user=root", "allowed_perm=0640",
                   "no_strict_owner=yes", "allow_readonly=yes"):
        host.use(options=option)
        check("does not go with store=pgsql" in refusal(host), option)
    host.use(connection=server, key_file=KEYS)
    equal(refusal(host), "", "what is right")


@test
def a_mistake_after_the_start_leaves_the_old_store_in_use(host):
    host.start()
    secret = host.enroll("alice")
    host.use(plugin="/nowhere.so")
    host.reload()
    check(any("stays as it was" in line for line in host.said()), host.said())
    check(host.log_in("alice", secret.code()), "the old one")
    host.use(connections="3")
    host.reload()
    check(host.log_in("alice", secret.code(1)), "a new one")


@test
def the_daemon_works_within_its_unit(host):
    """No rights, and the system calls that the unit allows."""
    if not host.sources["system calls"]:
        return
    host.confined = True
    host.start()
    secret = host.enroll("alice")
    check(host.log_in("alice", secret.code()), "a right code")
