# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures whole logins over a real sshd, from the start of ssh to the first byte of a command,
and the memory of the process of sshd that has the module loaded and waits at its prompt.

    sudo top_builddir=BUILD tests/bench/ssh_cost.py [ROW...]

All logins have a key. Those with a code spend it, so that ours and the peer both write.
"""

import glob
import re
import shutil
import subprocess
import sys
import time

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import log_socket
import private_root
import sshd_host
import ssh_client

TIMES = {"ssh-login": "peer", "ssh-login-alone": "none"}
MEMORY = {"ssh-memory": "Rss", "ssh-mapped": "Size"}
PEER = "pam_google_authenticator.so"
ROUNDS = 11
MARK = "IN"


class Logins:
    """Logins of alice, with one of three second factors."""

    def __init__(self, host):
        self.host, self.alice = host, host.add_user("alice")
        self.secret, self.key = host.secret(), host.key_for(self.alice)
        self.lines = {"ours": "required MODULE", "peer": f"required {PEER}",
                      "none": "required pam_permit.so"}
        host.start_sshd(key=True)

    def start(self, factor):
        """Starts ssh, with a code that was not spent."""
        self.host.service("sshd", self.lines[factor])
        self.alice.enroll(self.secret, '" WINDOW_SIZE 17', '" DISALLOW_REUSE', mode=0o600)
        return self.host.ssh("alice", key=self.key, command=f"echo {MARK}")

    def seconds(self, factor):
        """How long a login takes."""
        begun = time.monotonic()
        client = self.start(factor)
        if factor != "none":
            client.await_prompt(ssh_client.CODE_PROMPT)
            client.answer(self.secret.code())
        client.child.expect_exact(f"{MARK}\r\n")
        took = time.monotonic() - begun
        client.child.expect_exact(ssh_client.pexpect.EOF)
        client.child.close()
        return took

    def memory(self, factor):
        """The KiB, resident and mapped, of the process that waits at the module's prompt."""
        module = PEER if factor == "peer" else self.host.module
        client = self.start(factor)
        client.await_prompt(ssh_client.CODE_PROMPT)
        found = {}
        for pid in self.host.sshd_processes():
            with open(f"/proc/{pid}/smaps", encoding="ascii") as file:
                text = file.read()
            if module in text:
                found = {key: sum(map(int, re.findall(rf"^{key}: +(\d+) kB", text, re.M)))
                         for key in MEMORY.values()}
        client.hang_up()
        if not found:
            sys.exit(f"ssh_cost: no process of sshd has {module} loaded")
        return found


def needed(path):
    """The libraries that a module names, without version numbers."""
    said = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True)
    return ", ".join(re.findall(r"\(NEEDED\).*\[(.*?)\.so", said.stdout))


def measure(host, wanted):
    """Prints the rounds."""
    logins = Logins(host)
    for factor in logins.lines:
        logins.seconds(factor)
    peers = {row: lambda other=TIMES[row]: logins.seconds(other) for row in wanted if row in TIMES}
    if peers:
        rounds.measure_beside(peers, lambda: logins.seconds("ours"), ROUNDS)
    if any(row in MEMORY for row in wanted):
        ours, peer = logins.memory("ours"), logins.memory("peer")
        for row in wanted:
            if row in MEMORY:
                rounds.report(row, ours[MEMORY[row]], peer[MEMORY[row]])
        rounds.note(f"Libraries that pam_totpgroup.so names: {needed(host.module)}; "
                    f"pam_google_authenticator.so: {needed(find_peer())}.")


def find_peer():
    """The path of the peer's module, or None."""
    found = [path for folder in ("/lib", "/usr/lib", "/lib64") for pattern in ("", "*/")
             for path in glob.glob(f"{folder}/{pattern}security/{PEER}")]
    return found[0] if found else None


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted([*TIMES, *MEMORY])
    rounds.need_private_machine(wanted)
    missing = [package for package, there in (
        ("libpam-google-authenticator", find_peer()), ("openssh-client", shutil.which("ssh")),
        ("openssh-server", sshd_host.installed_sshd())) if not there]
    if missing:
        rounds.skip(wanted, f"these packages are missing: {', '.join(missing)}")
        return
    with open(rounds.BUILD / ".libs" / "pam_totpgroup.so", "rb") as file:
        module = file.read()
    private_root.enter()
    path = private_root.install("pam_totpgroup.so", module)
    with sshd_host.SshdHost(path, log_socket.LogSocket()) as host:
        measure(host, wanted)


if __name__ == "__main__":
    main()
