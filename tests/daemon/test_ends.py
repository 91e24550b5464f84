# SPDX-License-Identifier: LGPL-2.1-or-later
"""VerifyEnd: the end of a text in which the code follows a password."""

from verifyd_host import Client, check, equal, test

LIMIT = '" RATE_LIMIT 3 30'
NO_REUSE = ('" WINDOW_SIZE 17', '" DISALLOW_REUSE')


def ask(client, user, end):
    """The result, and how long the code is."""
    answer = client.call("VerifyEnd", user=user, end=end)["parameters"]
    return answer["result"], answer.get("code_length")


def attempts(host, user):
    """How many attempts the secret has counted."""
    line = next(line for line in host.read(user).splitlines() if "RATE_LIMIT" in line)
    return len(line.split()) - 4


@test
def the_reply_says_how_long_the_code_is(host):
    secret = host.secret("alice", *NO_REUSE, emergency=("87654321",))
    host.start()
    with Client() as client:
        equal(ask(client, "alice", "22" + secret.code()), ("accepted", 6), "two digits before")
        equal(ask(client, "alice", "22" + secret.code()), ("refused", None), "spent")
        equal(ask(client, "alice", secret.code(1)), ("accepted", 6), "nothing before")
        equal(ask(client, "alice", "87654321"), ("accepted", 8), "an emergency code")
        equal(ask(client, "alice", "87654321"), ("refused", None), "spent")
        equal(ask(client, "alice", "password" + secret.code(-1)), ("accepted", 6), "a password")
        answer = client.call("Verify", user="alice", code=secret.code(2))["parameters"]
        check("code_length" not in answer, "Verify is as it was")


@test
def codes_of_any_length_are_found(host):
    for digits in (6, 7, 8):
        secret = host.secret("alice", *NO_REUSE, f'" DIGITS {digits}')
        host.start()
        with Client(uid=1001) as client:
            equal(ask(client, "alice", "99" + secret.code(digits=digits)), ("accepted", digits),
                  f"{digits} digits")
            equal(ask(client, "alice", secret.code(1, digits=digits)[1:]), ("refused", None),
                  "a digit is missing")
        host.stop()


@test
def each_call_is_one_attempt(host):
    secret = host.secret("alice", LIMIT, *NO_REUSE)
    host.start()
    with Client(uid=1001) as client:
        for count in (1, 2):
            equal(ask(client, "alice", "22" + secret.wrong_code()), ("refused", None), "wrong")
            equal(attempts(host, "alice"), count, "attempts")
        equal(ask(client, "alice", "22" + secret.code()), ("accepted", 6), "right")
        equal(attempts(host, "alice"), 3, "attempts")
        equal(ask(client, "alice", "22" + secret.code(1)), ("limited", None), "limited")


@test
def front_ends_and_strangers_are_answered_as_by_verify(host):
    secrets = {user: host.secret(user, *NO_REUSE) for user in ("alice", "carol")}
    host.start()
    with Client(uid=33) as client:
        answer = client.call("VerifyEnd", user="alice", end="1" + secrets["alice"].code())
        equal(answer["parameters"], {"result": "accepted", "retry_after": 0, "code_length": 6},
              "granted")
        answer = client.call("VerifyEnd", user="carol", end=secrets["carol"].code())
        equal(answer["parameters"], {"result": "refused", "retry_after": 0}, "not granted")
    with Client(uid=1004) as client:
        answer = client.call("VerifyEnd", user="alice", end="123456")
        equal(answer["error"], "org.totpgroup.Verify.NotPermitted", "without a grant")


@test
def a_wrong_parameter_is_named(host):
    host.start()
    with Client() as client:
        for parameters, wrong in (({"user": "alice"}, "end"), ({"end": "1"}, "user"),
                                  ({"user": "alice", "code": "1"}, "code"),
                                  ({"user": "alice", "end": 1}, "end")):
            answer = client.call("VerifyEnd", **parameters)
            equal(answer, {"error": "org.varlink.service.InvalidParameter",
                           "parameters": {"parameter": wrong}}, parameters)
