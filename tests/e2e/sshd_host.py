# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private machine of a test with sshd: its users, groups, PAM services, sshd and log."""

import contextlib
import fcntl
import os
import re
import select
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field

import log_socket
import private_root
import ssh_client
from one_time_code import Secret

TOP = private_root.TOP
HOMES = f"{TOP}/home"
DEADLINE = 30

PASSWORD = "correct horse"
# crypt(3) of PASSWORD with few rounds, so that logins are quick.
PASSWORD_HASH = ("$6$rounds=1000$totpgroup$cJZgBzSTvZxdURkkUPXi6use1BPD9BS..RemxPayeDv9DKWcemgYnQ"
                 ".fO/mIBlo0ShqNTHux05VPDLDJns57U1")

# Emergency codes for secret files. They must never be logged.
EMERGENCY_CODES = ("48151623", "93847561")

SSHD_CONFIG = """\
Port 22
ListenAddress 127.0.0.1
HostKey {top}/host_key
PidFile none
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PermitRootLogin yes
UseDNS no
LogLevel VERBOSE
"""


@dataclass
class User:
    """A user of the private machine."""
    name: str
    uid: int
    gid: int
    home: str

    @property
    def secret_file(self):
        return f"{self.home}/.google_authenticator"

    def enroll(self, secret, *lines, emergency=(), mode=0o400, path=None):
        """Writes a secret file as an enrollment program would."""
        text = "\n".join([secret.base32, *lines, '" TOTP_AUTH', *emergency]) + "\n"
        return self.write(text, mode, path)

    def write(self, text, mode=0o400, path=None):
        """Writes that text to the secret file, or to another file of the user."""
        path = path or self.secret_file
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(path, "w", encoding="ascii", errors="surrogateescape") as file:
            os.fchmod(file.fileno(), mode)
            os.fchown(file.fileno(), self.uid, self.gid)
            file.write(text)
        return self

    def read(self):
        """The text of the secret file."""
        with open(self.secret_file, encoding="ascii") as file:
            return file.read()

    def has_secret_file(self):
        """Whether there is a secret file, of whatever type."""
        return os.path.lexists(self.secret_file)

    def files(self):
        """The files in the home: name, type and mode, owner, inode and content."""
        found = {}
        for entry in os.scandir(self.home):
            status = entry.stat(follow_symlinks=False)
            content = None
            if entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as file:
                    content = file.read()
            found[entry.name] = (status.st_mode, status.st_uid, status.st_ino, content)
        return found


@dataclass
class Login:
    """The result of a login."""
    let_in: bool
    prompts: list
    transcript: str
    log: list
    decisions: list = field(default_factory=list)

    @property
    def decision(self):
        """The decision that the module logged. There must be one."""
        if len(self.decisions) != 1:
            raise AssertionError(f"one decision should be in the log, there are "
                                 f"{len(self.decisions)}:\n" + "\n".join(self.log))
        return self.decisions[0]


class SshdHost:
    """Users, services and sshd of the private machine. A context manager; one at a time."""

    def __init__(self, module, log, sshd=None):
        self.module = module
        self.enroll_program = self.verifyd_program = self.directory_module = None
        self.setuid_login = None
        self.over_socket = False
        self._verifyd = None
        self.log = log
        self.known_hosts = f"{TOP}/known_hosts"
        self.sshd_messages = []
        self.secrets = []
        self._sshd_program = sshd or installed_sshd()
        self._sshd = self._reader = None
        self._arrived = threading.Condition()
        self.users, self._crypts, self._groups = {}, {}, {}
        self._first_line = log.mark()
        self._at_end = contextlib.ExitStack()

    def __enter__(self):
        os.makedirs(HOMES, mode=0o755)
        self._at_end.callback(shutil.rmtree, HOMES)
        self._at_end.callback(self.stop_sshd)
        self._at_end.callback(self._stop_verifyd)
        self.add_group("nobody", gid=65534)
        for name, uid in (("root", 0), ("sshd", 999), ("nobody", 65534)):
            self.add_user(name, uid=uid, gid=65534 if uid else 0, password=uid == 0)
        return self

    def __exit__(self, *_):
        self._at_end.close()

    def secret(self, name="alice"):
        """A secret. Neither it nor its codes may be logged."""
        secret = Secret(name)
        self.secrets.append(secret)
        return secret

    def folder(self, name):
        """Makes a folder that only root may enter."""
        path = f"{TOP}/{name}"
        os.mkdir(path, 0o700)
        self.at_end(shutil.rmtree, path)
        return path

    def at_end(self, function, *arguments):
        """Calls the function when this machine ends. The last one is called first."""
        self._at_end.callback(function, *arguments)

    # Users and groups

    def add_user(self, name, *groups, uid=None, gid=None, password=True, home=None):
        """Adds a user to those supplementary groups. The password is PASSWORD, or none. The home
        has the name of the user, or another one."""
        uid = 1000 + len(self.users) if uid is None else uid
        if gid is None:
            gid = uid
            self.add_group(name, gid=gid)
        user = User(name, uid, gid, f"{HOMES}/{home or name}")
        os.mkdir(user.home, 0o700)
        os.chown(user.home, uid, gid)
        self.users[name] = user
        self._crypts[name] = PASSWORD_HASH if password else "*"
        for group in groups:
            self._groups[group][1].append(name)
        self._write_users()
        return user

    def add_group(self, name, gid=None):
        """Adds a group without members."""
        self._groups[name] = (5000 + len(self._groups) if gid is None else gid, [])
        self._write_users()

    def remove_group(self, name):
        """Removes a group."""
        del self._groups[name]
        self._write_users()

    def _write_users(self):
        _write("/etc/passwd", [f"{user.name}:x:{user.uid}:{user.gid}::{user.home}:/bin/sh"
                               for user in self.users.values()])
        _write("/etc/shadow", [f"{name}:{crypt}:19000:0:99999:7:::"
                               for name, crypt in self._crypts.items()], 0o600)
        _write("/etc/group", [f"{name}:x:{gid}:{','.join(members)}"
                              for name, (gid, members) in self._groups.items()])

    def add_directory(self, line="files totpgroups"):
        """Adds a directory with the group vpn, in which alice is (nss_groups.c). Returns a
        function that says whether it is up."""
        if self.directory_module is None:
            # The demo and the bench, which have no tests, use this file, too.
            from case import Skip  # pylint: disable=import-outside-toplevel
            raise Skip("libnss_totpgroups.so was not built")
        private_root.find_libraries(os.path.dirname(self.directory_module))
        with open("/etc/nsswitch.conf", encoding="ascii") as file:
            before = file.read()

        def write(text):
            with open("/etc/nsswitch.conf", "w", encoding="ascii") as file:
                file.write(text)
        self.at_end(write, before)
        write(before.replace("group: files", f"group: {line}"))
        return self._set_directory

    def _set_directory(self, up):
        mark = f"{TOP}/directory-is-down"
        if up:
            os.unlink(mark)
        else:
            open(mark, "wb").close()
            self.at_end(lambda: os.path.exists(mark) and os.unlink(mark))

    # PAM services

    def service(self, name, *auth, account=("required pam_unix.so",),
                session=("required pam_unix.so",)):
        """Writes a file of /etc/pam.d. MODULE in a line stands for the module."""
        lines = [f"auth {line}" for line in auth]
        lines += [f"account {line}" for line in account]
        lines += [f"session {line}" for line in session]
        if self.over_socket:
            lines = self._leave_to_daemon(lines)
        _write(f"/etc/pam.d/{name}", [line.replace("MODULE", self.module) for line in lines])

    def _leave_to_daemon(self, lines):
        """Writes the daemon's options of these lines to a configuration of its own, and starts a
        daemon with it. Returns the lines without them, with store=socket."""
        options, left = {}, []
        for line in lines:
            if "MODULE" in line:
                head, *words = line.split()
                own = [word for word in words if not _is_of_daemon(word)]
                options |= dict.fromkeys(word if "=" in word else f"{word}=yes"
                                         for word in words if _is_of_daemon(word))
                line = " ".join([head, *own, "store=socket"])
            left.append(line)
        if any("MODULE" in line for line in lines):
            self._start_verifyd(options)
        return left

    def _start_verifyd(self, options):
        """Starts totp-verifyd in place of the one before, and waits until it is ready."""
        self._stop_verifyd()
        _write(f"{TOP}/verifyd.conf", list(options))
        notices = f"{TOP}/verifyd-notices"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as said:
            said.bind(notices)
            said.settimeout(DEADLINE)
            self._verifyd = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.verifyd_program, f"--conf={TOP}/verifyd.conf"], stdin=subprocess.DEVNULL,
                env={"NOTIFY_SOCKET": notices, "PATH": "/usr/sbin:/usr/bin"})
            if b"READY=1" not in said.recv(4096):
                raise AssertionError("totp-verifyd does not start")
        os.unlink(notices)

    def _stop_verifyd(self):
        if self._verifyd is not None:
            self._verifyd.terminate()
            self._verifyd.wait()
        self._verifyd = None

    def password_then_code(self, options="", service="sshd"):
        """Writes the recipe for a password and a code."""
        self.service(service, "requisite pam_unix.so nodelay", f"required MODULE {options}")

    def code_only(self, options=""):
        """Writes the recipe for a key and a code. pam_permit lets in users who are not asked."""
        self.service("sshd", f"required MODULE {options}", "required pam_permit.so")

    def recipe(self, name, options=""):
        """Installs the example conf/pam.d/sshd-NAME unchanged, on a Debian whose common-auth is as
        pam-auth-update writes it. Returns the lines for sshd_config."""
        auth = _read_example(f"pam.d/sshd-{name}")
        auth = auth.replace("pam_totpgroup.so", f"{self.module} {options}")
        _write("/etc/pam.d/sshd-totpgroup", auth.splitlines())
        _write("/etc/pam.d/common-auth", [
            "auth [success=1 default=ignore] pam_unix.so nullok",
            "auth requisite pam_deny.so", "auth required pam_permit.so"])
        _write("/etc/pam.d/sshd", ["@include sshd-totpgroup", "account required pam_nologin.so",
                                   "account required pam_unix.so", "session required pam_unix.so"])
        return _read_example(f"sshd_config.d/{name}.conf").splitlines()

    # sshd

    def start_sshd(self, *lines, key=False):
        """Starts sshd and waits until it listens. With key it demands a key and
        keyboard-interactive."""
        if key:
            lines = ("AuthenticationMethods publickey,keyboard-interactive:pam", *lines)
        text = SSHD_CONFIG.format(top=TOP)
        if self._sshd_version() >= (9, 8):
            text += "PerSourcePenalties no\n"
        # sshd takes the first of two lines for one setting.
        _write(f"{TOP}/sshd_config", [*lines, text])
        self._make_host_key()
        # From a pipe the line that says it listens can be awaited, without polling.
        before = len(self.sshd_messages)
        self._sshd = subprocess.Popen(
            [self._sshd_program, "-D", "-e", "-f", f"{TOP}/sshd_config"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": "/usr/sbin:/usr/bin"})
        self._reader = threading.Thread(target=self._read_messages, args=(self._sshd,))
        self._reader.start()
        self._await_sshd_message("Server listening on", before)

    @property
    def sshd_pid(self):
        """The process that listens. It reads its settings again at SIGHUP."""
        return self._sshd.pid

    def await_restart(self, first):
        """Waits until sshd listens again. first is the number of messages before the restart."""
        self._await_sshd_message("Received SIGHUP", first)
        again = next(i for i in range(first, len(self.sshd_messages))
                     if "Received SIGHUP" in self.sshd_messages[i])
        self._await_sshd_message("Server listening on", again)

    def await_signal_handlers(self):
        """Waits until SIGHUP restarts sshd. It listens a moment before, and would end."""
        hang_up = 0
        while not hang_up:
            with open(f"/proc/{self._sshd.pid}/status", encoding="ascii") as file:
                hang_up = int(re.search(r"^SigCgt:\s*(\w+)", file.read(), re.M)[1], 16) & 1

    def stop_sshd(self):
        """Ends sshd and its children."""
        if self._sshd is None:
            return
        for pid in [*self.sshd_processes(), self._sshd.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self._sshd.wait()
        self._reader.join(DEADLINE)
        self._sshd = None

    def _read_messages(self, sshd):
        for line in sshd.stderr:
            with self._arrived:
                self.sshd_messages.append(line.decode("utf-8", "replace").rstrip())
                self._arrived.notify_all()
        with self._arrived:
            self.sshd_messages.append("sshd has ended")
            self._arrived.notify_all()

    def _await_sshd_message(self, text, first):
        def said(words):
            return any(words in line for line in self.sshd_messages[first:])
        with self._arrived:
            self._arrived.wait_for(lambda: said(text) or said("sshd has ended"), DEADLINE)
            if not said(text):
                raise RuntimeError(f"sshd did not say {text!r}:\n" + "\n".join(self.sshd_messages))

    def sshd_processes(self):
        """The processes that serve the connections of sshd."""
        children = {}
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit():
                    with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                        parent = int(file.read().rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(entry))
        found, left = [], list(children.get(self._sshd.pid, ()))
        while left:
            pid = left.pop()
            found.append(pid)
            left += children.get(pid, ())
        return found

    def await_end_of(self, pids):
        """Waits for the end of these processes."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                try:
                    if not select.select([descriptor], [], [], DEADLINE)[0]:
                        raise AssertionError(f"process {pid} of sshd does not end")
                finally:
                    os.close(descriptor)

    def _sshd_version(self):
        said = subprocess.run([self._sshd_program, "-V"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        version = re.search(r"OpenSSH_(\d+)\.(\d+)", said.stderr + said.stdout)
        return (int(version[1]), int(version[2])) if version else (0, 0)

    def _make_host_key(self):
        if not os.path.exists(f"{TOP}/host_key"):
            make_key(f"{TOP}/host_key")
        with open(f"{TOP}/host_key.pub", encoding="ascii") as file:
            _write(self.known_hosts, [f"127.0.0.1 {file.read().strip()}"])

    # Logins

    def ssh(self, user, **options):
        """Starts an ssh client; see ssh_client.ssh."""
        return ssh_client.ssh(user, self.known_hosts, **options)

    def login(self, user, password=PASSWORD, code=None, **options):
        """Logs in over ssh, from the first prompt to the end."""
        mark = self.log.mark()
        client = self.ssh(user, **options)
        return self.outcome(client, client.finish(password, code), mark)

    def su(self, caller, target, password=PASSWORD, code=None):
        """Logs in with su."""
        mark = self.log.mark()
        client = ssh_client.su(caller, target)
        return self.outcome(client, client.finish(password, code), mark)

    def outcome(self, client, let_in, mark):
        """The result of a login that began at that mark of the log."""
        log = self.log.since(mark)
        return Login(let_in, client.prompts, client.transcript, log, log_socket.decisions(log))

    def key_for(self, user):
        """Makes a key for the user. Returns the path of its private half."""
        path = f"{TOP}/key-{user.name}"
        if not os.path.exists(path):
            make_key(path)
        os.makedirs(f"{user.home}/.ssh", mode=0o700, exist_ok=True)
        shutil.copy(f"{path}.pub", f"{user.home}/.ssh/authorized_keys")
        private_root.run("chown", "-R", f"{user.uid}:{user.gid}", f"{user.home}/.ssh")
        return path

    def run_as(self, user, *command):
        """Runs a command that must succeed, as that user would after a login."""
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=user.home,
            user=user.uid, group=user.gid, extra_groups=[],
            env={"HOME": user.home, "USER": user.name, "LOGNAME": user.name,
                 "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"})
        if done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}"
                                 f"{done.stderr}")
        return done.stdout

    def start_held_up(self, user, command):
        """Starts a set-user-ID program as that user, on pipes, under root's strace, which holds up
        each sync of a file for a second."""
        return subprocess.Popen(
            ["strace", "-f", "-u", user.name, "-o", "/dev/null",
             "-e", "inject=fsync,pwritev2:delay_enter=1000000", *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
            env={"PATH": "/usr/bin:/bin"})

    def child_of(self, pid):
        """The first child of a process."""
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    # Mounts

    def mount_over(self, path, *options):
        """Mounts something over a folder until this machine ends."""
        private_root.mount(options[-1], path, *options[:-1])
        self.at_end(private_root.run, "umount", "-l", path)

    def remount(self, path, how):
        """Makes a mount read-only (ro) or writable (rw)."""
        private_root.run("mount", "-o", f"remount,bind,{how}", path)

    def whole_log(self):
        """Every line that was logged since this machine began, by sshd or through syslog."""
        return self.log.since(self._first_line) + self.sshd_messages


def installed_sshd():
    """The path of this machine's sshd, or None."""
    return shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")


def is_locked(path):
    """Whether a process holds a lock on that file."""
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def make_key(path):
    """Makes an ed25519 key pair."""
    private_root.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)


def _is_of_daemon(word):
    """Whether a word of a line is an option that the daemon decides with store=socket."""
    name = word.partition("=")[0]
    return name in ("secret", "state", "user", "nullok", "nullok_until", "nullok_for", "first_seen",
                    "enroll", "noskewadj", "no_increment_hotp", "resync_hotp", "grace_period",
                    "grace_services", "disallow_reuse", "strict", "allowed_perm")


def _read_example(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../conf", name)
    with open(path, encoding="ascii") as file:
        return file.read()


def _write(path, lines, mode=0o644):
    """Replaces a file in one step, so that nobody reads half of it."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write("\n".join(lines) + "\n")
    os.rename(f"{path}.new", path)
