# SPDX-License-Identifier: LGPL-2.1-or-later
"""Enroll and Confirm: users get their first secret from the daemon."""

import base64
import os
import re

from one_time_code import Secret
from test_secrets import search
from verifyd_host import STORE, WEB, Client, check, equal, test

ALLOWED = WEB + "[daemon]\nself_enroll=yes\nself_attempts=20 30\n"
ENROLL = "[enroll]\nissuer=Example\nemergency_codes=3\n"


def enroll(host, client):
    """Calls Enroll. Returns the secret and the emergency codes."""
    drawn = client.call("Enroll")["parameters"]
    equal(sorted(drawn), ["emergency_codes", "secret", "uri"], "the parameters")
    secret = Secret.of_base32(drawn["secret"])
    host.secrets.append(secret)
    check(drawn["uri"].startswith("otpauth://totp/Example:bob%40") or
          drawn["uri"].startswith("otpauth://totp/Example:bob@"), drawn["uri"])
    check(f"secret={drawn['secret']}" in drawn["uri"], "the secret is in the URI")
    return secret, drawn["emergency_codes"]


@test
def a_user_enrolls_and_confirms(host):
    host.configure(ALLOWED + ENROLL)
    host.start()
    with Client(uid=1002) as client:
        secret, codes = enroll(host, client)
        equal(len(codes), 3, "emergency codes")
        check(not os.path.exists(f"{STORE}/bob"), "nothing is stored yet")
        equal(client.call("Confirm", code=secret.wrong_code())["parameters"],
              {"result": "refused", "retry_after": 0}, "a wrong code")
        code = secret.code()
        equal(client.call("Confirm", code=code)["parameters"],
              {"result": "accepted", "retry_after": 0}, "the right one")
        text = host.read("bob")
        check(text.startswith(secret.base32 + "\n"), "it is stored")
        equal(oct(os.stat(f"{STORE}/bob").st_mode & 0o777), "0o400", "its mode")
        equal(client.verify("bob", code)[0], "refused", "the code is spent")
        equal(client.verify("bob", codes[0])[0], "accepted", "an emergency code")
        equal(client.call("Enroll")["error"], "org.totpgroup.Verify.AlreadyEnrolled", "again")
        equal(client.call("Confirm", code=code)["error"], "org.totpgroup.Verify.NotEnrolling",
              "again")
    check("enrolled user=bob service=self peer=1002" in host.said(), "the log")


@test
def of_two_secrets_the_first_confirmed_one_stays(host):
    """Two connections of the same user have drawn a secret each."""
    host.configure(ALLOWED + ENROLL)
    host.start()
    with Client(uid=1002) as one, Client(uid=1002) as two:
        first, _ = enroll(host, one)
        second, _ = enroll(host, two)
        equal(two.call("Confirm", code=second.code())["parameters"]["result"], "accepted", "two")
        equal(one.call("Confirm", code=first.code())["error"],
              "org.totpgroup.Verify.AlreadyEnrolled", "one")
        check(host.read("bob").startswith(second.base32), "the first one stays")


@test
def a_drawn_secret_ends_with_its_connection(host):
    host.configure(ALLOWED + ENROLL)
    host.start()
    with Client(uid=1002) as one:
        secret, _ = enroll(host, one)
        with Client(uid=1002) as two:
            equal(two.call("Confirm", code=secret.code())["error"],
                  "org.totpgroup.Verify.NotEnrolling", "another connection")
        needle = secret.base32.encode()
        check(any(needle in memory for _, memory in host.memory()), "it is in memory")
    with Client(uid=1002) as other:
        other.verify("bob", "1")
        found = [area for area, memory in host.memory()
                 if needle in memory or secret.key in memory]
    equal(found, [], "found after the connection was closed")


@test
def three_wrong_codes_drop_the_secret(host):
    host.configure(ALLOWED + ENROLL)
    host.start()
    with Client(uid=1002) as client:
        secret, _ = enroll(host, client)
        for _ in range(3):
            client.call("Confirm", code=secret.wrong_code())
        equal(client.call("Confirm", code=secret.code())["error"],
              "org.totpgroup.Verify.NotEnrolling", "it is gone")


@test
def only_users_without_a_secret_enroll_and_only_if_allowed(host):
    host.configure(WEB + ENROLL)
    host.start()
    with Client(uid=1002) as client:
        for method, parameters in (("Enroll", {}), ("Confirm", {"code": "1"})):
            equal(client.call(method, **parameters)["error"],
                  "org.totpgroup.Verify.NotPermitted", method)
    host.configure(ALLOWED + ENROLL)
    host.reload()
    for uid in (0, 4711):
        with Client(uid=uid) as client:
            equal(client.call("Enroll")["error"], "org.totpgroup.Verify.NotPermitted", uid)
    host.secret("alice")
    with Client(uid=1001) as client:
        equal(client.call("Enroll")["error"], "org.totpgroup.Verify.AlreadyEnrolled", "alice")
    said = " ".join(host.said())
    check(not re.search("otpauth", said), "no URI is in the log")


@test
def enrollment_attempts_are_limited(host):
    host.configure(WEB + "[daemon]\nself_enroll=yes\n" + ENROLL)
    host.start()
    with Client(uid=1002) as client:
        for _ in range(3):
            enroll(host, client)
        equal(client.call("Enroll")["error"], "org.totpgroup.Verify.Busy", "the fourth")


SERVICE = WEB + "self_enroll=yes\nattempts=20 30\n" + ENROLL
WWW = 33


@test
def a_service_enrolls_a_member_for_whom_it_may(host):
    host.configure(SERVICE)
    host.start()
    with Client(uid=WWW) as client:
        drawn = client.call("Enroll", user="bob")["parameters"]
        secret = Secret.of_base32(drawn["secret"])
        host.secrets.append(secret)
        check("bob%40" in drawn["uri"] or "bob@" in drawn["uri"], drawn["uri"])
        equal(client.call("Confirm", user="bob", code=secret.wrong_code())["parameters"]["result"],
              "refused", "a wrong code")
        # The draft is bob's: neither alice's nor the service's own.
        equal(client.call("Confirm", user="alice", code=secret.code())["error"],
              "org.totpgroup.Verify.NotEnrolling", "alice")
        equal(client.call("Confirm", code=secret.code())["error"],
              "org.totpgroup.Verify.NotPermitted", "the service itself")
        check(not os.path.exists(f"{STORE}/alice"), "nothing for alice")
        code = secret.code()
        equal(client.call("Confirm", user="bob", code=code)["parameters"]["result"], "accepted",
              "the right one")
        equal(client.verify("bob", code)[0], "refused", "the code is spent")
        equal(client.call("Enroll", user="bob")["error"], "org.totpgroup.Verify.AlreadyEnrolled",
              "again")
    check("enrolled user=bob service=web peer=33" in host.said(), "the log")


@test
def a_service_enrolls_nobody_else(host):
    """Not without the key, not users in none of its groups, nor root, nor one who does not exist.
    The replies are the same."""
    refused = "org.totpgroup.Verify.NotPermitted"
    for text, what in ((WEB + ENROLL, "no self_enroll in the section"),
                       (WEB + "[daemon]\nself_enroll=yes\n" + ENROLL, "that of users themselves")):
        host.configure(text)
        host.start()
        with Client(uid=WWW) as client:
            equal(client.call("Enroll", user="bob")["error"], refused, what)
        host.stop()
    host.configure(SERVICE)
    host.start()
    with Client(uid=WWW) as client:
        replies = [client.call("Enroll", user=user) for user in ("carol", "root", "nobody-here")]
        equal(replies[0]["error"], refused, "carol")
        equal(replies, [replies[0]] * 3, "the replies")
    with Client(uid=1004) as client:
        equal(client.call("Enroll", user="bob")["error"], refused, "another user")


@test
def what_a_service_draws_is_limited(host):
    host.configure(WEB + "self_enroll=yes\n" + ENROLL)
    host.start()
    with Client(uid=WWW) as client:
        for _ in range(3):
            drawn = client.call("Enroll", user="bob")["parameters"]
            host.secrets.append(Secret.of_base32(drawn["secret"]))
        equal(client.call("Enroll", user="bob")["error"], "org.totpgroup.Verify.Busy", "the fourth")


@test
def root_enrolls_a_user_by_name(host):
    host.configure(WEB + ENROLL)
    host.start()
    with Client(uid=0) as client:
        drawn = client.call("Enroll", user="bob")["parameters"]
        secret = Secret.of_base32(drawn["secret"])
        host.secrets.append(secret)
        equal(client.call("Confirm", user="bob", code=secret.code())["parameters"]["result"],
              "accepted", "the right code")


@test
def what_is_enrolled_is_sealed(host):
    """And without the keys nobody passes for a user without a secret, nor gets a second one. Nothing
    of the key stays in memory."""
    keys, master = f"{STORE}/../seal.keys", os.urandom(32)
    with open(keys, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o400)
        file.write(f"key 2027 {base64.b64encode(master).decode()}\n")
    host.configure(ALLOWED + ENROLL, store="secret={store}/${{USER}}\nuser=root\n"
                   f"seal_key={os.path.realpath(keys)}\n")
    host.start()
    with Client(uid=1002) as client, Client() as page:
        secret, codes = enroll(host, client)
        equal(client.call("Confirm", code=secret.code())["parameters"]["result"], "accepted",
              "the right one")
        sealed = host.read("bob")
        check(sealed.startswith("totpgroup-sealed 1 2027\n") and secret.base32 not in sealed, sealed)
        equal(page.verify("bob", codes[0])[0], "accepted", "an emergency code")
        equal(page.verify("bob", codes[0])[0], "refused", "once")
        sealed = host.read("bob")
        os.rename(keys, f"{keys}.away")
        answer = client.call("Enroll")
        check(answer.get("error", "org.totpgroup.Verify.AlreadyEnrolled") not in (
            "org.totpgroup.Verify.AlreadyEnrolled", "org.totpgroup.Verify.NotPermitted"), answer)
        check(page.verify("bob", secret.code(1)) != ("accepted", 0), "without the keys")
        equal(host.read("bob"), sealed, "it is as it was")
        os.rename(f"{keys}.away", keys)
        equal(page.verify("bob", secret.code(1))[0], "accepted", "with the keys again")
        equal(search(host, {"the master key": master, "the key as written": base64.b64encode(master),
                            "the secret": secret.base32.encode()}), [], "found in memory")
