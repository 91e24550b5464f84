# SPDX-License-Identifier: LGPL-2.1-or-later
"""Enrollment inside the login: what the person sees is all that the test knows of the secret."""

import os
import re
import shutil
import stat
import tempfile
import time

import screen
import ssh_client
from one_time_code import Secret, now_step
from scenario import Skip, check, let_in, refused, skipped, test

CODE = ssh_client.CODE_PROMPT
PASSWORD = ssh_client.PASSWORD_PROMPT


def shown_uri(text):
    """The link on the terminal."""
    return re.search(r"^Link: (otpauth://\S+)\r?$", text, re.M)[1]


def shown_secret(text):
    """The secret on the terminal, which is typed by hand."""
    return re.search(r"^Secret: ([A-Z2-7 ]+)  \(by time, 6 digits\)\r?$", text, re.M)[1]


def shown_emergency_codes(text):
    """The emergency codes on the terminal. sshd has the client show them when it lets in, and
    shows them itself when it begins a shell, so they may be there twice."""
    return list(dict.fromkeys(re.findall(r"^  (\d{8})\r?$", text, re.M)))


def scanned(text):
    """What a phone's camera reads from the terminal."""
    if shutil.which("zbarimg") is None:
        raise Skip("zbarimg is missing (package zbar-tools)")
    with tempfile.TemporaryDirectory() as folder:
        return screen.decode(text, "dark", os.path.join(folder, "screen.pgm"))


def secret_of(host, uri):
    """The phone's part of that link."""
    secret = Secret.of_base32(re.search(r"[?&]secret=([A-Z2-7]+)", uri)[1])
    host.secrets.append(secret)
    return secret


def to_the_offer(host, user="alice", password=True, **options):
    """A client to which the offer has just been made."""
    client = host.ssh(user, **options)
    if password:
        client.await_prompt(PASSWORD)
        client.answer("correct horse")
    client.await_prompt(CODE)
    return client


def in_a_shell(client):
    """Runs the usual command in the shell that a login has begun. The echo of its line does not
    have the marker in one piece."""
    # What is typed before the shell asks for it may be discarded with the answer to a prompt.
    client.child.expect(r"\n[^\n]*\$ ")
    client.answer(f"{ssh_client.COMMAND}; exit 0")
    return client.finish()


def check_file(user):
    """As totp-enroll would have written it."""
    status = os.stat(user.secret_file)
    check(stat.S_IMODE(status.st_mode) == 0o400, f"mode {status.st_mode:o}")
    check((status.st_uid, status.st_gid) == (user.uid, user.gid), "owner")
    check(set(user.files()) - {".ssh"} == {".google_authenticator"}, "something else is stored")


def check_order(login, *lines):
    """These lines of the module, in this order, are all that it said. A time step may end while a
    scenario runs."""
    said = [re.sub(" offset=(0|-[0-9]s)$", "", line.partition("pam_totpgroup(sshd:auth): ")[2])
            for line in login.log if "pam_totpgroup(" in line]
    check(said == list(lines), f"the log says {said}", login)


@test
def test_scanned_and_in(host):
    """Password, offer, QR code; then the session with the emergency codes."""
    alice = host.add_user("alice")
    host.password_then_code("enroll")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host, command=None)
    check(not alice.has_secret_file(), "something is stored while the person thinks")
    seen = client.transcript
    uri = scanned(seen)
    check(uri == shown_uri(seen), f"zbarimg reads {uri}")
    check(uri.startswith("otpauth://totp/private:alice@private?"), f"the link is {uri}")
    secret = secret_of(host, uri)
    check(Secret.of_base32(shown_secret(seen)).key == secret.key, "link and secret differ")
    lines = seen.replace("\r", "").split("\n")
    first = next(i for i, line in enumerate(lines) if screen.code_lines(line))
    check(len(lines) - first <= 24, "code and prompt do not fit into 24 lines")
    check(screen.size(seen)[0] <= 80, "the code does not fit into 80 columns")
    code = secret.code()
    client.answer(code)
    ran = in_a_shell(client)
    login = host.outcome(client, ran, mark)
    let_in(login, "alice", method="totp")
    step = now_step()
    check_order(login, "enrolled user=alice rhost=127.0.0.1",
                "accepted user=alice rhost=127.0.0.1 method=totp")
    check_file(alice)
    emergency = shown_emergency_codes(client.transcript)
    check(len(emergency) == 5, f"{len(emergency)} emergency codes are shown", login)
    first, *rest = alice.read().splitlines()
    check(Secret.of_base32(first).key == secret.key, "another secret is stored")
    check([line for line in rest if line.isdigit()] == emergency, "other codes are stored")
    check(not any(code in "".join(login.log) for code in emergency), "the log has them", login)
    check(rest[0] == '" RATE_LIMIT 3 30', "no rate limit")
    check(re.fullmatch(r'" DISALLOW_REUSE \d+', rest[1]) and int(rest[1].split()[2]) <= step,
          "the code is not spent")
    refused(host.login("alice", code=code), "alice", reason="reused")
    let_in(host.login("alice", code=emergency[1]), "alice", method="emergency")
    refused(host.login("alice", code=emergency[1]), "alice")


@test
def test_after_a_key(host):
    alice = host.add_user("alice", password=False)
    host.code_only("enroll")
    host.start_sshd(key=True)
    mark = host.log.mark()
    client = to_the_offer(host, password=False, key=host.key_for(alice))
    secret = secret_of(host, scanned(client.transcript))
    client.answer(secret.code())
    let_in(host.outcome(client, client.finish(), mark), "alice", method="totp")
    check(len(shown_emergency_codes(client.transcript)) == 5, "the codes are not shown")
    check_file(alice)
    login = host.login("alice", code=secret.code(1), key=host.key_for(alice))
    let_in(login, "alice", method="totp")
    check("otpauth" not in login.transcript, "an offer to an enrolled user", login)


@test
def test_wrong_code_then_a_right_one(host):
    """The same secret is offered again, and the phone's clock is told from a wrong code."""
    alice = host.add_user("alice")
    host.password_then_code("enroll")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host)
    secret = secret_of(host, shown_uri(client.transcript))
    client.answer(secret.wrong_code())
    client.await_prompt(CODE)
    check("This code is wrong." in client.transcript, "it does not say that the code was wrong")
    client.answer(secret.code_at(time.time() - 600))
    client.await_prompt(CODE)
    check(re.search("clock is (9|10) min behind", client.transcript), "no word about the clock")
    offers = re.findall("secret=([A-Z2-7]+)", client.transcript)
    check(len(offers) == 3 and len(set(offers)) == 1, f"offered were {offers}")
    client.answer(secret.code())
    login = host.outcome(client, client.finish(), mark)
    let_in(login, "alice", method="totp")
    check_order(login, 'enrolled user=alice rhost=127.0.0.1 detail="after 2 wrong codes"',
                "accepted user=alice rhost=127.0.0.1 method=totp")
    check_file(alice)


@test
def test_three_wrong_codes(host):
    alice = host.add_user("alice")
    host.password_then_code("enroll")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host)
    secret = secret_of(host, shown_uri(client.transcript))
    client.answer(secret.wrong_code())
    client.await_prompt(CODE)
    client.answer("")
    client.await_prompt(CODE)
    client.answer(secret.wrong_code())
    login = host.outcome(client, client.finish(), mark)
    refused(login, "alice", reason="wrong-code",
            detail="enrollment was offered; 3 wrong codes, and nothing stored")
    check(not alice.files(), "something is stored")
    check("Nothing was stored." in client.transcript, "the person is not told", login)


@test
def test_disconnected(host):
    """The client goes away, or is killed, while the person thinks."""
    alice = host.add_user("alice")
    host.password_then_code("enroll")
    host.start_sshd()
    client = to_the_offer(host)
    secret_of(host, shown_uri(client.transcript))
    processes = host.sshd_processes()
    check(processes, "there is no process of sshd")
    client.hang_up()
    host.await_end_of(processes)
    check(not alice.files(), "something is stored")


@test
def test_nobody_else_is_offered_one(host):
    """Not a stranger with a wrong password, nor an unknown user, nor one who is not asked."""
    host.add_group("otp")
    alice, bob = host.add_user("alice", "otp"), host.add_user("bob")
    host.password_then_code("enroll group=otp")
    host.start_sshd()
    skipped(host.login("bob"), "bob", reason="not-in-group")
    for user, password in (("alice", "wrong"), ("nobody-knows", "correct horse")):
        login = host.login(user, password=password, code="123456")
        check(not login.let_in and "otpauth" not in login.transcript, f"{user} is offered one")
    check(not alice.files() and not bob.files(), "something is stored")


@test
def test_recipe(host):
    """Debian's common-auth ends the login at a wrong password."""
    host.add_user("alice")
    host.start_sshd(*host.recipe("password-and-code", "enroll"))
    login = host.login("alice", password="wrong", code="123456")
    check(not login.let_in and "otpauth" not in login.transcript, "a stranger is offered one", login)
    client = to_the_offer(host)
    client.answer(secret_of(host, shown_uri(client.transcript)).code())
    check(client.finish(), "the login should have been let in")


@test
def test_passed_over(host):
    alice = host.add_user("alice")
    host.password_then_code("enroll nullok")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host)
    check("Enter alone" in client.transcript, "it does not say how to pass it over")
    secret_of(host, shown_uri(client.transcript))
    client.answer("")
    login = host.outcome(client, client.finish(), mark)
    check(login.let_in and login.decision.verb == "skipped", "not skipped", login)
    check(login.decision.fields["reason"] == "not-enrolled", "the reason", login)
    check(not alice.files(), "something is stored")


@test
def test_home_that_cannot_be_written(host):
    alice = host.add_user("alice")
    os.chmod(alice.home, 0o500)
    host.password_then_code("enroll nullok")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host)
    client.answer(secret_of(host, shown_uri(client.transcript)).code())
    login = host.outcome(client, client.finish(), mark)
    refused(login, "alice", reason="store-error", detail=re.compile("Permission denied"))
    check("could not be stored" in client.transcript, "the person is not told", login)
    check(not shown_emergency_codes(client.transcript), "emergency codes of no use", login)


@test
def test_client_without_utf8(host):
    """The QR code is lost, the link and the secret are not."""
    alice = host.add_user("alice")
    host.password_then_code("enroll")
    host.start_sshd()
    client = to_the_offer(host, env={"LC_ALL": "C"})
    check(screen.size(client.transcript) == (0, 0), "there is a code after all")
    secret = secret_of(host, shown_uri(client.transcript))
    check(Secret.of_base32(shown_secret(client.transcript)).key == secret.key, "the secret")
    client.answer(secret.code())
    check(client.finish(), "the login should have been let in")
    check_file(alice)


@test
def test_su(host):
    """At a terminal of this machine's own."""
    caller, alice = host.add_user("caller"), host.add_user("alice")
    host.password_then_code("enroll", service="su")
    mark = host.log.mark()
    client = ssh_client.su(caller, "alice")
    client.await_prompt(PASSWORD)
    client.answer("correct horse")
    client.await_prompt(CODE)
    secret = secret_of(host, scanned(client.transcript))
    client.answer(secret.code())
    let_in(host.outcome(client, client.finish(), mark), "alice", rhost="-", method="totp")
    check(len(shown_emergency_codes(client.transcript)) == 5, "the codes are not shown")
    check_file(alice)
