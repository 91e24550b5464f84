# SPDX-License-Identifier: LGPL-2.1-or-later
"""forward_pass behind real programs that ask for a password only: users who need a code type it
behind their password, and users who need none type the password."""

import json
import pathlib
import subprocess

import pam_programs
from log_socket import decisions
from scenario import NO_REUSE, check, test
from sshd_host import PASSWORD


def enroll(host):
    """alice needs a code, bob has a secret and needs none, and carol has none. Their secrets."""
    host.add_group("otp")
    secrets = {name: host.secret(name) for name in ("alice", "bob")}
    host.add_user("alice", "otp").enroll(secrets["alice"], *NO_REUSE)
    host.add_user("bob").enroll(secrets["bob"], *NO_REUSE)
    host.add_user("carol", "otp")
    return secrets


def lines(program, host, options):
    """The recipe for these programs."""
    host.service(program.name, f"requisite MODULE forward_pass {options}",
                 "required pam_unix.so use_first_pass nodelay")


def expect(host, server, user, text, let_in, said):
    """Gives a text to the program, and compares what it and the log say."""
    mark = host.log.mark()
    seen = server.log_in(user, text)
    told = [str(decision) for decision in decisions(host.log.since(mark))]
    what = f"{server.name}, {user}: {told}"
    check(seen == let_in, f"{what}: let in is {seen}")
    check(len(told) == 1 and said in told[0], f"{what}: the log should say {said}")


def a_code_and_every_way_of_needing_none(program, host):
    server, secrets = program(host), enroll(host)
    lines(program, host, "group=otp nullok")
    with server:
        both = PASSWORD + secrets["alice"].code()
        expect(host, server, "alice", PASSWORD, False, "wrong-code")
        expect(host, server, "alice", both, True, "method': 'totp'")
        expect(host, server, "alice", both, False, "reused")
        expect(host, server, "bob", PASSWORD, True, "not-in-group")
        expect(host, server, "bob", "wrong", False, "not-in-group")
        both = PASSWORD + secrets["bob"].code()
        expect(host, server, "bob", both, True, "not-in-group")
        expect(host, server, "bob", both, False, "not-in-group")
        expect(host, server, "carol", PASSWORD, True, "not-enrolled")
        expect(host, server, "carol", "wrong", False, "not-enrolled")
        # The network of the client, where the program tells it.
        lines(program, host, "skip_net=127.0.0.0/8,local")
        expect(host, server, "alice", PASSWORD, server.tells_address,
               "network" if server.tells_address else "wrong-code")
        expect(host, server, "alice", "wrong", False,
               "network" if server.tells_address else "wrong-code")


def a_client_that_connects_again(program, host):
    """Within the grace period with the password alone, as when it has stored it."""
    server, secrets = program(host), enroll(host)
    lines(program, host, "grace_period=1h")
    with server:
        expect(host, server, "alice", PASSWORD + secrets["alice"].code(), True, "totp")
        expect(host, server, "alice", PASSWORD, True, "grace")
        expect(host, server, "alice", "wrong", False, "grace")


@test
def dovecot_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.Dovecot, host)


@test
def vsftpd_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.Vsftpd, host)


@test
def proftpd_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.ProFtpd, host)


@test
def pure_ftpd_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.PureFtpd, host)


@test
def cups_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.Cups, host)


@test
def cups_lets_a_client_in_again(host):
    a_client_that_connects_again(pam_programs.Cups, host)


@test
def freeradius_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.FreeRadius, host)


@test
def openvpn_takes_a_code_from_those_who_need_one(host):
    a_code_and_every_way_of_needing_none(pam_programs.OpenVpn, host)


@test
def dovecot_lets_a_client_in_again(host):
    a_client_that_connects_again(pam_programs.Dovecot, host)


@test
def vsftpd_lets_a_client_in_again(host):
    a_client_that_connects_again(pam_programs.Vsftpd, host)


@test
def openvpn_lets_a_client_in_again(host):
    a_client_that_connects_again(pam_programs.OpenVpn, host)


@test
def openvpn_asks_for_the_code_apart(host):
    """As docs/programs-that-ask-once.md says: a static challenge, and prompts as for ssh."""
    server, secrets = pam_programs.OpenVpn(host), enroll(host)
    host.service("openvpn", "requisite pam_unix.so nodelay", "required MODULE group=otp")
    server.service = '"openvpn login USERNAME password PASSWORD verification OTP"'
    server.client_lines = ('static-challenge "Code" 1',)
    with server:
        mark = host.log.mark()
        code = secrets["alice"].code()
        check(server.log_in("alice", PASSWORD, challenge=code), f"let in: {server.lines}")
        check(not server.log_in("alice", PASSWORD, challenge=code), "a spent code")
        check(not server.log_in("alice", "wrong", challenge=secrets["alice"].code(1)), "password")
        told = [str(decision) for decision in decisions(host.log.since(mark))]
        check(len(told) == 2 and "totp" in told[0] and "reused" in told[1], told)


@test
def openvpn_renegotiates_with_a_token(host):
    server, secrets = pam_programs.OpenVpn(host), enroll(host)
    lines(pam_programs.OpenVpn, host, "")
    server.server_lines = ("auth-gen-token 43200",)
    server.client_lines = ("reneg-sec 1", "verb 3")
    with server:
        mark = host.log.mark()
        check(server.log_in("alice", PASSWORD + secrets["alice"].code(), renegotiations=3),
              "let in")
        told = decisions(host.log.since(mark))
        check(len(told) == 1, f"PAM was asked again: {told}")
        failed = [line for line in server.lines if "AUTH_FAILED" in line or "auth failure" in line]
        check(not failed, failed)


@test
def freeradius_tells_no_address_so_there_is_no_grace(host):
    server, secrets = pam_programs.FreeRadius(host), enroll(host)
    lines(pam_programs.FreeRadius, host, "grace_period=1h")
    with server:
        expect(host, server, "alice", PASSWORD + secrets["alice"].code(), True, "totp")
        expect(host, server, "alice", PASSWORD, False, "wrong-code")


def what_doctor_says_is_what_to_do(program, host):
    """A line behind the password's, as for sshd, lets in nobody here; what mends it, does."""
    server, secrets = program(host), enroll(host)
    host.service(program.name, "[success=1 default=ignore] pam_unix.so nullok nodelay",
                 "requisite pam_deny.so", "required pam_permit.so", "required MODULE group=otp")
    with server:
        both = PASSWORD + secrets["alice"].code()
        check(not server.log_in("alice", both), "alice is let in")
        expect(host, server, "alice", PASSWORD, False, "wrong-code")
        report = json.loads(subprocess.run(
            [str(host.enroll_program), "doctor", "--json",
             f"--service={program.name}"], capture_output=True, check=False).stdout)
        mend = next(finding["mend"] for finding in report["findings"]
                    if finding["check"] == "prompts")
        check(mend["action"] == "move" and mend["to_line"] == 0, f"{mend}")
        path = pathlib.Path(f"/etc/pam.d/{program.name}")
        lines_there = path.read_text().splitlines()
        del lines_there[mend["line"] - 1]
        path.write_text("\n".join([mend["text"], *lines_there, ""]))
        expect(host, server, "alice", both, True, "method': 'totp'")
        expect(host, server, "alice", PASSWORD, False, "wrong-code")
        expect(host, server, "bob", PASSWORD, True, "not-in-group")
        expect(host, server, "bob", "wrong", False, "not-in-group")


@test
def what_doctor_says_of_vsftpd_is_what_to_do(host):
    what_doctor_says_is_what_to_do(pam_programs.Vsftpd, host)


@test
def what_doctor_says_of_proftpd_is_what_to_do(host):
    what_doctor_says_is_what_to_do(pam_programs.ProFtpd, host)


@test
def what_doctor_says_of_pure_ftpd_is_what_to_do(host):
    what_doctor_says_is_what_to_do(pam_programs.PureFtpd, host)


@test
def what_doctor_says_of_cups_is_what_to_do(host):
    what_doctor_says_is_what_to_do(pam_programs.Cups, host)


@test
def what_doctor_says_of_dovecot_is_what_to_do(host):
    what_doctor_says_is_what_to_do(pam_programs.Dovecot, host)
