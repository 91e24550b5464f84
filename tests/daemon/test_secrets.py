# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets and codes in the memory of the daemon."""

from verifyd_host import WEB, Client, check, equal, frame, test

PADDING = "0123456789abcdef" * 40


def search(host, needles):
    """Says which of the needles are found, and where."""
    found = []
    for area, memory in host.memory():
        for what, needle in needles.items():
            if needle in memory:
                found.append(f"{what} in {area}")
    return found


@test
def no_code_and_no_secret_stays_in_memory(host):
    """The clients send right and wrong codes, half a code, and frames that are no calls, and their
    connections stay open."""
    host.configure(WEB + "attempts=no\n")
    secrets = {name: host.secret(name, '" WINDOW_SIZE 17', '" DISALLOW_REUSE',
                                 emergency=("48151623",)) for name in ("alice", "carol")}
    host.start()
    # Before the others, so that these bytes do not overwrite what the others leave.
    for half in (b'{"method":"a.b","parameters":{"code":"31415926535', b'9' * 900):
        with Client() as client:
            client.send(half)
            client.send(b"\xff\0")
            equal(client.receive(), None, "closed")
    clients = [Client(uid=uid) for uid in (0, 33, 1001, 1004) * 4]
    needles = {}
    for number, client in enumerate(clients):
        for name, secret in secrets.items():
            # Longer than a code, so that no other bytes look like it.
            code = f"{secret.wrong_code()}77{number:04}7777"
            needles[f"the code of {name} {number}"] = code.encode()
            client.verify(name, code)
            client.ask("Verify", user=name, code=code, oneway=True)
            client.send(frame("org.totpgroup.Verify.Status", {"user": code}))
            client.receive()
            client.send(frame("org.totpgroup.Verify.Verify", {"user": name, "code": code,
                                                              "more": PADDING[:300]}))
            client.receive()
        client.send(frame("org.varlink.service.GetInfo"))
        client.receive()
    for name, secret in secrets.items():
        with Client() as client:
            equal(client.verify(name, secret.code())[0], "accepted", name)
            equal(client.verify(name, "48151623")[0], "accepted", name)
        needles[f"the secret of {name}"] = secret.base32.encode()
        needles[f"the key of {name}"] = secret.key
    needles["an emergency code"] = b"48151623"
    needles["the code of half a call"] = b"31415926535"
    equal(search(host, needles), [], "found")


@test
def the_search_finds_what_is_in_memory(host):
    """Half a call, which the daemon has to keep, is found."""
    host.start()
    with Client() as client, Client() as other:
        client.send(b'{"method":"a.b","parameters":{"code":"27182818284')
        other.send(frame("org.varlink.service.GetInfo"))
        other.receive()
        check(search(host, {"it": b"27182818284"}), "half a call is in memory")
