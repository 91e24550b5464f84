# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/verify beside a verifier that lies: only the exact reply lets in."""

import contextlib
import json
import subprocess

from case import Skip
from fake_daemon import FakeDaemon
from support import check, equal, test
from verify_programs import LANGUAGES, PATIENCE, Programs, ask

NAMES = ("alice", 'quo"te', "back\\slash", "J\u00fcrgen", "\u65e5\u672c", "\U0001f642",
         "tab\tinside", "</script>", "'; --", "%s%n", "$HOME", "a b", "{}")


def reply(**fields):
    return json.dumps(fields).encode() + b"\0"


def verdict(result, retry_after=0):
    return reply(parameters={"result": result, "retry_after": retry_after})


# Replies that no real verifier gives. None of them lets in.
HOSTILE = {
    "nothing": b"",
    "a NUL alone": b"\0",
    "no NUL": verdict("accepted")[:-1],
    "half of it": b'{"parameters":{"result":"accepted"',
    "no JSON": b"accepted\0",
    "no object": b'"accepted"\0',
    "a list": b'[{"parameters":{"result":"accepted"}}]\0',
    "null": b"null\0",
    "no parameters": reply(result="accepted"),
    "parameters that are a text": reply(parameters="accepted"),
    "parameters that are a list": reply(parameters=["accepted"]),
    "no result": reply(parameters={}),
    "true": verdict(True),
    "one": verdict(1),
    "zero": verdict(0),
    "null as the result": verdict(None),
    "a list of it": verdict(["accepted"]),
    "an object": verdict({"accepted": True}),
    "capitals": verdict("Accepted"),
    "a blank behind": verdict("accepted "),
    "a blank before": verdict(" accepted"),
    "a line end behind": verdict("accepted\n"),
    "a NUL in the text": verdict("accepted\0"),
    "more text": verdict("accepted-not"),
    "less text": verdict("accept"),
    "other text of that length": verdict("accept!!"),
    "no text": verdict(""),
    "something behind it": verdict("accepted")[:-1] + b" refused\0",
    "an error beside it": reply(error="org.totpgroup.Verify.Busy",
                                parameters={"result": "accepted"}),
    "a number for an error": reply(parameters={"result": "accepted"}, error=5),
    "two results": b'{"parameters":{"result":"accepted","result":5}}\0',
    "too much": b" " * 65536 + verdict("accepted"),
    "too much in one text": reply(parameters={"result": "accepted", "more": "x" * 65536}),
    "what belongs to other names": reply(parameters={"result": "__proto__"}),
    "bytes that are no UTF-8": b'{"parameters":{"result":"accepted\xff"}}\0',
}

ERRORS = ("NotPermitted", "StoreError", "Busy")


def expect_refusal(command, daemon, text, what):
    daemon.reply = text
    status, output, messages = ask(command, daemon.path, "alice", "123456")
    equal((status, output), (6, ""), what)
    check(messages.startswith("verify: "), f"{what}: says {messages!r}")
    return messages


def one_language(language):
    def behaves(_):
        with Programs() as programs, FakeDaemon() as daemon:
            command = programs.command(language)
            for result, status in (("accepted", 0), ("refused", 1), ("limited", 4)):
                daemon.reply = verdict(result, 7)
                equal(ask(command, daemon.path, "alice", "123456"), (status, f"{result}\n", ""),
                      result)
            for what, text in HOSTILE.items():
                expect_refusal(command, daemon, text, what)
            for error in ERRORS:
                name = f"org.totpgroup.Verify.{error}"
                said = expect_refusal(command, daemon, reply(error=name, parameters={}), error)
                check(name in said, f"{error} is not named: {said!r}")
            names_arrive(command, daemon)
            nobody_answers(command, daemon.path + "-not")
    behaves.__name__ = f"verify_{language}_takes_only_the_exact_reply"
    test(behaves)


def names_arrive(command, daemon):
    daemon.reply = verdict("refused")
    for name, code in [*((name, "123456") for name in NAMES), ("alice", '12"3\\4'), ("alice", "")]:
        equal(ask(command, daemon.path, name, code)[0], 1, name)
        request = daemon.requests[-1]
        check(request.endswith(b"\0") and request.count(b"\0") == 1, f"one NUL: {request!r}")
        equal(json.loads(request[:-1]),
              {"method": "org.totpgroup.Verify.Verify",
               "parameters": {"user": name, "code": code}}, "the request")


def nobody_answers(command, path):
    status, output, messages = ask(command, path, "alice", "123456")
    equal((status, output), (6, ""), "no verifier")
    check("No such file" in messages or "ENOENT" in messages or "no such file" in messages,
          f"the reason is not said: {messages!r}")


for each in LANGUAGES:
    one_language(each)


@test
def none_waits_forever(_):
    """All run at once, because each waits ten seconds for a silent verifier."""
    with Programs() as programs, FakeDaemon() as daemon:
        daemon.silent = True
        running = []
        for language in LANGUAGES:
            with contextlib.suppress(Skip):
                running.append(subprocess.Popen(
                    [*programs.command(language), daemon.path], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        for child in running:
            child.stdin.write(b"alice\n123456\n")
            child.stdin.close()
        for child in running:
            equal((child.wait(PATIENCE), child.stdout.read()), (6, b""), f"{child.args}")
            child.stdout.close()
            child.stderr.close()
