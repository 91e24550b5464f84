# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll verify asks totp-verifyd where the caller may not read the store."""

import contextlib
import json
import os
import pwd
import re
import subprocess

from fake_verifyd import FakeVerifyd, failure, reply
from support import PROGRAM, Skip, check, equal, need, need_root, run, test

VERIFY = "org.totpgroup.Verify.Verify"


def as_nobody(folder, *arguments, answers="123456\n"):
    need("setpriv")
    folder.path.chmod(0o755)
    done = subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, *arguments],
        capture_output=True, text=True, check=False, input=answers, env=folder.environment())
    if done.returncode in (126, 127):
        raise Skip("nobody cannot run the program where it is")
    return done.returncode, done.stdout, done.stderr


def configure(folder, text="secret=/nowhere/${USER}\nuser=root\n", store=None):
    """A configuration whose store is the socket in the folder."""
    need_root()
    path = folder.path / "t.conf"
    path.write_text(f"store={store or f'socket:{folder.path}/verify'}\n{text}")
    path.chmod(0o644)
    return f"--conf={path}"


@contextlib.contextmanager
def daemon(folder, *answers):
    with FakeVerifyd(folder.path / "verify", *answers) as fake:
        yield fake


def ask(folder, answer, *arguments, user="nobody", answers="123456\n", text=None):
    """Exit status, output and errors of one run, and the calls that the daemon got."""
    conf = configure(folder) if text is None else configure(folder, text)
    with daemon(folder, answer) as fake:
        seen = as_nobody(folder, "verify", conf, *arguments, *([user] if user else []),
                         answers=answers)
    return seen, fake.calls


@test
def the_daemon_decides_for_a_caller_without_rights(folder):
    seen, calls = ask(folder, reply("accepted", method="totp", offset=0))
    equal(seen, (0, "nobody: right (totp)\n", ""), "the user herself")
    equal(calls, [{"method": VERIFY, "parameters": {"user": "nobody", "code": "123456"}}],
          "the question")
    seen, calls = ask(folder, reply("accepted"), user="daemon", answers=" 123 456\n")
    equal(seen, (0, "daemon: right\n", ""), "another user")
    equal(calls[0]["parameters"], {"user": "daemon", "code": "123456"}, "the question")
    seen, _ = ask(folder, reply("accepted"), "-q")
    equal(seen, (0, "", ""), "quietly")


@test
def the_daemons_refusals_are_the_exit_status(folder):
    cases = (
        (reply("refused"), 1, "nobody: wrong-code$"),
        (reply("refused", reason="reused"), 1, "nobody: reused$"),
        (reply("refused", reason="wrong-code", offset=95), 1, r"another time: offset=\+95s$"),
        (reply("refused", reason="not-enrolled"), 3, "nobody: not-enrolled$"),
        (reply("refused", reason="bad-file"), 6, "nobody: bad-file$"),
        (dict(parameters={"result": "limited", "retry_after": 31}), 4,
         "rate-limited, retry_after=31s$"),
        (failure("org.totpgroup.Verify.NotPermitted"), 5, "does not answer uid"),
        (failure("org.totpgroup.Verify.StoreError"), 6, "it cannot decide"),
        (failure("org.totpgroup.Verify.Busy"), 6, "too much to do"),
        (failure("org.varlink.service.InvalidParameter", parameter="code"), 1, "wrong-code$"),
        (b"", 6, "hung up without an answer"),
        (b"accepted\0", 6, "makes no sense"),
        (b"{\"parameters\":{\"result\":\"accepted\",\"retry_after\":0}}", 6, "hung up"),
        (b"x" * 5000 + b"\0", 6, "too long a reply"),
    )
    for answer, status, errors in cases:
        seen, _ = ask(folder, answer)
        equal(seen[:2], (status, ""), f"{answer}: {seen[2]}")
        check(re.search(errors, seen[2]), f"{answer}: {seen[2]}")


@test
def json_has_the_daemons_answer(folder):
    seen, _ = ask(folder, reply("accepted"), "--json")
    report = json.loads(seen[1])
    equal((report["accepted"], report["method"], report["reason"]), (True, None, None), "right")
    seen, _ = ask(folder, failure("org.totpgroup.Verify.NotPermitted"), "--json")
    report = json.loads(seen[1])
    equal((report["status"], report["accepted"]), (5, False), "not permitted")


@test
def a_daemon_that_is_down_is_reported(folder):
    conf = configure(folder)
    status, output, errors = as_nobody(folder, "verify", conf, "nobody")
    equal((status, output), (6, ""), errors)
    check("cannot connect: No such file" in errors and
          "systemctl status totp-verifyd.socket" in errors, errors)


@test
def a_daemon_that_is_not_root_is_not_believed(folder):
    conf = configure(folder)
    uid = pwd.getpwnam("nobody").pw_uid
    with FakeVerifyd(folder.path / "verify", reply("accepted"), uid=uid) as fake:
        status, output, errors = as_nobody(folder, "verify", conf, "nobody")
    equal((status, output), (6, ""), errors)
    check(f"uid {uid} listens there" in errors, errors)
    equal(fake.calls, [], "what it was told")


@test
def a_caller_who_can_reach_the_store_does_not_ask(folder):
    conf = configure(folder, "")
    with daemon(folder, reply("accepted")) as fake:
        status = run(folder, "verify", conf, "root", answers="123456\n", HOME="/nonexistent").status
        check(status != 0, "root was let in")
        mine = as_nobody(folder, "verify", f"--secret={folder.path}/none", "nobody")
        equal(mine[0], 3, f"a named store: {mine}")
        other = as_nobody(folder, "verify", conf, f"--secret={folder.path}/none", "root")
        equal(other[0], 5, f"another user's, and a named store: {other}")
    equal(fake.calls, [], "questions")
    conf = configure(folder, store="file")
    status, _, errors = as_nobody(folder, "verify", conf, "root")
    equal(status, 5, errors)
    check("only root may do that" in errors, errors)


@test
def the_daemon_is_asked_where_only_root_may_read_the_state(folder):
    """The caller may read the secret, but not its state."""
    state = folder.path / "state"
    text = f"secret={folder.path}/own/${{USER}}\nstate={state}/${{USER}}\n"
    need_root()
    state.mkdir(mode=0o700)
    own = folder.path / "own"
    own.mkdir()
    user = pwd.getpwnam("nobody")
    secret = own / "nobody"
    secret.write_text('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n" TOTP_AUTH\n12345678\n')
    secret.chmod(0o400)
    for path in (own, secret):
        os.chown(path, user.pw_uid, user.pw_gid)
    seen, calls = ask(folder, reply("accepted", method="emergency"), text=text,
                      answers="12345678\n")
    equal(seen, (0, "nobody: right (emergency)\n", ""), "the verdict")
    equal(len(calls), 1, "questions")


@test
def pipe_reads_a_user_and_a_code(folder):
    for answer, status in ((reply("accepted"), 0), (reply("refused"), 1),
                           (dict(parameters={"result": "limited", "retry_after": 9}), 4),
                           (failure("org.totpgroup.Verify.NotPermitted"), 5), (b"", 6)):
        for user in ("daemon", "no-such-user", "jürgen", "a b"):
            seen, calls = ask(folder, answer, "--pipe", user=None, answers=f"{user}\n123456\n")
            equal(seen[:2], (status, ""), f"{user}, {answer}: {seen[2]}")
            equal(calls[0]["parameters"], {"user": user, "code": "123456"}, "the question")


@test
def input_without_a_valid_user_is_refused(folder):
    for answers in ("", "\n123456\n", "x\x1b[2J\n123456\n", "x" * 255 + "\n123456\n",
                    "x" * 4000 + "\n123456\n", "daemon", "daemon\n123456\nmore\n",
                    "daemon\n123456\n\n", "daemon\n123456\nx"):
        seen, calls = ask(folder, reply("accepted"), "--pipe", user=None, answers=answers)
        equal(seen[:2], (1, ""), f"{answers!r}: {seen[2]}")
        check("\x1b" not in seen[2], repr(seen[2]))
        equal(calls, [], f"{answers!r}: questions")
    conf = configure(folder)
    equal(run(folder, "verify", conf, "--pipe", "root", answers="").status, 2, "two users")
    result = run(folder, "verify", conf, "--pipe", answers="no-such-user\n123456\n")
    equal((result.status, result.output), (1, ""), "an unknown user, for root")
