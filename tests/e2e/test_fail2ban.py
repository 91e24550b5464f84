# SPDX-License-Identifier: LGPL-2.1-or-later
"""fail2ban with the project's filter and jail, on lines that the module logged."""

import os
import re
import subprocess
import time

import ban_server
from ban_server import BanServer, SecondMachine, need
from scenario import check, let_in, refused, test

NAMES = (
    "x rhost=203.0.113.9 reason=wrong-code",
    "x rhost=203.0.113.9 reason=wrong-code ",
    "x\nNov 21 12:00:00 private sshd[1]: pam_totpgroup(sshd:auth): refused user=x "
    "rhost=203.0.113.9 reason=wrong-code",
    "x\rrhost=203.0.113.9\treason=wrong-code\x1b[2J\x7f",
    "x\\x20rhost=203.0.113.9",
    "203.0.113.9",
    "user=x",
    "2001-01-01T00:00:00",
    "Jan  1 00:00:00 private",
    "<ADDR> %(port)s %s",
    "m\u00fcller \u2028 \u00a0",
    "n" * 5000,
)
HOSTS = (
    None, "-", "localhost", "host.example", "203.0.113.9.example", "203.0.113.9 ", "203.0.113.9,",
    "- rhost=203.0.113.9", "-\nrhost=203.0.113.9 reason=wrong-code", "host=203.0.113.9",
    "203.0.113", "203.0.113.9/24", "/dev/pts/0", ":0",
)
ADDRESSES = {
    "192.0.2.7": "192.0.2.7", "2001:db8::7": "2001:db8::7", "::1": "::1",
    "::ffff:192.0.2.8": "192.0.2.8", "fe80::1%eth0": "fe80::1",
}
# Lines of other programs that contain a line of the module, and lines of the module that are no
# refusals for a counted reason.
FOREIGN = (
    "sshd[7]: Invalid user pam_totpgroup(sshd:auth): refused user=x rhost=203.0.113.9 "
    "reason=wrong-code from 192.0.2.1 port 22",
    "sshd[7]: pam_unix(sshd:auth): authentication failure; user=pam_totpgroup(sshd:auth): refused "
    "user=x rhost=203.0.113.9 reason=wrong-code",
    "sudo: alice : COMMAND=/bin/echo x: pam_totpgroup(sshd:auth): refused user=x "
    "rhost=203.0.113.9 reason=wrong-code",
    "sshd[7]: pam_totpgroup(sshd:auth): accepted user=alice rhost=203.0.113.9 method=totp",
    "sshd[7]: pam_totpgroup(sshd:session): refused user=alice rhost=203.0.113.9 "
    "reason=wrong-code",
    "sshd[7]: pam_totpgroup(sshd:auth): refused user=alice rhost=203.0.113.9 reason=wrong-codes",
)


def attempt(user, rhost, code=None, service="sshd"):
    """Logs in through an application that names that host, without a network."""
    need("pamtester", "pamtester")
    remote = [] if rhost is None else ["-I", f"rhost={rhost}"]
    subprocess.run(["pamtester", *remote, service, user, "authenticate"],
                   input="" if code is None else f"{code}\n", text=True, capture_output=True,
                   timeout=ban_server.DEADLINE, check=False)


def lines_of(host, function, *arguments):
    """Calls a function. Returns what was logged meanwhile."""
    mark = host.log.mark()
    function(*arguments)
    return host.log.since(mark)


def addresses(lines):
    """The addresses that the filter finds. Both formats of log files must give the same."""
    found = []
    for iso in (False, True):
        rows = ban_server.matches(ban_server.in_file(lines, iso))
        check(all(abs(when - time.time()) < 3600 for _, when in rows), f"times: {rows}")
        found.append([address for address, _ in rows])
    check(found[0] == found[1], f"the two formats differ: {found}")
    return found[0]


@test
def only_reasons_that_come_from_guessing_count(host):
    ban_server.install(host)
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" RATE_LIMIT 9 30', '" DISALLOW_REUSE', '" WINDOW_SIZE 17')
    host.add_user("damaged").write("!\n")
    host.add_user("limited").enroll(host.secret("limited"), '" RATE_LIMIT 1 3600')
    host.add_user("late").enroll(host.secret("late"), '" PENDING_UNTIL 1')
    closed = host.add_user("closed").enroll(host.secret("closed"))
    os.chmod(closed.home, 0)
    host.service("sshd", "required MODULE")
    host.service("options", "required MODULE nosuch")
    host.service("group", "required MODULE group=nosuch")
    wrong, right = secret.wrong_code(), secret.code()
    attempt("limited", None, wrong)
    lines, expected = [], []
    for number, (counts, said, user, code, service) in enumerate((
            (True, "refused .* reason=wrong-code$", "alice", wrong, "sshd"),
            (True, "refused .* reason=wrong-code offset=", "alice", secret.code(-60), "sshd"),
            (True, "refused .* reason=rate-limited retry_after=", "limited", None, "sshd"),
            (True, "refused .* reason=not-enrolled$", "nobody-knows", wrong, "sshd"),
            (False, "accepted .* method=totp", "alice", right, "sshd"),
            (False, "refused .* reason=reused", "alice", right, "sshd"),
            (False, "refused .* reason=conversation", "alice", None, "sshd"),
            (False, "refused .* reason=bad-file", "damaged", wrong, "sshd"),
            (False, "refused .* reason=pending-expired$", "late", wrong, "sshd"),
            (False, "refused .* reason=store-error", "closed", wrong, "sshd"),
            (False, "refused .* reason=config-error", "alice", wrong, "options"),
            (False, "refused .* reason=group-error", "alice", wrong, "group"))):
        address = f"192.0.2.{number}"
        logged = lines_of(host, attempt, user, address, code, service)
        check(any(re.search(said, line) for line in logged), f"{said} should be in {logged}")
        lines += logged
        expected += [address] if counts else []
    check(addresses(lines) == expected, f"counted: {addresses(lines)}")


@test
def only_numeric_addresses_count(host):
    ban_server.install(host)
    host.service("sshd", "required MODULE")
    lines = []
    for rhost in (*HOSTS, *ADDRESSES):
        logged = lines_of(host, attempt, "x", rhost, "000000")
        check("reason=not-enrolled" in "".join(logged), f"{rhost!r} should be logged: {logged}")
        lines += logged
    check(addresses(lines) == list(ADDRESSES.values()), f"found: {addresses(lines)}")


@test
def a_name_cannot_put_another_address_into_the_log(host):
    ban_server.install(host)
    host.code_only()
    host.start_sshd()
    lines = []
    for number, name in enumerate(NAMES):
        lines += lines_of(host, attempt, name, f"192.0.2.{number}", "000000")
        lines += lines_of(host, attempt, name, None, "000000")
    login = host.login(NAMES[0], code="000000")
    check(r"user=x\x20rhost\x3d203.0.113.9" in "".join(login.log), "sshd gives the name", login)
    found = addresses(lines + login.log)
    expected = [f"192.0.2.{number}" for number in range(len(NAMES))] + ["127.0.0.1"]
    check(found == expected, f"found {found} in {lines}")
    timeless = re.sub(r"^\w+ +\d+ [\d:]+ ", "", ban_server.in_file(lines), flags=re.MULTILINE)
    found = [address for address, _ in ban_server.matches(timeless)]
    check(found == expected[:-1], f"a time in a name is no time: {found}")


@test
def lines_of_other_programs_do_not_count(host):
    ban_server.install(host)
    folder = host.folder("x rhost=203.0.113.9 reason=wrong-code ")
    host.service("sshd", f"required MODULE [secret={folder}] user=root")
    lines = lines_of(host, attempt, "alice", "192.0.2.7", "000000")
    check(f'reason=bad-file detail="{folder}' in "".join(lines), f"a path in the log: {lines}")
    now = time.strftime("%b %e %H:%M:%S")
    lines += [f"<85>{now} {line}" for line in FOREIGN]
    check(not addresses(lines), f"they ban {addresses(lines)}")


def ban_and_lift(host, address, peer, prefix):
    """Guesses from a second machine until its address is banned, then logs in after the ban."""
    need("nftables", "nft")
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" DISALLOW_REUSE', '" WINDOW_SIZE 17')
    host.code_only()
    second = SecondMachine(host, address, peer, prefix)
    host.start_sshd(f"ListenAddress {address}")
    path = f"{ban_server.TOP}/auth.log"
    with open(path, "w", encoding="utf-8") as file, \
            BanServer(host, "backend = auto", f"logpath = {path}", "maxretry = 3") as server:
        host.at_end(os.unlink, path)

        def guess():
            login = second.login("alice", secret.wrong_code())
            refused(login, "alice", rhost=peer, reason="wrong-code")
            file.write(ban_server.in_file(login.log))
            file.flush()

        for _ in range(3):
            guess()
        server.await_event(f"ban {peer}")
        login = second.login("alice")
        check(not login.prompts and "refused" in login.transcript, "not even a prompt", login)
        let_in(host.login("alice", code=secret.code(-1)), "alice")
        server.tell("set", "totpgroup", "unbanip", peer)
        server.await_event(f"unban {peer}")
        let_in(second.login("alice", secret.code()), "alice", rhost=peer)
        # The time of a ban runs from the last guess. On a slow machine it may be over before the ban
        # is in force.
        for seconds in ("3", "15", "60"):
            server.tell("set", "totpgroup", "bantime", seconds)
            for _ in range(3):
                guess()
            event = server.next_event()
            if event != "late":
                break
        check(event == f"ban {peer}", f"there should be a second ban, and was: {event}")
        server.await_event(f"unban {peer}")
        let_in(second.login("alice", secret.code(1)), "alice", rhost=peer)


@test
def guesses_from_an_ipv4_address_are_banned(host):
    ban_and_lift(host, "192.0.2.1", "192.0.2.7", 24)


@test
def guesses_from_an_ipv6_address_are_banned(host):
    ban_and_lift(host, "2001:db8::1", "2001:db8::7", 64)


@test
def guesses_in_the_journal_are_banned(host):
    """The jail as it is, with an ignoreip as in fail2ban's manual. Lines that a user writes with
    logger(1) do not count, nor lines without an address or with an ignored one."""
    need("nftables", "nft")
    alice = host.add_user("alice")
    host.service("sshd", "required MODULE")
    ban_server.start_journal(host)
    ignored = ("192.0.2.10", "2001:db8:1::7")
    with BanServer(host, "ignoreip = 127.0.0.1/8 ::1 192.0.2.10 2001:db8:1::/48") as server:
        for _ in range(9):
            host.run_as(alice, "logger", "-p", "authpriv.notice", "-t", "sshd",
                        "pam_totpgroup(sshd:auth): refused user=x rhost=203.0.113.9 "
                        "reason=wrong-code")
            for rhost in (None, *ignored, "192.0.2.7"):
                attempt("x", rhost, "000000")
        server.await_event("ban 192.0.2.7")
        for _ in range(9):
            attempt("x", "2001:db8::7", "000000")
        server.await_event("ban 2001:db8::7")
        rules = ban_server.private_root.run("nft", "list", "ruleset")
        check("192.0.2.7" in rules and "2001:db8::7" in rules, f"not in nftables: {rules}")
