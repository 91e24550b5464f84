# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cockpit shows the prompt for a code after the password: the recipe of docs/sudo-and-desktop.md,
with an `include` in place of a substack."""

import base64
import json
import os
import shutil
import urllib.error
import urllib.request

import pam_programs
from case import equal
from log_socket import decisions
from scenario import NO_REUSE, check, test
from sshd_host import PASSWORD

PORT = 9090
PROMPT = "Verification code: "


def encoded(text):
    return base64.b64encode(text.encode()).decode("ascii")


class Cockpit(pam_programs.Program):
    """Its web server, asked as its login page does."""

    name, package, files = "cockpit", "cockpit-ws", ("cockpit/cockpit-ws", "cockpit-bridge")

    # Newer ones do not start the program that asks PAM: systemd does, at a socket.
    SESSIONS = "/run/cockpit/session"

    def start(self):
        if os.path.exists("/usr/lib/systemd/system/cockpit-session.socket"):
            os.makedirs(os.path.dirname(self.SESSIONS))
            self.host.at_end(shutil.rmtree, os.path.dirname(self.SESSIONS))
            self.serve(f"Listening on {self.SESSIONS}", "systemd-socket-activate", "--accept",
                       "--inetd", f"--listen={self.SESSIONS}",
                       pam_programs.find("cockpit/cockpit-session"))
        # The page of a browser on this host needs no TLS.
        self.serve("Listening on", "systemd-socket-activate",
                   f"--listen={pam_programs.ADDRESS}:{PORT}",
                   pam_programs.find("cockpit/cockpit-ws"), "--no-tls")

    def begin(self, user, password):
        """Gives a name and a password. Returns whether that let in, and the conversation."""
        return self._ask(f"Basic {encoded(f'{user}:{password}')}")

    def answer(self, conversation, text):
        return self._ask(f"X-Conversation {conversation} {encoded(text)}")

    def log_in(self, user, password, code=None):
        """Returns whether the user was let in, and what was asked after the password."""
        let_in, conversation, prompt = self.begin(user, password)
        if prompt is not None and code is not None:
            let_in, _, _ = self.answer(conversation, code)
        return let_in, prompt

    @staticmethod
    def _ask(authorization):
        request = urllib.request.Request(f"http://{pam_programs.ADDRESS}:{PORT}/cockpit/login",
                                         headers={"Authorization": authorization})
        try:
            with urllib.request.urlopen(request, timeout=pam_programs.DEADLINE) as reply:
                check("csrf-token" in json.load(reply), "cockpit answers with a token")
                return True, None, None
        except urllib.error.HTTPError as refusal:
            equal(refusal.code, 401, "what a refusal answers")
            words = refusal.headers.get("WWW-Authenticate", "").split()
            if words[:1] != ["X-Conversation"]:
                return False, None, None
            return False, words[1], base64.b64decode(words[2]).decode()


@test
def cockpit_asks_for_a_code_after_the_password(host):
    secret = host.secret("alice")
    host.add_group("otp")
    host.add_user("alice", "otp").enroll(secret, *NO_REUSE)
    host.add_user("bob")
    cockpit = Cockpit(host)
    # What stands in Debian's common-auth, and the line below it.
    host.service("cockpit", "[success=1 default=ignore] pam_unix.so nodelay", "requisite pam_deny.so",
                 "required pam_permit.so", "required MODULE group=otp")
    code = secret.code()
    with cockpit:
        equal(cockpit.log_in("bob", PASSWORD), (True, None), "a user whom the group does not have")
        equal(cockpit.log_in("alice", "wrong", code), (False, None), "a wrong password")
        equal(cockpit.log_in("alice", PASSWORD, secret.wrong_code()), (False, PROMPT), "a wrong code")
        equal(cockpit.log_in("alice", PASSWORD, code), (True, PROMPT), "a right code")
        mark = host.log.mark()
        equal(cockpit.log_in("alice", PASSWORD, code), (False, PROMPT), "the same code again")
        told = [str(decision) for decision in decisions(host.log.since(mark))]
        check(len(told) == 1 and "reused" in told[0], f"the log says that the code is spent: {told}")
