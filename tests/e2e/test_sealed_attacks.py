# SPDX-License-Identifier: LGPL-2.1-or-later
"""seal_key= attacked: keys that are lost, users without a secret, files that are no files."""

import os
import shutil
import socket

from scenario import check, let_in, refused, test
from test_sealed_store import Store
from test_system_store import totp_enroll


def drop_older_keys(store):
    """Leaves the first key in the file of keys."""
    with open(store.keys, encoding="ascii") as file:
        first = file.readline()
    os.chmod(store.keys, 0o600)
    with open(store.keys, "w", encoding="ascii") as file:
        file.write(first)


def enroll_anew(store, name):
    """Enrolls a user whose secret is gone, and logs in."""
    store.run("enroll", "--if-missing", name)
    uri = store.run("export", "-f", "--to=uri", name)
    store.take_secret(name, uri)
    let_in(store.log_in(name), name)


@test
def a_state_of_a_user_without_a_secret_changes_its_key_too(host):
    """Otherwise the user could never enroll again once the older key is dropped."""
    store = Store(host)
    for name in ("alice", "bob"):
        store.add(name)
        let_in(store.log_in(name), name)
    # A state of somebody who is not a user any more.
    store.run("unseal", "bob")
    shutil.copy(f"{store.top}/state/bob", f"{store.top}/state/gone")
    store.run("seal", "--all")
    store.run("revoke", "-f", "alice")
    store.run("seal", "--new-key=2028")
    store.run("rekey", "bob")
    said = totp_enroll(host, "doctor", "bob").stdout
    check("all secrets are sealed with the key 2028" not in said, said)
    check("states of users without a secret that the key 2028 did not seal: 1" in said and
          "totp-enroll rekey --all" in said, said)
    store.run("rekey", "--all")
    check(store.key_of("state", "alice") == "2028", "the state of alice, who has no secret")
    said = totp_enroll(host, "doctor", "bob").stdout
    check("all secrets are sealed with the key 2028" in said, said)
    drop_older_keys(store)
    enroll_anew(store, "alice")
    store.run("revoke", "-f", "alice")
    store.run("unseal", "--all")
    check(store.key_of("state", "alice") is None, "and is unsealed")


@test
def a_state_that_an_older_key_sealed_is_counted(host):
    store = Store(host)
    store.add("alice")
    let_in(store.log_in("alice"), "alice")
    store.run("seal", "alice")
    state = store.text("state", "alice")
    store.run("seal", "--new-key=2028")
    store.run("rekey", "alice")
    with open(f"{store.top}/state/alice", "wb") as file:
        file.write(state)
    said = totp_enroll(host, "doctor", "alice").stdout
    check("sealed with an older key" in said, said)


@test
def after_a_loss_of_the_keys_users_enroll_anew(host):
    """As the guide says."""
    store = Store(host)
    store.add("alice")
    let_in(store.log_in("alice"), "alice")
    store.run("seal", "alice")
    os.unlink(store.keys)
    store.run("seal", "--new-key=2028")
    state = store.text("state", "alice")
    said = store.run("revoke", "-f", "alice", status=6)
    check("key 2027" in said and "if the key is lost for good, remove this file, too" in said and
          f"{store.top}/state/alice" in said, said)
    check(store.text("state", "alice") == state, "what cannot be read is not overwritten")
    os.unlink(f"{store.top}/state/alice")
    enroll_anew(store, "alice")


@test
def a_user_whose_state_cannot_be_opened_is_not_unenrolled(host):
    store = Store(host, "nullok=yes")
    path = store.add("alice")
    let_in(store.log_in("alice"), "alice")
    os.unlink(path)
    refused(store.log_in("alice", 1), "alice", reason="store-error")
    os.rename(store.keys, f"{store.keys}.away")
    refused(store.log_in("alice", 1), "alice", reason="store-error")


@test
def what_is_no_file_of_keys_refuses_at_once(host):
    """A pipe, a socket, a folder, links, a file of a gigabyte, an empty one."""
    store = Store(host)
    store.add("alice")
    store.run("seal", "alice")
    with open(store.keys, "rb") as file:
        good = file.read()
    kept = f"{store.keys}.kept"
    os.rename(store.keys, kept)
    before = store.text("secret", "alice")

    def huge():
        with open(store.keys, "wb") as file:
            os.fchmod(file.fileno(), 0o400)
            file.write(good)
            file.truncate(1 << 30)

    def empty():
        os.close(os.open(store.keys, os.O_CREAT | os.O_WRONLY, 0o400))

    def bound():
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(store.keys)

    def others():
        with open(store.keys, "wb") as file:
            file.write(good)
        os.chmod(store.keys, 0o400)
        os.chown(store.keys, 1, 1)

    for make in (lambda: os.mkfifo(store.keys, 0o400), bound, lambda: os.mkdir(store.keys, 0o700),
                 lambda: os.symlink(kept, store.keys), lambda: os.link(kept, store.keys),
                 lambda: os.symlink("/dev/zero", store.keys), huge, empty, others):
        make()
        for words in (("status", "alice"), ("show", "-f", "alice"), ("export", "-f", "alice"),
                      ("enroll", "--if-missing", "alice"), ("seal", "--new-key=2029"),
                      ("rekey", "--all"), ("revoke", "--device=x", "-f", "alice")):
            done = totp_enroll(host, *words)
            check(done.returncode != 0 and "seal.keys" in done.stderr + done.stdout,
                  f"{words}: {done}")
        login = store.log_in("alice")
        check(not login.let_in, "let in", login)
        if os.path.isdir(store.keys) and not os.path.islink(store.keys):
            os.rmdir(store.keys)
        else:
            os.unlink(store.keys)
    check(store.text("secret", "alice") == before, "it is as it was")
    os.rename(kept, store.keys)
    let_in(store.log_in("alice"), "alice")


@test
def a_secret_that_is_too_long_to_be_sealed_stays_plain(host):
    store = Store(host)
    many = [f"{10_000_000 + i}" for i in range(6000)]
    path = store.add("alice", emergency=many)
    before = store.text("secret", "alice")
    check("too long to be sealed" in store.run("seal", "alice", status=1), "why")
    check(store.text("secret", "alice") == before, "it stays")
    let_in(store.log_in("alice"), "alice")
    os.unlink(path)


@test
def nobody_gets_a_second_secret_while_the_keys_are_away(host):
    store = Store(host)
    host.add_group("totp")
    host.add_user("bob", "totp")
    store.run("enroll", "--if-missing", "bob")
    before = store.text("secret", "bob")
    # carol has none, and gets no plain one.
    host.add_user("carol", "totp")
    os.rename(store.keys, f"{store.keys}.away")
    folder = host.folder("letters")
    for words, answers in (
            (("bulk", "--group=totp", f"--output={folder}", "--format=txt"), ""),
            (("import", "--from=uri"), "otpauth://totp/bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n"),
            (("import", "-f", "--from=uri"),
             "otpauth://totp/bob?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n"),
            (("enroll", "--if-missing", "bob"), ""), (("enroll", "-f", "-C", "bob"), "y\n")):
        done = totp_enroll(host, *words, answers=answers)
        check(done.returncode != 0, f"{words}: {done}")
        check(store.text("secret", "bob") == before, f"{words}: it is as it was: {done}")
    check(totp_enroll(host, "enroll", "-f", "-C", "carol").returncode != 0, "carol")
    check(os.listdir(f"{store.top}/secret") == ["bob"], os.listdir(f"{store.top}/secret"))
    check(not os.listdir(folder), f"a letter: {os.listdir(folder)}")
