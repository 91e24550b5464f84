# SPDX-License-Identifier: LGPL-2.1-or-later
"""fail=local: members of a group get in with emergency codes of this host alone, while no server
answers, and nobody gets in with anything else."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

from case import equal
from faulty_server import FaultyServer
from store_host import CONF, SSHD, TOP, Client, check, test, verifyd_host, write_keys
from test_doctor_store import look as report
from test_doctor_store import recognizes
from test_program import ENVIRONMENT

CODES, LOG = "/var/lib/totpgroup/local", "/var/lib/totpgroup/local-log"
FAULTY = f"{TOP}/faulty"
STORE_ERROR = "StoreError"
ALERT = 1  # syslog.h
REFUSALS = ("28000", "28P01", "3D000", "3F000", "42501", "42883", "42P01", "42703", "57014", "53100",
            "55000", "22P02", "XX000")


def use(host, group, **keys):
    """Writes the configuration."""
    host.use(**{"connection": f"host={FAULTY} dbname=one user=web1", "deadline": "1", "fail": "local", "fail_group": group, **keys})


@contextlib.contextmanager
def local(host, group="webtotp", **keys):
    """The daemon with fail=local behind a server that fails on demand, alice with a secret in the store
    and codes of this host. Gives the server, and the codes."""
    host.at_end(shutil.rmtree, "/var/lib/totpgroup", True)
    with FaultyServer(FAULTY, host.cluster.socket) as server:
        use(host, group, **keys)
        host.start()
        host.enroll("alice", '" RATE_LIMIT 100 30', '" WINDOW_SIZE 17')
        yield server, make(host, "alice")
        host.stop()


def program(host, *words, uid=0, status=0):
    """Runs totp-enroll as a user. Returns the standard output, or the errors where it fails."""
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    done = subprocess.run([*setpriv, host.paths["enroll"], *words, f"--conf={CONF}"], check=False,
                          capture_output=True, text=True, env=ENVIRONMENT,
                          timeout=verifyd_host.DEADLINE, stdin=subprocess.DEVNULL)
    equal(done.returncode, status, (words, done.stdout, done.stderr))
    return done.stdout if status == 0 else done.stderr


def make(host, user, count=3):
    """New codes of this host."""
    return program(host, "codes", "--local", "--quiet", "--force", f"--number={count}", user).split()


def silence(server):
    """No statement has an answer from now on."""
    server.fail("totpgroup.", "silence", times=100000)


def heal(server):
    server.fail("totpgroup.", "silence", times=0)


def ask(user, code, uid=0, **more):
    """The result and the reason or the method; or the error."""
    with Client(uid=uid) as client:
        answer = client.call("Verify", user=user, code=code, **(more if uid else {**SSHD, **more}))
    if "error" in answer:
        return answer["error"].rpartition(".")[2]
    answer = answer["parameters"]
    return answer["result"], answer.get("reason") or answer.get("method")


def look(user="alice"):
    """The answer to root's look."""
    with Client() as client:
        return client.call("Look", user=user, **SSHD)


def wait_for_store(user="bob"):
    """Until the breaker lets calls through, and they have an answer."""
    end = time.monotonic() + verifyd_host.DEADLINE
    while "error" in (answer := look(user)) or answer["parameters"]["result"] == "ask":
        check(time.monotonic() < end, "it never recovers")
        time.sleep(0.05)


def alerts(host):
    """The lines of the daemon that are alerts, and how many other lines speak of local codes."""
    lines = [line for line in host.log_lines() if "totp-verifyd" in line and "fallback=local" in line]
    found = [line for line in lines if int(line[1:line.index(">")]) & 7 == ALERT]
    return found, len(lines) - len(found)


def events():
    """The logins that the store's log does not have."""
    return os.listdir(LOG) if os.path.isdir(LOG) else []


@test
def a_member_gets_in_once_with_each_code_of_this_host(host):
    with local(host) as (server, codes):
        equal(ask("alice", codes[0]), ("refused", "wrong-code"), "while the store answers")
        silence(server)
        equal(look(), {"parameters": {"result": "ask"}}, "the look")
        equal(ask("alice", codes[0]), ("accepted", "emergency"), "the first time")
        equal(ask("alice", codes[0]), ("refused", "wrong-code"), "the second time")
        host.stop()
        host.start()
        equal(ask("alice", codes[0]), ("refused", "wrong-code"), "another daemon")
        equal(len(events()), 1, "for the store's log")
        found, others = alerts(host)
        equal((len(found), others), (1, 2), found)
        check("accepted user=alice service=sshd peer=0 rhost=192.0.2.7 method=emergency "
              "fallback=local" in found[0], found)
        check(not any(code.lower() in line.lower() for code in codes for line in host.log_lines()),
              "a code in the log")


@test
def the_module_lets_a_member_in(host):
    """With the prompt as always, and a code behind a password, too."""
    with local(host) as (server, codes):
        silence(server)
        check(host.log_in("alice", codes[1]), "a login")
        check(not host.log_in("alice", codes[1]), "the same code")
        check(host.log_in("alice", codes[2].lower().replace("-", " ")), "typed otherwise")
        check(not host.log_in("bob", codes[0]), "another member")
        check(not host.log_in("nobody-knows", codes[0]), "nobody")


@test
def what_happened_is_told_to_the_store_once(host):
    with local(host) as (server, codes):
        silence(server)
        before = int(time.time())
        for code in codes[:2]:
            equal(ask("alice", code), ("accepted", "emergency"), "a code")
        kept = {name: pathlib.Path(f"{LOG}/{name}").read_bytes() for name in events()}
        equal(len(kept), 2, kept)
        heal(server)
        wait_for_store()
        equal(events(), [], "the files")
        text = ("select username, host, service, rhost, result, coalesce(reason, ''), method, "
                "extract(epoch from happened)::bigint, at > happened from totpgroup.log "
                "where happened is not null;")
        rows = host.rows(text)
        equal([row[:7] for row in rows],
              [["alice", "private", "sshd", "192.0.2.7", "accepted", "", "emergency"]] * 2, rows)
        check(all(before <= int(row[7]) <= time.time() and row[8] == "t" for row in rows), rows)
        # As after a host that died before the files were removed.
        for name, content in kept.items():
            pathlib.Path(f"{LOG}/{name}").write_bytes(content)
            os.chmod(f"{LOG}/{name}", 0o600)
        # Any call will do that the store answers.
        equal(ask("alice", "000000")[0], "refused", "a code")
        equal((events(), host.rows(text)), ([], rows), "told twice")


@test
def what_the_store_does_not_take_stays(host):
    with local(host) as (server, codes):
        silence(server)
        equal(ask("alice", codes[0]), ("accepted", "emergency"), "a code")
        server.fail("totpgroup.note_late", "error", "42501")
        wait_for_store()
        equal((len(events()), server.left()), (1, 0), "the files")
        check(any("are not in the store's log: " in line and "SQLSTATE 42501" in line
                  for line in host.said()), host.said())
        look("bob")
        equal(events(), [], "the files, after another call")


@test
def a_damaged_file_does_not_keep_the_others(host):
    with local(host) as (server, codes):
        silence(server)
        equal(ask("alice", codes[0]), ("accepted", "emergency"), "a code")
        for name, content in (("0" * 32, "{"), ("1" * 32, '{"happened":1,"user":"a\\u0000"}'),
                              ("2" * 32, '{"happened":-1,"user":"a"}'), ("nonsense", "{}")):
            pathlib.Path(f"{LOG}/{name}").write_text(content, encoding="ascii")
            os.chmod(f"{LOG}/{name}", 0o600)
        heal(server)
        wait_for_store()
        equal(sorted(events()), ["0" * 32, "1" * 32, "2" * 32, "nonsense"], "the files")
        check(any("is damaged; look at it" in line for line in host.said()), host.said())


@test
def a_code_by_time_is_never_accepted_locally(host):
    """Not even where somebody put the store's own secret into the local file."""
    with local(host) as (server, _):
        secret = host.secrets[-1]
        silence(server)
        equal(ask("alice", secret.code()), STORE_ERROR, "the store's code")
        path = pathlib.Path(f"{CODES}/alice")
        path.write_text(f'{secret.base32}\n" RATE_LIMIT 3 30\n" WINDOW_SIZE 17\n" TOTP_AUTH\n'
                        "12345678\n", encoding="ascii")
        for code in (secret.code(), secret.code(1), "12345678", f"password{secret.code()}"):
            equal(ask("alice", code), STORE_ERROR, "with the secret in the file")
        check(not host.log_in("alice", secret.code()), "a login")
        equal(path.read_text(encoding="ascii").splitlines()[1:],
              ['" RATE_LIMIT 3 30', '" WINDOW_SIZE 17', '" TOTP_AUTH', "12345678"], "the file")
        equal(alerts(host), ([], 0), "lines")


@test
def nobody_else_gets_in(host):
    with local(host) as (server, codes):
        theirs = {user: make(host, user) for user in ("carol", "root")}
        silence(server)
        equal(ask("carol", theirs["carol"][0]), STORE_ERROR, "no member, with codes")
        equal(ask("bob", codes[0]), STORE_ERROR, "a member without codes")
        equal(ask("nobody-knows", codes[0]), STORE_ERROR, "an unknown user")
        equal(ask("alice", theirs["root"][0]), ("refused", "wrong-code"), "the codes of another")
        equal(ask("alice", codes[0], uid=33), STORE_ERROR, "a front end")
        equal(alerts(host), ([], 1), "lines")
        equal(ask("root", theirs["root"][0]), ("accepted", "emergency"), "root, who is a member")
        equal(look("nobody-knows"), {"parameters": {"result": "ask"}}, "the look")


@test
def a_group_that_cannot_be_found_out_lets_nobody_in(host):
    with local(host) as (server, codes):
        users = {**verifyd_host.USERS, "postgres": (os.stat(host.cluster.folder).st_uid, ())}
        host.write_users({**users, "alice": (1001, ("webtotp", "other"))})
        silence(server)
        for group, words in (("no-such-group", "no-such-group"), ("webtotp,nowhere", "nowhere"),
                             ("webtotp,!other", "does not have the user")):
            use(host, group)
            host.reload()
            mark = host.log.mark()
            equal(ask("alice", codes[0]), STORE_ERROR, group)
            check(words in host.said(mark)[0], host.said(mark))
        equal(alerts(host), ([], 0), "lines")
        use(host, "webtotp")
        host.reload()
        equal(ask("alice", codes[0]), ("accepted", "emergency"), "a member")


@test
def an_answer_is_never_passed_over(host):
    """A refusal of the server, a mistake of the administrator, and a schema of another version."""
    with local(host, deadline="3") as (server, codes):
        for word in ("totpgroup.look", "totpgroup.settle"):
            for state in REFUSALS:
                server.fail(word, "error", state)
                equal((ask("alice", codes[0]), server.left()), (STORE_ERROR, 0), (word, state))
        host.rows("update totpgroup.setting set schema = 2;")
        equal(ask("alice", codes[0]), STORE_ERROR, "a schema that is newer")
        check("error" in look(), "the look")
        host.rows("update totpgroup.setting set schema = 1;")
        equal((alerts(host), events()), (([], 0), []), "lines, and files")
        equal(ask("alice", codes[0]), ("refused", "wrong-code"), "and then")


@test
def what_the_store_said_before_it_fell_silent_counts(host):
    """It has no secret of bob, and that is an answer, although the line of its log is not written."""
    with local(host) as (server, codes):
        theirs = make(host, "bob")
        server.fail("totpgroup.settle", "silence", times=100000)
        equal(ask("bob", theirs[0]), STORE_ERROR, "without a secret in the store")
        equal(alerts(host), ([], 0), "lines")
        equal(ask("alice", codes[0]), ("accepted", "emergency"), "with one")


@test
def a_mistake_about_tls_or_keys_is_no_silence(host):
    port = 54331
    host.at_end(shutil.rmtree, "/var/lib/totpgroup", True)
    write_keys(f"{TOP}/other.keys", ("k1", b"2" * 32))
    host.start()
    host.enroll("alice")
    host.stop()
    code, = make(host, "alice", 1)
    host.cluster.stop()
    host.cluster.start("listen_addresses=127.0.0.1", f"port={port}")
    try:
        server = f"host=127.0.0.1 port={port} dbname={host.cluster.database} user=web1"
        for keys in ({"connection": f"{server} sslmode=require"},
                     {"connection": f"{server} sslmode=verify-full sslrootcert=/nowhere"},
                     {"connection": f"{server} sslmode=disable", "key_file": f"{TOP}/other.keys"},
                     {"connection": f"{server} sslmode=disable", "key_file": "/nowhere"}):
            use(host, "webtotp", **keys)
            host.start()
            equal([ask("alice", code) for _ in range(3)], [STORE_ERROR] * 3, keys)
            host.stop()
    finally:
        host.cluster.stop()
        host.cluster.start()
    equal(alerts(host), ([], 0), "lines")


@test
def a_breaker_that_is_open_does_not_hide_an_answer(host):
    """Two deadlines, and then a server that refuses the role: its first answer closes the breaker."""
    with local(host) as (server, codes):
        silence(server)
        equal([ask("alice", "000000") for _ in range(2)], [STORE_ERROR] * 2, "the deadlines")
        heal(server)
        server.fail("totpgroup.", "error", "28000", times=100000)
        end = time.monotonic() + verifyd_host.DEADLINE
        mark = host.log.mark()
        while not any("28000" in line for line in host.said(mark)):
            check(time.monotonic() < end, "the server is never asked")
            ask("alice", "000000")
        # Users' calls run side by side, so that some come while another one asks the server.
        calls = [(user, codes[0]) for user in ("alice", "bob", "root", "carol")] * 10
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            equal(set(pool.map(lambda call: ask(*call), calls)), {STORE_ERROR}, "all")
        equal(alerts(host), ([], 0), "lines")


@test
def a_file_that_others_could_read_or_write_is_refused(host):
    def owner(uid):
        return lambda path: os.chown(path, uid, uid)

    def link(path):
        os.rename(path, f"{CODES}/elsewhere")
        os.symlink(f"{CODES}/elsewhere", path)

    changes = {"read by a group": lambda path: os.chmod(path, 0o640),
               "read by all": lambda path: os.chmod(path, 0o604),
               "written by all": lambda path: os.chmod(path, 0o602),
               "of another": owner(1001), "a link": link,
               "in a folder that all may write": lambda _: os.chmod(CODES, 0o777),
               "in a folder of another": lambda _: os.chown(CODES, 1001, 1001)}
    with local(host) as (server, _):
        silence(server)
        # The daemon reads it no more, and doctor need not wait for the server that is silent.
        host.use(fail="local", fail_group="webtotp")
        for name, change in changes.items():
            shutil.rmtree(CODES)
            codes = make(host, "alice", 1)
            change(f"{CODES}/alice")
            equal(ask("alice", codes[0]), ("refused", "bad-file"), name)
            words = f"{CODES}/alice" if "folder" not in name else CODES
            recognizes(host, "problem", "fail=local: ", words)
        check(not host.log_in("alice", codes[0]), "a login")
        equal(alerts(host)[0], [], "alerts")
        shutil.rmtree(CODES)
        equal(ask("alice", make(host, "alice")[0]), ("accepted", "emergency"), "as it should be")


@test
def guesses_are_counted_on_this_host(host):
    with local(host) as (server, codes):
        silence(server)
        wrong = "AAAA-BBBB-CCCC-DDDD"
        equal([ask("alice", wrong) for _ in range(3)], [("refused", "wrong-code")] * 3, "guesses")
        equal(ask("alice", codes[0]), ("limited", "rate-limited"), "the right one")
        equal(events(), [], "files")
        with open(f"{CODES}/alice", encoding="ascii") as file:
            equal(file.read().count("SCRATCH_HASH"), len(codes), "no code is spent")


@test
def of_many_at_once_one_gets_in(host):
    with local(host) as (server, _):
        path = pathlib.Path(f"{CODES}/alice")
        codes = make(host, "alice")
        path.write_text(path.read_text("ascii").replace("RATE_LIMIT 3", "RATE_LIMIT 100"), "ascii")
        silence(server)
        equal([ask("alice", "000000") for _ in range(2)], [STORE_ERROR] * 2, "the deadlines")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: ask("alice", codes[0]), range(8)))
        equal(results.count(("accepted", "emergency")), 1, results)
        equal(len(events()), 1, "files")


@test
def without_a_trace_nobody_gets_in(host):
    with local(host) as (server, codes):
        pathlib.Path(LOG).write_text("no folder", encoding="ascii")
        silence(server)
        equal(ask("alice", codes[0]), STORE_ERROR, "a right code")
        equal(alerts(host), ([], 1), "lines")
        os.unlink(LOG)
        equal(ask("alice", codes[0]), ("refused", "wrong-code"), "it is spent")
        equal(ask("alice", codes[1]), ("accepted", "emergency"), "the next one")


@test
def deny_is_the_default(host):
    with local(host, fail=None, fail_group=None) as (server, codes):
        silence(server)
        check("error" in look(), "the look")
        equal(ask("alice", codes[0]), STORE_ERROR, "a code of this host")
        equal(alerts(host), ([], 0), "lines")


@test
def it_works_within_the_unit(host):
    if not host.sources["system calls"]:
        return
    host.confined = True
    with local(host) as (server, codes):
        silence(server)
        check(host.log_in("alice", codes[0]), "a login")
        heal(server)
        wait_for_store()
        equal(events(), [], "the files")


@test
def root_makes_the_codes(host):
    host.use(fail="local", fail_group="webtotp")
    host.at_end(shutil.rmtree, "/var/lib/totpgroup", True)
    said = program(host, "codes", "--local", "alice", uid=1001, status=5)
    check("only root" in said, said)
    for words in (("--secret=/x",), ("--codes=plain",)):
        said = program(host, "codes", "--local", *words, "alice", status=2)
        check("--local goes with neither" in said, said)
    first = make(host, "alice", 5)
    text = pathlib.Path(f"{CODES}/alice").read_text(encoding="ascii")
    equal(os.stat(f"{CODES}/alice").st_mode & 0o7777, 0o400, "the mode")
    equal((text.count("SCRATCH_HASH scrypt"), "AUTH" in text, "COUNTER" in text), (5, False, False),
          text)
    check(not any(code in text or code.replace("-", "") in text for code in first), "a plain code")
    answer = json.loads(program(host, "codes", "--local", "--json", "--force", "--number=2",
                                "alice", "bob"))
    equal([(user["user"], user["hashed"], len(user["codes"])) for user in answer["users"]],
          [("alice", True, 2), ("bob", True, 2)], answer)
    equal(pathlib.Path(f"{CODES}/alice").read_text("ascii").count("SCRATCH_HASH"), 2, "new ones")


@test
def doctor_and_explain_say_how_it_is(host):
    def explained(user):
        steps = report(host, "explain", user)["lines"][0]["steps"]
        return [step["fact"] for step in steps if "fail=local" in step["fact"]]

    host.at_end(shutil.rmtree, "/var/lib/totpgroup", True)
    host.use(fail="local", fail_group="no-such-group")
    recognizes(host, "problem", "fail=local: ", "no-such-group")
    host.use(fail="local")
    recognizes(host, "problem", "needs fail_group=")
    host.use()
    equal(explained("alice"), [], "without it")
    host.use(fail="local", fail_group="webtotp")
    recognizes(host, "warning", "nobody has a code of this host")
    make(host, "alice")
    recognizes(host, "ok", "can use a code of this host: 1")
    make(host, "carol")
    recognizes(host, "warning", "carol has codes of this host, and is not in fail_group=")
    equal(explained("alice"), ["fail=local: the user is in fail_group=, and has 3 codes of this host"],
          "a member")
    equal(explained("bob"), ["fail=local: the user is in fail_group=, and has 0 codes of this host"],
          "without codes")
    equal(explained("carol"),
          ["fail=local: the user is not in fail_group=, and has 3 codes of this host"], "no member")
    path = pathlib.Path(f"{CODES}/alice")
    text = path.read_text("ascii").replace('" RATE', '" TOTP_AUTH\n" RATE')
    path.write_text(text, "ascii")
    recognizes(host, "warning", f"{CODES}/alice has more than hashed emergency codes")
    path.write_text(text.split('" SCRATCH')[0].replace('" TOTP_AUTH\n', ""), "ascii")
    recognizes(host, "warning", "alice has no code of this host left")
    os.makedirs(LOG, mode=0o700)
    pathlib.Path(f"{LOG}/{'0' * 32}").touch()
    recognizes(host, "warning", "logins that the store's log does not have yet: 1")
