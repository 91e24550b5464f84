# SPDX-License-Identifier: LGPL-2.1-or-later
"""The role in examples/ansible joins a host to a store in PostgreSQL."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import case
from case import SOURCE, Skip, equal
from store_host import KEYS, TOP, check, test
from test_program import enroll

EXAMPLE = {path.relative_to(SOURCE / "examples/ansible"): path.read_text(encoding="utf-8")
           for path in (SOURCE / "examples/ansible").rglob("*") if path.is_file()}


class ControlNode:
    """ansible-playbook on the machine itself, with the programs of the build."""

    def __init__(self, host):
        self.folder = pathlib.Path(f"{TOP}/play")
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in EXAMPLE.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / "inventory.ini").write_text(
            "[ssh_with_codes]\nprivate ansible_connection=local "
            f"ansible_python_interpreter={sys.executable}\n")
        (self.folder / "secrets.yml").write_text("{}\n")
        (self.folder / "bin").mkdir()
        os.symlink(host.paths["enroll"], self.folder / "bin/totp-enroll")
        os.makedirs("/etc/security", exist_ok=True)
        self.variables = {
            "ansible_become": False, "ansible_service_mgr": "none", "totpgroup_recipe": "", "totpgroup_conf": {"store": "pgsql"},
            "totpgroup_folders": [],
            "totpgroup_store": {
                "plugin": host.paths["plugin"], "key_file": "/etc/security/store.keys",
                "connection": f"host={host.cluster.socket} dbname={host.cluster.database} "
                              "user=web1"},
            "totpgroup_store_addresses": ["192.0.2.11"],
            "totpgroup_store_files": [{"path": "/etc/security/store.keys",
                                       "content": pathlib.Path(KEYS).read_text()}]}

    def play(self, *options, status=0):
        """The counts that ansible-playbook reports, and what it said."""
        done = subprocess.run(
            ["ansible-playbook", "-i", "inventory.ini", "-vv", "--diff", "-e",
             json.dumps(self.variables), *options, "site.yml"],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=240, env={
                "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_PIPELINING": "1", "ANSIBLE_GATHERING": "explicit",
                "ANSIBLE_LOCAL_TEMP": f"{self.folder}/local",
                "ANSIBLE_REMOTE_TMP": f"{self.folder}/remote",
                "PATH": f"{self.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
        said = done.stdout + done.stderr
        check(done.returncode == status, said[-4000:])
        recap = re.search(r"^private +: (.*)$", said, re.M)
        return ({name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", recap[1])}, said)


@test
def a_host_joins_and_a_second_run_changes_nothing(host):
    if shutil.which("ansible-playbook") is None:
        raise Skip("no ansible-playbook (package ansible-core)")
    enroll(host, "root")
    node = ControlNode(host)
    key = pathlib.Path(KEYS).read_text().split()[-1]
    counts, said = node.play()
    check(counts["changed"] > 0 and counts["failed"] == 0, str(counts))
    check(key not in said, "the key is in the output")
    status = os.stat("/etc/security/store.keys")
    equal((status.st_mode & 0o7777, status.st_uid), (0o400, 0), "the file of keys")
    drop_in = pathlib.Path("/etc/systemd/system/totp-verifyd.service.d/pgsql.conf").read_text()
    check("PrivateNetwork=no" in drop_in and "IPAddressAllow=192.0.2.11" in drop_in, drop_in)
    equal(host.rows("select name, keys from totpgroup.host where role = 'web1';"),
          [["private", "{k1}"]], "the host is known")
    counts, _ = node.play()
    equal((counts["changed"], counts["failed"]), (0, 0), "again")
    if not case.LONG:
        return
    # A host that cannot use the store does not come as far as sshd.
    node.variables["totpgroup_store_files"][0]["content"] = f"key k1 {'A' * 43}=\n"
    _, said = node.play(status=2)
    check("other hosts have other bytes for the key k1" in " ".join(said.split()), said[-3000:])
