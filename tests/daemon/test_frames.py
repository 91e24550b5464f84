# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames, well-formed or not, and the replies to them."""

import json
import random
import os
import secrets
import socket
import sys

from verifyd_host import WEB, Client, check, equal, frame, test

VERIFY = "org.totpgroup.Verify.Verify"


def error_of(answer):
    """Returns the name and the parameters of an error."""
    return answer["error"], answer["parameters"]


@test
def the_service_interface_answers(host):
    host.start()
    with Client(uid=1004) as client:
        client.send(frame("org.varlink.service.GetInfo"))
        info = client.receive()["parameters"]
        equal(sorted(info), ["interfaces", "product", "url", "vendor", "version"], "GetInfo")
        equal(info["interfaces"], ["org.varlink.service", "org.totpgroup.Verify"], "interfaces")
        for name in info["interfaces"]:
            client.send(frame("org.varlink.service.GetInterfaceDescription", {"interface": name}))
            text = client.receive()["parameters"]["description"]
            check(f"interface {name}\n" in text, name)
        for method, parameters, expected in (
                ("org.varlink.service.GetInterfaceDescription", {"interface": "a.\"\\\u00e9\x01"},
                 ("InterfaceNotFound", {"interface": "a.\"\\\u00e9\x01"})),
                ("org.varlink.service.GetInterfaceDescription", {},
                 ("InvalidParameter", {"parameter": "interface"})),
                ("org.varlink.service.GetInfo", {"x": 1},
                 ("InvalidParameter", {"parameter": "x"})),
                ("org.varlink.service.GetMore", None, ("MethodNotFound", {"method": "GetMore"})),
                ("org.example.Other.Verify", None,
                 ("InterfaceNotFound", {"interface": "org.example.Other"})),
                ("org.totpgroup.Verify.verify", None, ("MethodNotFound", {"method": "verify"}))):
            client.send(frame(method, parameters))
            equal(error_of(client.receive()), (f"org.varlink.service.{expected[0]}", expected[1]),
                  method)


@test
def a_wrong_parameter_is_named(host):
    host.start()
    with Client() as client:
        for parameters, wrong in (
                ({}, "user"), ({"code": "1"}, "user"),
                ({"user": 1, "code": "1"}, "user"), ({"user": None, "code": "1"}, "user"),
                ({"user": "alice", "code": 123456}, "code"),
                ({"user": "alice", "code": ["1"]}, "code"),
                ({"user": "alice", "code": "1", "purpose": "login"}, "purpose"),
                ({"user": "", "code": "1"}, "user"), ({"user": "a" * 256, "code": "1"}, "user")):
            answer = client.call("Verify", **parameters)
            equal(error_of(answer),
                  ("org.varlink.service.InvalidParameter", {"parameter": wrong}), parameters)
        answer = client.call("Verify", user="alice", code="1", upgrade=True)
        equal(error_of(answer)[1], {"parameter": "upgrade"}, "upgrade")


@test
def an_unknown_member_of_a_call_is_named(host):
    """Nothing is checked or spent then, and the connection stays."""
    secret = host.secret("alice")
    host.start()
    code = secret.code()
    with Client() as client:
        for members, wrong in (({"extra": 1}, "extra"), ({"Oneway": False}, "Oneway"),
                               ({"": None}, ""), ({"a": 1, "b": {"c": [2]}}, "a"),
                               ({"\u00e9\"\n": 1, "more": True}, "\u00e9\"\n")):
            client.send(frame(VERIFY, {"user": "alice", "code": code}, **members))
            answer = client.receive()
            check(answer is not None, f"closed for {members}")
            equal(error_of(answer),
                  ("org.varlink.service.InvalidParameter", {"parameter": wrong}), members)
        client.send(frame(VERIFY, {"user": "alice", "code": code}, oneway=True, extra=1))
        equal(client.verify("alice", code), ("accepted", 0), "the code")


@test
def calls_are_answered_in_order_however_they_arrive(host):
    host.start()
    with Client() as client:
        # From single bytes to all at once.
        for size in (1, 7, 100, 1025, 100000):
            secret = host.secret("alice")
            code = secret.code()
            calls = (frame(VERIFY, {"user": "alice", "code": code})
                     + frame(VERIFY, {"user": "alice", "code": code})
                     + frame("org.varlink.service.GetInfo")
                     + frame(VERIFY, {"user": "nobody-there", "code": code}))
            for start in range(0, len(calls), size):
                client.send(calls[start:start + size])
            answers = [client.receive()["parameters"] for _ in range(4)]
            equal([answer.get("result") for answer in answers],
                  ["accepted", "refused", None, "refused"], f"in pieces of {size}")
            equal([answer.get("reason") for answer in answers],
                  [None, "reused", None, "not-enrolled"], f"in pieces of {size}")
        calls = b"".join(frame("org.varlink.service.GetInfo") for _ in range(1000))
        client.send(calls)
        for _ in range(1000):
            check("parameters" in client.receive(), "a reply")


@test
def a_half_closed_connection_gets_its_replies(host):
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        client.send(frame(VERIFY, {"user": "alice", "code": secret.code()}))
        client.send(frame("org.varlink.service.GetInfo") + b"{\"meth")
        client.socket.shutdown(socket.SHUT_WR)
        equal(client.receive()["parameters"]["result"], "accepted", "the reply")
        check("interfaces" in client.receive()["parameters"], "the second reply")
        equal(client.receive(), None, "the end")


@test
def oneway_calls_are_performed_without_a_reply(host):
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        client.ask("Verify", user="alice", code=secret.code(), oneway=True)
        client.send(frame("org.varlink.service.GetInfo", oneway=True))
        client.send(frame("no.such.Method", oneway=True))
        equal(client.verify("alice", secret.code())[0], "refused", "the code is spent")
    # Also if the client is gone when the call is read.
    secret = host.secret("bob")
    client = Client()
    client.ask("Verify", user="bob", code=secret.code(), oneway=True)
    client.close()
    with Client() as other:
        other.socket.settimeout(5)
        while 'DISALLOW_REUSE 5' not in host.read("bob"):
            other.send(frame("org.varlink.service.GetInfo"))
            other.receive()
        equal(other.verify("bob", secret.code())[0], "refused", "the code is spent")


@test
def more_gets_one_reply(host):
    secret = host.secret("alice")
    host.start()
    with Client() as client:
        answer = client.call("Verify", user="alice", code=secret.code(), more=True)
        equal(answer["parameters"]["result"], "accepted", "one reply")
        check("continues" not in answer, "there is no other")
        client.send(frame("org.varlink.service.GetInfo"))
        check("interfaces" in client.receive()["parameters"], "the next reply")


BAD = (b"\0", b"x\0", b"{}\0", b"[]\0", b"null\0", b"{\"method\":1}\0", b"{\"method\":\"x\"}\0",
       b"{\"method\":\"a.b\",\"method\":\"a.b\"}\0", b"{\"method\":\"a.b\",\"parameters\":[]}\0",
       b"{\"method\":\"a.b\"}x\0", b"{\"method\":\"a.\xff\"}\0", b"GET / HTTP/1.1\r\n\r\n\0",
       b"{\"method\":\"a.b\",\"oneway\":true,\"more\":true}\0",
       b"{" * 1000 + b"\0", b"[" * 1000 + b"\0", b"\"" * 1000 + b"\0", b"x" * 4097, b"\xff" * 8192,
       b"{\"method\":\"a.b\",\"parameters\":{\"x\":\"" + b"a" * 4096 + b"\"}}\0")


@test
def a_malformed_frame_closes_its_connection_alone(host):
    """Calls that came before it are answered."""
    secret = host.secret("alice")
    host.start()
    with Client() as other:
        for data in BAD:
            with Client(uid=1004) as client:
                client.send(frame("org.varlink.service.GetInfo") + data)
                check("parameters" in client.receive(), "the call before it")
                equal(client.receive(), None, data[:40])
        equal(other.verify("alice", secret.code()), ("accepted", 0), "another client")


@test
def a_call_has_at_most_4096_bytes(host):
    host.start()
    for length, expected in ((4096, "refused"), (4097, None)):
        call = frame(VERIFY, {"user": "alice", "code": ""})
        padding = b"7" * (length - len(call) + 1)
        with Client() as client:
            client.send(call.replace(b"\"code\": \"\"", b"\"code\": \"" + padding + b"\""))
            answer = client.receive()
            equal(answer and answer["parameters"]["result"], expected, f"{length} bytes")


def random_bytes(generator):
    """A frame that is nearly well-formed, or just bytes."""
    kind = generator.randrange(4)
    if kind == 0:
        return bytes(generator.randrange(256) for _ in range(generator.randrange(1, 1200)))
    data = bytearray(frame(
        generator.choice([VERIFY, "org.totpgroup.Verify.Status", "org.varlink.service.GetInfo",
                          "org.totpgroup.Verify.Enroll", "org.totpgroup.Verify.Confirm"]),
        generator.choice([None, {}, {"user": "bob", "code": "123456"}, {"user": "bob"},
                          {"user": ["\ud83d\ude00"], "code": {"a": [1, 2.5, None]}},
                          {"code": "\x00\u0100"}]),
        **generator.choice([{}, {"oneway": True}, {"more": True}])))
    for _ in range(generator.randrange(4) if kind > 1 else 0):
        at = generator.randrange(len(data))
        if generator.randrange(2):
            data[at] = generator.randrange(256)
        else:
            del data[at:at + generator.randrange(1, 10)]
            if not data:
                data = bytearray(b"\0")
    return bytes(data)


@test
def random_frames_do_no_harm(host):
    """Each gets a reply in JSON or a closed connection. Other clients are served all the time, and
    no descriptor is left open."""
    seed = int(os.environ.get("TOTPGROUP_TEST_SEED") or secrets.randbits(63))
    print(f"# TOTPGROUP_TEST_SEED={seed}", file=sys.stderr)
    generator = random.Random(seed)
    host.configure(WEB + "[daemon]\nself_enroll=yes\n")
    host.start()
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    with Client() as other:
        before = host.descriptors()
        for turn in range(1500):
            with Client(uid=generator.choice([0, 33, 1002, 1004])) as client:
                client.send(b"".join(random_bytes(generator)
                                     for _ in range(generator.randrange(1, 4))))
                if generator.randrange(4) == 0:
                    continue
                client.socket.shutdown(socket.SHUT_WR)
                while (answer := client.receive()) is not None:
                    check(set(answer) <= {"error", "parameters"}, json.dumps(answer))
            if turn % 100 == 0:
                equal(other.verify("alice", secret.code()), ("accepted", 0), "another client")
        other.send(frame("org.varlink.service.GetInfo"))
        other.receive()
        for _ in range(1000):
            if host.descriptors() <= before + 16:
                break
            other.send(frame("org.varlink.service.GetInfo"))
            other.receive()
        check(host.descriptors() <= before + 16, "connections are left open")
