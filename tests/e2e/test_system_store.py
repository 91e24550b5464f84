# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that only root can read, with the state in a file of its own."""

import json
import os
import re
import subprocess

import one_time_code
from scenario import NO_REUSE, check, let_in, refused, test
from sshd_host import EMERGENCY_CODES

# User names as directories and domains have them; and names that cannot be file names. The last
# of these is the name of a temporary file.
NAMES = ("DOMAIN\\user", "user@example.com", "with blank", "jürgen", "machine$", "UPPER", "u" * 40,
         "100%s%n", "~", "til~de", "*")
BAD_NAMES = (".hidden", "..", "alice~Ab3dEf")


def look(path):
    """Everything that a write to the file or to its folder would change."""
    status = os.stat(path)
    folder = os.stat(os.path.dirname(path))
    with open(path, encoding="ascii") as file:
        return file.read(), status.st_ino, status.st_mtime_ns, status.st_ctime_ns, folder.st_mtime_ns


def write_secret(path, secret, *lines, emergency=()):
    """Writes a secret as root, as configuration management does."""
    text = "\n".join([secret.base32, *lines, '" TOTP_AUTH', *emergency]) + "\n"
    with open(f"{path}.new", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o400)
        file.write(text)
    os.rename(f"{path}.new", path)


def system_store(host, *options):
    """alice with a secret in a folder of root's, and an sshd that uses it."""
    alice, secret = host.add_user("alice"), host.secret()
    secrets, state = host.folder("secret"), host.folder("state")
    path = f"{secrets}/alice"
    write_secret(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code(
        " ".join([f"secret={secrets}/${{USER}} user=root state={state}/${{USER}}", *options]))
    host.start_sshd()
    return alice, secret, path, f"{state}/alice"


@test
def a_secret_on_a_read_only_file_system_works_with_state(host):
    alice, secret, path, state = system_store(host)
    host.mount_over(os.path.dirname(path), "--bind", os.path.dirname(path))
    host.remount(os.path.dirname(path), "ro")
    before = look(path)
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    refused(host.login("alice", code=EMERGENCY_CODES[0]), "alice", reason="wrong-code")
    check(look(path) == before, "the secret is not touched")
    check(os.stat(state).st_mode & 0o7777 == 0o600, "the state is root's alone")
    check(not alice.has_secret_file(), "nothing is in the home")


@test
def spent_codes_stay_spent_when_the_secret_is_put_back(host):
    _, secret, path, _ = system_store(host)
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    let_in(host.login("alice", code=EMERGENCY_CODES[1]), "alice", method="emergency")
    write_secret(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    refused(host.login("alice", code=code), "alice", reason="reused")
    write_secret(path, host.secret("another"), *NO_REUSE, emergency=EMERGENCY_CODES)
    let_in(host.login("alice", code=EMERGENCY_CODES[1]), "alice", method="emergency")
    write_secret(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    refused(host.login("alice", code=EMERGENCY_CODES[1]), "alice", reason="wrong-code")
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def a_damaged_state_refuses_and_is_named(host):
    _, secret, _, state = system_store(host)
    with open(state, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write('totpgroup-state 1\n" SPENT\n')
    refused(host.login("alice", code=secret.code()), "alice", reason="bad-file",
            detail=re.compile(re.escape(f"{state}, line 2: ")))


@test
def a_state_that_cannot_be_written_refuses(host):
    _, secret, _, state = system_store(host)
    host.mount_over(os.path.dirname(state), "--bind", os.path.dirname(state))
    host.remount(os.path.dirname(state), "ro")
    refused(host.login("alice", code=secret.code()), "alice", reason="store-error")
    host.remount(os.path.dirname(state), "rw")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def allow_readonly_covers_the_state_and_is_logged(host):
    """Also where there is no state file yet."""
    _, secret, _, state = system_store(host, "allow_readonly")
    host.mount_over(os.path.dirname(state), "--bind", os.path.dirname(state))
    host.remount(os.path.dirname(state), "ro")
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    login = host.login("alice", code=secret.code())
    let_in(login, "alice", method="totp")
    check(any(": unrecorded user=alice" in line for line in login.log), "it is logged", login)
    check(not os.path.exists(state), "nothing could be made")


def configured(host, *options):
    """Configures the system store as the README does. Its folders do not exist yet."""
    top = host.folder("lib")
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write("\n".join([f"secret={top}/secret/${{USER}}", "user=root",
                              f"state={top}/state/${{USER}}", *options]) + "\n")
    host.at_end(os.unlink, "/etc/security/totpgroup.conf")
    host.password_then_code()
    host.start_sshd()
    return top


def totp_enroll(host, *words, answers="", user=None):
    """Runs the program as root, or as that user."""
    rights = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
    home = user.home if user else "/root"
    return subprocess.run([host.enroll_program, *words], input=answers, capture_output=True,
                          text=True, check=False, cwd="/",
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": home}, **rights)


@test
def root_enrolls_a_user_into_the_system_store(host):
    alice, bob = host.add_user("alice"), host.add_user("bob")
    top = configured(host)
    done = totp_enroll(host, "doctor", "--json", "alice")
    mends = [finding["mend"]["text"] for finding in json.loads(done.stdout)["findings"]
             if finding["check"] == "secret"]
    check(mends == ["totp-enroll enroll alice"], f"doctor says {mends}")
    done = totp_enroll(host, "enroll", "alice", answers="y\n-1\ny\ny\ny\ny\n")
    check(done.returncode == 0, f"{done.stdout} {done.stderr}")
    check(f"Done: {top}/secret/alice is written." in done.stdout, done.stdout)
    with open(f"{top}/secret/alice", encoding="ascii") as file:
        secret = one_time_code.Secret.of_base32(file.readline().strip())
    host.secrets.append(secret)
    for path in (top, f"{top}/secret"):
        check(os.stat(path).st_mode & 0o7777 == 0o700, f"{path} is root's alone")
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    check(not alice.has_secret_file(), "nothing is in the home")
    for words in ((), ("enroll", "--if-missing"), ("show", "-f"), ("codes",)):
        done = totp_enroll(host, *words, user=alice)
        check(done.returncode == 5 and done.stdout == "", f"{words}: {done}")
        check("where users cannot read them" in done.stderr, f"{words}: {done}")
    check(bob.files() == {} and alice.files() == {}, "nothing is in the homes")


@test
def each_name_has_a_file_of_its_own_or_is_refused(host):
    for name in NAMES + BAD_NAMES:
        host.add_user(name, home=f"number{len(host.users)}")
    top = configured(host)
    for name in NAMES:
        done = totp_enroll(host, "enroll", "--if-missing", "--", name)
        check((done.returncode, done.stderr) == (0, ""), f"{name}: {done}")
        with open(f"{top}/secret/{name}", encoding="ascii") as file:
            secret = one_time_code.Secret.of_base32(file.readline().strip())
        host.secrets.append(secret)
        code = secret.code()
        check(host.login(name, code=code).let_in, f"{name} is not let in")
        done = totp_enroll(host, "status", "--json", "--", name)
        user = json.loads(done.stdout)["users"][0]
        check((user["user"], user["state"]) == (name, "confirmed"), f"{user}")
        check(user["last_used"] is not None, f"{name}: the state is not found")
        done = totp_enroll(host, "verify", "--", name, answers=f"{code}\n")
        check(done.returncode == 1 and "reused" in done.stderr, f"{name}: {done}")
        for words, status in (("show -f", 0), ("codes -q", 0), ("doctor", None), ("revoke -f", 0)):
            done = totp_enroll(host, *words.split(), "--", name)
            check(status in (None, done.returncode), f"{words}: {name}: {done}")
    check(sorted(os.listdir(f"{top}/state")) == sorted(NAMES), "each has a state")
    check(os.listdir(f"{top}/secret") == [], "each was revoked")
    for name in BAD_NAMES:
        done = totp_enroll(host, "enroll", "--if-missing", "--", name)
        check(done.returncode == 6 and "this user's name is not safe as a file name" in done.stderr,
              f"{name}: {done}")
        check(not host.login(name, code="123456").let_in, f"{name} is let in")
    check(os.listdir(f"{top}/secret") == [], "a file of a name that is none")
    done = totp_enroll(host, "enroll", "--if-missing", "--", "-dash")
    check(done.returncode == 2 and "no user '-dash'" in done.stderr, f"{done}")
