# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of scripts/demo on the private machine: enroll, log in, be refused.

demo_login.py FIRST-STEP LAST-STEP MODULE TOTP-ENROLL SSHD
"""

import os
import re
import sys

import log_socket
import private_root
import sshd_host
from one_time_code import Secret, now_step
from ssh_client import CODE_PROMPT, PASSWORD_PROMPT, run_as

GROUP = "otp"
INDENT = "      "
APP_PROMPT = "Code from the app (-1 to skip): "
YES_OR_NO = ("[Y/n] ", "[y/N] ")


class Different(Exception):
    """A step of the demo had another result than it should."""


class Narrator:
    """Prints what happens, in color unless the terminal has none or NO_COLOR is set."""

    def __init__(self, first, last):
        self._step, self._last = first - 1, last
        self.terminal = sys.stdout.isatty()
        self._colored = self.terminal and not os.environ.get("NO_COLOR") \
            and os.environ.get("TERM", "dumb") != "dumb"

    def _paint(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self._colored else text

    def step(self, title):
        """Prints the title of the next step."""
        self._step += 1
        print("\n" + self._paint("1", f"[{self._step}/{self._last}] {title}"), flush=True)

    def say(self, *lines):
        """Prints plain lines."""
        for line in lines:
            print(INDENT + line, flush=True)

    def file(self, path, lines):
        """Prints the content of a file."""
        self.say(self._paint("2", path + ":"))
        for line in lines:
            self.say("  " + line)

    def command(self, text):
        """Prints a command as it is typed at a shell."""
        self.say(self._paint("36", "$ " + text))

    def prompt(self, text, typed):
        """Prints a prompt and the answer, which the terminal itself does not show."""
        self.say(text + self._paint("33", typed) + self._paint("2", "  (typed unseen)"))

    def log(self, lines):
        """Prints what the module logged."""
        for line in lines:
            self.say(self._paint("2", "log: ") + line)

    def good(self, text):
        """Prints that a step succeeded."""
        self.say(self._paint("32", "OK  " + text))


class Demo:
    """The steps of the demo. alice is a member of the group, bob is not."""

    def __init__(self, narrator, host, enroll_program):
        self._narrator, self._host = narrator, host
        self._enroll_program = enroll_program
        self._secret, self._emergency, self._spent = None, [], 0

    def prepare(self, sshd_lines):
        """Adds users, a PAM service and sshd, with these lines in its configuration."""
        tell, host = self._narrator, self._host
        tell.step("Making a private machine")
        tell.say("It has its own /etc, users, network and processes, and ends with this demo.",
                 f"alice is in the group {GROUP}, bob is not. Both have the password "
                 f"'{sshd_host.PASSWORD}'.")
        host.add_group(GROUP)
        host.add_user("alice", GROUP)
        host.add_user("bob")
        host.service("sshd", "requisite pam_unix.so nodelay", f"required MODULE group={GROUP}")
        host.start_sshd(*sshd_lines)
        with open("/etc/pam.d/sshd", encoding="ascii") as file:
            tell.file("/etc/pam.d/sshd", file.read().splitlines())
        tell.say("(Once the module is installed, its name is enough; no path is needed.)")
        tell.good("A real sshd listens there.")

    def enroll(self):
        """alice enrolls. The demo plays her authenticator app."""
        tell, alice = self._narrator, self._host.users["alice"]
        tell.step("alice enrolls: she runs totp-enroll and types a code from her app")
        tell.say("This demo plays her phone and types the code that it would show.")
        print(flush=True)
        surroundings = os.environ
        words = [] if tell.terminal else ["-Q", "none"]
        program = run_as(
            alice, [self._enroll_program, *words],
            os.get_terminal_size() if tell.terminal else None,
            {"LC_ALL": surroundings.get("LC_ALL") or surroundings.get("LC_CTYPE")
             or surroundings.get("LANG") or "C",
             **{name: surroundings[name] for name in ("NO_COLOR", "TERM")
                if name in surroundings}})
        self._answer_questions(program)
        if program.child.exitstatus != 0:
            raise Different(f"totp-enroll ended with {program.child.exitstatus}")
        if not alice.has_secret_file():
            raise Different("totp-enroll wrote no file")
        self._emergency = re.findall(r"^\d{8}$", alice.read(), re.MULTILINE)
        if not self._emergency:
            raise Different("totp-enroll made no emergency codes")
        print(flush=True)
        tell.good("alice has a secret, in " + alice.secret_file.replace(alice.home, "~alice"))

    def _answer_questions(self, program):
        program.child.logfile_read = Tee(program)
        while (prompt := program.next_prompt((APP_PROMPT, *YES_OR_NO))) is not None:
            if prompt == APP_PROMPT:
                shown = re.search(r"Secret: ([A-Z2-7 ]+?)\s\s", program.transcript)
                if shown is None:
                    raise Different("totp-enroll showed no secret")
                self._secret = Secret.of_base32(shown[1])
                self._spent = now_step()
                program.answer(self._secret.code())
            else:
                program.answer("")
        program.child.close()

    def log_in(self):
        """alice logs in. Returns the code that she used."""
        tell = self._narrator
        tell.step("alice logs in: her password, then the code of the moment")
        # The enrollment spent a code; the next one is good already.
        code = self._secret.code(max(self._spent + 1 - now_step(), 0))
        login = self._ssh("alice", code)
        self._expect(login, True, "accepted", method="totp")
        tell.good("She is in.")
        return code

    def log_in_again(self, code):
        """An attacker who looked over her shoulder uses the same code."""
        tell = self._narrator
        tell.step("The same code again: somebody looked over her shoulder")
        self._expect(self._ssh("alice", code), False, "refused", reason="reused")
        tell.good("Refused: a code is good for one login.")

    def log_in_after_losing_the_phone(self):
        """alice logs in with an emergency code."""
        tell = self._narrator
        tell.step("The phone is lost: alice uses an emergency code")
        self._expect(self._ssh("alice", self._emergency[0]), True, "accepted", method="emergency")
        tell.good("She is in, and that emergency code is struck out.")

    def log_in_outside_the_group(self):
        """bob logs in without a code."""
        tell = self._narrator
        tell.step(f"bob logs in: he is not in the group {GROUP}")
        login = self._ssh("bob", None)
        self._expect(login, True, "skipped", reason="not-in-group")
        tell.good("He is in with his password alone; nobody asked him for a code.")

    def _ssh(self, user, code):
        tell = self._narrator
        tell.command(f"ssh {user}@localhost")
        login = self._host.login(user, code=code)
        for prompt in login.prompts:
            if prompt == PASSWORD_PROMPT:
                tell.prompt("Password: ", sshd_host.PASSWORD)
            else:
                tell.prompt(prompt, code)
        answer = login.transcript.strip().splitlines()[-1].strip()
        tell.say(answer)
        tell.log(text for _, _, text in log_socket.of_module(login.log))
        return login

    def _expect(self, login, let_in, verb, **fields):
        decision = login.decision
        asked = CODE_PROMPT in login.prompts
        if login.let_in != let_in or decision.verb != verb or asked != (verb != "skipped") or \
                any(decision.fields.get(key) != value for key, value in fields.items()):
            raise Different(f"it should have been: {verb} {fields}")


class Tee:
    """Prints what a program writes, indented, and passes it on to the log of its terminal."""

    def __init__(self, program):
        self._note = program.child.logfile_read
        self._at_start = True

    def write(self, data):
        self._note.write(data)
        for line in data.replace(b"\r\n", b"\n").splitlines(True):
            indent = INDENT.encode() if self._at_start and line.strip() else b""
            sys.stdout.buffer.write(indent + line)
            self._at_start = line.endswith(b"\n")

    def flush(self):
        sys.stdout.flush()


def companions(sshd):
    """The programs that an sshd starts since OpenSSH 9.8, where they are not in their own place
    but were unpacked with it: the setting that names each, and its path."""
    folder = os.path.join(os.path.dirname(sshd), "../lib/openssh")
    found = {"SshdSessionPath": f"{folder}/sshd-session", "SshdAuthPath": f"{folder}/sshd-auth"}
    return {setting: path for setting, path in found.items()
            if os.path.exists(path) and not os.path.samefile(os.path.dirname(sshd), "/usr/sbin")}


def main(first, last, module, enroll_program, sshd):
    """Runs the steps from first to last. Returns the exit status."""
    programs = {}
    for name, path in (("pam_totpgroup.so", module), ("totp-enroll", enroll_program),
                       ("sshd", sshd), *companions(sshd).items()):
        with open(path, "rb") as file:
            programs[name] = file.read()
    private_root.enter()
    paths = {name: private_root.install(name, content) for name, content in programs.items()}
    host = sshd_host.SshdHost(paths["pam_totpgroup.so"], log_socket.LogSocket(),
                              paths["sshd"])
    demo = Demo(Narrator(int(first), int(last)), host, paths["totp-enroll"])
    try:
        with host:
            demo.prepare([f"{setting} {paths[setting]}" for setting in companions(sshd)])
            demo.enroll()
            demo.log_in_again(demo.log_in())
            demo.log_in_after_losing_the_phone()
            demo.log_in_outside_the_group()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # pylint: disable=broad-except
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        print("-- the log --", *host.whole_log(), sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
