# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private machine as its administrator sees it: users, groups, secrets and the daemon."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import case
import log_socket
import private_root
from case import BUILD, Skip, check, equal  # pylint: disable=unused-import
from one_time_code import Secret

TOP = private_root.TOP
STORE = f"{TOP}/store"
CONF = f"{TOP}/conf/totpgroup.conf"
SOCKET = "/run/totpgroup/verify"
DEADLINE = 30

# The window is so wide that a test may run into the next time step.
LINES = ('" RATE_LIMIT 3 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE')

WEB = """
[verify web]
peer=www-data
groups=webtotp
"""

# Name: (uid, supplementary groups)
USERS = {
    "root": (0, ("webtotp",)),
    "www-data": (33, ()),
    "alice": (1001, ("webtotp",)),
    "bob": (1002, ("webtotp",)),
    "carol": (1003, ()),
    "dave": (1004, ()),
    "nobody": (65534, ()),
}
GROUPS = {"webtotp": 5000, "frontends": 5001, "other": 5002}

_LINE = re.compile(r"^<(\d+)>(?:\S+ +\S+ +\S+ )?totp-verifyd\[\d+\]: (.*)$", re.DOTALL)


def read_sources(top):
    """Reads the system calls that the unit allows, before the folders of the host are hidden."""
    allowed = set()
    with open(f"{top}/conf/systemd/totp-verifyd.service.in", encoding="utf-8") as file:
        filters = re.findall("(?m)^SystemCallFilter=(~?)(.*)$", file.read())
    for inverted, words in filters:
        named = set().union(*(_system_calls(word) for word in words.split()))
        allowed = allowed - named if inverted else allowed | named
    return {"system calls": sorted(allowed)}


def _system_calls(group):
    """The system calls of a group of systemd; empty if systemd cannot be asked."""
    if not group.startswith("@"):
        return {group}
    try:
        text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", group],
                              capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return set()
    words = [line.split("#")[0].strip() for line in text.splitlines()[1:]]
    return set().union(*(_system_calls(word) for word in words if word))


class Client:
    """One connection, made by a peer of that uid, gid and supplementary groups."""

    def __init__(self, uid=0, gid=None, groups=(), path=SOCKET):
        gid = uid if gid is None else gid
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self._rest = b""
        os.setgroups(list(groups))
        os.setegid(gid)
        os.seteuid(uid)
        try:
            self.socket.connect(path)
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups([])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Sends bytes unchanged."""
        self.socket.sendall(data)

    def ask(self, method, /, **parameters):
        """Sends a call of org.totpgroup.Verify."""
        flags = {name: parameters.pop(name) for name in ("oneway", "more", "upgrade")
                 if name in parameters}
        self.send(frame(f"org.totpgroup.Verify.{method}", parameters, **flags))

    def receive(self):
        """Returns the next reply, or None if the daemon has closed the connection."""
        while b"\0" not in self._rest:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                if self._rest:
                    raise AssertionError(f"half a reply: {self._rest!r}")
                return None
            self._rest += data
        answer, _, self._rest = self._rest.partition(b"\0")
        return json.loads(answer)

    def call(self, method, /, **parameters):
        """Sends a call and returns its reply."""
        self.ask(method, **parameters)
        return self.receive()

    def verify(self, user, code):
        """Returns the result and the seconds to wait, or the last word of the error's name."""
        answer = self.call("Verify", user=user, code=code)
        if answer is None:
            raise AssertionError("closed")
        if "error" in answer:
            return answer["error"].rpartition(".")[2]
        return answer["parameters"]["result"], answer["parameters"]["retry_after"]


def frame(method, parameters=None, **flags):
    """Returns the bytes of a call."""
    call = {"method": method, **flags}
    if parameters is not None:
        call["parameters"] = parameters
    return json.dumps(call).encode() + b"\0"


class Host:
    """Users, secrets and the daemon: a context manager, of which one exists at a time."""

    def __init__(self, paths, log, sources):
        self.paths, self.log, self.sources = paths, log, sources
        self.secrets = []
        self.daemon = None
        self.confined = False
        self._notify = None
        self._first_line = log.mark()
        self._at_end = contextlib.ExitStack()
        self._before_end = []

    def __enter__(self):
        os.makedirs(STORE, mode=0o700)
        os.makedirs(os.path.dirname(CONF), mode=0o755)
        os.makedirs(f"{TOP}/home", mode=0o755)
        for folder in (STORE, os.path.dirname(CONF), f"{TOP}/home"):
            self._at_end.callback(shutil.rmtree, folder)
        self.write_users(USERS)
        self.configure(WEB)
        return self

    def __exit__(self, *_):
        # The daemon ends first: until then it uses what a test made for it.
        with self._at_end:
            for function in self._before_end:
                function()
            self._end_daemon()

    def before_end(self, function):
        """Has a function called before the daemon is stopped at the end."""
        self._before_end.append(function)

    def at_end(self, function, *arguments):
        """Has a function called when this machine ends, the last one first."""
        self._at_end.callback(function, *arguments)

    def write_users(self, users, groups=None):
        """Replaces all users and groups."""
        groups = GROUPS if groups is None else groups
        members = {name: [user for user, (_, of) in users.items() if name in of]
                   for name in groups}
        _write("/etc/passwd", [f"{name}:x:{uid}:{uid}::{TOP}/home/{name}:/bin/sh"
                               for name, (uid, _) in users.items()])
        _write("/etc/group", [f"{name}:x:{gid}:{','.join(members[name])}"
                              for name, gid in groups.items()]
               + [f"{name}:x:{uid}:" for name, (uid, _) in users.items()])

    def configure(self, text, store="secret={store}/${{USER}}\nuser=root\n"):
        """Writes the configuration: the options of the store, and the text."""
        _write(CONF, [store.format(store=STORE) + text])

    def secret(self, user, *lines, emergency=()):
        """Writes a new secret for a user to the store, and returns it."""
        secret = Secret(f"{user} {time.time_ns()}")
        self.secrets.append(secret)
        text = "\n".join([secret.base32, *(lines or LINES), '" TOTP_AUTH', *emergency]) + "\n"
        path = f"{STORE}/{user}"
        _write(path, [text.rstrip("\n")], 0o600)
        return secret

    @staticmethod
    def secret_path(user):
        """Where a user's secret is."""
        return f"{STORE}/{user}"

    def read(self, user):
        """The text of a user's secret."""
        with open(self.secret_path(user), encoding="ascii") as file:
            return file.read()

    # The daemon

    def start(self, *arguments, command=(), activated=False, environment=None):
        """Starts the daemon and waits until it is ready."""
        notify = f"{TOP}/notify"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(notify)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.settimeout(DEADLINE)
        self._notify.bind(notify)
        os.chmod(notify, 0o666)
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": notify,
                     "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "quarantine_size_mb=8"
                     # The search for leaks needs a system call that the unit does not allow.
                     + ":detect_leaks=0" * self.confined,
                     **(environment or {})}
        program = [*command, *self._confinement(), self.paths["verifyd"], f"--conf={CONF}",
                   *arguments]
        descriptors = ()
        if activated:
            listener = self.listen()
            descriptors = (listener.fileno(),)
            # The pid of the shell is the pid of the daemon after exec.
            program = ["sh", "-c", f"exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 "
                       f"exec \"$@\" {listener.fileno()}<&-", "sh", *program]
        self.daemon = subprocess.Popen(  # pylint: disable=consider-using-with
            program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=variables, pass_fds=descriptors, start_new_session=True)
        self.expect_notice("READY=1")
        return self

    def _confinement(self):
        """The command that confines the daemon like the unit does, as far as that is possible."""
        if not self.confined:
            return []
        path = f"{TOP}/system-calls"
        _write(path, self.sources["system calls"])
        return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
                "--securebits=+noroot,+noroot_locked", self.paths["filter"], path]

    def listen(self):
        """Makes the socket that a service manager would pass."""
        os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o666)
        listener.listen(128)
        self.at_end(listener.close)
        return listener

    def expect_notice(self, word):
        """Waits until the daemon sends this word to the service manager."""
        while True:
            try:
                said = self._notify.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"the daemon did not send {word}") from None
            if word in said.split("\n"):
                return

    def reload(self):
        """Has the daemon read its configuration again, and waits until it has."""
        self.daemon.send_signal(signal.SIGHUP)
        self.expect_notice("READY=1")

    def stop(self, status=0):
        """Stops the daemon. Fails if it wrote anything, such as the report of a sanitizer."""
        self.daemon.send_signal(signal.SIGTERM)
        self.ended(status)

    def ended(self, status=0):
        """Waits until the daemon has ended, and checks its exit status and output."""
        output, _ = self.daemon.communicate(timeout=DEADLINE)
        ended, self.daemon = self.daemon, None
        if ended.returncode != status or output:
            raise AssertionError(f"the daemon ended with {ended.returncode}, and wrote: "
                                 f"{output.decode(errors='replace')}")

    def _end_daemon(self):
        if self._notify is not None:
            self._notify.close()
        if self.daemon is None:
            return
        if self.daemon.poll() is None:
            self.stop()
        else:
            self.ended()

    def memory(self):
        """Yields each area of writable memory of the daemon, and its content."""
        with open(f"/proc/{self.daemon.pid}/maps", encoding="ascii") as maps, \
                open(f"/proc/{self.daemon.pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                area, rights = line.split()[:2]
                if not rights.startswith("rw") or "[vvar" in line:
                    continue
                start, end = (int(number, 16) for number in area.split("-"))
                if end - start > 1 << 32:
                    raise Skip("the memory of a sanitizer is too large to be searched")
                memory.seek(start)
                with contextlib.suppress(OSError):
                    yield area, memory.read(end - start)

    def descriptors(self):
        """The number of files that the daemon has open."""
        return len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    # A login through PAM

    def log_in(self, user, code):
        """Whether the module, with the same configuration, accepts the code."""
        services = f"{TOP}/services"
        os.makedirs(services, exist_ok=True)
        _write(f"{services}/test", [f"auth required {self.paths['module']} conf={CONF}",
                                    "auth required pam_permit.so"])
        done = subprocess.run(
            [self.paths["worker"], services], input=f"-\ttest\t{user}\t-\t{code}\n",
            capture_output=True, text=True, timeout=DEADLINE, check=True)
        return done.stdout.split()[0] == "0"

    # The log

    def log_lines(self):
        """All lines since this machine began."""
        return self.log.since(self._first_line)

    def said(self, mark=None):
        """The lines of the daemon, without the prefix of syslog."""
        lines = self.log_lines() if mark is None else self.log.since(mark)
        return [match[2] for match in map(_LINE.match, lines) if match]


def peer_credentials(connection):
    """Returns pid, uid and gid of the peer."""
    return struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))


def _write(path, lines, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write("\n".join(lines) + "\n")


class _Fixture(case.Fixture):
    """A private machine with the daemon and its log."""

    isolated = True

    def __init__(self):
        self._paths, self._log, self._sources = {}, None, {}

    def begin(self):
        # Read before the private machine hides the host's folders.
        built = {"verifyd": BUILD / "totp-verifyd", "module": BUILD / ".libs/pam_totpgroup.so",
                 "worker": BUILD / "tests/compat/login_worker", "enroll": BUILD / "totp-enroll",
                 "filter": BUILD / "tests/daemon/under_filter",
                 "nss_directory": BUILD / ".libs/libnss_totptest.so"}
        programs = {name: case.read_program(path) for name, path in built.items()
                    if name not in ("filter", "nss_directory") or path.exists()}
        self._sources = read_sources(case.SOURCE)
        private_root.enter()
        self._paths = {name: private_root.install(name, program)
                       for name, program in programs.items()}
        self._log = log_socket.LogSocket()

    @contextlib.contextmanager
    def argument(self):
        host = Host(self._paths, self._log, self._sources)
        try:
            with host:
                yield host
            _nothing_secret_was_logged(host)
        except Skip:
            raise
        except Exception:
            print("-- the log", *host.log_lines(), "--", sep="\n", file=sys.stderr, flush=True)
            raise


test = _Fixture()


def _nothing_secret_was_logged(host):
    """Checks after every test that no line holds a code, a secret or a control character."""
    said = "\n".join(host.log_lines())
    for secret in host.secrets:
        if secret.base32.lower() in said.lower():
            raise AssertionError("the log holds a secret")
        for code in secret.codes_given:
            if re.search(rf"(?<!\d){code}(?!\d)", said):
                raise AssertionError(f"the log holds the code {code}")
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said):
        raise AssertionError("control characters in the log")
