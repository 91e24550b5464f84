# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-verifyd whose store is in PostgreSQL: every method, and the module in front of it."""

from store_host import SSHD, TOP, Client, check, clock_moved, credential, metrics, test, verifyd_host
from case import equal
from one_time_code import Secret

BEHIND = 40


def look(client, user, **parameters):
    """The parameters of root's look."""
    answer = client.call("Look", user=user, **parameters)
    check("error" not in answer, answer)
    return answer["parameters"]


def verify(client, user, code=None, **parameters):
    """The result, and the reason or the method."""
    if code is not None:
        parameters["code"] = code
    answer = client.call("Verify", user=user, **parameters)
    check("error" not in answer, answer)
    answer = answer["parameters"]
    return answer["result"], answer.get("reason") or answer["method"]


@test
def a_code_is_accepted_once(host):
    host.start()
    secret = host.enroll("alice")
    with Client() as client:
        equal(look(client, "alice", **SSHD), {"result": "ask"}, "the look")
        code = secret.code()
        equal(verify(client, "alice", code, **SSHD), ("accepted", "totp"), "the first time")
        equal(verify(client, "alice", code, **SSHD), ("refused", "reused"), "the second time")
        equal(verify(client, "alice", "000000", **SSHD)[0], "refused", "a wrong one")
    equal(host.rows("select username, host, role, service, rhost, result, reason, method "
                    "from totpgroup.log order by at;"),
          [["alice", "private", "web1", "sshd", "192.0.2.7", "accepted", "", "totp"],
           ["alice", "private", "web1", "sshd", "192.0.2.7", "refused", "reused", ""],
           ["alice", "private", "web1", "sshd", "192.0.2.7", "refused", "wrong-code", ""]],
          "the log of the store")


@test
def a_login_of_the_module_asks_the_daemon(host):
    host.start()
    secret = host.enroll("alice")
    code = secret.code()
    check(host.log_in("alice", code), "a right code")
    check(not host.log_in("alice", code), "the same again")
    check(not host.log_in("carol", "123456"), "a user without a secret")
    check(not host.log_in("nobody-knows", "123456"), "an unknown user")


@test
def unknown_users_cost_the_same_calls(host):
    """A look and a line of the log, whether or not there is a secret, and whoever knows the user."""
    host.start()
    host.enroll("alice")
    answers = set()
    with Client() as client:
        for user in ("alice", "carol", "nobody-knows"):
            host.rows("truncate totpgroup.log;")
            answers.add(verify(client, user, "000000", **SSHD)[0])
            equal(host.rows("select count(*), min(username) from totpgroup.log;"), [["1", user]],
                  user)
    equal(answers, {"refused"}, "the answers")


@test
def a_user_of_other_hosts_alone_is_refused(host):
    """The store knows her, and this host does not."""
    host.start()
    secret = host.enroll("alice")
    host.write_users({"root": (0, ())})
    with Client() as client:
        equal(look(client, "alice"), {"result": "ask", "reason": "not-enrolled"}, "the look")
        equal(verify(client, "alice", secret.code()), ("refused", "not-enrolled"), "the code")


@test
def emergency_codes_are_spent_once(host):
    host.start()
    host.enroll("alice", emergency=("12345678", "87654321"))
    with Client() as client:
        equal(verify(client, "alice", "12345678"), ("accepted", "emergency"), "the first")
        equal(verify(client, "alice", "12345678")[0], "refused", "again")
        equal(verify(client, "alice", "87654321"), ("accepted", "emergency"), "the other")
    equal(host.rows("select cardinality(spent) from totpgroup.credential;"), [["2"]],
          "the marks in the row")


@test
def what_is_restored_stays_spent(host):
    """An earlier state with the version of now: the marks in the row refuse the code."""
    host.start()
    secret = host.enroll("alice", emergency=("12345678",))
    code = secret.code()
    host.rows("create table kept as select * from totpgroup.credential;")
    with Client() as client:
        equal(verify(client, "alice", code)[0], "accepted", "the first time")
        equal(verify(client, "alice", "12345678")[0], "accepted", "an emergency code")
        host.rows("update totpgroup.credential c set state = k.state, version = k.version, "
                  "state_key = k.state_key from kept k;")
        equal(verify(client, "alice", code), ("refused", "reused"), "the code")
        equal(verify(client, "alice", "12345678"), ("refused", "reused"), "the emergency code")


@test
def a_user_enrolls_through_the_daemon(host):
    host.use(web="\n[daemon]\nself_enroll=yes\n")
    host.start()
    with Client(uid=1001) as client:
        equal(client.call("Status", user="alice")["parameters"], {"enrolled": False}, "before")
        secret = Secret.of_base32(client.call("Enroll")["parameters"]["secret"])
        answer = client.call("Confirm", code=secret.code())
        equal(answer["parameters"]["result"], "accepted", "the first code")
        equal(client.call("Status", user="alice")["parameters"]["enrolled"], True, "after")
        equal(client.call("Enroll")["error"].rpartition(".")[2], "AlreadyEnrolled", "once more")
    with Client() as client:
        equal(client.call("Create", user="alice", credential=credential(secret))["error"]
              .rpartition(".")[2], "AlreadyEnrolled", "by root")


@test
def the_first_sight_is_the_stores(host):
    """nullok_for= counts from when any host saw the user first."""
    host.use(options="nullok_for=3d")
    host.start()
    with Client() as client:
        answer = look(client, "bob", **SSHD)
        equal((answer["result"], answer["roll_out"], answer["days_left"]),
              ("not_enrolled", "open", 3), "the first sight")
        host.rows("update totpgroup.credential set first_seen = first_seen - 2 * 86400;")
        equal(look(client, "bob", **SSHD)["days_left"], 1, "two days later")
        host.rows("update totpgroup.credential set first_seen = first_seen - 86400;")
        equal(look(client, "bob", **SSHD)["roll_out"], "over", "three days later")


@test
def a_rate_limit_is_one_for_all_hosts(host):
    host.start()
    secret = host.enroll("alice")
    with Client() as client:
        for _ in range(3):
            equal(verify(client, "alice", "000000")[0], "refused", "a wrong code")
    host.stop()
    host.use(connection=f"host={host.cluster.socket} dbname=one user=web2")
    host.start()
    with Client() as client:
        equal(verify(client, "alice", secret.code())[0], "limited", "on another host")


@test
def hosts_whose_clocks_are_apart_share_one_limit(host):
    """By the clock of the one that is behind, the attempts on the other one are still to come."""
    behind = clock_moved(-BEHIND)
    host.start()
    secret = host.enroll("alice", '" RATE_LIMIT 3 3600', '" WINDOW_SIZE 17')
    with Client() as client:
        for _ in range(2):
            equal(verify(client, "alice", "000000")[0], "refused", "a wrong code")
    host.stop()
    host.use(connection=f"host={host.cluster.socket} dbname=one user=web2")
    host.start(environment=behind)
    with Client() as client:
        equal(verify(client, "alice", "000000")[0], "refused", "a wrong code on the other host")
        equal(look(client, "alice")["result"], "limited", "its look")
        equal(verify(client, "alice", secret.code())[0], "limited", "its decision")
    offset, = host.rows("select clock_offset from totpgroup.host where role = 'web2';")
    check(-BEHIND - 20 < int(offset[0]) <= -BEHIND + 2, f"the clock of the other host: {offset}")
    host.stop()
    host.use()
    host.start()
    with Client() as client:
        equal(look(client, "alice")["result"], "limited", "the first host's look")
        equal(verify(client, "alice", secret.code())[0], "limited", "the first host's decision")


@test
def a_roll_out_ends_by_the_clock_of_the_store(host):
    """A host whose clock is behind has no more time for it."""
    host.use(options="nullok_for=1d")
    host.start(environment=clock_moved(-BEHIND))
    with Client() as client:
        equal(look(client, "bob", **SSHD)["roll_out"], "open", "the first sight")
        host.rows("update totpgroup.credential set first_seen = first_seen - 86400;")
        equal(look(client, "bob", **SSHD)["roll_out"], "over", "a day later")


@test
def a_broken_seal_refuses(host):
    """A row that was swapped with another, altered, or sealed with a key that is not there."""
    host.start()
    alice, bob = host.enroll("alice"), host.enroll("bob")
    host.rows("create table kept as select * from totpgroup.credential;")
    back = ("update totpgroup.credential c set secret = k.secret, secret_key = k.secret_key "
            "from kept k where c.username = k.username;")
    for change, words in (
            ("secret = (select secret from kept where username = 'bob')", "the seal is broken"),
            ("secret = set_byte(secret, 40, get_byte(secret, 40) # 1)", "the seal is broken"),
            ("secret = substr(secret, 1, 20)", "the seal is broken"),
            ("secret = ''", "sealed in a form that is not known"),
            ("secret = set_byte(secret, 2, 120)", "sealed with the key x1, which is not there"),
            ("secret_version = 7", "the seal is broken")):
        host.rows(f"update totpgroup.credential set {change} where username = 'alice';")
        mark = host.log.mark()
        with Client() as client:
            answer = client.call("Verify", user="alice", code=alice.code())
        check(answer.get("parameters", {}).get("result") != "accepted", answer)
        check(any(words in line for line in host.said(mark)), (change, host.said(mark)))
        host.rows(back + "update totpgroup.credential set secret_version = 1;")
    with Client() as client:
        equal(verify(client, "bob", bob.code())[0], "accepted", "the others are let in")


@test
def what_is_decided_before_the_prompt_is_logged_as_well(host):
    """A grace period, which holds on every host, and a limit."""
    host.use(options="grace_period=3600")
    host.start()
    secret = host.enroll("alice")
    with Client() as client:
        equal(verify(client, "alice", secret.code(), **SSHD)[0], "accepted", "the code")
    host.stop()
    host.use(options="grace_period=3600",
             connection=f"host={host.cluster.socket} dbname=one user=web2")
    host.start()
    with Client() as client:
        equal(look(client, "alice", **SSHD), {"result": "grace"}, "on another host")
        equal(look(client, "alice", purpose="explain", **SSHD), {"result": "grace"}, "explained")
        for _ in range(3):
            verify(client, "alice", "000000")
        equal(look(client, "alice")["result"], "limited", "after four attempts")
    equal(host.rows("select role, result, coalesce(reason, method), count(*) from totpgroup.log "
                    "group by 1, 2, 3 order by 1, 2, 3;"),
          [["web1", "accepted", "totp", "1"], ["web2", "accepted", "grace", "1"],
           ["web2", "refused", "rate-limited", "2"], ["web2", "refused", "wrong-code", "2"]],
          "the log of the store")


@test
def a_silent_store_is_counted(host):
    path = f"{TOP}/metrics.prom"
    host.use(web=f"{verifyd_host.WEB}[daemon]\nmetrics={path}\n", deadline=1)
    host.start()
    secret = host.enroll("alice")
    with Client() as client:
        equal(verify(client, "alice", secret.code())[0], "accepted", "with the store")
        host.cluster.stop()
        for _ in range(4):
            client.call("Verify", user="alice", code="000000")
    host.stop()
    seen = metrics(path)
    host.cluster.start()
    check(seen["silences_total"] >= 2 and seen["breaker_refusals_total"] >= 1 and
          seen["breaker_open"] == 1, str(seen))
