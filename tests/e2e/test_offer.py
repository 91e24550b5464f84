# SPDX-License-Identifier: LGPL-2.1-or-later
"""Enrollment inside the login. The tests know the secret from the terminal alone, as a user does."""

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
    """The link that the terminal shows."""
    return re.search(r"^Link: (otpauth://\S+)\r?$", text, re.M)[1]


def shown_secret(text):
    """The secret that the terminal shows, for typing by hand."""
    return re.search(r"^Secret: ([A-Z2-7 ]+)  \(by time, 6 digits\)\r?$", text, re.M)[1]


def shown_emergency_codes(text):
    """The emergency codes that the terminal shows. They may be there twice: sshd sends them to
    the client, and prints them again when it starts a shell."""
    return list(dict.fromkeys(re.findall(r"^  (\d{8})\r?$", text, re.M)))


def scanned(text):
    """What a phone's camera would read from the terminal."""
    if shutil.which("zbarimg") is None:
        raise Skip("zbarimg is missing (package zbar-tools)")
    with tempfile.TemporaryDirectory() as folder:
        return screen.decode(text, "dark", os.path.join(folder, "screen.pgm"))


def secret_of(host, uri):
    """The secret in the link, as a phone keeps it."""
    secret = Secret.of_base32(re.search(r"[?&]secret=([A-Z2-7]+)", uri)[1])
    host.secrets.append(secret)
    return secret


def to_the_offer(host, user="alice", password=True, **options):
    """A client that was just offered a secret."""
    client = host.ssh(user, **options)
    if password:
        client.await_prompt(PASSWORD)
        client.answer("correct horse")
    client.await_prompt(CODE)
    return client


def in_a_shell(client):
    """Runs the usual command in the shell of a login. The echo of the command does not contain
    the marker in one piece."""
    # Text that is typed before the shell prompts may be lost with the answer to a prompt.
    client.child.expect(r"\n[^\n]*\$ ")
    client.answer(f"{ssh_client.COMMAND}; exit 0")
    return client.finish()


def check_file(user):
    """Checks that the file is as totp-enroll would have written it."""
    status = os.stat(user.secret_file)
    check(stat.S_IMODE(status.st_mode) == 0o400, f"mode {status.st_mode:o}")
    check((status.st_uid, status.st_gid) == (user.uid, user.gid), "owner")
    check(set(user.files()) - {".ssh"} == {".google_authenticator"}, "something else is stored")


def check_order(login, *lines):
    """Checks that the module logged these lines and no others. An offset is allowed, because a
    time step may end while the test runs."""
    said = [re.sub(" offset=(0|-[0-9]s)$", "", line.partition("pam_totpgroup(sshd:auth): ")[2])
            for line in login.log if "pam_totpgroup(" in line]
    check(said == list(lines), f"the log says {said}", login)


@test
def the_code_from_a_scanned_qr_code_lets_in(host):
    """Password, offer, QR code; then a session that shows the emergency codes."""
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
def a_user_with_a_key_enrolls(host):
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
def after_a_wrong_code_the_same_secret_is_offered_again(host):
    """A code of a phone whose clock is wrong is told from a wrong code."""
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
def three_wrong_codes_refuse_and_store_nothing(host):
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
def a_lost_connection_stores_nothing(host):
    """The client ends at the prompt for the first code."""
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
def nobody_else_is_offered_a_secret(host):
    """Neither a stranger with a wrong password, nor an unknown user, nor a user who is not asked."""
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
def behind_common_auth_a_wrong_password_is_offered_nothing(host):
    """Debian's common-auth ends the login after a wrong password."""
    host.add_user("alice")
    host.start_sshd(*host.recipe("password-and-code", "enroll"))
    login = host.login("alice", password="wrong", code="123456")
    check(not login.let_in and "otpauth" not in login.transcript, "a stranger is offered one", login)
    client = to_the_offer(host)
    client.answer(secret_of(host, shown_uri(client.transcript)).code())
    check(client.finish(), "the login should have been let in")


@test
def with_nullok_enter_alone_passes_the_offer_over(host):
    alice = host.add_user("alice")
    host.password_then_code("enroll nullok")
    host.start_sshd()
    mark = host.log.mark()
    client = to_the_offer(host)
    check("press Enter only" in client.transcript, "it does not say how to skip the offer")
    secret_of(host, shown_uri(client.transcript))
    client.answer("")
    login = host.outcome(client, client.finish(), mark)
    check(login.let_in and login.decision.verb == "skipped", "not skipped", login)
    check(login.decision.fields["reason"] == "not-enrolled", "the reason", login)
    check(not alice.files(), "something is stored")


@test
def a_home_that_cannot_be_written_refuses(host):
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
def a_client_without_utf8_gets_the_link_alone(host):
    """It cannot show the QR code. The link and the secret are shown."""
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
def su_offers_a_secret(host):
    """The user is at a terminal of the machine itself."""
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
