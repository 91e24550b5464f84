# SPDX-License-Identifier: LGPL-2.1-or-later
"""What many users cost an administrator: bulk, status and import, each in few statements. Prints how
long each took, and the most memory that it had; TOTPGROUP_LONG=1 has 10,000 users."""

import json
import os
import shutil
import subprocess
import time

import case
from case import Skip, equal
from fleet_host import Table
from one_time_code import Secret
from store_host import TOP, check, credential, test
from test_program import BOSS, ENVIRONMENT, write_boss

USERS = 10000 if case.LONG else 600
# So many users are in a statement at most: of bulk, and of status.
BULK, STATUS = 512, 256
# What the program may need beside what it says of each user.
MEMORY = 20_000_000 + USERS * 4_000
NAMES = [f"user{number:05}" for number in range(USERS)]


class Desk:
    """An administrator's, with a table of what commands cost."""

    def __init__(self, host):
        self._host = host
        self._table = Table("command", "users", "seconds", "memory", "statements")
        host.rows("alter system set track_functions = 'all'; select pg_reload_conf();")
        self._before = self._calls()

    def run(self, name, *words, conf=BOSS):
        """Runs totp-enroll. Returns its report, and how often each function was called."""
        begun = time.monotonic()
        done = subprocess.run(
            [self._host.paths["memory"], self._host.paths["enroll"], *words, f"--conf={conf}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        took = time.monotonic() - begun
        equal(done.returncode, 0, done.stderr[-1000:])
        calls, before = self._calls(), self._before
        self._before = calls
        new = {name: calls[name] - before.get(name, 0) for name in calls
               if name in ("look", "look_many", "enroll", "put_many", "hello")
               or name == "put" and "put_many" not in calls}
        new = {name: count for name, count in new.items() if count > 0}
        memory = int(done.stderr.split()[-1]) * 1024
        self._table.row(name, f"{USERS:,}", f"{took:.2f}", f"{memory / 1e6:.0f} MB",
                        ", ".join(f"{count} {name}" for name, count in sorted(new.items())))
        if not os.environ.get("ASAN_OPTIONS"):
            check(memory < MEMORY, f"{name}: {memory} bytes")
        return done.stdout, new

    def _calls(self):
        # A server's process counts when it ends.
        while self._host.rows("select count(*) from pg_stat_activity where application_name = "
                              "'totpgroup';") != [["0"]]:
            pass
        return {name: int(count) for name, count in self._host.rows(
            "select funcname, calls from pg_stat_user_functions where schemaname = 'totpgroup';")}

    def revoke_all(self):
        """Nobody has a secret or a row."""
        self._host.rows("truncate totpgroup.credential;")


def write_files(folder):
    """A store of files with everybody's secret. Returns its configuration."""
    os.makedirs(f"{folder}/secret", mode=0o700)
    for name in NAMES:
        path = f"{folder}/secret/{name}"
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o400)
            file.write(credential(Secret(name)))
    with open(f"{folder}/conf", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"secret={folder}/secret/${{USER}}\nuser=root\n")
    return f"{folder}/conf"


@test
def many_users_need_few_statements(host):
    if "memory" not in host.paths:
        raise Skip("tests/bench/peak_memory was not built")
    host.write_users({"root": (0, ()), "postgres": (os.stat(host.cluster.folder).st_uid, ()),
                      **{name: (2000 + i, ("webtotp",)) for i, name in enumerate(NAMES)}})
    folder = f"{TOP}/many"
    os.makedirs(folder)
    host.at_end(shutil.rmtree, folder)
    write_boss(host)
    desk = Desk(host)
    text, calls = desk.run("bulk", "bulk", "--group=webtotp", "--json", f"--output={folder}/letters",
                           "--format=csv")
    report = json.loads(text)
    equal((report["created"], report["failed"]), (USERS, 0), "bulk")
    # Whether a user has a secret already is asked one by one.
    equal((calls.get("look_many"), calls.get("put_many"), calls.get("look", 0)),
          (-(-USERS // BULK), -(-USERS // BULK), USERS), "bulk")
    text, calls = desk.run("status", "status", "--group=webtotp", "--json")
    equal([row["state"] for row in json.loads(text)["users"] if row["user"] != "root"],
          ["confirmed"] * USERS, "status")
    equal((calls.get("look_many"), calls.get("look", 0)), (-(-USERS // STATUS), 0), "status")
    desk.revoke_all()
    with open(f"{folder}/users.csv", "w", encoding="ascii") as file:
        file.writelines(["user,secret\n", *(f"{name},{Secret(name).base32}\n" for name in NAMES)])
    desk.run("import of a table", "import", f"{folder}/users.csv")
    desk.revoke_all()
    old = write_files(f"{folder}/files")
    move = ("import", "--from=files", f"--old-conf={old}", "--all")
    desk.run("import of files", *move)
    text, _ = desk.run("the same again", *move)
    equal(text.count("unchanged"), USERS, "again")
    equal(host.rows("select count(*) from totpgroup.credential where secret is not null;"),
          [[str(USERS)]], "the rows")
