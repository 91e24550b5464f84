# SPDX-License-Identifier: LGPL-2.1-or-later
"""doctor and explain say how the store that hosts share is."""

import json
import os
import subprocess

from case import equal
from store_host import CONF, TOP, check, clock_moved, test, write_keys
from test_loader import of_other_versions
from test_program import ENVIRONMENT

PAM = f"{TOP}/pam"


def look(host, command, *words, line=f"conf={CONF}", environment=None):
    """The report of doctor or explain, about a service of its own."""
    os.makedirs(PAM, exist_ok=True)
    with open(f"{PAM}/fleet", "w", encoding="ascii") as file:
        file.write(f"auth required pam_unix.so\nauth required pam_totpgroup.so {line}\n")
    done = subprocess.run(
        [host.paths["enroll"], command, f"--pam-dir={PAM}", "--service=fleet", "--json", *words],
        capture_output=True, text=True, check=False, timeout=60,
        env={**ENVIRONMENT, **(environment or {})})
    check(done.stdout, done.stderr)
    return json.loads(done.stdout)


def findings(host, *options, **more):
    """What doctor says of the store: levels and sentences."""
    return [(one["level"], one["what"]) for one in look(host, "doctor", *options, **more)["findings"]
            if one["check"] == "store"]


def recognizes(host, level, *words, **more):
    """Checks that one finding of that level has these words."""
    found = findings(host, **more)
    check(any(one == level and all(word in what for word in words) for one, what in found),
          f"{level} {words}: {found}")


@test
def a_store_that_is_right_is_right(host):
    host.cluster.stop()
    host.cluster.start("synchronous_standby_names=s1")
    try:
        found = findings(host)
    finally:
        host.cluster.stop()
        host.cluster.start()
    equal([level for level, _ in found], ["ok"] * 6, str(found))
    text = " ".join(what for _, what in found)
    for words in ("answers: PostgreSQL", "schema 1, role web1", "a change waits for standbys: s1",
                  "its functions and no more", "web1 may have 8 connections", "has all keys",
                  " s apart"):
        check(words in text, text)


@test
def what_is_wrong_with_a_store_is_said(host):
    recognizes(host, "warning", "no standby has to confirm")
    host.rows("update totpgroup.setting set require_sync = true;")
    recognizes(host, "problem", "require_sync is set: every code is refused")
    host.rows("update totpgroup.setting set require_sync = false;")
    # Another host has a key that is not here.
    host.rows("insert into totpgroup.key values ('corp', 'k9', 'x');")
    recognizes(host, "warning", "lacks: k9")
    host.rows("grant select on totpgroup.credential to web1;")
    recognizes(host, "problem", "web1 can read or write the tables")
    host.rows("revoke select on totpgroup.credential from web1; grant totp_admin to web1;")
    recognizes(host, "warning", "web1 is an administrator's")
    host.rows("revoke totp_admin from web1;")
    for limit, words in ((-1, ("web1 may have any number of connections", "connection limit 8")),
                         (1, ("web1 may have 1 connections, and connections=2",))):
        host.rows(f"alter role web1 connection limit {limit};")
        recognizes(host, "warning", *words)
    host.rows("alter role web1 connection limit 8;")
    host.rows("update totpgroup.setting set schema = 2;")
    recognizes(host, "problem", "upgrade totpgroup on this host")
    host.rows("update totpgroup.setting set schema = 1; delete from totpgroup.member;")
    recognizes(host, "problem", "the role lacks a right, or a realm")


@test
def what_is_wrong_with_this_host_is_said(host):
    write_keys(f"{TOP}/other.keys", ("k1", b"2" * 32))
    findings(host)
    for changes, words in (({"plugin": "/nowhere.so"}, "plugin /nowhere.so"),
                           ({"plugin": host.paths["module"]}, "is no plugin"),
                           ({"key_file": f"{TOP}/other.keys"}, "other bytes for the key k1"),
                           ({"key_file": "/nowhere"}, "key_file=/nowhere"),
                           ({"connection": "host=/nowhere dbname=x user=y"}, "x at /nowhere"),
                           ({"connection": "dbname=x user=y"}, "has no host")):
        host.use(**changes)
        recognizes(host, "problem", words)
    host.use(options="allow_readonly")
    check(not any(level == "ok" for level, _ in findings(host)), "a contradiction")
    with open(f"{TOP}/conf/empty.conf", "w", encoding="ascii") as file:
        file.write("")
    found = findings(host, line=f"conf={TOP}/conf/empty.conf store=pgsql")
    equal([(level, "totpgroup.conf does not" in what) for level, what in found],
          [("problem", True)], "the line alone")


@test
def a_clock_that_is_wrong_is_said(host):
    recognizes(host, "ok", "this host's clock and the server's are", "s apart")
    # A second may begin between the two readings.
    for seconds in (10, 2000, 4):
        for sign, words in ((1, "s ahead of the server's"), (-1, "s behind the server's")):
            recognizes(host, "warning", "this host's clock is", words,
                       environment=clock_moved(sign * seconds))


@test
def a_plugin_of_another_version_is_said(host):
    library = f"{TOP}/other.so"
    host.at_end(os.unlink, library)
    with open(host.paths["plugin"], "rb") as file:
        plugin = file.read()
    host.use(plugin=library)
    for content in of_other_versions(plugin):
        with open(library, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(content)
        recognizes(host, "problem", f"plugin {library}: is of another version of totpgroup")


@test
def sshd_that_has_no_patience_for_the_store_is_said(host):
    path = f"{TOP}/sshd-settings"
    host.at_end(os.unlink, path)

    def said(grace):
        with open(path, "w", encoding="ascii") as file:
            file.write(f"usepam yes\nlogingracetime {grace}\n")
        return [what for level, what in findings(host, f"--sshd-settings={path}")
                if level == "warning" and "LoginGraceTime" in what]

    for deadline, short, enough in ((3, (1, 3), (4, 120, 0)), (7, (3, 7), (8,))):
        host.use(deadline=deadline)
        for grace in short:
            equal(said(grace), [f"LoginGraceTime of sshd is {grace} s, and deadline= of the store "
                                f"{deadline} s"], grace)
        for grace in enough:
            equal(said(grace), [], grace)


@test
def servers_on_the_network_are_known_for_sure(host):
    port = 54329
    host.cluster.stop()
    host.cluster.start("listen_addresses=127.0.0.1", f"port={port}")
    try:
        host.use(connection=f"host=localhost port={port} dbname={host.cluster.database} user=web1")
        recognizes(host, "warning", "sslmode=", "does not make sure who localhost is")
        recognizes(host, "warning", "localhost has to be looked up")
        host.use(connection=f"host=127.0.0.1 port={port} dbname={host.cluster.database} user=web1")
        check(not any("looked up" in what for _, what in findings(host)), "an address")
    finally:
        host.cluster.stop()
        host.cluster.start()


@test
def an_explanation_has_the_store_and_spends_nothing(host):
    host.start()
    host.enroll("alice")
    before = host.rows("select version, state is null from totpgroup.credential;")
    report = look(host, "explain", "alice")
    steps = [step["fact"] for step in report["lines"][0]["steps"] if step["step"] == "store"]
    text = "\n".join(steps)
    for words in ("answers: PostgreSQL", "no standby has to confirm", "s apart",
                  "alice in one at", "is sealed with the key k1"):
        check(words in text, text)
    equal(report["lines"][0]["outcome"], "asked", "the outcome")
    equal(host.rows("select version, state is null from totpgroup.credential;"), before, "the row")
    equal(host.rows("select count(*) from totpgroup.log;"), [["0"]], "the log")
    text = json.dumps(look(host, "explain", "bob"))
    check("there is no secret" in text, text)
