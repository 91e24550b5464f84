# SPDX-License-Identifier: LGPL-2.1-or-later
"""A web server asks for a code: Apache with mod_authnz_external runs totp-enroll verify
--pipe, which asks totp-verifyd, here one that stands in for it. Apache is in a network of
its own, with a configuration of its own."""

import os
import pathlib
import pwd
import subprocess

from case import read_program
from fake_verifyd import FakeVerifyd, failure, reply
from support import PATIENCE, PROGRAM, Skip, check, equal, need, need_root, test

MODULES = pathlib.Path("/usr/lib/apache2/modules")
ISOLATED = pathlib.Path(os.environ.get("top_srcdir", ".")) / "tests/e2e/isolated"
USER = "www-data"

CONFIGURATION = """\
ServerName localhost
Listen 127.0.0.1:8080
User {user}
Group {user}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel warn
DocumentRoot {folder}/pages
Mutex file:{folder}
{modules}
DefineExternalAuth totp pipe "{program} verify --pipe --conf={folder}/t.conf"
<Directory {folder}/pages>
    AuthType Basic
    AuthName "Code"
    AuthBasicProvider {providers}
    {cache}
    AuthExternal totp
    Require valid-user
</Directory>
"""

CACHE = "AuthExternalProvideCache On\n    AuthnCacheProvideFor external"

# Apache returns from this when it listens. Whatever runs ends with the namespace.
SCRIPT = """\
ip link set lo up && apache2 -f "$1/apache.conf" -k start || exit 99
shift
for login in "$@"; do
    printf 'user = "%s"\\n' "$login" |
        curl -s -K - -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/index.html
done
"""


class Server:
    def __init__(self, folder, cached=False):
        need_root()
        for program in ("apache2", "curl", "ip"):
            need(program)
        modules = ("mpm_prefork", "authn_core", "authz_core", "authz_user", "auth_basic",
                   "authnz_external")
        if cached:
            modules += ("authn_socache", "socache_shmcb")
        for name in modules:
            if not (MODULES / f"mod_{name}.so").exists():
                raise Skip(f"mod_{name}.so is missing (package libapache2-mod-authnz-external)")
        self.folder = folder.path
        folder.path.chmod(0o755)
        # The tree may lie below a folder that Apache's user may not enter.
        program = folder.path / "totp-enroll"
        program.write_bytes(read_program(PROGRAM))
        program.chmod(0o755)
        (folder.path / "pages").mkdir(mode=0o755)
        (folder.path / "pages" / "index.html").write_text("inside\n")
        (folder.path / "t.conf").write_text(f"store=socket:{folder.path}/verify\n")
        (folder.path / "t.conf").chmod(0o644)
        (folder.path / "apache.conf").write_text(CONFIGURATION.format(
            folder=folder.path, user=USER, program=program,
            providers="socache external" if cached else "external",
            cache=CACHE if cached else "",
            modules="\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                              for name in modules)))
        can_run = subprocess.run(
            ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", PROGRAM, "--help"],
            capture_output=True, check=False).returncode == 0
        if not can_run:
            raise Skip(f"{USER} cannot run the program where it is")

    def ask(self, *logins):
        """The status of one request for each login, and what Apache logged."""
        log = self.folder / "error.log"
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [ISOLATED, "sh", "-c", SCRIPT, "sh", self.folder, *logins], capture_output=True,
            text=True, timeout=PATIENCE, check=False)
        if done.returncode == 77:
            raise Skip(done.stderr.strip())
        equal(done.returncode, 0, done.stderr + (log.read_text() if log.exists() else ""))
        return done.stdout.split(), log.read_text()


@test
def the_daemon_decides(folder):
    server = Server(folder)
    with FakeVerifyd(folder.path / "verify", reply("accepted")) as fake:
        seen, log = server.ask("alice:123456", "nobody-knows:12 34")
    equal(seen, ["200", "200"], log)
    check("alice" not in log and "123456" not in log, log)
    equal(fake.parameters(), [{"user": "alice", "code": "123456"},
                              {"user": "nobody-knows", "code": "1234"}], "what it was asked")


@test
def a_browser_sends_its_code_again(folder):
    """It does so with each request. Apache can remember that it was right, and lets no
    other code in while it does."""
    server = Server(folder, cached=True)
    with FakeVerifyd(folder.path / "verify", reply("accepted")) as fake:
        seen, log = server.ask("alice:123456", "alice:123456", "alice:654321", "bob:123456")
    equal(seen, ["200", "200", "401", "200"], log)
    equal([parameters["user"] for parameters in fake.parameters()], ["alice", "bob"],
          "whom it was asked about")


@test
def the_log_has_the_exit_status(folder):
    server = Server(folder)
    for answer, status, words in (
            (reply("refused"), 1, "alice: wrong-code"),
            ({"parameters": {"result": "limited", "retry_after": 9}}, 4, "retry_after=9s"),
            (failure("org.totpgroup.Verify.NotPermitted"), 5,
             f"does not answer uid {pwd.getpwnam(USER).pw_uid}"),
            (failure("org.totpgroup.Verify.StoreError"), 6, "cannot decide")):
        with FakeVerifyd(folder.path / "verify", answer):
            seen, log = server.ask("alice:123456")
        equal(seen, ["401"], log)
        check(f"Failed ({status}) for user alice" in log and words in log, log)
        check("123456" not in log, log)
    seen, log = server.ask("alice:123456")
    equal(seen, ["401"], log)
    check("Failed (6)" in log and "systemctl status totp-verifyd.socket" in log, log)
