# SPDX-License-Identifier: LGPL-2.1-or-later
"""What root asks for the logins of this host: Look, Verify with what root knows of a login, and
Create."""

import datetime
import os
import time

from one_time_code import Secret
from verifyd_host import LINES, TOP, Client, check, equal, test

NOT_PERMITTED = {"error": "org.totpgroup.Verify.NotPermitted", "parameters": {}}
STORE_ERROR = {"error": "org.totpgroup.Verify.StoreError", "parameters": {}}
SSHD = {"service": "sshd", "rhost": "192.0.2.7"}
SEEN = f"first_seen={TOP}/seen/${{{{USER}}}}\n"
SESSION = "0123-abc:s7"
WEB = "\n[verify web]\npeer=www-data\ngroups=webtotp\nstatus=yes\nself_enroll=yes\n"


def configure(host, lines=""):
    host.configure(WEB, store="secret={store}/${{USER}}\nuser=root\n" + lines)


def look(client, user, **parameters):
    """The parameters of root's look."""
    answer = client.call("Look", user=user, **parameters)
    check("error" not in answer, answer)
    return answer["parameters"]


def verify(client, user, code=None, **parameters):
    """The result, and the reason or the method."""
    if code is not None:
        parameters["code"] = code
    answer = client.call("Verify", user=user, **parameters)["parameters"]
    return answer["result"], answer.get("reason") or answer["method"]


def credential(secret):
    """The text of a secret file."""
    return "\n".join([secret.base32, *LINES, '" TOTP_AUTH', ""])


@test
def a_user_with_a_secret_is_to_be_asked(host):
    host.secret("alice")
    host.start()
    with Client() as client:
        equal(look(client, "alice"), {"result": "ask"}, "alice")
        equal(look(client, "alice", **SSHD), {"result": "ask"}, "with a service")
    equal(host.said(), [], "a look that Verify follows is not logged")


@test
def nothing_passes_where_nothing_is_said(host):
    """A user without a secret, and one who is unknown."""
    host.start()
    with Client() as client:
        equal(look(client, "bob"),
              {"result": "not_enrolled", "roll_out": "none", "enroll": False}, "bob")
        equal(look(client, "nobody-knows"),
              {"result": "ask", "reason": "not-enrolled"}, "an unknown user")
    equal(host.said(), [], "the log")


@test
def nullok_lets_a_user_without_a_secret_pass(host):
    configure(host, "nullok=yes\nenroll=yes\n")
    host.start()
    with Client() as client:
        equal(look(client, "bob", **SSHD),
              {"result": "not_enrolled", "roll_out": "open", "days_left": 0, "enroll": True},
              "bob")
        equal(look(client, "nobody-knows"), {"result": "ask", "reason": "not-enrolled"},
              "an unknown user never passes")
    equal(host.said(), ["skipped user=bob service=sshd peer=0 rhost=192.0.2.7 "
                        "reason=not-enrolled"], "the log")


@test
def nullok_until_tells_the_days_and_ends(host):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    configure(host, f"nullok_until={today + datetime.timedelta(days=40)}\n")
    host.start()
    with Client() as client:
        found = look(client, "bob")
        check(found["days_left"] in (40, 41), found)
        equal(found["roll_out"], "open", found)
        configure(host, f"nullok_until={today - datetime.timedelta(days=3)}\n")
        host.reload()
        equal(look(client, "bob"),
              {"result": "not_enrolled", "roll_out": "over", "enroll": False}, "over")
    check(host.said()[0].startswith("skipped user=bob service=root peer=0 reason=not-enrolled "
                                    "days_left=4"), host.said())


@test
def nullok_for_begins_with_the_first_login(host):
    """An explanation is no login, and is not logged."""
    os.makedirs(f"{TOP}/seen", mode=0o700)
    host.at_end(os.rmdir, f"{TOP}/seen")
    configure(host, SEEN + "nullok_for=3d\n")
    host.start()
    seen = f"{TOP}/seen/bob"
    with Client() as client:
        equal(look(client, "bob", purpose="explain")["days_left"], 3, "an explanation")
        check(not os.path.exists(seen), "an explanation was noted")
        equal(host.said(), [], "an explanation was logged")
        equal(look(client, "bob", purpose="login")["days_left"], 3, "a login")
        check(os.path.exists(seen), "the first sight was not noted")
        with open(seen, "w", encoding="ascii") as file:
            file.write(f"{int(time.time()) - 4 * 86400}\n")
        equal(look(client, "bob")["roll_out"], "over", "four days later")
        os.unlink(seen)
        os.mkdir(seen)
        equal(look(client, "bob"), {"result": "refused", "reason": "store-error"},
              "what cannot be noted")
        os.rmdir(seen)
    check(host.said()[-1].startswith("refused user=bob service=root peer=0 reason=store-error "
                                     "detail="), host.said())


@test
def a_limit_is_told_before_the_prompt_and_the_login_is_counted(host):
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        for _ in range(3):
            equal(verify(client, "alice", secret.wrong_code(), **SSHD),
                  ("refused", "wrong-code"), "a wrong code")
        found = look(client, "alice", **SSHD)
        equal(found["result"], "limited", found)
        check(1 <= found["retry_after"] <= 31, found)
        now = int(time.time())
        before = credential(secret).replace("3 30", f"3 30 {now - 9} {now - 8} {now - 7}")
        with open(host.secret_path("alice"), "w", encoding="ascii") as file:
            file.write(before)
        equal(verify(client, "alice", **SSHD), ("limited", "rate-limited"), "without an answer")
        check(host.read("alice") != before, "the login was not counted")
    check(all("service=sshd peer=0 rhost=192.0.2.7" in line for line in host.said()), host.said())


@test
def a_login_without_an_answer_counts(host):
    host.secret("alice")
    host.start()
    with Client() as client:
        for _ in range(3):
            equal(verify(client, "alice"), ("refused", "conversation"), "no answer")
        equal(look(client, "alice")["result"], "limited", "the fourth")


@test
def two_texts_of_a_login_are_one_attempt(host):
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        for _ in range(2):
            for turn in ("first", "last"):
                equal(verify(client, "alice", secret.wrong_code(), turn=turn),
                      ("refused", "wrong-code"), turn)
        equal(verify(client, "alice", secret.code(), turn="only"), ("accepted", "totp"), "third")
        equal(look(client, "alice")["result"], "limited", "the fourth login")


@test
def two_wrong_counter_based_codes_of_a_login_move_the_counter_once(host):
    secret = Secret("hotp")
    host.secrets.append(secret)
    path = host.secret_path("alice")
    with open(path, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(secret.base32 + '\n" HOTP_COUNTER 5\n')
    host.start()
    with Client() as client:
        verify(client, "alice", "000000", turn="first")
        check('" HOTP_COUNTER 5' in host.read("alice"), "after the first text")
        verify(client, "alice", "000001", turn="last")
        check('" HOTP_COUNTER 6' in host.read("alice"), "after the last")
        verify(client, "alice", turn="first")
        verify(client, "alice", turn="last")
        check('" HOTP_COUNTER 7' in host.read("alice"), "an abort behind a first text")


@test
def an_unneeded_code_is_spent_and_a_wrong_one_is_nothing(host):
    configure(host, "grace_period=600\n")
    secret = host.secret("alice", '" RATE_LIMIT 3 30', '" WINDOW_SIZE 17')
    host.start()
    with Client() as client:
        before = host.read("alice")
        for _ in range(5):
            answer = client.call("VerifyEnd", user="alice", end=secret.wrong_code(),
                                 turn="unneeded", **SSHD)
            equal(answer["parameters"]["result"], "refused", answer)
        equal(host.read("alice"), before, "a wrong one changed the secret")
        equal(host.said(), [], "a wrong one was logged")
        code = secret.code()
        answer = client.call("VerifyEnd", user="alice", end="11" + code, turn="unneeded", **SSHD)
        equal(answer["parameters"]["code_length"], 6, answer)
        equal(verify(client, "alice", code)[0], "refused", "a second time")
        equal(look(client, "alice", **SSHD), {"result": "ask"}, "a grace period began")


@test
def a_grace_period_is_for_the_service_and_the_host(host):
    configure(host, "grace_period=600\n")
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        equal(verify(client, "alice", secret.code(), **SSHD), ("accepted", "totp"), "a code")
        equal(look(client, "alice", **SSHD), {"result": "grace"}, "the same again")
        for other in ({"service": "sshd"}, {"rhost": "192.0.2.7"}, {},
                      {"service": "sshd", "rhost": "192.0.2.8"},
                      {"service": "login", "rhost": "192.0.2.7"}):
            equal(look(client, "alice", **other), {"result": "ask"}, other)
    equal(host.said()[1:], ["accepted user=alice service=sshd peer=0 rhost=192.0.2.7 "
                            "method=grace"], "the log")


@test
def a_session_is_remembered_for_the_services_that_may(host):
    configure(host, "grace_period=600\ngrace_services=sudo\n")
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        login = {"service": "login", "session": SESSION}
        sudo = {"service": "sudo", "session": SESSION}
        verify(client, "alice", secret.code(), **login)
        equal(look(client, "alice", **login), {"result": "ask"}, "a service that may not")
        equal(verify(client, "alice", secret.code(1), **sudo), ("accepted", "totp"), "a code")
        equal(look(client, "alice", **sudo), {"result": "grace"}, "the same session")
        for other in ({"service": "sudo"}, {"service": "sudo", "session": SESSION + "1"}, login,
                      {"service": "sudo", "session": SESSION, "rhost": "192.0.2.7"}):
            equal(look(client, "alice", **other), {"result": "ask"}, other)


@test
def a_damaged_secret_never_passes(host):
    configure(host, "nullok=yes\ngrace_period=600\n")
    host.secret("alice")
    host.start()
    with Client() as client:
        for text, expected in (
                ("damaged\n", {"result": "ask"}), ("", {"result": "ask", "reason": "bad-file"}),
                (credential(Secret("x")).replace("3 30", "x"),
                 {"result": "refused", "reason": "bad-file"})):
            with open(host.secret_path("alice"), "w", encoding="ascii") as file:
                file.write(text)
            equal(look(client, "alice"), expected, text)
        os.chmod(host.secret_path("alice"), 0o666)
        equal(look(client, "alice"), {"result": "ask", "reason": "bad-file"}, "its mode")
        os.unlink(host.secret_path("alice"))
        os.mkdir(host.secret_path("alice"))
        equal(look(client, "alice")["result"], "ask", "a folder")
        os.rmdir(host.secret_path("alice"))


@test
def others_than_root_cannot_look_or_create(host):
    """Not even about themselves, for every user: nothing is told and nothing written."""
    configure(host, "nullok=yes\n[daemon]\nself_enroll=yes\n")
    host.secret("alice")
    host.start()
    text = credential(Secret("mine"))
    for uid in (1001, 1002, 33, 1004, 65534):
        with Client(uid=uid) as client:
            for user in ("alice", "bob", "nobody-knows", "root"):
                equal(client.call("Look", user=user), NOT_PERMITTED, f"{uid} looks at {user}")
                equal(client.call("Look", user=user, **SSHD), NOT_PERMITTED, "with a host")
                equal(client.call("Create", user=user, credential=text), NOT_PERMITTED,
                      f"{uid} creates {user}")
    equal(sorted(os.listdir(os.path.dirname(host.secret_path("alice")))), ["alice"], "the store")
    check(all("reason=not-permitted" in line for line in host.said()), host.said())


@test
def others_than_root_cannot_say_which_login_it_is(host):
    """Each of these could begin a grace period, or keep an attempt from being counted."""
    configure(host, "grace_period=600\n")
    secret = host.secret("alice")
    host.start()
    before = host.read("alice")
    for uid in (1001, 33, 1004):
        with Client(uid=uid) as client:
            for said in ({"service": "sshd"}, {"rhost": "192.0.2.7"}, {"session": SESSION},
                         SSHD, {"turn": "only"}, {"turn": "first"}, {"turn": "last"},
                         {"turn": "unneeded"}):
                equal(client.call("Verify", user="alice", code=secret.code(), **said),
                      NOT_PERMITTED, f"{uid}: {said}")
                equal(client.call("VerifyEnd", user="alice", end=secret.code(), **said),
                      NOT_PERMITTED, f"{uid}: {said}")
    equal(host.read("alice"), before, "the secret")
    with Client(uid=1001) as client:
        equal(client.call("Verify", user="alice")["parameters"], {"parameter": "code"}, "no code")
        equal(client.verify("alice", secret.code()), ("accepted", 0), "without all that")


@test
def what_is_no_parameter_is_named(host):
    host.start()
    with Client() as client:
        for method, parameters, wrong in (
                ("Look", {}, "user"), ("Look", {"user": ""}, "user"),
                ("Look", {"user": "a", "code": "1"}, "code"),
                ("Look", {"user": "a", "x": "1"}, "x"),
                ("Look", {"user": "a", "service": 1}, "service"),
                ("Look", {"user": "a", "service": ""}, "service"),
                ("Look", {"user": "a", "rhost": None}, "rhost"),
                ("Look", {"user": "a", "rhost": "r" * 256}, "rhost"),
                ("Look", {"user": "a", "session": ["x"]}, "session"),
                ("Look", {"user": "a", "purpose": "LOGIN"}, "purpose"),
                ("Look", {"user": "a", "turn": "only"}, "turn"),
                ("Verify", {"user": "a", "code": "1", "turn": "second"}, "turn"),
                ("Verify", {"user": "a", "code": "1", "turn": ""}, "turn"),
                ("Verify", {"user": "a", "code": "1", "purpose": "login"}, "purpose"),
                ("VerifyEnd", {"user": "a", "service": "sshd"}, "end"),
                ("Create", {"user": "a"}, "credential"),
                ("Create", {"user": "a", "credential": ""}, "credential"),
                ("Create", {"user": "bob", "credential": "not base32!\n"}, "credential"),
                ("Create", {"user": "a", "credential": "x", "session": "y"}, "session")):
            answer = client.call(method, **parameters)
            equal((answer["error"], answer["parameters"]),
                  ("org.varlink.service.InvalidParameter", {"parameter": wrong}), parameters)


@test
def root_creates_the_secret_that_a_login_has_shown(host):
    secret = Secret("bob")
    host.secrets.append(secret)
    host.start()
    with Client() as client:
        equal(client.call("Create", user="bob", credential=credential(secret), **SSHD),
              {"parameters": {}}, "bob")
        equal(host.read("bob"), credential(secret), "the file")
        other = client.call("Create", user="bob", credential=credential(Secret("other")))
        equal(other["error"], "org.totpgroup.Verify.AlreadyEnrolled", "a second time")
        equal(host.read("bob"), credential(secret), "the file stays")
        equal(verify(client, "bob", secret.code()), ("accepted", "totp"), "its code")
        equal(client.call("Create", user="nobody-knows", credential=credential(secret)),
              STORE_ERROR, "an unknown user")
    equal(host.said()[0], "enrolled user=bob service=sshd peer=0 rhost=192.0.2.7", "the log")


@test
def a_host_cannot_forge_a_log_line(host):
    host.start()
    with Client() as client:
        verify(client, "alice", "123456", service="x y", rhost="a\nrefused user=root")
    equal(len(host.said()), 1, host.said())
    check("rhost=a\\x0arefused" in host.said()[0], host.said())
