# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll store: the administrator's care for a store in PostgreSQL."""

import json
import os
import pathlib
import subprocess

from case import SOURCE, equal
from store_host import CONF, KEYS, TOP, check, test, write_keys
from test_program import BOSS, ENVIRONMENT, enroll, run, verify, write_boss

SCHEMA = f"{TOP}/schema"


def connection(host, role="postgres", database=None):
    return (f"--connection=host={host.cluster.socket} dbname={database or host.cluster.database} "
            f"user={role}")


def write_schema():
    """The schema's files, where the machine of the test has them."""
    os.makedirs(SCHEMA, exist_ok=True)
    for path in pathlib.Path(SCHEMA).iterdir():
        path.unlink()
    pathlib.Path(f"{SCHEMA}/schema-1.sql").write_text(SQL, encoding="utf-8")
    return f"--schema-dir={SCHEMA}"


def dump(host, database):
    """The schema; a line that is different each time is left out."""
    text = subprocess.run(["pg_dump", "--schema-only", "--host", host.cluster.socket,
                           "--username=postgres", database], capture_output=True, text=True,
                          check=True, env=ENVIRONMENT).stdout
    return [line for line in text.splitlines() if "restrict" not in line]


SQL = (SOURCE / "plugins/pgsql/schema-1.sql").read_text(encoding="utf-8")


@test
def a_store_is_made_once_and_works(host):
    host.rows("create database fresh template template0;")
    try:
        options = (write_schema(), connection(host, database="fresh"))
        run(host, "store", "init", "--dry-run", *options)
        said = run(host, "store", "upgrade", *options, status=1)
        check("store init makes it" in said, said)
        equal(run(host, "store", "init", *options), "the schema has version 1\n", "init")
        said = run(host, "store", "init", *options, status=1)
        check("there is a schema already, of version 1" in said, said)
        equal(run(host, "store", "upgrade", *options), "the schema has version 1\n", "upgrade")
        # It is as if psql had made it.
        check(dump(host, "fresh") == dump(host, host.cluster.database), "the schema")
    finally:
        host.rows("drop database fresh with (force);")


@test
def an_upgrade_goes_from_version_to_version_or_not_at_all(host):
    options = (write_schema(), connection(host))
    host.rows("update totpgroup.setting set schema = -1;")
    step = "update totpgroup.setting set schema = {}; create table totpgroup.step{} (i int);"
    (pathlib.Path(SCHEMA) / "upgrade--1.sql").write_text(step.format(0, 0))
    (pathlib.Path(SCHEMA) / "upgrade-0.sql").write_text(step.format(1, 1) + " select 1/0;")
    said = run(host, "status", "alice", "--json", status=6)
    check("upgrade the schema, with totp-enroll store upgrade" in said, said)
    run(host, "store", "upgrade", *options, status=6)
    equal(host.rows("select schema, to_regclass('totpgroup.step0') is null, "
                    "to_regclass('totpgroup.step1') is null from totpgroup.setting;"),
          [["0", "f", "t"]], "a step that fails is none")
    (pathlib.Path(SCHEMA) / "upgrade-0.sql").write_text(step.format(1, 1))
    equal(run(host, "store", "upgrade", *options), "the schema has version 1\n", "upgrade")
    host.rows("update totpgroup.setting set schema = 2;")
    for action in ("upgrade", "init"):
        said = run(host, "store", action, *options, status=1)
        check("version 2" in said, said)
    os.unlink(f"{SCHEMA}/upgrade-0.sql")
    host.rows("update totpgroup.setting set schema = 0;")
    run(host, "store", "upgrade", *options, status=6)


@test
def the_status_has_the_store_its_keys_and_its_hosts(host):
    enroll(host, "alice")
    host.use()
    host.start()
    host.enroll("bob")
    host.stop()
    report = json.loads(run(host, "store", "status", "--json"))
    equal((report["schema"], report["realm"], report["standbys"], report["require_sync"],
           report["enrolled"], report["keys"]),
          (1, "corp", "", False, 2, [{"id": "k1", "sealed": 2}]), "the store")
    equal(sorted((one["name"], one["role"], one["keys"]) for one in report["hosts"]),
          [("private", "boss", "k1"), ("private", "web1", "k1")], "the hosts")
    text = run(host, "store", "status")
    check("users with a secret: 2; without one: 0\n" in text and
          "sealed with the key k1: 2\n" in text and "role web1" in text, text)
    check("a fail-over can forget" in text, text)
    # A host's role may not see who else there is.
    said = run(host, "store", "status", conf=CONF, status=6)
    check("the role lacks a right" in said, said)


@test
def another_key_seals_once_all_hosts_have_it(host):
    first, codes = enroll(host, "alice")
    second, _ = enroll(host, "bob")
    third, _ = enroll(host, "carol")
    equal((verify(host, "alice", codes[0]), verify(host, "carol", third.code())), (0, 0), "a state")
    run(host, "revoke", "carol", "--force")
    host.use()
    run(host, "status", "alice", conf=CONF)
    # The new key is first, and the other host does not know it.
    both = f"{TOP}/both.keys"
    write_keys(both, ("k2", b"2" * 32), ("k1", b"1" * 32))

    def boss(*words, status=0):
        write_boss(host, keys=both)
        done = subprocess.run([host.paths["enroll"], *words, f"--conf={BOSS}"], check=False,
                              capture_output=True, text=True, env=ENVIRONMENT)
        check(done.returncode == status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    keys = ("select username, secret_key, state_key from totpgroup.credential where state_key = "
            "'k1' or secret_key = 'k1' order by 1;")
    said = boss("store", "rekey", status=1)
    check("hosts that lack the key k2: 1, among them private" in said, said)
    equal(len(host.rows(keys)), 3, "nothing is done")
    write_keys(KEYS, ("k1", b"1" * 32), ("k2", b"2" * 32))
    run(host, "status", "alice", conf=CONF)
    equal(boss("store", "rekey", "--dry-run"), "would be sealed with the key k2: 3\n", "dry run")
    equal(boss("store", "rekey"), "sealed with the key k2: 3\n", "rekey")
    equal(host.rows(keys), [], "what is left")
    equal(boss("store", "rekey"), "sealed with the key k2: 0\n", "again")
    # Nothing that was spent is good again, and the secrets are the same.
    equal((verify(host, "alice", codes[0]), verify(host, "alice", first.code()),
           verify(host, "bob", second.code())), (1, 0, 0), "codes")
    # What cannot be opened is said, and keeps nobody else from a new key.
    host.rows("update totpgroup.credential set secret = '\\x00' where username = 'alice';")
    write_keys(both, ("k3", b"3" * 32), ("k2", b"2" * 32), ("k1", b"1" * 32))
    said = boss("store", "rekey", "--force", status=7)
    check("alice: " in said and "sealed with the key k3: 2\n" in said, said)


@test
def old_lines_of_the_log_are_removed(host):
    host.rows("insert into totpgroup.log (at, realm, username, host, role, result) select "
              "now() - interval '100 days', 'corp', 'alice', 'h', 'web1', 'accepted' "
              "from generate_series(1, 25000);")
    host.rows("insert into totpgroup.log (realm, username, host, role, result) values "
              "('corp', 'alice', 'h', 'web1', 'refused'), ('other', 'x', 'h', 'y', 'accepted');")
    host.rows("update totpgroup.log set at = now() - interval '100 days' where realm = 'other';")
    equal(run(host, "store", "prune", "--before=90d", "--dry-run"),
          "lines of the log that would be removed: 25000\n", "dry run")
    equal(run(host, "store", "prune", "--before=90d"),
          "lines of the log that were removed: 25000\n", "prune")
    equal(host.rows("select realm, count(*) from totpgroup.log group by 1 order by 1;"),
          [["corp", "1"], ["other", "1"]], "what is left")
    for before in ("tomorrow", "9999-01-01", "-1", ""):
        run(host, "store", "prune", f"--before={before}", status=2)
    run(host, "store", "prune", "--before=90d", conf=CONF, status=6)


@test
def wrong_command_lines_are_refused(host):
    host.use()
    for words in ((), ("make",), ("init", "status"), ("status", "--before=1d"), ("prune",),
                  ("rekey", "--connection=x"), ("status", "--schema-dir=/")):
        run(host, "store", *words, status=2)
    said = run(host, "store", "status", conf=CONF, uid=1001, status=5)
    check("only root" in said, said)
    with open(f"{TOP}/conf/files.conf", "w", encoding="ascii") as file:
        file.write("")
    said = run(host, "store", "status", conf=f"{TOP}/conf/files.conf", status=1)
    check("does not say store=pgsql" in said, said)


@test
def what_a_host_says_of_itself_reaches_no_terminal_as_it_is(host):
    """A host that was broken into chooses its name, its version and the ids of its keys."""
    enroll(host, "alice")
    host.rows("insert into totpgroup.host (role, name, version, keys, clock_offset, seen) values "
              "('web2', E'\\x1b]0;title\\x07', E'\\u009b2J', array[E'\\x1b[31m'], 0, now());")
    host.rows("insert into totpgroup.key values ('corp', E'\\x1b[31m', 'x');")
    host.use()
    os.makedirs(f"{TOP}/pam", exist_ok=True)
    with open(f"{TOP}/pam/fleet", "w", encoding="ascii") as file:
        file.write(f"auth required pam_totpgroup.so conf={CONF}\n")
    doctor = subprocess.run([host.paths["enroll"], "doctor", f"--pam-dir={TOP}/pam",
                             "--service=fleet"], capture_output=True, text=True, check=False,
                            env=ENVIRONMENT).stdout
    check("other hosts have keys" in " ".join(doctor.split()), doctor)
    said = [run(host, "store", "status"), run(host, "store", "rekey", status=1), doctor]
    for text in said:
        check(not any(byte in text for byte in "\x1b\x07\x9b"), repr(text))
    report = json.loads(run(host, "store", "status", "--json"))
    check(any(one["name"].startswith("\x1b") for one in report["hosts"]), "JSON has it as it is")
