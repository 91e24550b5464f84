# SPDX-License-Identifier: LGPL-2.1-or-later
"""seal_key=: root's secrets and states, sealed at rest, behind a real sshd and with every command."""

import json
import os
import re
import shutil
import signal
import subprocess

import one_time_code
import private_root
from case import LONG, Skip
from scenario import check, let_in, refused, test
from sshd_host import EMERGENCY_CODES
from test_system_store import configured, totp_enroll

LINES = ('" RATE_LIMIT 10 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE', '" TOTP_AUTH')


class Store:
    """A store of root's with a file of keys, and users in it."""

    def __init__(self, host, *options, key="2027"):
        self.host = host
        host.add_group("root", gid=0)
        self.keys = f"{host.folder('keys')}/seal.keys"
        self.options = [f"seal_key={self.keys}", *options]
        self.top = configured(host, *self.options)
        os.makedirs(f"{self.top}/secret", 0o700)
        self.secrets = {}
        self.codes = {}
        if key:
            self.run("seal", f"--new-key={key}")

    def run(self, *words, status=0, answers=""):
        """Runs totp-enroll, and checks its status."""
        done = totp_enroll(self.host, *words, answers=answers)
        check(done.returncode == status, f"{words}: {done}")
        return done.stdout + done.stderr

    def add(self, name, emergency=EMERGENCY_CODES):
        """A user with a plain secret."""
        self.host.add_user(name)
        self.secrets[name] = self.host.secret(name)
        path = f"{self.top}/secret/{name}"
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o400)
            file.write("\n".join([self.secrets[name].base32, *LINES, *emergency, ""]))
        return path

    def text(self, kind, name):
        """A file of the store."""
        with open(f"{self.top}/{kind}/{name}", "rb") as file:
            return file.read()

    def key_of(self, kind, name):
        """The id of the key that sealed a file, or None where it is plain."""
        found = re.search(rb"totpgroup-sealed 1 (\S+)\n", self.text(kind, name))
        return found[1].decode() if found else None

    def take_secret(self, name, uri):
        """Keeps the secret that export printed."""
        self.secrets[name] = one_time_code.Secret.of_base32(re.search(r"secret=(\w+)", uri)[1])
        self.host.secrets.append(self.secrets[name])

    def log_in(self, name, step=0):
        """Logs in with a code of that step."""
        self.codes[name] = self.secrets[name].code(step)
        return self.log_in_again(name)

    def log_in_again(self, name):
        """Logs in with the same code as before, however long ago that was."""
        return self.host.login(name, code=self.codes[name])

    def shows_nothing(self):
        """No file of the store holds a secret, nor a code of one."""
        for folder, _, names in os.walk(self.top):
            for file in names:
                with open(f"{folder}/{file}", "rb") as opened:
                    text = opened.read()
                for secret in self.secrets.values():
                    for word in (secret.base32.encode(), secret.key, *(
                            code.encode() for code in EMERGENCY_CODES)):
                        check(word not in text, f"{folder}/{file} shows a secret")


@test
def a_sealed_secret_is_used_as_a_plain_one(host):
    store = Store(host)
    store.add("alice")
    let_in(store.log_in("alice"), "alice")
    check(store.key_of("state", "alice") == "2027", "a state is sealed when it is written")
    check(store.key_of("secret", "alice") is None, "the secret is plain until it is sealed")
    check("alice: would be sealed" in store.run("seal", "--dry-run", "alice"), "a dry run")
    check(store.key_of("secret", "alice") is None, "which changes nothing")
    check(store.run("seal", "alice") == "alice: sealed\n", "what it says")
    store.shows_nothing()
    check(store.run("seal", "alice") == "", "a second time there is nothing to do")
    refused(store.log_in_again("alice"), "alice", reason="reused")
    let_in(store.log_in("alice", 1), "alice")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    refused(host.login("alice", code=EMERGENCY_CODES[0]), "alice", reason="wrong-code")
    status = json.loads(store.run("status", "--json", "alice"))["users"][0]
    check(status["state"] == "confirmed", status)
    check(store.secrets["alice"].base32[:4] in store.run("show", "-f", "alice"), "show")
    store.run("verify", "alice", answers=f"{store.secrets['alice'].code(2)}\n")
    store.run("codes", "-f", "-q", "alice")
    check(store.key_of("secret", "alice") == "2027", "it stays sealed")
    store.shows_nothing()
    said = store.run("explain", "alice")
    check("sealed with the key 2027" in said, said)
    store.run("revoke", "-f", "alice")
    check(not os.path.exists(f"{store.top}/secret/alice"), "revoke")
    refused(store.log_in("alice", 3), "alice", reason="not-enrolled")


@test
def new_secrets_are_sealed(host):
    """Of enroll, bulk and import; and export gives them back."""
    store = Store(host)
    host.add_group("totp")
    for name in ("bob", "carol"):
        host.add_user(name, "totp")
    host.add_user("alice")
    host.add_user("dave")
    store.run("enroll", "--if-missing", "alice")
    folder = host.folder("letters")
    store.run("bulk", "--group=totp", f"--output={folder}", "--format=txt")
    secret = host.secret("dave")
    store.run("import", "--from=uri", answers=f"otpauth://totp/dave?secret={secret.base32}\n")
    for name in ("alice", "bob", "carol", "dave"):
        check(store.key_of("secret", name) == "2027", name)
    for name in ("alice", "bob"):
        store.take_secret(name, store.run("export", "-f", "--to=uri", name))
        let_in(store.log_in(name), name)
    store.shows_nothing()


@test
def a_key_that_is_missing_or_wrong_refuses(host):
    """Also with nullok: a secret that cannot be read is none that is missing."""
    store = Store(host, "nullok=yes")
    store.add("alice")
    store.run("seal", "alice")
    let_in(store.log_in("alice"), "alice")
    before = store.text("secret", "alice"), store.text("state", "alice")
    shutil.move(store.keys, f"{store.keys}.away")
    login = store.log_in("alice", 1)
    refused(login, "alice", reason="config-error")
    check(any("seal.keys: there is no such file" in line for line in login.log), "why", login)
    check("there is no such file" in store.run("status", "alice", status=6), "status")
    store.run("seal", "--new-key=2028")
    login = store.log_in("alice", 1)
    refused(login, "alice", reason="store-error")
    check(any("sealed with the key 2027, which is not there" in line for line in login.log),
          "why", login)
    for words in (("enroll", "-f", "-C", "alice"), ("enroll", "--if-missing", "alice"),
                  ("codes", "-f", "alice"), ("seal", "alice"), ("unseal", "alice"),
                  ("rekey", "alice")):
        done = totp_enroll(host, *words, answers="y\ny\ny\ny\ny\ny\n")
        check(done.returncode != 0 and "2027" in done.stderr, f"{words}: {done}")
    # The same id with other bytes.
    with open(store.keys, encoding="ascii") as file:
        text = file.read()
    with open(store.keys, "r+", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text.replace("key 2028", "key 2027"))
    login = store.log_in("alice", 1)
    refused(login, "alice", reason="bad-file")
    check(any("the key 2027 is another one" in line for line in login.log), "why", login)
    check((store.text("secret", "alice"), store.text("state", "alice")) == before,
          "nothing was overwritten")
    shutil.move(f"{store.keys}.away", store.keys)
    let_in(store.log_in("alice", 1), "alice")
    for mode in (0o440, 0o604):
        os.chmod(store.keys, mode)
        refused(store.log_in("alice", 2), "alice", reason="bad-file")
    os.chmod(store.keys, 0o400)
    let_in(store.log_in("alice", 2), "alice")


@test
def a_file_of_one_user_is_none_of_anothers(host):
    store = Store(host)
    for name in ("alice", "bob"):
        store.add(name)
        let_in(store.log_in(name), name)
    store.run("seal", "--all")
    shutil.copy(f"{store.top}/secret/bob", f"{store.top}/secret/alice")
    login = host.login("alice", code=store.secrets["bob"].code(1))
    refused(login, "alice", reason="bad-file")
    check(any("is not of this user" in line for line in login.log), "why", login)
    # Nor is a state a secret.
    state = store.text("state", "bob")
    with open(f"{store.top}/secret/bob", "wb") as file:
        file.write(state[state.index(b"totpgroup-sealed"):].rstrip(b"\0\n "))
    refused(store.log_in("bob", 1), "bob", reason="bad-file")


@test
def stores_may_be_mixed_and_keys_are_changed(host):
    store = Store(host)
    names = ("alice", "bob", "carol")
    for name in names:
        store.add(name)
        let_in(store.log_in(name), name)
    store.run("seal", "alice")
    said = totp_enroll(host, "doctor", "alice").stdout
    check("1 of 3 secrets is sealed" in said and "totp-enroll seal --all" in said, said)
    for name in names:
        let_in(store.log_in(name, 1), name)
    check("sealed 2; unchanged 1; failed 0" in store.run("seal", "--all"), "the others")
    store.run("seal", "--new-key=2028")
    check("would be sealed with the first key 3" in store.run("rekey", "--all", "-n"), "a dry run")
    for name in names:
        let_in(store.log_in(name, 2), name)
    said = totp_enroll(host, "doctor", "alice").stdout
    check("3 of 3 secrets are sealed with an older key" in said, said)
    store.run("rekey", "--all")
    said = totp_enroll(host, "doctor", "alice").stdout
    check("all secrets are sealed with the key 2028: 3" in said, said)
    for name in names:
        check([store.key_of(kind, name) for kind in ("secret", "state")] == ["2028"] * 2, name)
    # The old key is not needed any more.
    with open(store.keys, "r+", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        first = file.readline()
        file.seek(0)
        file.truncate()
        file.write(first)
    for name in names:
        let_in(store.log_in(name, 3), name)
    store.run("unseal", "--all")
    for name in names:
        check([store.key_of(kind, name) for kind in ("secret", "state")] == [None] * 2, name)
        check(store.text("secret", name).startswith(store.secrets[name].base32.encode()), name)


@test
def homes_stay_plain(host):
    store = Store(host)
    alice = host.add_user("alice")
    secret = host.secret()
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write(f"seal_key={store.keys}\n")
    alice.enroll(secret, *LINES, mode=0o600)
    let_in(host.login("alice", code=secret.code()), "alice")
    check(alice.read().startswith(secret.base32), "it is plain")
    check("stays plain" in store.run("seal", "alice", status=1), "it is said")


CALLS = "openat,write,pwrite64,fsync,fdatasync,renameat,renameat2,linkat,unlinkat,fchmod"


@test
def killed_at_any_call_each_file_is_old_or_new(host):
    """seal, unseal and rekey, killed at each system call that writes. The next run finishes."""
    everywhere(host, "signal=KILL", (-signal.SIGKILL, 128 + signal.SIGKILL))


@test
def where_any_call_fails_each_file_is_old_or_new(host):
    """The same where a call fails: the command says so, or needs it not."""
    everywhere(host, "error=ENOSPC", (0, 3, 6, 7))


def everywhere(host, what, statuses):
    """Does that to seal, unseal and rekey at one call after the other."""
    if shutil.which("strace") is None:
        raise Skip("strace is missing (package strace)")
    store = Store(host)
    names = ("alice", "bob")
    for name in names:
        store.add(name)
        let_in(store.log_in(name), name)
    step = 1
    for command, done in (("seal", "2027"), ("unseal", None), ("seal", "2027")):
        step = at_each_call(store, names, (command, done, step), what, statuses)
    store.run("seal", "--new-key=2029")
    at_each_call(store, names, ("rekey", "2029", step), what, statuses)


def at_each_call(store, names, what_is_done, what, statuses):
    """Does that to the command at its first call, its second, and so on, until it has no more."""
    command, key, step = what_is_done
    number, met = 0, True
    while met:
        number += 1 if LONG else 7
        log = f"{private_root.TOP}/calls"
        done = subprocess.run(
            ["strace", "-f", "-o", log, "-e", f"trace={CALLS}", "-e",
             f"inject={CALLS}:{what}:when={number}", store.host.enroll_program, command,
             "--all"], capture_output=True, text=True, check=False, cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"})
        met = done.returncode in statuses[:2] if "KILL" in what else "INJECTED" in read(log)
        # libgcrypt ends a process that cannot read a file of its own.
        check(done.returncode in (0, *statuses) or "in libgcrypt" in done.stderr,
              f"{command}, {number}: {done}")
        check(done.returncode == 0 or "KILL" in what or done.stderr, f"{command}, {number}: {done}")
        for name in names:
            status = json.loads(store.run("status", "--json", name))["users"][0]
            check(status["state"] == "confirmed", f"{command}, {what} at {number}: {status}")
    store.run(command, "--all")
    for name in names:
        check([store.key_of(kind, name) for kind in ("secret", "state")] == [key] * 2,
              f"{command} of {name}")
        refused(store.log_in_again(name), name, reason="reused")
        let_in(store.log_in(name, step), name)
    check(not [name for _, _, files in os.walk(store.top) for name in files
               if name not in names], "nothing is left behind")
    return step + 1


def read(path):
    """The text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()
