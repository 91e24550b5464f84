# SPDX-License-Identifier: LGPL-2.1-or-later
"""No peer fills the log: lines that it could cause without end are bounded, and counted."""

import re
import select

from verifyd_host import STORE, WEB, Client, check, equal, frame, test

CALLS = 150


def ask_often(uid, method, **parameters):
    """Sends many calls, and reads their replies."""
    with Client(uid=uid) as client:
        for number in range(CALLS):
            client.ask(method, **{name: value.format(number)
                                  for name, value in parameters.items()})
        return [client.receive() for _ in range(CALLS)]


def equal_with_withheld(host, peer, reason, count):
    """Few lines of that kind were written, and those that say how many more there were complete
    them. How many there are of each depends on how long it took."""
    said = host.said()
    written = [line for line in said if re.search(
        f"peer={peer} (was not answered|reason={reason}( |$))", line) and "more=" not in line]
    withheld = [int(match[1]) for match in (re.fullmatch(
        f"withheld peer={peer} reason={reason} more=([0-9]+)", line) for line in said) if match]
    check(withheld and 0 not in withheld, f"lines with a count: {withheld}")
    equal(len(written) + sum(withheld), count, f"{reason} of peer {peer}")
    check(len(written) <= 31 * len(withheld), f"{len(written)} lines were written")


@test
def a_stranger_has_few_lines(host):
    """The first one is written at once, and how many more there were later, or at the end."""
    host.start()
    for answer in ask_often(1004, "Verify", user="name{}", code="123456"):
        equal(answer["error"], "org.totpgroup.Verify.NotPermitted", "the answer")
    ask_often(1004, "Enroll")
    ask_often(1004, "Status", user="name{}")
    equal(host.said()[0], "refused user=name0 service=- peer=1004 reason=not-permitted", "the log")
    check(len(host.said()) < 10, f"{len(host.said())} lines")
    with Client(uid=1003) as client:
        client.verify("alice", "123456")
    check("refused user=alice service=- peer=1003 reason=not-permitted" in host.said(),
          "another stranger")
    host.stop()
    equal_with_withheld(host, 1004, "not-permitted", 2 * CALLS)


@test
def attempts_over_a_limit_have_few_lines(host):
    """A user about herself, and a front end about her."""
    host.configure(WEB + "attempts=1 3600\n[daemon]\nself_attempts=1 3600\n")
    host.secret("alice", '" WINDOW_SIZE 17')
    host.start()
    for uid in (1001, 33):
        mark = host.log.mark()
        for answer in ask_often(uid, "Verify", user="alice", code="00000"):
            check("parameters" in answer, "an answer")
        check("reason=rate-limited" in host.said(mark)[1], "the first one over the limit")
    host.stop()
    for uid in (1001, 33):
        equal_with_withheld(host, uid, "rate-limited", CALLS - 1)


@test
def calls_that_cannot_be_answered_have_few_lines(host):
    host.secret("alice")
    with open(f"{STORE}/alice", "w", encoding="ascii") as file:
        file.write("!!!\n")
    host.start()
    for answer in ask_often(1001, "Status", user="alice"):
        equal(answer["error"], "org.totpgroup.Verify.StoreError", "the answer")
    check("a call of peer=1001 was not answered: " in host.said()[0], host.said()[0])
    host.stop()
    equal_with_withheld(host, 1001, "not-answered", CALLS)


@test
def all_lines_of_root_are_written(host):
    host.secret("alice", '" RATE_LIMIT 1 3600')
    host.start()
    ask_often(0, "Verify", user="alice", code="00000")
    equal(sum("reason=rate-limited" in line for line in host.said()), CALLS - 1, "lines")
    host.stop()
    equal(len(host.said()), CALLS, "lines with the end of the log")


@test
def broken_calls_and_refused_connections_have_no_line(host):
    host.configure(WEB + "[daemon]\npeer_connections=2\n")
    host.start()
    for data in (b"\0", b"{}\0", b"x" * 5000, frame("org.totpgroup.Verify.None"),
                 frame("none.None"), frame("org.totpgroup.Verify.Verify", {"user": "alice"})):
        for _ in range(20):
            with Client(uid=1004) as client:
                client.send(data)
                client.receive()
    for _ in range(20):
        # One of them at least, or more while connections of before still count.
        with Client(uid=1004) as first, Client(uid=1004) as second, Client(uid=1004) as third:
            check(select.select([first.socket, second.socket, third.socket], [], [], 30)[0],
                  "no connection was refused")
    host.stop()
    equal(host.said(), [], "the log")
