# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures PAM transactions beside pam_google_authenticator, and what configuration files add.

The logins are nobody's. The peer writes its file durably as well, but does not sync the folder.
"""

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import log_socket
import private_root

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWD = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nowhere:/bin/sh\n"
PEER_MODULE = "pam_google_authenticator.so"
SECURITY = pathlib.Path("/etc/security")

# Row: service, the peer's, code, and which file it writes: None, "home", "state", or "root" for one
# in memory.
ROWS = {
    "login-read-only": ("ours", "peer", "right", None),
    "login-floor": ("bare", "peer", "right", None),
    "login-libpam": ("permit", "peer", "right", None),
    "login-again": ("ours", "peer", "right", None),
    "login-durable": ("ours", "peer", "right", "home"),
    "login-durable-state": ("state", "peer", "right", "state"),
    "login-wrong-code": ("ours", "peer", "wrong", None),
    "login-wrong-floor": ("search", "peer", "wrong", None),
    "login-mapped": ("ours", "peer", "right", None),
    "login-resident": ("ours", "peer", "right", None),
    "login-configuration": ("file", "line", "right", None),
    "login-drop-in": ("drop-in", "file", "right", None),
    "login-sealed": ("sealed", "plain", "right", "root"),
    "login-sealed-again": ("sealed", "plain", "right", "root"),
}


class Machine:
    """The services, and the secrets of nobody."""

    def __init__(self, top):
        self.top, self.services = top, top / "pam.d"
        self.home, self.secret = top / "home", top / "home" / "secret"
        self.state = top / "state"
        # In memory, so that what waits for the disk does not hide what is computed.
        self.memory = top / "memory"
        module, bare = (rounds.BUILD / ".libs" / name
                        for name in ("pam_totpgroup.so", "bare_module.so"))
        top.chmod(0o711)
        self.services.mkdir()
        self.home.mkdir()
        self.own(self.home)
        self.state.mkdir(mode=0o700)
        settings = [f"secret={self.secret}", "user=nobody", "allowed_perm=0600", "grace_period=0",
                    "tell_reason=no", "noskewadj=no", "debug=no"]
        for name in ("file", "drop-in"):
            (SECURITY / f"{name}.conf").write_text("\n".join(settings) + "\n", encoding="ascii")
        drop_ins = SECURITY / "drop-in.conf.d"
        drop_ins.mkdir()
        (drop_ins / "50-local.conf").write_text("tell_reason=yes\n", encoding="ascii")
        # Without it libpam itself writes to the log.
        (self.services / "other").touch()
        for service, line in (
                ("ours", f"{module} secret={self.secret}"),
                ("state", f"{module} secret={self.secret} state={self.state}/${{USER}}"),
                ("peer", f"{PEER_MODULE} secret={self.secret}"),
                ("bare", f"{bare} {self.secret}"),
                ("search", f"{bare} {self.secret} 3003"),
                ("permit", "pam_permit.so"),
                ("line", f"{module} {' '.join(settings)}"),
                ("file", f"{module} conf={SECURITY}/file.conf"),
                ("drop-in", f"{module} conf={SECURITY}/drop-in.conf"),
                ("sealed", f"{module} conf={SECURITY}/sealed.conf"),
                ("plain", f"{module} conf={SECURITY}/plain.conf")):
            (self.services / service).write_text(f"auth required {line}\n", encoding="ascii")

    def own(self, path):
        """Gives a file or a folder to nobody."""
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def write(self, path, *lines):
        """Writes a secret."""
        path.unlink(missing_ok=True)
        path.write_text("\n".join((SECRET, '" TOTP_AUTH', *lines)) + "\n", encoding="ascii")
        path.chmod(0o600)
        self.own(path)

    def log_in(self, row, peer, copies, **environment):
        """Prints rounds of logins."""
        service, code = ROWS[row][0], ROWS[row][2]
        subprocess.run([rounds.program("tests/bench/login_cost"), row, self.services, service,
                        peer or service, "nobody", code, *copies], check=True,
                       stdout=None if peer else subprocess.DEVNULL, env=os.environ | environment)

    def enroll_in_memory(self):
        """Makes two stores of root's in memory, one of them sealed, and logs in to each once.
        Returns their files and copies of them."""
        copies = []
        if self.memory.exists():
            subprocess.run(["umount", self.memory], check=True)
        self.memory.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.memory], check=True)
        for name in ("plain", "sealed"):
            folder, settings = self.memory / name, SECURITY / f"{name}.conf"
            for kind in ("secret", "state"):
                (folder / kind).mkdir(mode=0o700, parents=True)
            key = f"seal_key={folder}/keys\n" if name == "sealed" else ""
            settings.write_text(f"secret={folder}/secret/${{USER}}\nuser=root\n"
                                f"state={folder}/state/${{USER}}\n{key}", encoding="ascii")
            secret = folder / "secret" / "nobody"
            self.write(secret, '" DISALLOW_REUSE', '" RATE_LIMIT 100 30')
            os.chown(secret, 0, 0)
            if key:
                for words in (["--new-key=1"], ["nobody"]):
                    subprocess.run([rounds.program("totp-enroll"), "seal", f"--conf={settings}",
                                    "-q", *words], check=True)
            subprocess.run([rounds.program("tests/bench/login_cost"), "login-sealed", self.services,
                            name, name, "nobody", "wrong"], check=True, stdout=subprocess.DEVNULL,
                           env=os.environ | {"BENCH_SECONDS": "0"})
            for kind in ("secret", "state"):
                path = folder / kind / "nobody"
                is_sealed = b"totpgroup-sealed 1 1\n" in path.read_bytes()
                if is_sealed != (name == "sealed"):
                    sys.exit(f"{path}: it is {'' if is_sealed else 'not '}sealed")
                fresh = folder / f"fresh-{kind}"
                shutil.copy(path, fresh)
                copies += [fresh, path]
        return copies

    def measure(self, row):
        """Prints the rounds of a row. A code is good again in each round, because the file that
        the code is spent in is put back."""
        _, peer, _, written = ROWS[row]
        copies = self.enroll_in_memory() if written == "root" else []
        self.write(self.secret)
        if written in ("home", "state"):
            fresh = self.top / "fresh"
            self.write(fresh, '" DISALLOW_REUSE')
            copies = [fresh, self.secret]
        if written == "state":
            self.write(self.secret, '" RATE_LIMIT 100 30')
            self.log_in(row, None, [], BENCH_SECONDS="0")
            shutil.copy(self.state / "nobody", self.top / "fresh-state")
            copies += [self.top / "fresh-state", self.state / "nobody"]
        self.log_in(row, peer, copies)


def list_system_calls():
    """What test_system_calls.py compares a login with."""
    known = json.loads((rounds.HERE / "system_calls.json").read_text(encoding="utf-8"))["numbers"]
    rounds.note(f"the {len(known)} system calls of the module in login-read-only:")
    for name, reason in known:
        rounds.note(f"    {name:16}{reason}")


def has_peer():
    """Whether the peer's module is where PAM looks for modules."""
    return any(list(pathlib.Path(folder).glob(f"*/security/{PEER_MODULE}")) or
               (pathlib.Path(folder) / "security" / PEER_MODULE).exists()
               for folder in ("/lib", "/usr/lib", "/lib64"))


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted(ROWS)
    rounds.need_private_machine(wanted)
    private_root.enter()
    log_socket.LogSocket()
    pathlib.Path("/etc/passwd").write_text(PASSWD, encoding="ascii")
    if not has_peer():
        rounds.skip([row for row in wanted if ROWS[row][1] == "peer"],
                    "pam_google_authenticator.so is missing (package libpam-google-authenticator)")
        wanted = [row for row in wanted if ROWS[row][1] != "peer"]
    top = pathlib.Path(tempfile.mkdtemp(prefix="login-cost.", dir="/var/tmp"))
    try:
        machine = Machine(top)
        for row in wanted:
            machine.measure(row)
        if "login-read-only" in wanted:
            list_system_calls()
    finally:
        if os.path.ismount(top / "memory"):
            subprocess.run(["umount", top / "memory"], check=True)
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
