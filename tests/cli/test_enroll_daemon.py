# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where only root may write secrets, totp-verifyd enrolls a user who asks for it."""

import os
import pwd

import pexpect
from fake_verifyd import FakeVerifyd, failure, reply
from support import (
    PATIENCE, PROGRAM, Skip, check, equal, finish, need, need_root, run, test)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/host:nobody@host?secret={SECRET}&issuer=host"
CODES = ["12345678", "87654321"]
DRAFT = {"parameters": {"uri": URI, "secret": SECRET, "emergency_codes": CODES}}
REFUSED = reply("refused")
STORED = reply("accepted")
NOT_ENROLLING = failure("org.totpgroup.Verify.NotEnrolling")


class Terminal:
    """Enrolls as nobody, on a terminal."""

    def __init__(self, folder, *answers, options=(), uid=0):
        need_root()
        need("setpriv")
        folder.path.chmod(0o755)
        self.folder = folder
        self.options = options
        self.fake = FakeVerifyd(folder.path / "verify", *answers, uid=uid)
        self.conf = folder.path / "t.conf"
        self.conf.write_text(f"store=socket:{folder.path}/verify\nsecret=/nowhere/${{USER}}\n"
                             "user=root\n")
        self.conf.chmod(0o644)
        self.seen = ""

    def command(self, *more):
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM,
                *more, f"--conf={self.conf}", *self.options]

    def enroll(self, *lines, command=(), end=False):
        """Answers with these lines; returns the exit status."""
        with self.fake:
            child = pexpect.spawn(self.command(*command)[0], self.command(*command)[1:],
                                  env=self.folder.environment(), timeout=PATIENCE,
                                  encoding="utf-8", dimensions=(50, 100))
            child.delaybeforesend = None
            for line in lines:
                child.expect("Code from the app: ")
                self.seen += child.before
                child.sendline(line)
            if end:
                child.expect("Code from the app: ")
                child.sendeof()
            status = finish(child)
            self.seen += child.before
        if status in (126, 127):
            raise Skip("nobody cannot run the program where it is")
        return status


@test
def a_right_code_makes_the_daemon_store_the_secret(folder):
    terminal = Terminal(folder, DRAFT, STORED)
    equal(terminal.enroll("123 456"), 0, terminal.seen)
    for text in (f"Link:\r\n{URI}\r\n", "Secret: JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
                 "█", "Right: the app works, and the secret is stored.", *CODES):
        check(text in terminal.seen, f"{text}: {terminal.seen}")
    check(terminal.seen.index(CODES[0]) > terminal.seen.index("stored"), "codes come last")
    equal(terminal.fake.calls,
          [{"method": "org.totpgroup.Verify.Enroll"},
           {"method": "org.totpgroup.Verify.Confirm", "parameters": {"code": "123456"}}],
          "the calls")
    # With the name of the user, and without a QR code.
    terminal = Terminal(folder, DRAFT, STORED, options=("--qr=none",))
    equal(terminal.enroll("123456", command=("enroll", "nobody")), 0, terminal.seen)
    check("█" not in terminal.seen, terminal.seen)


@test
def a_wrong_code_may_be_followed_by_another(folder):
    terminal = Terminal(folder, DRAFT, REFUSED, REFUSED, STORED)
    equal(terminal.enroll("1", "2", "3"), 0, terminal.seen)
    equal(terminal.seen.count("not the current code"), 2, terminal.seen)
    terminal = Terminal(folder, DRAFT, REFUSED, REFUSED, REFUSED, NOT_ENROLLING)
    equal(terminal.enroll("1", "2", "3", "4"), 1, terminal.seen)
    check("nothing was stored" in terminal.seen and CODES[0] not in terminal.seen, terminal.seen)


@test
def without_a_code_nothing_is_stored(folder):
    terminal = Terminal(folder, DRAFT)
    equal(terminal.enroll(end=True), 1, terminal.seen)
    check("no code: nothing was stored" in terminal.seen, terminal.seen)
    equal(len(terminal.fake.calls), 1, "calls")


@test
def refusals_of_the_daemon_are_reported(folder):
    for name, status, words in (("NotPermitted", 5, "lets no user enroll"),
                                ("AlreadyEnrolled", 1, "a secret already"),
                                ("StoreError", 6, "cannot decide"), ("Busy", 6, "too much")):
        error = failure(f"org.totpgroup.Verify.{name}")
        terminal = Terminal(folder, error)
        equal(terminal.enroll(), status, terminal.seen)
        check(words in terminal.seen, terminal.seen)
        terminal = Terminal(folder, DRAFT, error)
        equal(terminal.enroll("123456"), status, terminal.seen)
        check(words in terminal.seen and CODES[0] not in terminal.seen, terminal.seen)


@test
def malformed_answers_are_not_shown(folder):
    for draft in (b"x\0", {"parameters": {}}, reply("accepted"),
                  {"parameters": {"uri": "http://x/\x1b[2J", "secret": SECRET,
                                  "emergency_codes": []}},
                  {"parameters": {"uri": URI, "secret": SECRET, "emergency_codes": [1]}},
                  {"parameters": {"uri": URI, "secret": SECRET, "emergency_codes": CODES * 6}},
                  {"parameters": {"uri": URI, "secret": SECRET,
                                  "emergency_codes": ["1" * 40]}},
                  {"parameters": {"uri": URI, "secret": SECRET,
                                  "emergency_codes": ["\x1b[2J"]}},
                  {"parameters": {"uri": URI + "&x=" + "y" * 2000, "secret": SECRET,
                                  "emergency_codes": []}}):
        terminal = Terminal(folder, draft)
        equal(terminal.enroll(), 6, f"{draft}: {terminal.seen}")
        check("\x1b[2J" not in terminal.seen and SECRET not in terminal.seen, terminal.seen)
    for answer in (b"", b"x\0", {"parameters": {}}, {"parameters": {"result": "stored?"}},
                   {"parameters": {"result": True}}):
        terminal = Terminal(folder, DRAFT, answer)
        equal(terminal.enroll("123456"), 6, f"{answer}: {terminal.seen}")
        check(CODES[0] not in terminal.seen, terminal.seen)


@test
def a_daemon_that_is_not_root_is_not_believed(folder):
    terminal = Terminal(folder, DRAFT, STORED, uid=pwd.getpwnam("nobody").pw_uid)
    equal(terminal.enroll(), 6, terminal.seen)
    check("listens there" in terminal.seen and SECRET not in terminal.seen, terminal.seen)


@test
def options_about_the_secret_are_refused(folder):
    for options, name in ((("-t",), "time-based"), (("-c",), "counter-based"),
                          (("-w", "5"), "window-size"), (("-q",), "quiet"), (("-f",), "force"),
                          (("-l", "x"), "label"), (("-e", "3"), "emergency-codes"),
                          (("--algorithm=SHA256",), "algorithm"), (("-C",), "no-confirm")):
        terminal = Terminal(folder, DRAFT, STORED, options=options)
        equal(terminal.enroll(), 2, terminal.seen)
        check(f"leave --{name} out" in terminal.seen, terminal.seen)
        equal(terminal.fake.calls, [], "calls")


@test
def other_users_and_named_files_do_not_need_the_daemon(folder):
    terminal = Terminal(folder, DRAFT, STORED)
    equal(terminal.enroll(command=("enroll", "root")), 5, terminal.seen)
    equal(terminal.fake.calls, [], "another user")
    os.makedirs(folder.path / "own")
    with FakeVerifyd(folder.path / "verify", DRAFT, STORED) as fake:
        result = run(folder, f"--conf={terminal.conf}", "-s", str(folder.path / "own" / "x"),
                     "-t", "-d", "-f", "-C", "-u", "-W")
        equal(result.status, 0, result.errors)
    equal(fake.calls, [], "root, and a file that was named")
