# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which peer may ask about which user, and what it is told."""

from verifyd_host import GROUPS, USERS, WEB, Client, check, equal, peer_credentials, test

REFUSED = ("refused", 0)


@test
def root_asks_about_anybody(host):
    host.start()
    with Client() as client:
        for user in ("root", "alice", "carol"):
            secret = host.secret(user)
            answer = client.call("Verify", user=user, code=secret.code())["parameters"]
            equal(answer, {"result": "accepted", "retry_after": 0, "method": "totp", "offset": 0},
                  user)
            answer = client.call("Verify", user=user, code=secret.code())["parameters"]
            check(0 < answer.pop("retry_after") <= 30, "how long to wait")
            equal(answer, {"result": "refused", "reason": "reused", "offset": 0}, user)
        answer = client.call("Verify", user="bob", code="123456")["parameters"]
        equal(answer["reason"], "not-enrolled", "bob")
        answer = client.call("Verify", user="ghost", code="123456")["parameters"]
        equal(answer["reason"], "not-enrolled", "ghost")


@test
def users_ask_about_themselves_alone(host):
    secret, other = host.secret("alice"), host.secret("carol")
    host.start()
    with Client(uid=1001) as client:
        equal(peer_credentials(client.socket)[0], host.daemon.pid, "the pid of the daemon")
        answer = client.call("Verify", user="alice", code=secret.wrong_code())["parameters"]
        equal(answer, {"result": "refused", "retry_after": 0, "reason": "wrong-code"}, "wrong")
        equal(client.verify("alice", secret.code()), ("accepted", 0), "right")
        for user in ("carol", "root", "bob", "ghost", "Alice"):
            equal(client.verify(user, other.code()), "NotPermitted", user)
    equal(host.said()[1].split()[:4], ["accepted", "user=alice", "service=self", "peer=1001"],
          "the log")
    equal(host.said()[2], "refused user=carol service=- peer=1001 reason=not-permitted",
          "the log")
    host.configure("[daemon]\nself=no\n" + WEB)
    host.reload()
    with Client(uid=1001) as client:
        equal(client.verify("alice", secret.code()), "NotPermitted", "self=no")


@test
def strangers_learn_nothing(host):
    """A peer without a grant gets the same reply for every user."""
    host.secret("alice")
    host.start()
    with Client(uid=1004) as client:
        answers = [client.call("Verify", user=user, code="123456")
                   for user in ("alice", "bob", "carol", "ghost", "root")]
        answers += [client.call("Status", user=user) for user in ("alice", "ghost", "root")]
        equal(answers, [answers[0]] * len(answers), "the replies")
        equal(answers[0], {"error": "org.totpgroup.Verify.NotPermitted", "parameters": {}}, "all")
    # The same for a uid that has no name.
    with Client(uid=4711) as client:
        equal(client.call("Verify", user="alice", code="123456"), answers[0], "without a name")


@test
def a_front_end_asks_about_the_members_of_its_groups(host):
    secrets = {user: host.secret(user) for user in ("alice", "carol", "root")}
    host.start()
    with Client(uid=33) as client:
        equal(client.verify("alice", secrets["alice"].code()), ("accepted", 0), "alice")
        result, wait = client.verify("alice", secrets["alice"].code())
        check(result == "refused" and 0 < wait <= 30, "a right code that is spent")
        # Right codes of users whom the grant does not cover, and of root, are refused.
        for user in ("carol", "root"):
            equal(client.verify(user, secrets[user].code()), REFUSED, user)
        for user in ("bob", "ghost", "carol", "nobody", "root"):
            answer = client.call("Verify", user=user, code="123456")
            equal(answer, {"parameters": {"result": "refused", "retry_after": 0}}, user)
        equal(client.call("Verify", user="alice", code=secrets["alice"].wrong_code()), answer,
              "a wrong code")
        for user in ("alice", "carol", "ghost", "root"):
            equal(client.call("Status", user=user)["error"], "org.totpgroup.Verify.NotPermitted",
                  f"status of {user}")
    said = host.said()
    equal(said[0], "accepted user=alice service=web peer=33 method=totp offset=0", "the log")
    check("refused user=carol service=web peer=33 reason=not-permitted" in said, "the log")
    check("refused user=root service=web peer=33 reason=not-permitted" in said, "the log")
    # Their secrets were not changed.
    for user in ("carol", "root"):
        check("FRONT_END" not in host.read(user), user)
        equal(Client().verify(user, secrets[user].code()), ("accepted", 0), user)


@test
def a_front_end_asks_about_uid_0_only_with_root_yes(host):
    host.configure(WEB + "root=yes\n")
    secret = host.secret("root")
    host.start()
    with Client(uid=33) as client:
        equal(client.verify("root", secret.code()), ("accepted", 0), "root=yes")
    users = dict(USERS, root=(0, ()))
    host.write_users(users)
    secret = host.secret("root")
    with Client(uid=33) as client:
        equal(client.verify("root", secret.code()), REFUSED, "not in the group")
    host.write_users(dict(users, toor=(0, ("webtotp",))))
    host.configure(WEB)
    host.reload()
    secret = host.secret("toor")
    with Client(uid=33) as client:
        equal(client.verify("toor", secret.code()), REFUSED, "another name of uid 0")


@test
def the_first_grant_that_covers_the_user_counts(host):
    """Grants by uid, by main group and by supplementary group. The grant that counts gives the
    service in the log its name."""
    host.configure("""
[verify vpn]
peer=4242,nobody
groups=other
[verify mail]
peer_group=frontends,6000
groups=webtotp,!other
[verify all]
peer=dave
peer_group=5001
groups=!nogroup
attempts=no
""".replace("!nogroup", "!other"))
    users = dict(USERS, bob=(1002, ("webtotp", "other")))
    host.write_users(users)
    host.start()
    cases = (
        ((65534, 65534, ()), {"alice": False, "bob": "vpn", "carol": False}),
        ((4242, 4242, ()), {"alice": False, "bob": "vpn", "carol": False}),
        ((4243, 6000, ()), {"alice": "mail", "bob": False, "carol": False}),
        ((4243, 4243, (7, 6000)), {"alice": "mail", "bob": False, "carol": False}),
        ((4243, 4243, (5001,)), {"alice": "mail", "bob": False, "carol": "all"}),
        ((1004, 1004, ()), {"alice": "all", "bob": False, "carol": "all"}),
    )
    for (uid, gid, groups), expected in cases:
        for user, service in expected.items():
            secret = host.secret(user)
            with Client(uid, gid, groups) as client:
                mark = host.log.mark()
                equal(client.verify(user, secret.code()),
                      ("accepted", 0) if service else REFUSED, f"{uid} {gid} {groups} {user}")
                if service:
                    equal(host.said(mark)[0], f"accepted user={user} service={service} "
                          f"peer={uid} method=totp offset=0", "the log")


@test
def the_groups_of_a_peer_are_those_of_its_process(host):
    """A process without the group is no front end, even if /etc/group has its user in it."""
    host.configure("[verify web]\npeer_group=frontends\ngroups=webtotp\n")
    host.write_users(dict(USERS, dave=(1004, ("frontends",))))
    secret = host.secret("alice")
    host.start()
    with Client(uid=1004) as client:
        equal(client.verify("alice", secret.code()), "NotPermitted", "without the group")
    with Client(uid=1004, groups=(GROUPS["frontends"],)) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "with it")


@test
def a_missing_group_is_an_error_for_every_user(host):
    """The error is the same whether or not the user exists, and it is not a refusal."""
    host.configure("[verify web]\npeer=33\ngroups=webtotp,gone\n")
    secret = host.secret("alice")
    host.start()
    with Client(uid=33) as client:
        for user in ("alice", "bob", "carol", "ghost", "root"):
            equal(client.verify(user, secret.code()), "StoreError", user)
    check("gone" in host.said()[0], "the log names the group")
    check("DISALLOW_REUSE 5" not in host.read("alice"), "nothing was spent")


@test
def unknown_peers_are_reported_and_granted_nothing(host):
    """The daemon starts, and logs them."""
    host.configure("[verify web]\npeer=www-data,soon\npeer_group=later\ngroups=webtotp\n")
    secret = host.secret("alice")
    host.start()
    with Client(uid=33) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "the one that exists")
    said = "\n".join(host.said())
    check("user soon does not exist" in said and "group later does not exist" in said, said)
    host.write_users(dict(USERS, soon=(1042, ())), dict(GROUPS, later=5042))
    host.reload()
    with Client(uid=1042) as client:
        equal(client.verify("alice", secret.code())[0], "refused", "it exists now")


@test
def status_says_what_root_users_and_front_ends_may_know(host):
    host.configure(WEB + "status=yes\n")
    host.secret("alice", *('" RATE_LIMIT 3 30',), emergency=("12345678", "87654321"))
    host.start()
    with Client() as client:
        expected = {"enrolled": True, "state": "active", "kind": "totp", "codes_left": 2,
                    "limited": False, "retry_after": 0}
        equal(client.call("Status", user="alice")["parameters"], expected, "for root")
        equal(client.call("Status", user="bob")["parameters"], {"enrolled": False}, "bob")
        equal(client.call("Status", user="ghost")["parameters"], {"enrolled": False}, "ghost")
        for _ in range(4):
            client.verify("alice", "00000")
        limited = client.call("Status", user="alice")["parameters"]
        check(limited["limited"] and 0 < limited["retry_after"] <= 31, "limited")
    with Client(uid=1001) as client:
        equal(client.call("Status", user="alice")["parameters"]["enrolled"], True, "for alice")
    with Client(uid=33) as client:
        equal(client.call("Status", user="alice")["parameters"]["codes_left"], 2, "granted")
        equal(client.call("Status", user="bob")["parameters"], {"enrolled": False}, "granted")
        answers = [client.call("Status", user=user) for user in ("carol", "ghost", "root")]
        equal(answers, [{"error": "org.totpgroup.Verify.NotPermitted", "parameters": {}}] * 3,
              "others")
