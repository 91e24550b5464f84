# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each system call that totp-verifyd makes for a request fails in turn, with each error that it can
give, by strace. Whatever happens,

  - a wrong code is never accepted, and a code that was accepted is spent;
  - a call that is not answered as it should be leaves a line in the log;
  - the daemon goes on: the next code is accepted, and no descriptor stays open.

The short mode takes some calls of each request at random; TOTPGROUP_LONG=1 takes all."""

import contextlib
import random
import re
import shutil
import signal
import subprocess

from case import LONG, Skip, seed
from verifyd_host import TOP, WEB, Client, check, equal, test

SAMPLE = 10  # calls of each request
ERRORS = ("EIO", "ENOSPC", "EACCES", "ENOMEM", "EMFILE", "EROFS", "EDQUOT", "EPERM", "EINTR", "EAGAIN",
          "ENOENT", "ENOSYS", "EINVAL")
LINES = ('" WINDOW_SIZE 17', '" DISALLOW_REUSE', '" RATE_LIMIT 100 600')
# What threads wait with: a wait that fails is no request's. Or what fails for wrong arguments alone.
LEFT_OUT = {"futex", "epoll_wait", "epoll_pwait", "ppoll", "poll", "restart_syscall", "exit",
            "rt_sigreturn", "rt_sigprocmask",
            # strace leaves a descriptor open that the kernel closes even where it reports an error.
            "close"}
# The log itself, which has no line where these fail.
OF_THE_LOG = {"socket", "connect", "sendto", "sendmsg", "write", "writev"}


@contextlib.contextmanager
def traced(host, *options):
    """strace on all threads of the daemon. Gives the file with what it sees."""
    if shutil.which("strace") is None:
        raise Skip("strace is missing (package strace)")
    path, said = f"{TOP}/trace", f"{TOP}/strace"
    with open(said, "w", encoding="utf-8") as stream:
        tracer = subprocess.Popen(  # pylint: disable=consider-using-with
            ["strace", "-f", "-o", path, *options, "-p", str(host.daemon.pid)], stderr=stream)
    try:
        while " attached" not in read(said):
            check(tracer.poll() is None, f"strace ended: {read(said)}")
        yield path
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()


def read(path):
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def ask(call, uid=33):
    """The daemon's answer to a request on a connection of its own; None where it hung up."""
    with Client(uid=uid) as client:
        try:
            return call(client)
        except (AssertionError, ConnectionError) as problem:
            check(str(problem) == "closed" or isinstance(problem, ConnectionError), str(problem))
            return None


def verify(client, user, code):
    """The result, or the last word of an error's name."""
    answer = client.verify(user, code)
    return answer if isinstance(answer, str) else answer[0]


def status(client):
    """The members of the answer; None where there is none."""
    answer = client.call("Status", user="bob")
    return None if answer is None else sorted(answer)


def requests(host, secret):
    """The name of each request, its call, its answer, and the code that it spends."""
    code, wrong = secret.code(), secret.wrong_code()
    yield "a right code", lambda client: verify(client, "alice", code), "accepted", code
    yield "a wrong code", lambda client: verify(client, "alice", wrong), "refused", None
    host.secret("bob", *LINES)
    yield "a status", lambda client: status(client), ["parameters"], None


def calls_of(host, call, expected, name):
    """Each system call of a request, with its number among those of that name in its thread."""
    with traced(host, "-y") as path:
        equal(ask(call), expected, f"{name}, undisturbed")
    seen, found = {}, []
    for line in read(path).splitlines():
        match = re.match(r"(\d+) +(\w+)\(", line)
        if match and match[2] not in LEFT_OUT:
            key = match[1], match[2]
            seen[key] = seen.get(key, 0) + 1
            # The number in it cannot become too large.
            if "eventfd" not in line:
                found.append((match[2], seen[key]))
    check(len(found) > 5, f"{name}: hardly any call: {found}")
    return found


def judge(host, answer, expected, spent, where, mark):
    """What is true whatever happened. mark is None where the peer is not root, of whose lines the log
    withholds some."""
    check(host.daemon.poll() is None, f"{where}: the daemon ended")
    if answer != expected:
        check(answer != "accepted", f"{where}: a wrong code is accepted")
        check(mark is None or host.said(mark) or where.split(", ")[1].split()[0] in OF_THE_LOG or answer is None,
              f"{where}: {answer} without a line in the log")
    if answer == "accepted":
        equal(ask(lambda client: verify(client, "alice", spent)), "refused", f"{where}: once more")


def count_descriptors(host):
    """While one client is connected, who was answered, so that those before it are gone."""
    with Client() as client:
        verify(client, "dave", "123456")
        return host.descriptors()


@test
def a_connection_whose_events_cannot_be_watched_ends_no_daemon(host):
    """Also where a worker has its call already."""
    secret = host.secret("alice", *LINES)
    host.start()
    for number in (1, 2, 3):
        wrong, mark = secret.wrong_code(), host.log.mark()
        with traced(host, "-e", f"inject=epoll_ctl:error=ENOMEM:when={number}+"):
            answer = ask(lambda client, code=wrong: verify(client, "alice", code), 0)
        check(answer in ("refused", "Busy", None), f"call {number}: {answer}")
        check(host.said(mark), f"call {number}: nothing in the log")
        equal(ask(lambda client, code=secret.wrong_code(): verify(client, "alice", code)), "refused",
              f"the next call after {number}")


@test
def a_call_that_fails_lets_nobody_in_and_the_daemon_goes_on(host):
    host.configure(WEB + "attempts=no\nstatus=yes\n")
    secret = host.secret("alice", *LINES)
    host.start()
    with open(f"/proc/{host.daemon.pid}/exe", "rb") as program:
        if re.search(rb"__[at]san_init", program.read()):
            raise Skip("a sanitizer ends the process where its own calls fail")
    rng, kinds = random.Random(seed()), [name for name, *_ in requests(host, secret)]
    for number, name in enumerate(kinds):
        secret = host.secret("alice", *LINES)
        _, call, expected, _ = list(requests(host, secret))[number]
        every = calls_of(host, call, expected, name)
        before, results = count_descriptors(host), []
        for system_call, index in every if LONG else rng.sample(every, min(SAMPLE, len(every))):
            for error in ERRORS if LONG else rng.sample(ERRORS, 1):
                secret = host.secret("alice", *LINES)
                _, call, expected, spent = list(requests(host, secret))[number]
                uid = rng.choice((0, 33))
                mark = host.log.mark() if uid == 0 else None
                with traced(host, "-e", f"inject={system_call}:error={error}:when={index}"):
                    answer = ask(call, uid)
                results.append(answer)
                where = f"{name}, {system_call} {index}, {error}"
                judge(host, answer, expected, spent, where, mark)
                equal(ask(lambda client, code=secret.code(1): verify(client, "alice", code)),
                      "accepted", f"{where}: the next code")
        equal(count_descriptors(host), before, f"{name}: open descriptors")
        print(f"# {name}: {len(every)} calls, {len(results)} trials, as it should be "
              f"{results.count(expected)} times", flush=True)
