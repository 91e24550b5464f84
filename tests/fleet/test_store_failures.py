# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-verifyd does when its server in PostgreSQL fails: each SQLSTATE, lost answers, silence,
answers of another kind, and a schema or a key that does not fit."""

import contextlib
import os
import shutil
import struct
import subprocess
import time

import case
import store_host
from case import check, equal
from faulty_server import FaultyServer
from store_host import KEYS, SSHD, TOP, Client, metrics, test, write_keys
from test_program import ENVIRONMENT

# What may succeed when it is asked again.
PASSES = ("40001", "40P01", "25006", "57P01", "57P02", "57P03", "08000", "08003", "08006", "53300",
          "55P03")
# What is refused at once, and a word of the line.
REFUSED = {"42883": "a function is missing", "3F000": "there is no schema", "42P01": "a table is missing",
           "42501": "the role lacks a right", "28000": "does not let this role in",
           "28P01": "does not let this role in", "3D000": "there is no such database",
           "57014": "cancelled", "53100": "run out", "55000": "no standby has to confirm",
           "22P02": "the server failed", "23505": "the server failed", "XX000": "the server failed",
           "42703": "the schema is of another version"}
WARNINGS = ("01000", "57P01", "XXXXX")
STORE_ERROR = "org.totpgroup.Verify.StoreError"


@contextlib.contextmanager
def faulty(host, **keys):
    """The daemon behind a server that fails, and a user with a secret."""
    folder = f"{TOP}/faulty"
    with FaultyServer(folder, host.cluster.socket) as server:
        host.use(connection=f"host={folder} dbname=one user=web1", **keys)
        host.start()
        secret = host.enroll("alice", '" RATE_LIMIT 100 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE')
        yield server, iter([secret.code(steps) for steps in range(-7, 8)])
        host.stop()


def ask(host, code):
    """The result of Verify, or the error, how long it took, and the lines of the log."""
    mark, begun = host.log.mark(), time.monotonic()
    with Client() as client:
        answer = client.call("Verify", user="alice", code=code, **SSHD)
    result = answer.get("error") or answer["parameters"]["result"]
    return result, time.monotonic() - begun, host.said(mark)


def logged(host):
    """How many decisions are in the store's log."""
    return int(host.rows("select count(*) from totpgroup.log;")[0][0])


@test
def what_passes_is_tried_again(host):
    with faulty(host) as (server, codes):
        for number, state in enumerate(PASSES):
            server.fail("totpgroup.settle", "error", state)
            result, _, lines = ask(host, next(codes))
            equal((result, server.left()), ("accepted", 0), (state, lines))
            equal(logged(host), number + 1, "once each")
        before = server.connections
        server.fail("totpgroup.look", "error", "25006")
        equal(ask(host, next(codes))[0], "accepted", "a server that became a standby")
        check(server.connections > before, "it was left for another one")
        server.fail("totpgroup.look", "fatal", "57P01", times=2)
        equal(ask(host, next(codes))[0], "accepted", "a server that goes down")


@test
def what_does_not_pass_is_refused(host):
    with faulty(host) as (server, codes):
        for word in ("totpgroup.look", "totpgroup.settle"):
            for state, meaning in REFUSED.items():
                code = next(codes, "000000")
                server.fail(word, "error", state)
                result, _, lines = ask(host, code)
                equal((result, server.left()), (STORE_ERROR, 0), (word, state, lines))
                equal(len(lines), 1, lines)
                check(meaning in lines[0] and f"(SQLSTATE {state})" in lines[0]
                      and "vie" not in lines[0], lines)
        equal(logged(host), 0, "decisions")


@test
def a_warning_is_a_failure(host):
    """So ends a wait for a standby that was cancelled. The code may be spent."""
    with faulty(host) as (server, codes):
        for state in WARNINGS:
            code = next(codes)
            server.fail("totpgroup.settle", "warning", state)
            result, _, lines = ask(host, code)
            equal(result, STORE_ERROR, lines)
            check("the server warned" in lines[0] or f"SQLSTATE {state}" in lines[0], lines)
            equal(ask(host, code)[0], "refused", "the same code")


@test
def a_lost_answer_is_asked_for_again(host):
    """With the same id of the attempt, so that the code is spent by it and not before it."""
    with faulty(host) as (server, codes):
        for fault in ("loss", "silence"):
            server.fail("totpgroup.settle", fault)
            before = logged(host)
            result, took, lines = ask(host, next(codes))
            equal((result, server.left()), ("accepted", 0), (fault, lines))
            equal(logged(host), before + 1, "decisions")
            check(took < 2.9, f"{fault}: {took} s")


@test
def a_change_whose_answer_is_lost_is_done_once(host):
    """An administrator's call is sent again as well, and finds that it was done."""
    conf = f"{TOP}/conf/lossy.conf"

    def run(*words):
        done = subprocess.run([host.paths["enroll"], *words, f"--conf={conf}"], text=True,
                              input="carol\n", capture_output=True, check=False, timeout=60,
                              env=ENVIRONMENT)
        equal(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")

    def version(user):
        row, = host.rows("select coalesce(max(version), 0) from totpgroup.credential "
                         f"where username = '{user}';")
        return int(row[0])

    with faulty(host) as (server, _):
        with open(store_host.CONF, encoding="ascii") as file:
            text = file.read()
        with open(conf, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text.replace("user=web1", "user=boss"))
        host.at_end(shutil.rmtree, f"{TOP}/letters", True)
        for function, fault, user, *words in (
                ("enroll", "loss", "bob", "enroll", "bob", "--json"),
                ("put", "loss", "bob", "enroll", "bob", "--json", "--force"),
                ("put", "silence", "bob", "codes", "bob", "--json", "--force"),
                ("put", "loss", "bob", "codes", "bob", "--json", "--force"),
                ("put", "loss", "bob", "revoke", "bob", "--force"),
                ("enroll", "silence", "bob", "enroll", "bob", "--json"),
                ("put_many", "loss", "carol", "bulk", "--users=-", "--json",
                 f"--output={TOP}/letters", "--format=csv")):
            before = version(user)
            server.fail(f"totpgroup.{function}(", fault)
            run(*words)
            equal((server.left(), version(user)), (0, before + 1), f"{function} {words}: once")


@test
def silence_ends_at_the_deadline_and_opens_the_breaker(host):
    with faulty(host, deadline="1") as (server, codes):
        code = next(codes)
        server.fail("totpgroup.settle", "silence", times=1000)
        for _ in range(2):
            result, took, lines = ask(host, code)
            equal(result, STORE_ERROR, lines)
            check(0.9 < took < 2.5 + case.LONG, f"the deadline: {took} s")
        seen = server.seen()
        result, took, lines = ask(host, code)
        equal((result, server.seen()), (STORE_ERROR, seen), "nothing is asked")
        check("is not asked for a moment" in lines[0], lines)
        server.fail("totpgroup.settle", "silence", times=0)
        end = time.monotonic() + 20
        while ask(host, code)[0] != "accepted":
            check(time.monotonic() < end, "it never recovers")
            time.sleep(0.1)


def _retype(kind, body):
    """Another type of the first column."""
    if kind != b"T":
        return kind, body
    end = body.index(b"\0", 2) + 1
    return kind, body[:end + 6] + struct.pack("!i", 1186) + body[end + 10:]


def _fields(body):
    """The fields of a row."""
    fields, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length, = struct.unpack("!i", body[at:at + 4])
        at += 4
        fields.append(None if length < 0 else body[at:at + length])
        at += max(length, 0)
    return fields


def _row(change):
    """Changes the fields of each row."""
    def alter(kind, body):
        if kind != b"D":
            return kind, body
        fields = _fields(body)
        change(fields)
        return kind, struct.pack("!h", len(fields)) + b"".join(
            struct.pack("!i", -1) if field is None else struct.pack("!i", len(field)) + field
            for field in fields)
    return alter


def _set(index, value):
    return _row(lambda fields: fields.__setitem__(index, value))


@test
def an_answer_of_another_kind_is_refused(host):
    def each(alter):
        return lambda answer: [alter(*message) for message in answer]

    def without(kinds):
        return lambda answer: [message for message in answer if message[0] not in kinds]

    answers = {
        "a last version": ("totpgroup.look", each(_set(5, b"\x7f" + b"\xff" * 7))),
        "another type": ("totpgroup.look", each(_retype)),
        "no rows": ("totpgroup.look", without((b"D",))),
        "no version": ("totpgroup.look", each(_set(5, None))),
        "a negative version": ("totpgroup.look", each(_set(5, b"\xff" * 8))),
        "a short number": ("totpgroup.look", each(_set(5, b"\0\0\0\1"))),
        "no schema": ("totpgroup.look", each(_set(8, None))),
        "no time": ("totpgroup.look", each(_set(6, None))),
        "a secret that is none": ("totpgroup.look", each(_set(0, os.urandom(200)))),
        "a state that is none": ("totpgroup.look", each(_set(3, b"x"))),
        "an empty outcome": ("totpgroup.settle", each(_set(0, b""))),
        "no outcome": ("totpgroup.settle", each(_set(0, None))),
        "another outcome": ("totpgroup.settle", each(_set(0, b"perhaps" * 9))),
        "no outcome at all": ("totpgroup.settle", without((b"D",))),
        "no rows and no types": ("totpgroup.settle", without((b"D", b"T"))),
        "no end": ("totpgroup.settle", without((b"C",))),
        "a copy": ("totpgroup.look", lambda _: [(b"H", b"\0\0\0")]),
        "a copy to the server": ("totpgroup.settle", lambda _: [(b"G", b"\0\0\0")]),
    }
    with faulty(host, deadline="1") as (server, codes):
        for name, (word, change) in answers.items():
            server.fail(word, "answer", change, times=9)
            result, _, lines = ask(host, next(codes, "000000"))
            server.fail(word, "silence", times=0)
            check(result in (STORE_ERROR, "refused"), (name, result))
            equal(len(lines), 1, (name, lines))
            check("PAM" not in lines[0] and "reason=wrong-code" not in lines[0], (name, lines))
            print(f"# {name}: {lines[0]}")
            check(host.daemon.poll() is None, f"{name}: the daemon ended")


@test
def a_server_that_never_stops_talking_is_left_at_the_deadline(host):
    with faulty(host, deadline="1") as (server, codes):
        for word in ("totpgroup.look", "totpgroup.settle"):
            server.fail(word, "flood", times=1000)
            result, took, lines = ask(host, next(codes))
            server.fail(word, "silence", times=0)
            equal(result, STORE_ERROR, lines)
            check(0.9 < took < 2.5 + case.LONG, f"{word}: {took} s")


@test
def a_conflict_is_counted(host):
    """The look brings a version that the row has not, and settle() the one that it has."""
    path = f"{TOP}/metrics.prom"
    stale = _set(5, struct.pack("!q", 77))
    with faulty(host, web=f"{store_host.verifyd_host.WEB}[daemon]\nmetrics={path}\n") as (server, codes):
        server.fail("totpgroup.look", "answer", lambda answer: [stale(*message) for message in answer])
        equal(ask(host, next(codes))[0], "accepted", "after the conflict")
    equal(metrics(path)["conflicts_total"], 1, "conflicts")


@test
def a_schema_of_another_version_is_refused(host):
    host.start()
    secret = host.enroll("alice")
    for version, words in ((2, "upgrade totpgroup on this host"),
                           (0, "totp-enroll store upgrade")):
        host.rows(f"update totpgroup.setting set schema = {version};")
        result, _, lines = ask(host, secret.code())
        equal(result, STORE_ERROR, "over a connection that is there")
        check(f"the schema has version {version}" in lines[0], lines)
        host.stop()
        host.start()
        result, _, lines = ask(host, secret.code())
        equal(result, STORE_ERROR, "over a new connection")
        check(words in lines[0], lines)
    host.rows("update totpgroup.setting set schema = 1;")
    equal(ask(host, secret.code())[0], "accepted", "afterwards")


@test
def a_key_that_is_missing_or_another_is_refused(host):
    host.start()
    secret = host.enroll("alice")
    host.stop()
    for keys, words in (((("k2", b"2" * 32),), "sealed with the key k1, which is not there"),
                        ((("k1", b"3" * 32),), "other hosts have other bytes for the key k1")):
        write_keys(KEYS, *keys)
        host.start()
        result, _, lines = ask(host, secret.code())
        check(result in (STORE_ERROR, "refused"), result)
        check(words in lines[-1], lines)
        host.stop()
    for spoil, words in ((lambda: os.unlink(KEYS), "there is no such file"),
                         (lambda: (write_keys(KEYS, ("k1", b"1" * 32)), os.chmod(KEYS, 0o444)),
                          "allows more than 0600")):
        spoil()
        host.start()
        result, _, lines = ask(host, secret.code())
        check(result in (STORE_ERROR, "refused") and words in lines[-1], (result, lines))
        host.stop()
    write_keys(KEYS, ("k2", b"2" * 32), ("k1", b"1" * 32))
    host.start()
    equal(ask(host, secret.code())[0], "accepted", "with a new key in front of it")
    equal(host.rows("select secret_key, state_key from totpgroup.credential;"), [["k1", "k2"]],
          "what seals")


@test
def when_the_store_fails_unknown_users_get_the_same_answer(host):
    """Or a failure would tell who has a secret."""
    host.use(deadline="1", web=store_host.verifyd_host.WEB)
    host.start()
    host.enroll("alice")
    host.rows("alter function totpgroup.look rename to look_away;")
    with Client(uid=33) as client:
        answers = {user: client.verify(user, "123456") for user in ("alice", "bob")}
    with Client() as client:
        answers.update({user: client.verify(user, "123456")
                        for user in ("alice", "carol", "nobody-knows")})
    equal(set(answers.values()), {"StoreError"}, answers)


@test
def the_environment_of_the_caller_does_not_count(host):
    """Neither its variables nor its files of services and passwords."""
    home = f"{TOP}/evil"
    os.makedirs(home)
    host.at_end(store_host.verifyd_host.shutil.rmtree, home)
    with open(f"{home}/.pg_service.conf", "w", encoding="ascii") as file:
        file.write("[evil]\nhost=/nowhere\noptions=-c synchronous_commit=off\n")
    with open(f"{home}/.pgpass", "w", encoding="ascii") as file:
        file.write("*:*:*:*:evil\n")
    host.start(environment={
        "HOME": home, "PGSERVICE": "evil", "PGSERVICEFILE": f"{home}/.pg_service.conf",
        "PGSYSCONFDIR": home, "PGHOST": "/nowhere", "PGHOSTADDR": "192.0.2.1", "PGPORT": "1",
        "PGUSER": "evil", "PGDATABASE": "evil", "PGPASSWORD": "evil", "PGPASSFILE": f"{home}/.pgpass",
        "PGOPTIONS": "-c search_path=evil", "PGAPPNAME": "evil", "PGSSLMODE": "require",
        "PGREQUIREPEER": "evil", "PGCLIENTENCODING": "SQL_ASCII", "PGDATESTYLE": "evil",
        "PGTARGETSESSIONATTRS": "standby", "PGCHANNELBINDING": "require", "PGTZ": "evil"})
    secret = host.enroll("alice")
    equal(ask(host, secret.code())[0], "accepted", "the code")
    equal(host.rows("select distinct application_name from pg_stat_activity "
                    "where usename = 'web1';"), [["totpgroup"]], "the connection")


@test
def a_server_that_does_not_let_in_is_named_at_once(host):
    """What only an administrator can mend is no reason to wait for the deadline."""
    server = f"host={host.cluster.socket}"
    host.rows("create role locked nologin; create role full login in role totp_host "
              "connection limit 0; create role homeless login in role totp_host;")
    host.at_end(host.cluster.ask, "postgres",
                "drop role locked; drop role full; drop role homeless;")
    for connection, words, quick in (
            ("dbname=one user=nosuchrole", "does not let this role in (SQLSTATE 28000)", True),
            ("dbname=one user=locked", "does not let this role in (SQLSTATE 28000)", True),
            ("dbname=nosuch user=web1", "there is no such database (SQLSTATE 3D000)", True),
            ("dbname=one user=homeless", "the role lacks a right, or a realm (SQLSTATE 42501)", True),
            ("dbname=template1 user=web1", "(SQLSTATE 3F000)", True),
            ("dbname=one user=full", "no connection left (SQLSTATE 53300)", False),
            ("dbname=one user=web1 port=1", "cannot connect", False)):
        host.use(connection=f"{server} {connection}", deadline="2")
        host.start()
        result, took, lines = ask(host, "123456")
        equal(result, STORE_ERROR, lines)
        check(words in lines[-1], lines)
        check(took < 1.8 if quick else took < 4, f"{connection}: {took} s")
        host.stop()


@test
def a_password_is_read_from_a_file_of_roots(host):
    hba = f"{host.cluster.folder}/data/pg_hba.conf"
    with open(hba, encoding="ascii") as file:
        kept = file.read()

    def write(text):
        with open(hba, "w", encoding="ascii") as file:
            file.write(text)
        host.rows("select pg_reload_conf();")

    write("local all secretive scram-sha-256\n" + kept)
    host.at_end(write, kept)
    host.rows("create role secretive login in role totp_host, totp_enroll password 'geheim'; "
              "insert into totpgroup.member values ('secretive', 'corp');")
    host.at_end(host.cluster.ask, "postgres", "drop role secretive;")
    connection = f"host={host.cluster.socket} dbname=one user=secretive"
    host.use(connection=connection)
    host.start(environment={"PGPASSWORD": "geheim"})
    result, _, lines = ask(host, "123456")
    equal(result, STORE_ERROR, lines)
    check("the server wants a password" in lines[-1], lines)
    host.stop()
    path = f"{TOP}/pgpass"
    with open(path, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("*:*:*:secretive:geheim\n")
    host.at_end(os.unlink, path)
    host.use(connection=f"{connection} passfile={path}")
    host.start()
    secret = host.enroll("alice")
    equal(ask(host, secret.code())[0], "accepted", "with the password")
    check("geheim" not in "\n".join(host.log_lines()), "the log")


@test
def of_many_racers_on_two_hosts_one_is_let_in(host):
    """Each host has a daemon of its own; all callers have the same code."""
    racers, rounds = 12, 20 if case.LONG else 3
    host.start()
    secret = host.enroll("alice", '" RATE_LIMIT 10 15', '" WINDOW_SIZE 21', '" DISALLOW_REUSE')
    conf, other = f"{TOP}/other.conf", f"{TOP}/other/verify"
    with open(store_host.CONF, encoding="ascii") as file:
        text = file.read()
    with open(conf, "w", encoding="ascii") as file:
        file.write(text.replace("user=web1", "user=web2"))
    with subprocess.Popen([host.paths["verifyd"], f"--conf={conf}", f"--socket={other}"],
                          stdin=subprocess.DEVNULL) as daemon:
        try:
            end = time.monotonic() + 20
            while not os.path.exists(other):
                check(time.monotonic() < end and daemon.poll() is None, "the second daemon")
                time.sleep(0.01)
            for number in range(rounds):
                host.rows("update totpgroup.credential set state = null, state_key = null;")
                _race(racers, secret.code(number - rounds // 2), (store_host.verifyd_host.SOCKET, other))
            connections = host.rows("select usename, count(*) <= 2 from pg_stat_activity "
                                    "where usename in ('web1', 'web2') group by 1 order by 1;")
            equal(connections, [["web1", "t"], ["web2", "t"]], "two connections each")
        finally:
            daemon.terminate()
    won = host.rows("select count(*), count(distinct step) from totpgroup.log "
                    "where result = 'accepted';")
    equal(won, [[str(rounds), str(rounds)]], "the log")


def _race(racers, code, paths):
    """All ask at once; one is let in."""
    clients = [Client(path=paths[number % 2]) for number in range(racers)]
    for client in clients:
        client.ask("Verify", user="alice", code=code)
    results = [client.receive() for client in clients]
    for client in clients:
        client.close()
    accepted = [one for one in results if one.get("parameters", {}).get("result") == "accepted"]
    equal(len(accepted), 1, results)


@test
def a_server_that_hangs_up_is_not_stormed(host):
    """It is tried again after pauses of 0.1 s, however many callers wait."""
    with faulty(host, deadline="1") as (server, codes):
        host.reload()
        server.hangs_up, server.connections = True, 0
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                stack.enter_context(Client()).ask("Verify", user="alice", code=next(codes))
            equal(ask(host, "000000")[0], STORE_ERROR, "the answer")
        print(f"# {server.connections} connections")
        check(server.connections <= 30, f"{server.connections} connections in a second")


@test
def a_server_that_comes_back_is_found(host):
    host.use(deadline="1")
    host.start()
    secret = host.enroll("alice")
    equal(ask(host, secret.code(-1))[0], "accepted", "before")
    host.cluster.stop()
    try:
        result, took, lines = ask(host, secret.code())
        equal(result, STORE_ERROR, lines)
        check(took < 3, f"{took} s")
    finally:
        host.cluster.start()
    equal(ask(host, secret.code())[0], "accepted", "afterwards")
    equal(ask(host, secret.code())[0], "refused", "once more")
