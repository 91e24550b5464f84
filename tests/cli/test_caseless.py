# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the user database ignores capitals, two spellings of a name are one user, who has one
secret."""

import base64
import itertools
import json
import subprocess

from bulk_host import Host
from case import BUILD
from support import PATIENCE, PROGRAM, Skip, check, equal, test


KEYS = (b"12345678901234567890", b"abcdefghijabcdefghij")


def row(name, key=0):
    return f"{name},{base64.b32encode(KEYS[key]).decode()}\n"


class Caseless(Host):
    """A user database that ignores capitals; with kept, entries have the name as it was asked
    for."""

    def __init__(self, folder, kept=False):
        super().__init__(folder, ["alice", "bob"])
        self.kept = {"CASE_KEPT": "1"} if kept else {}
        self.library = BUILD / ".libs" / "caseless.so"
        if not self.library.exists():
            raise Skip(f"{self.library} was not built")

    def command(self, *words, text="", **changes):
        done = subprocess.run(
            [PROGRAM, words[0], f"--conf={self.conf}", *words[1:]], cwd=self.top,
            input=text, capture_output=True, timeout=PATIENCE, check=False, text=True,
            env=self.environment(LD_PRELOAD=f"{self.library} {self.wrapper}", **self.kept,
                                 **changes))
        return done.returncode, done.stdout, done.stderr

    def rows(self, *rows, options=()):
        return self.command("import", "--from=csv", *options, "-",
                            text="user,secret\n" + "".join(rows))


def each_kind(folder):
    """Both kinds of databases, with the secrets in root's folder and at home. In the second kind
    each spelling has a file in root's folder."""
    folder.path.chmod(0o755)
    for number, (kept, at_home) in enumerate(itertools.product((False, True), repeat=2)):
        path = folder.path / str(number)
        path.mkdir(mode=0o755)
        host = Caseless(Below(path), kept)
        if at_home:
            host.make_homes()
        yield host


class Below:
    def __init__(self, path):
        self.path = path


@test
def two_secrets_for_two_spellings_are_refused(folder):
    for host in each_kind(folder):
        for force in ((), ("--force",)):
            status, output, errors = host.rows(row("ALICE"), row("bob"), row("alice", 1),
                                               options=force)
            equal(status, 7, output + errors)
            check("line 2: " in errors and "spelling of the name in line 4" in errors, errors)
            check("line 4: " in errors and "spelling of the name in line 2" in errors, errors)
            equal(host.enrolled(), {"bob"}, "who is enrolled")
            equal(host.secret("ALICE"), None, "a secret of the two")


@test
def one_secret_for_two_spellings_is_imported_once(folder):
    for host in each_kind(folder):
        status, output, errors = host.rows(row("Alice"), row("alice"), row("bob", 1))
        equal(status, 0, output + errors)
        equal(output.lower(), "imported alice\nimported bob\n", "what was done")
        check("line 3: " in errors and "the same secret as in line 2" in errors, errors)
        equal({host.secret("alice"), host.secret("Alice")} - {None},
              {base64.b32encode(KEYS[0]).decode()}, "the secret")


@test
def commands_for_several_users_know_two_spellings(folder):
    for host in each_kind(folder):
        host.rows(row("ALICE"), row("bob", 1))
        status, output, errors = host.command("codes", "--force", "--json", "ALICE", "alice", "bob")
        equal(status, 0, output + errors)
        equal(len(json.loads(output)["users"]), 2, output)
        status, output, errors = host.command("status", "--json", "ALICE", "alice")
        equal(len(json.loads(output)["users"]), 1, output + errors)
        status, output, errors = host.command("revoke", "--force", "ALICE", "Alice", "bob")
        equal((status, errors), (0, ""), output)
        equal(host.enrolled(), set(), "who is enrolled")


@test
def a_list_of_bulk_knows_two_spellings(folder):
    for host in each_kind(folder):
        host.out.mkdir(mode=0o700)
        status, output, errors = host.command(
            "bulk", f"--output={host.out}", "--format=txt", text="ALICE\nbob\nalice\n")
        equal(status, 0, output + errors)
        check("alice: was named before" in output, output)
        equal(len(list(host.out.iterdir())), 2, "letters")
