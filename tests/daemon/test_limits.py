# SPDX-License-Identifier: LGPL-2.1-or-later
"""How often clients may try, and whom a limit keeps out."""

from directory import ENVIRONMENT, Directory
from one_time_code import STEP, now_step
from verifyd_host import USERS, WEB, Client, check, equal, test

# How many steps late a code is: somebody typed it into another page ten minutes ago.
OLD = 20


def secret_with_a_run(host, user):
    """A secret for which two of three codes were seen that are OLD steps late. Returns it and the
    third code."""
    now = now_step()
    secret = host.secret(user, f'" RESETTING_TIME_SKEW {now - 2}-{OLD} {now - 1}-{OLD}')
    return secret, secret.code_at((now - OLD) * STEP)


@test
def attempts_of_front_ends_never_limit_logins(host):
    host.configure(WEB + "attempts=no\n")
    secret = host.secret("alice")
    host.start()
    with Client(uid=33) as client:
        for _ in range(20):
            equal(client.verify("alice", secret.wrong_code()), ("refused", 0), "a wrong code")
        equal(client.verify("alice", secret.code()), ("refused", 0), "a right one, limited")
    check("reason=rate-limited" in host.said()[-1], "the log says why")
    times = host.read("alice").split('FRONT_END_ATTEMPTS ')[1].split("\n")[0].split()
    equal(len(times), 3, "as many are remembered as are allowed")
    check('" RATE_LIMIT 3 30\n' in host.read("alice"), "logins were not counted")
    check(host.log_in("alice", secret.code()), "a login through PAM")


@test
def attempts_of_logins_limit_front_ends(host):
    host.configure(WEB + "attempts=no\n")
    secret = host.secret("alice")
    host.start()
    for _ in range(3):
        check(not host.log_in("alice", secret.wrong_code()), "a wrong login")
    with Client(uid=33) as client:
        equal(client.verify("alice", secret.code()), ("refused", 0), "a right code")
    check("reason=rate-limited retry_after=" in host.said()[-1], "the log says why")


@test
def all_front_ends_share_one_limit(host):
    host.configure("".join(f"[verify web{n}]\npeer={3000 + n}\ngroups=webtotp\nattempts=no\n"
                           for n in range(8)))
    secret = host.secret("alice")
    host.start()
    for number in range(8):
        with Client(uid=3000 + number) as client:
            client.verify("alice", secret.wrong_code())
    limited = [line for line in host.said() if "reason=rate-limited" in line]
    equal(len(limited), 5, "three of them were let through")
    with Client() as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "root is not limited by it")


@test
def a_limit_in_memory_does_not_reveal_who_exists(host):
    host.secret("alice")
    host.start()
    with Client(uid=33) as client:
        answers = {}
        for user in ("alice", "bob", "carol", "ghost", "root"):
            answers[user] = [client.verify(user, "000000") for _ in range(5)]
        for user, seen in answers.items():
            equal(seen[:3], [("refused", 0)] * 3, user)
            for result, wait in seen[3:]:
                check(result == "limited" and 0 < wait <= 31, f"{user}: {result} {wait}")


@test
def a_front_end_has_a_limit_for_all_users_together(host):
    host.configure(WEB + "peer_attempts=5 60\n[verify two]\npeer=1004\ngroups=webtotp\n")
    host.start()
    with Client(uid=33) as client:
        seen = [client.verify(f"user{n}", "000000")[0] for n in range(7)]
        equal(seen, ["refused"] * 5 + ["limited"] * 2, "one peer")
    secret = host.secret("alice")
    with Client(uid=1004) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "another")


@test
def a_reload_keeps_the_counts_of_unchanged_limits(host):
    """A limit that has changed begins anew."""
    host.start()
    for uid, user in ((33, "ghost"), (1001, "alice")):
        with Client(uid=uid) as client:
            for _ in range(3):
                equal(client.verify(user, "000000"), ("refused", 0), user)
    text = WEB.replace("groups=webtotp", "groups=webtotp,other")
    for _ in range(3):
        host.configure("[verify new]\npeer=1004\ngroups=webtotp\n" + text)
        host.reload()
        for uid, user in ((33, "ghost"), (1001, "alice")):
            with Client(uid=uid) as client:
                equal(client.verify(user, "000000")[0], "limited", user)
    host.configure(text + "attempts=4 30\n")
    host.reload()
    with Client(uid=33) as client:
        equal(client.verify("ghost", "000000"), ("refused", 0), "another limit")


@test
def users_have_a_limit_of_their_own_and_root_has_none(host):
    """This limit also protects a secret without RATE_LIMIT."""
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    host.start()
    with Client(uid=1001) as client:
        seen = [client.verify("alice", secret.wrong_code()) for _ in range(4)]
        equal([result for result, _ in seen], ["refused"] * 3 + ["limited"], "alice")
    with Client() as client:
        for _ in range(10):
            equal(client.verify("alice", secret.wrong_code())[0], "refused", "root")


@test
def attempts_of_users_about_themselves_count_as_logins(host):
    secret = host.secret("alice")
    host.configure("[daemon]\nself_attempts=no\n")
    host.start()
    with Client(uid=1001) as client:
        seen = [client.verify("alice", secret.wrong_code()) for _ in range(4)]
        equal([result for result, _ in seen], ["refused"] * 3 + ["limited"], "alice")
        check(0 < seen[3][1] <= 31, "how long to wait")
    check(not host.log_in("alice", secret.code()), "a login is limited too")


@test
def front_ends_and_users_do_not_teach_a_skew(host):
    """The third code of a run is refused like the first, and the run does not change."""
    host.start()
    for uid in (33, 1001):
        for with_run in (True, False):
            secret, late = secret_with_a_run(host, "alice")
            if not with_run:
                secret = host.secret("alice")
                late = secret.code_at((now_step() - OLD) * STEP)
            before = [line for line in host.read("alice").splitlines() if "SKEW" in line]
            with Client(uid=uid) as client:
                equal(client.verify("alice", late), ("refused", 0), f"uid {uid}: the old code")
            after = [line for line in host.read("alice").splitlines() if "SKEW" in line]
            equal(after, before, f"uid {uid}: what the secret knows of a skew")
            check(host.log_in("alice", secret.code()), f"uid {uid}: the phone's code at a login")


@test
def root_teaches_a_skew(host):
    """root asks for the logins."""
    third = secret_with_a_run(host, "alice")[1]
    host.start()
    with Client() as client:
        equal(client.verify("alice", third), ("accepted", 0), "the third code of a run")
    check(f'" TIME_SKEW -{OLD}' in host.read("alice"), "the skew is stored")


@test
def a_stored_skew_applies_to_front_ends(host):
    secret = host.secret("alice", f'" TIME_SKEW -{OLD}')
    host.start()
    with Client(uid=33) as client:
        code = secret.code_at((now_step() - OLD) * STEP)
        equal(client.verify("alice", code), ("accepted", 0), "a code of that skew")


def spellings(user):
    """Names that the directory takes for the same."""
    return (user, user.upper(), user.title(), user[:-1] + user[-1].upper(),
            user[0] + user[1:].upper(), f"DOMAIN\\{user}", f"other\\{user}")


@test
def all_spellings_of_a_name_share_one_limit(host):
    """The front end cannot tell a user from nobody by them."""
    Directory(host)
    host.configure("[verify web]\npeer=www-data\ngroups=alice\n")
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    host.start(environment=ENVIRONMENT)
    with Client(uid=33) as client:
        answers = {user: [[client.verify(name, secret.wrong_code())[0] for _ in range(4)]
                          for name in spellings(user)]
                   for user in ("alice", "ghost")}
        equal(client.verify("aLIcE", secret.code()), ("refused", 0), "the right code, limited")
    said = host.said()
    equal(sum("reason=wrong-code" in line for line in said), 3, "guesses that were let through")
    check(any(line.startswith("refused user=ALICE service=web peer=33 reason=rate-limited")
              for line in said), "the log says why")
    equal(answers["alice"], [["refused"] * 3 + ["limited"]] * 7, "alice")
    equal(answers["ghost"], answers["alice"], "nobody")
    check(host.log_in("alice", secret.code()), "a login")


@test
def a_code_by_another_spelling_is_accepted(host):
    Directory(host)
    secret = host.secret("alice")
    host.start(environment=ENVIRONMENT)
    with Client(uid=33) as client:
        equal(client.verify("Alice", secret.code()), ("accepted", 0), "Alice")


@test
def no_spelling_leaves_a_group_that_is_excluded(host):
    Directory(host)
    host.write_users(dict(USERS, alice=(1001, ("other",))))
    host.configure("[verify web]\npeer=www-data\ngroups=alice,!other\n")
    secret = host.secret("alice")
    host.start(environment=ENVIRONMENT)
    with Client(uid=33) as client:
        for name in spellings("alice"):
            equal(client.verify(name, secret.code()), ("refused", 0), name)
    check("FRONT_END" not in host.read("alice"), "nothing was counted")
