# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/ansible on a private machine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import debian_host
import one_time_code
from case import BUILD, Skip
from scenario import check, let_in, test
from sshd_host import EMERGENCY_CODES, TOP

SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
EXAMPLE = f"{SOURCE}/examples/ansible"
NEEDED = ("ansible-playbook", "ansible-vault", "autoconf", "automake", "libtoolize", "pkg-config",
          "make", "gcc", "msgfmt")

# Files that a build makes. The role must take all steps of README.md itself.
LEFT_OUT = re.compile(r"totpgroup/(build|build-aux|configure|aclocal\.m4|Makefile(\.in)?|config\.h(\.in)?|"
                      r"config\.(log|status)|libtool|man3|stamp-h1)|"
                      r".*/(\.git|autom4te\.cache|\.libs|[^/]*\.l?[oa]|__pycache__)")

PASSWORD_OF_VAULT = "a password of the test"


class ControlNode:
    """ansible-playbook, with all that it needs and leaves in one folder."""

    def __init__(self, host):
        self.folder = host.folder("ansible")
        self.said = ""
        shutil.copytree(EXAMPLE, f"{self.folder}/play")
        self._write("inventory.ini", "[ssh_with_codes]\nprivate ansible_connection=local "
                    f"ansible_python_interpreter={sys.executable}\n")
        self._write("password", PASSWORD_OF_VAULT)
        self._pack()
        self.variables = {
            "ansible_become": False,
            "totpgroup_archive": f"{self.folder}/totpgroup.tar",
            "totpgroup_build_packages": [],
            "totpgroup_key_alone": ["robot"],
            "totpgroup_configure": ["--disable-tests", "--disable-hardening", "CFLAGS=-O0"],
            "totpgroup_group": "totp",
            "totpgroup_letters": f"{self.folder}/letters",
            "totpgroup_reload_sshd": f"kill -HUP {host.sshd_pid}",
        }

    def _write(self, name, text):
        with open(f"{self.folder}/play/{name}", "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)

    def _pack(self):
        def wanted(member):
            built = os.path.realpath(f"{SOURCE}/{member.name.partition('/')[2]}") == build != SOURCE
            return None if built or LEFT_OUT.fullmatch(member.name) else member
        build = os.path.realpath(BUILD)
        with tarfile.open(f"{self.folder}/totpgroup.tar", "w") as archive:
            archive.add(SOURCE, "totpgroup", filter=wanted)

    def keep_in_vault(self, *users):
        """secrets.yml, encrypted as its first lines say."""
        self._write("secrets.yml", json.dumps({"totpgroup_users": users}))
        self._run("ansible-vault", "encrypt", "--vault-password-file=password", "secrets.yml")
        with open(f"{self.folder}/play/secrets.yml", encoding="ascii") as file:
            check(file.read().startswith("$ANSIBLE_VAULT"), "the file is not encrypted")

    def play(self, *options, status=0):
        """The counts that ansible-playbook reports for the host."""
        done = self._run("ansible-playbook", "-i", "inventory.ini", "-vvv", "--diff",
                         "--vault-password-file=password", "-e", json.dumps(self.variables),
                         *options, "site.yml", status=status)
        recap = re.search(r"^private +: (.*)$", done, re.M)
        check(recap, f"no end of the play:\n{done}")
        return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", recap[1])}

    def _run(self, *words, status=0):
        done = subprocess.run(
            words, cwd=f"{self.folder}/play", stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
            env={"HOME": self.folder, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1",
                 "ANSIBLE_LOCAL_TEMP": f"{self.folder}/local",
                 "ANSIBLE_REMOTE_TMP": f"{self.folder}/remote",
                 "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
        self.said += done.stdout + done.stderr
        check(done.returncode == status, f"{words[0]}: {done.returncode}\n{done.stdout[-6000:]}"
              f"{done.stderr[-2000:]}")
        return done.stdout


def missing():
    """The first program or library that this machine lacks."""
    for program in NEEDED:
        if shutil.which(program) is None:
            return program
    # Debian 13's pam.pc requires what the packages of PAM do not bring.
    if not os.path.exists("/usr/include/security/pam_modules.h") or subprocess.run(
            ["pkg-config", "--exists", "libgcrypt", "libqrencode", "libpng", "json-c"],
            check=False).returncode != 0:
        return "a library to build with"
    return None


def debian(host):
    """A Debian before the README: sshd and PAM without codes, and an empty /usr/local. Changes below
    /usr, /var/lib and /etc go to folders of the test. Returns the folders to watch."""
    written = debian_host.over_folders(host, "/usr", "/var/lib", "/etc")
    debian_host.empty_local(host)
    debian_host.pam("@include common-auth\naccount required pam_unix.so\n"
                    "session required pam_unix.so\n")
    os.makedirs("/etc/tmpfiles.d", exist_ok=True)
    debian_host.sshd(host)
    return [*written[:2], "/usr/local", "/etc"]


def everything(folders):
    """All files in the folders, with their mode, owner, inode and time."""
    found = {}
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in (".", *names):
                status = os.lstat(f"{path}/{name}")
                found[f"{path}/{name}"] = (status.st_mode, status.st_uid, status.st_ino,
                                           status.st_mtime_ns if name != "." else 0)
    return found


def lines_of(path):
    """The lines of a file without comments."""
    with open(path, encoding="ascii") as file:
        return [line for line in file.read().splitlines() if line and not line.startswith("#")]


def secret_of(user):
    """The secret file that the role wrote for the user: its text and its secret."""
    with open(f"/var/lib/totpgroup/secret/{user}", encoding="ascii") as file:
        text = file.read()
    return text, one_time_code.Secret.of_base32(text.partition("\n")[0])


def check_lines_of_the_examples():
    """Checks that the role writes the lines of the examples."""
    for written, example in (("/etc/pam.d/sshd-totpgroup", "pam.d/sshd-password-and-code"),
                             ("/etc/ssh/sshd_config.d/10-totpgroup.conf",
                              "sshd_config.d/password-and-code.conf"),
                             ("/etc/tmpfiles.d/totpgroup.conf", "tmpfiles.d/totpgroup.conf")):
        lines = lines_of(f"{SOURCE}/conf/{example}")
        check(lines_of(written)[:len(lines)] == lines, f"{written} is not conf/{example}")


@test
def the_role_builds_installs_configures_and_enrolls_once(host):
    if (lacking := missing()) is not None:
        raise Skip(f"{lacking} is missing")
    alice = host.secret()
    host.add_group("root", gid=0)
    host.add_group("totp")
    host.add_user("alice")
    for user in ("bob", "carol"):
        host.add_user(user, "totp")
    folders = debian(host)
    control = ControlNode(host)
    control.keep_in_vault(
        {"name": "alice", "secret": f"user,secret,emergency_codes\nalice,{alice.base32},"
                                    f"{' '.join(EMERGENCY_CODES)}\n"}, {"name": "bob"})
    key = host.key_for(host.add_user("robot"))
    check(host.login("alice").let_in, "nobody is asked before")

    before = everything(folders)
    recap = control.play("--check")
    check(recap["failed"] == 0 and recap["changed"] > 0, f"a check: {recap}")
    after = everything(folders)
    check(after == before, f"a check has changed {set(after.items()) ^ set(before.items())}")

    said = len(host.sshd_messages)
    recap = control.play()
    check(recap["failed"] == 0 and recap["changed"] > 0, f"the first play: {recap}")
    host.await_restart(said)
    check_lines_of_the_examples()
    let_in(host.login("alice", code=alice.code()), "alice", method="totp")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    check(host.login("robot", key=key, methods="publickey").let_in, "a key that is enough")
    made, bob = secret_of("bob")
    host.secrets.append(bob)
    let_in(host.login("bob", code=bob.code()), "bob", method="totp")

    hers, carol = secret_of("carol")
    host.secrets.append(carol)
    let_in(host.login("carol", code=carol.code()), "carol", method="totp")
    check(sorted(os.listdir(f"{control.folder}/letters")) == ["carol.html", "letters.html"],
          "one letter, for who had no secret")

    before = everything(["/etc", "/usr/local/bin", "/var/lib/totpgroup"])
    recap = control.play()
    check(recap["failed"] == 0 and recap["changed"] == 0, f"a second play: {recap}")
    check(everything(["/etc", "/usr/local/bin", "/var/lib/totpgroup"]) == before,
          "the second play changed something")

    # Another secret is refused, by its reason, and replaced where that is allowed.
    control.variables |= {"totpgroup_archive": "", "totpgroup_recipe": ""}
    other = host.secret("another")
    control.keep_in_vault({"name": "alice", "secret": f"user,secret\nalice,{other.base32}\n"})
    check(control.play(status=2)["failed"] == 1, "another secret")
    check("alice: /var/lib/totpgroup/secret/alice: there is another secret" in control.said,
          "the reason is not said")
    control.variables["totpgroup_replace"] = True
    check(control.play()["changed"] == 1, "the secret that is replaced")
    let_in(host.login("alice", code=other.code()), "alice", method="totp")

    for word in (alice.base32, other.base32, bob.base32, carol.base32, *EMERGENCY_CODES,
                 PASSWORD_OF_VAULT, *re.findall("^[0-9]{8}$", made + hers, re.M)):
        check(word.lower() not in control.said.lower(), f"Ansible says {word}")
