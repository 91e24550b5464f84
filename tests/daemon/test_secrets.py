# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is left in the daemon's memory."""

from verifyd_host import WEB, Client, check, equal, frame, test

PADDING = "0123456789abcdef" * 40


def search(host, needles):
    """Where any of these is found, and as what."""
    found = []
    for place, memory in host.memory():
        for what, needle in needles.items():
            if needle in memory:
                found.append(f"{what} in {place}")
    return found


@test
def test_nothing_secret_stays(host):
    """No code and no secret, after right ones, wrong ones, half ones, and in frames that are
    no calls; though the connections stay open."""
    host.configure(WEB + "attempts=no\n")
    secrets = {name: host.secret(name, '" WINDOW_SIZE 17', '" DISALLOW_REUSE',
                                 emergency=("48151623",)) for name in ("alice", "carol")}
    host.start()
    # Before the others, so that it does not lie over what they leave.
    for half in (b'{"method":"a.b","parameters":{"code":"31415926535', b'9' * 900):
        with Client() as client:
            client.send(half)
            client.send(b"\xff\0")
            equal(client.receive(), None, "closed")
    clients = [Client(uid=uid) for uid in (0, 33, 1001, 1004) * 4]
    needles = {}
    for number, client in enumerate(clients):
        for name, secret in secrets.items():
            # Longer than a code, so that it is found only where it was kept.
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
def test_the_search_finds(host):
    """What is held on purpose, half a call, is found: the search above is none in vain."""
    host.start()
    with Client() as client, Client() as other:
        client.send(b'{"method":"a.b","parameters":{"code":"27182818284')
        other.send(frame("org.varlink.service.GetInfo"))
        other.receive()
        check(search(host, {"it": b"27182818284"}), "half a call is in memory")
