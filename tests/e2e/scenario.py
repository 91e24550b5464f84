# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests with a real sshd share: a private machine for each test, and checks of logins."""

import contextlib
import os
import re
import shutil
import sys

import case
import log_socket
import private_root
import sshd_host
from case import BUILD, Skip

# The options of most secret files here: no code is good twice, and the window is so wide that the
# end of a time step during a test changes nothing.
NO_REUSE = ('" WINDOW_SIZE 17', '" DISALLOW_REUSE')


class _Fixture(case.Fixture):
    """A private machine: its users, its PAM services, and sshd."""

    isolated = True

    def __init__(self):
        self._paths, self._log = {}, None

    def missing(self):
        if shutil.which("ssh") is None:
            return "the ssh client is missing (package openssh-client)"
        if "TOTPGROUP_SSHD" not in os.environ and sshd_host.installed_sshd() is None:
            return "sshd is missing (package openssh-server)"
        return None

    def begin(self):
        # Read before the private machine hides the host's folders.
        built = {"pam_totpgroup.so": BUILD / ".libs/pam_totpgroup.so",
                 "totp-enroll": BUILD / "totp-enroll", "totp-verifyd": BUILD / "totp-verifyd"}
        library = BUILD / ".libs/libtotpgroup.so.0"
        if library.exists():
            built["libtotpgroup.so.0"] = library
        directory = BUILD / ".libs/libnss_totpgroups.so"
        if directory.exists():
            built["libnss_totpgroups.so.2"] = directory
        if "TOTPGROUP_SSHD" in os.environ:
            built["sshd"] = os.environ["TOTPGROUP_SSHD"]
        careless = BUILD / "tests/e2e/setuid_login"
        if careless.exists():
            built["setuid_login"] = careless
        programs = {name: case.read_program(path) for name, path in built.items()}
        private_root.enter()
        self._paths = {name: private_root.install(name, program)
                       for name, program in programs.items()}
        self._log = log_socket.LogSocket()

    @contextlib.contextmanager
    def argument(self):
        host = sshd_host.SshdHost(self._paths["pam_totpgroup.so"], self._log,
                                  self._paths.get("sshd"))
        host.enroll_program = self._paths["totp-enroll"]
        host.verifyd_program = self._paths["totp-verifyd"]
        host.setuid_login = self._paths.get("setuid_login")
        host.directory_module = self._paths.get("libnss_totpgroups.so.2")
        try:
            with host:
                yield host
            _nothing_secret_was_logged(host)
            _log_lines_are_well_formed(host)
        except Skip:
            raise
        except Exception:
            print("-- the log", *host.whole_log(), "--", sep="\n",
                  file=sys.stderr, flush=True)
            raise


test = _Fixture()


def _nothing_secret_was_logged(host):
    """After every test: no code, secret or password in any line of any program."""
    said = "\n".join(host.whole_log())
    for secret in host.secrets:
        for words in (secret.base32, secret.key.hex()):
            if words.lower() in said.lower():
                raise AssertionError("the log holds a secret")
        for code in secret.codes_given:
            if re.search(rf"(?<!\d){code}(?!\d)", said):
                raise AssertionError(f"the log holds the code {code}")
    for word in (*sshd_host.EMERGENCY_CODES, sshd_host.PASSWORD):
        if word in said:
            raise AssertionError(f"the log holds {word!r}")


def _log_lines_are_well_formed(host):
    """After every test: the module logs to authpriv, in lines without control characters."""
    for facility, _, text in log_socket.of_module(host.whole_log()):
        if facility != log_socket.AUTHPRIV:
            raise AssertionError(f"logged to facility {facility}: {text}")
        if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise AssertionError(f"control characters in the log: {text!r}")


def check(condition, why, login=None):
    """Fails with that reason unless the condition holds. Shows what the login printed and logged."""
    if not condition:
        seen = ""
        if login is not None:
            seen = "\n-- terminal\n" + login.transcript + "\n-- log\n" + "\n".join(login.log)
        raise AssertionError(why + seen)


def let_in(login, user, rhost="127.0.0.1", **fields):
    """Checks that the login was let in, and that the log says so."""
    check(login.let_in, "the login should have been let in", login)
    _logged(login, "accepted", user=user, rhost=rhost, **fields)


def refused(login, user, rhost="127.0.0.1", **fields):
    """Checks that the login was refused, and that the log says so."""
    check(not login.let_in, "the login should have been refused", login)
    _logged(login, "refused", user=user, rhost=rhost, **fields)


def skipped(login, user, rhost="127.0.0.1", **fields):
    """Checks that the login was let in without a code, and that the log says so."""
    check(login.let_in, "the login should have been let in", login)
    check(not asked_for_code(login), "a code should not have been asked for", login)
    _logged(login, "skipped", user=user, rhost=rhost, **fields)


def asked_for_code(login):
    """Whether the terminal showed the prompt for a code."""
    return any("code" in prompt for prompt in login.prompts)


def _logged(login, verb, **fields):
    decision = login.decision
    check(decision.verb == verb, f"the log should say {verb}, and says {decision}", login)
    for key, wanted in fields.items():
        found = decision.fields.get(key)
        good = found is not None and (
            wanted.search(found) if isinstance(wanted, re.Pattern) else found == wanted)
        check(good, f"the log should say {key}={wanted!r}, and says {decision}", login)
