# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/verify in each language, with the real daemon, run by the user of a web server."""

import os

from scenario import check, test
from verify_programs import LANGUAGES, Programs, ask
from web_host import VERIFIER, WebHost


def expect(found, status, output, what):
    """Checks the exit status and the output; without a verdict there must be a message."""
    check(found[:2] == (status, output), f"{what}: {found}, expected {status} and {output!r}")
    check(bool(found[2]) == (output == ""), f"{what}: messages {found[2]!r}")


def in_language(language):
    def scenario(host):
        with WebHost(host) as web, Programs() as programs:
            command = programs.command(language)
            secret = web.enroll("alice")
            host.add_user("bob")
            web.configure("[verify web]", "peer=www-data", "groups=webtotp", "attempts=100 30")
            verifier = web.start_verifier()
            user = host.users["www-data"]
            environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

            def answer(name, code, peer=user):
                return ask(command, VERIFIER, name, code, user=peer.uid, group=peer.gid,
                           extra_groups=[], env=environment, cwd="/")
            expect(answer("alice", secret.wrong_code()), 1, "refused\n", "a wrong code")
            code = secret.code()
            expect(answer("alice", code), 0, "accepted\n", "the right code")
            expect(answer("alice", code), 1, "refused\n", "the same again")
            for name in ("bob", "root", "nobody-here", 'al"ice', "al\\ice", "J\u00fcrgen", "-r",
                         "alice/../alice"):
                expect(answer(name, secret.code(1)), 1, "refused\n", f"the name {name!r}")
            expect(answer("alice", secret.code(1)), 0, "accepted\n", "the next code")
            for name in ("", "x" * 2000):
                expect(answer(name, code), 6, "", f"the name {name[:9]!r}, which none can be")
            found = answer("alice", secret.code(2), host.users["nobody"])
            expect(found, 6, "", "an account without a grant")
            check("org.totpgroup.Verify.NotPermitted" in found[2], f"it is told so: {found[2]}")
            web.configure("[verify web]", "peer=www-data", "groups=webtotp", "attempts=1 3600")
            verifier.stop()
            verifier = web.start_verifier()
            expect(answer("alice", secret.wrong_code()), 1, "refused\n", "the one attempt")
            expect(answer("alice", secret.code(2)), 4, "limited\n", "one too many")
            verifier.stop()
            os.unlink(VERIFIER)
            expect(answer("alice", secret.code(2)), 6, "", "without a daemon")
    scenario.__name__ = f"verify_{language}_says_what_the_daemon_says"
    return scenario


for _language in LANGUAGES:
    test(in_language(_language))
