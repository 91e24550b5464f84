# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a front end learns about users: the same bytes after about the same time, whoever it asks about
and whatever is wrong."""

import random
import re
import time

from case import LONG, seed
from comparison import compare, report
from verifyd_host import USERS, WEB, Client, check, equal, frame, test

ROUNDS = 4000 if LONG else 80
OPEN = ('" WINDOW_SIZE 17', '" DISALLOW_REUSE')


def ask(client, user, code):
    """A call: its answer, byte for byte, and how long that took."""
    client.send(frame("org.totpgroup.Verify.Verify", {"user": user, "code": code}))
    begun, answer = time.perf_counter(), b""
    while not answer.endswith(b"\0"):
        answer += client.socket.recv(4096)
    return answer, time.perf_counter() - begun


def prepare(host):
    """Users of each kind. Returns what is asked about each."""
    host.configure(WEB + "attempts=no\n")
    host.write_users({**USERS, "spent": (1010, ("webtotp",)), "limited": (1011, ("webtotp",)),
                      "broken": (1012, ("webtotp",))})
    wrong, spent = host.secret("alice", *OPEN), host.secret("spent", *OPEN)
    limited, other = host.secret("limited", '" RATE_LIMIT 1 600', *OPEN), host.secret("carol", *OPEN)
    with open(host.secret_path("broken"), "w", encoding="ascii") as file:
        file.write("not base32!\n")
    host.start()
    code = spent.code()
    with Client() as root:
        equal(root.verify("spent", code)[0], "accepted", "a code is good once")
    with Client(uid=33) as client:
        client.verify("limited", limited.wrong_code())
    return {"wrong": ("alice", wrong.wrong_code()), "spent": ("spent", code),
            "limited": ("limited", limited.code()), "broken": ("broken", "123456"),
            "no secret": ("bob", "123456"), "not covered": ("carol", other.code()),
            "unknown": ("whoknows", "123456")}


@test
def all_refusals_are_alike(host):
    """The times are printed, with the test of Mann and Whitney. How long a right code takes is not
    compared: who has one knows that."""
    asked, numbers = prepare(host), random.Random(seed())
    times, answers = {kind: [] for kind in asked}, {kind: set() for kind in asked}
    with Client(uid=33) as client:
        for _ in range(ROUNDS):
            kinds = list(asked)
            numbers.shuffle(kinds)
            for kind in kinds:
                answer, took = ask(client, *asked[kind])
                answers[kind].add(answer)
                times[kind].append(took)
    first = answers["wrong"]
    equal(len(first), 1, "answers to wrong codes")
    # Who has a code that was right is told when the next one can be.
    answers["spent"] = {re.sub(rb":[0-9]+", b":0", answer) for answer in answers["spent"]}
    for kind, seen in answers.items():
        equal(seen, first, f"what is answered: {kind}")
    reasons = {line.partition("reason=")[2].split()[0] for line in host.said() if "reason=" in line}
    equal(sorted(reasons), ["bad-file", "not-enrolled", "not-permitted", "rate-limited", "reused",
                            "wrong-code"], "what the log says")
    # A reply that was not held back would stand at an end of the scale. On a busy machine all are later.
    for kind, later in report(times, "wrong").items():
        check(0.15 < later < 0.85, f"{kind} is later than wrong in {100 * later:.0f} %")


@test
def the_comparison_tells_what_differs(host):
    """It has no opinion on what is alike."""
    numbers = random.Random(seed())
    alike = [[numbers.gauss(1, 0.1) for _ in range(300)] for _ in range(2)]
    later = [number + 0.1 for number in alike[1]]
    check(compare(*alike)[1] > 1e-6, "numbers of one kind differ")
    check(compare(alike[0], later)[1] < 1e-6, "later ones do not")
    check(compare(alike[0], later)[0] > 0.6, "later ones are not later")
