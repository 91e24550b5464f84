# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll on a store in PostgreSQL does what it does with files."""

import json
import os
import pathlib
import subprocess

from case import equal
from one_time_code import Secret
from store_host import CONF, KEYS, TOP, Client, check, credential, test, write_keys

BOSS = f"{TOP}/conf/boss.conf"
PLACE = "{} in {} at {}"
ATTEMPTS = ("--rate-limit=10", "--rate-time=30")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def write_boss(host, role="boss", keys=KEYS):
    """The configuration of an administrator, who has a role of her own."""
    with open(BOSS, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("store=pgsql\n[store]\n"
                   f"plugin={host.paths['plugin']}\nkey_file={keys}\ndeadline=7\n"
                   f"connection=host={host.cluster.socket} dbname={host.cluster.database} "
                   f"user={role}\n")


def run(host, *words, status=0, answers="", conf=BOSS, uid=None, environment=None):
    """Runs totp-enroll, and returns what it printed."""
    write_boss(host)
    as_user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    done = subprocess.run([*as_user, host.paths["enroll"], *words, f"--conf={conf}"],
                          input=answers, capture_output=True, text=True, check=False, timeout=60,
                          env={**ENVIRONMENT, **(environment or {})})
    check(done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout if status == 0 or "--json" in words else done.stdout + done.stderr


def place_of(host, user):
    return PLACE.format(user, host.cluster.database, host.cluster.socket)


def enroll(host, user, *options):
    """Enrolls somebody, and returns the secret."""
    report = json.loads(run(host, "enroll", user, "--json", "--with-secret", *ATTEMPTS, *options))
    equal((report["file"], report["store"], report["place"]),
          (None, "pgsql", place_of(host, user)), "where")
    secret = Secret.of_base32(report["secret"])
    host.secrets.append(secret)
    return secret, report["emergency_codes"]


def verify(host, user, code):
    """The exit status of verify."""
    write_boss(host)
    return subprocess.run([host.paths["enroll"], "verify", user, f"--conf={BOSS}"], input=code,
                          capture_output=True, text=True, check=False, timeout=60,
                          env=ENVIRONMENT).returncode


@test
def a_user_is_enrolled_shown_verified_and_revoked(host):
    secret, codes = enroll(host, "alice")
    run(host, "enroll", "alice", "--json", status=1)
    equal(json.loads(run(host, "enroll", "alice", "--json", "--if-missing", status=8))["changed"],
          False, "once more")
    row, = json.loads(run(host, "status", "alice", "--json"))["users"]
    equal((row["state"], row["file"], row["store"], row["place"], row["plain_codes_left"]),
          ("confirmed", None, "pgsql", place_of(host, "alice"), len(codes)), "status")
    check(secret.base32 in run(host, "show", "alice", "--force", "--qr=none"), "show")
    code = secret.code()
    equal((verify(host, "alice", code), verify(host, "alice", code), verify(host, "alice", codes[0]),
           verify(host, "alice", codes[0]), verify(host, "bob", code)), (0, 1, 0, 1, 3), "verify")
    equal(host.rows("select result, reason from totpgroup.log order by at;"),
          [["accepted", ""], ["refused", "reused"], ["accepted", ""], ["refused", "wrong-code"],
           ["refused", "not-enrolled"]], "the log of the store")
    check(place_of(host, "alice") in run(host, "revoke", "alice", "--force"), "revoke")
    equal(json.loads(run(host, "status", "alice", "--json", status=3))["users"][0]["state"],
          "not-enrolled", "after")
    run(host, "revoke", "alice", "--force", status=3)
    equal(host.rows("select username, secret is null from totpgroup.credential "
                    "where username = 'alice';"), [["alice", "t"]], "the row stays")


@test
def what_was_spent_stays_spent_when_a_secret_comes_back(host):
    secret, codes = enroll(host, "alice")
    text = run(host, "export", "alice", "--to=google-authenticator", "--force")
    code = secret.code()
    equal((verify(host, "alice", code), verify(host, "alice", codes[0])), (0, 0), "once")
    later = run(host, "export", "alice", "--to=google-authenticator", "--force")
    check(codes[0] in text and codes[0] not in later, "an export has the state")
    run(host, "revoke", "alice", "--force")
    (pathlib.Path(TOP) / "old").write_text(text, encoding="ascii")
    run(host, "import", f"{TOP}/old", "--user=alice", "--from=google-authenticator")
    equal((verify(host, "alice", code), verify(host, "alice", codes[0])), (1, 1), "again")
    equal(verify(host, "alice", codes[1]), 0, "another code")


@test
def codes_and_devices_change(host):
    secret, codes = enroll(host, "alice")
    equal(verify(host, "alice", codes[0]), 0, "an old code")
    user, = json.loads(run(host, "codes", "alice", "--json", "--force"))["users"]
    equal((user["file"], user["store"], len(user["codes"])), (None, "pgsql", 5), "codes")
    equal((verify(host, "alice", codes[1]), verify(host, "alice", user["codes"][0])), (1, 0),
          "the new ones")
    # Two devices, one of which is revoked.
    phone, tablet = Secret("a phone"), Secret("a tablet")
    (pathlib.Path(TOP) / "devices.csv").write_text(
        f"user,secret,device\nbob,{phone.base32},phone\nbob,{tablet.base32},tablet\n")
    run(host, "import", f"{TOP}/devices.csv")
    host.secrets += [phone, tablet]
    equal(verify(host, "bob", tablet.code()), 0, "the second device")
    run(host, "revoke", "bob", "--device=tablet", "--force")
    equal(verify(host, "bob", tablet.code()), 1, "a device that was revoked")
    row, = json.loads(run(host, "status", "bob", "--json"))["users"]
    equal(row["devices"], ["phone"], "devices")


@test
def a_group_is_enrolled_and_reported(host):
    host.use()
    report = json.loads(run(host, "bulk", "--group=webtotp", "--json", "--output=/run/e2e/letters",
                            "--format=txt", "--dry-run"))
    equal({row["user"]: (row["result"], row["file"], row["store"]) for row in report["users"]
           if row["user"] != "root"},
          {user: ("created", None, "pgsql") for user in ("alice", "bob")}, "a dry run")
    equal(host.rows("select count(*) from totpgroup.credential;"), [["0"]], "nothing is written")
    report = json.loads(run(host, "bulk", "--group=webtotp", "--json", "--output=/run/e2e/letters",
                            "--format=txt"))
    equal({row["user"]: (row["result"], row["place"]) for row in report["users"]
           if row["user"] != "root"},
          {user: ("created", place_of(host, user)) for user in ("alice", "bob")}, "bulk")
    rows = json.loads(run(host, "status", "--group=webtotp", "--json"))["users"]
    equal({row["user"]: row["state"] for row in rows if row["user"] != "root"},
          {"alice": "confirmed", "bob": "confirmed"}, "status")


@test
def files_move_into_the_store_with_their_state_and_back(host):
    for name in ("secret", "state"):
        os.makedirs(f"{TOP}/files/{name}", mode=0o700, exist_ok=True)
    old = f"{TOP}/conf/old.conf"
    with open(old, "w", encoding="ascii") as file:
        file.write(f"secret={TOP}/files/secret/${{USER}}\nuser=root\n"
                   f"state={TOP}/files/state/${{USER}}\n")
    secret = Secret("from a file")
    host.secrets.append(secret)
    path = pathlib.Path(f"{TOP}/files/secret/alice")
    path.write_text(credential(
        secret, '" RATE_LIMIT 10 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE',
        emergency=("12345678", "23456789", "34567890")), encoding="ascii")
    path.chmod(0o400)
    code = secret.code()
    run(host, "verify", "alice", conf=old, answers=code)
    run(host, "verify", "alice", conf=old, answers="12345678")
    move = ("import", "--from=files", f"--old-conf={old}", "--all")
    equal(run(host, *move), "imported alice\n", "first")
    equal((verify(host, "alice", code), verify(host, "alice", "12345678")), (1, 1), "what is spent")
    equal(run(host, *move), "unchanged alice\n", "again")
    run(host, "verify", "alice", conf=old, answers="23456789", status=0)
    # Back into files, with what was spent in the store.
    path.unlink()
    os.unlink(f"{TOP}/files/state/alice")
    equal(verify(host, "alice", "23456789"), 0, "in the store")
    back = subprocess.run([host.paths["enroll"], "import", "--from=files", f"--old-conf={BOSS}",
                           "--all", f"--conf={old}"], capture_output=True, text=True, check=False,
                          env=ENVIRONMENT)
    equal((back.returncode, back.stdout), (0, "imported alice\n"), back.stderr)
    for spent in (code, "12345678", "23456789"):
        run(host, "verify", "alice", conf=old, answers=spent, status=1)


@test
def a_file_that_is_named_is_a_file(host):
    """Whatever the configuration says."""
    enroll(host, "alice")
    path = f"{TOP}/alice.secret"
    report = json.loads(run(host, "enroll", "alice", "--json", f"--secret={path}"))
    equal((report["file"], report["store"], report["place"]), (path, "file", path), "where")
    row, = json.loads(run(host, "status", "alice", "--json", f"--secret={path}"))["users"]
    equal((row["state"], row["store"]), ("confirmed", "file"), "status")
    run(host, "revoke", "alice", "--force", f"--secret={path}")
    equal((os.path.exists(path), json.loads(run(host, "status", "alice", "--json"))["users"][0]
           ["state"]), (False, "confirmed"), "the store keeps hers")


@test
def others_than_root_go_through_the_daemon(host):
    host.use(web="\n[daemon]\nself_enroll=yes\n")
    host.start()
    secret = host.enroll("bob")
    os.chmod(f"{TOP}/conf", 0o755)
    os.chmod(CONF, 0o644)
    code = secret.code()
    run(host, "verify", "bob", conf=CONF, uid=1002, answers=code)
    run(host, "verify", "bob", conf=CONF, uid=1002, answers=code, status=1)
    said = run(host, "status", conf=CONF, uid=1002, status=5)
    check("a store that hosts share" in " ".join(said.split()), said)
    equal(Client().call("Status", user="bob")["parameters"]["enrolled"], True, "the daemon")


@test
def a_hosts_role_may_not_change_what_is_there(host):
    host.use()
    enroll(host, "alice")
    said = run(host, "codes", "alice", "--force", conf=CONF, status=6)
    check("the role lacks a right" in said and "SQLSTATE 42501" in said, said)
    run(host, "revoke", "alice", "--force", conf=CONF, status=6)
    # web1 may give a first secret.
    run(host, "enroll", "bob", "--json", conf=CONF)
    # The environment of sudo's caller leads nobody elsewhere.
    run(host, "status", "alice", environment={
        "PGHOST": "/nowhere", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1", "PGOPTIONS": "-c x=y",
        "PGUSER": "nobody", "PGSERVICE": "none", "PGSSLMODE": "verify-full",
        "PGTARGETSESSIONATTRS": "standby"})


@test
def a_store_that_cannot_be_opened_or_read_is_an_error(host):
    host.use()
    enroll(host, "alice")
    write_keys(f"{TOP}/other.keys", ("k1", b"2" * 32))
    for changes, words in (({"plugin": "/nowhere.so"}, "plugin /nowhere.so"),
                           ({"plugin": None}, "needs plugin="),
                           ({"key_file": f"{TOP}/other.keys"}, "other bytes for the key"),
                           ({"connection": "host=/nowhere dbname=x user=y"}, "x at /nowhere")):
        host.use(**changes)
        for command in (("status", "alice"), ("enroll", "bob", "--json"), ("verify", "alice")):
            said = run(host, *command, conf=CONF, status=6, answers="1\n")
            check(words in " ".join(said.split()), said)


@test
def many_are_read_and_created_in_few_statements(host):
    names = [f"user{number}" for number in range(1, 701)]
    host.write_users({"root": (0, ()), "postgres": (os.stat(host.cluster.folder).st_uid, ()),
                      **{name: (2000 + i, ("webtotp",)) for i, name in enumerate(names)}})
    # One was revoked, and one has a secret.
    enroll(host, "user7")
    run(host, "revoke", "user7", "--force")
    enroll(host, "user9")
    host.rows("update totpgroup.credential set state = null, state_key = null;")
    def calls():
        # A backend counts when it ends.
        while host.rows("select count(*) from pg_stat_activity where application_name = "
                        "'totpgroup';") != [["0"]]:
            pass
        rows = host.rows("select funcname, calls from pg_stat_user_functions where schemaname = "
                         "'totpgroup';")
        return {name: int(count) for name, count in rows}

    host.rows("alter system set track_functions = 'pl'; select pg_reload_conf();")
    report = json.loads(run(host, "bulk", "--group=webtotp", "--json", "--output=/run/e2e/many",
                            "--format=csv"))
    equal((report["created"], report["failed"]), (699, 0), "bulk")
    equal([row["user"] for row in report["users"] if row["result"] == "skipped"], ["user9"], "one")
    before = calls()
    equal((before.get("enroll", 0), before["hello"]), (0, 1), f"one by one: {before}")
    rows = json.loads(run(host, "status", "--group=webtotp", "--json"))["users"]
    equal({row["state"] for row in rows}, {"confirmed"}, "status")
    equal(calls()["look"], before["look"], "looks of status")
    equal(host.rows("select count(*), count(distinct version), min(version) from "
                    "totpgroup.credential where secret is not null;")[0][0], "700", "rows")
    # A host's role looks at one after the other.
    host.use()
    rows = json.loads(run(host, "status", "user1", "user9", "--json", conf=CONF))["users"]
    equal([row["state"] for row in rows], ["confirmed", "confirmed"], "as a host")
    # Names that an array has to quote are names.
    host.write_users({"root": (0, ()), "postgres": (os.stat(host.cluster.folder).st_uid, ()),
                      'odd,{"name\\': (3000, ()), "plain": (3001, ())})
    for user in ('odd,{"name\\', "plain"):
        run(host, "enroll", user, "--json")
    rows = json.loads(run(host, "status", 'odd,{"name\\', "plain", "--json"))["users"]
    equal([row["state"] for row in rows], ["confirmed", "confirmed"], "odd names")
