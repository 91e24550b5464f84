# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs that ask for a password only, in the private machine: dovecot, vsftpd, FreeRADIUS
and OpenVPN. Each is a context manager. log_in() gives it a user and a password, as its clients do."""

import base64
import contextlib
import ftplib
import http.client
import imaplib
import os
import shutil
import socket
import stat
import subprocess
import threading

import private_root
import ssh_client
from case import Skip

DEADLINE = 30
ADDRESS = "127.0.0.1"
RADIUS_SECRET = "between-server-and-client"
OPENVPN_PLUGIN = "openvpn/plugins/openvpn-plugin-auth-pam.so"


class Program:
    """A server, its folder, and what it prints."""

    name = package = None
    files = ()  # programs and plugins that it needs
    tells_address = True  # of the client, to PAM

    def __init__(self, host):
        reason = self.missing()
        if reason:
            raise Skip(reason)
        self.host = host
        self.folder = f"{private_root.TOP}/{self.name}"
        self.lines, self._arrived = [], threading.Condition()
        self._servers = []

    @classmethod
    def missing(cls):
        """Why this program cannot be tried here, or None."""
        for file in cls.files:
            if find(file) is None:
                return f"{file} is missing (package {cls.package})"
        return None

    def __enter__(self):
        os.makedirs(self.folder, mode=0o755)
        self.host.at_end(shutil.rmtree, self.folder)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server, reader in self._servers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, 15)
            server.wait(DEADLINE)
            reader.join(DEADLINE)

    def start(self):
        """Starts the server, and waits until it serves."""

    def log_in(self, user, password):
        """Whether the program lets in."""
        raise NotImplementedError

    def write(self, name, text, mode=0o644):
        """Writes a file of the program. Returns its path."""
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        return path

    def serve(self, ready, *command):
        """Starts a command, and waits until it prints that it is ready."""
        server = subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            start_new_session=True, cwd=self.folder)
        reader = threading.Thread(target=self._read, args=(server,))
        reader.start()
        self._servers.append((server, reader))
        with self._arrived:
            self._arrived.wait_for(lambda: self._said(ready) or self._said("(ended)"), DEADLINE)
            if not self._said(ready):
                raise RuntimeError(f"{self.name} did not start:\n" + "\n".join(self.lines))

    def _said(self, words):
        return any(words in line for line in self.lines)

    def _read(self, server):
        for line in server.stdout:
            self._keep(line.decode("utf-8", "replace").rstrip())
        self._keep("(ended)")

    def _keep(self, line):
        with self._arrived:
            self.lines.append(line)
            self._arrived.notify_all()


class Dovecot(Program):
    """IMAP."""

    name, package, files = "dovecot", "dovecot-imapd", ("dovecot", "dovecot/imap")

    CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
listen = 127.0.0.1
protocols = imap
ssl = no
auth_failure_delay = 0
service anvil {{
  # No delay for an address with wrong passwords.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 143
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""
    BEFORE_2_4 = """\
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {{
  driver = pam
  args = dovecot
}}
userdb {{
  driver = passwd
}}
"""
    SINCE_2_4 = """\
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb pam {{
}}
userdb passwd {{
}}
"""

    def start(self):
        for user in ("dovecot", "dovenull"):
            self.host.add_user(user, password=False)
        path = self.write("dovecot.conf", self._config().format(folder=self.folder))
        self.serve("starting up for imap", find("dovecot"), "-F", "-c", path)

    def _config(self):
        """The configuration in the language of this version, which the first lines name."""
        version = private_root.run(find("dovecot"), "--version").split()[0].split("-")[0]
        if tuple(map(int, version.split(".")[:2])) < (2, 4):
            return self.CONFIG + self.BEFORE_2_4
        return (f"dovecot_config_version = {version}\ndovecot_storage_version = {version}\n"
                + self.CONFIG + self.SINCE_2_4)

    def log_in(self, user, password):
        with imaplib.IMAP4(ADDRESS, 143, timeout=DEADLINE) as client:
            try:
                client.login(user, password)
            except imaplib.IMAP4.error as error:
                if b"AUTHENTICATIONFAILED" not in error.args[0]:
                    raise
                return False
        return True


class Ftp(Program):
    """FTP. As under inetd, a process serves one connection, so nothing has to be awaited."""

    def command(self):
        """What serves the connection that is its standard input."""
        raise NotImplementedError

    def log_in(self, user, password):
        with socket.create_server((ADDRESS, 21)) as listener, ftplib.FTP() as client:
            greeting = threading.Thread(target=client.connect, args=(ADDRESS, 21, DEADLINE))
            greeting.start()
            connection, _ = listener.accept()
            with connection, subprocess.Popen(
                    self.command(), stdin=connection, stdout=connection,
                    stderr=subprocess.DEVNULL) as server:
                connection.close()
                greeting.join(DEADLINE)
                try:
                    client.login(user, password)
                except ftplib.error_perm as error:
                    if not str(error).startswith("530"):
                        raise
                    return False
                finally:
                    client.close()
                    server.wait(DEADLINE)
        return True


class ProFtpd(Ftp):
    """ProFTPD. Its package and the next one's cannot be installed beside vsftpd's."""

    name, package, files = "proftpd", "proftpd-core", ("proftpd",)

    CONFIG = """\
ServerType inetd
AuthOrder mod_auth_pam.c* mod_auth_unix.c
AuthPAMConfig proftpd
RequireValidShell off
UseReverseDNS off
WtmpLog off
SystemLog none
TransferLog none
ScoreboardFile none
"""

    def command(self):
        return [find("proftpd"), "--nodaemon", "-c", self.write("proftpd.conf", self.CONFIG)]


class PureFtpd(Ftp):
    """Pure-FTPd. What it tells PAM for the client's host is the name of its own."""

    name, package, files = "pure-ftpd", "pure-ftpd", ("pure-ftpd",)
    tells_address = False

    def command(self):
        return [find("pure-ftpd"), "-l", "pam", "-u", "1", "-H", "-E"]


class Vsftpd(Ftp):
    """vsftpd."""

    name, package, files = "vsftpd", "vsftpd", ("vsftpd",)

    CONFIG = """\
listen=NO
anonymous_enable=NO
local_enable=YES
pam_service_name=vsftpd
session_support=NO
delay_failed_login=0
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
"""

    def start(self):
        os.mkdir(f"{self.folder}/empty")
        self.write("vsftpd.conf", self.CONFIG.format(folder=self.folder))

    def command(self):
        return [find("vsftpd"), f"{self.folder}/vsftpd.conf"]


class Cups(Program):
    """CUPS, whose pages a browser reads with a name and a password in each request."""

    name, package, files = "cups", "cups-daemon", ("cupsd",)
    tells_address = False  # of the host's own: it says localhost

    FILES = """\
SystemGroup root
User lp
Group lpadmin
ServerRoot {folder}
ServerBin /usr/lib/cups
CacheDir {folder}/cache
RequestRoot {folder}/requests
StateDir {folder}/state
TempDir {folder}
ErrorLog stderr
AccessLog {folder}/access
PageLog {folder}/pages
"""
    CONFIG = """\
Listen 127.0.0.1:631
Browsing No
LogLevel info
<Location />
  AuthType Basic
  Require valid-user
  Order allow,deny
  Allow all
</Location>
"""

    def start(self):
        for group, gid in (("root", 0), ("lpadmin", None)):
            self.host.add_group(group, gid=gid)
        self.host.add_user("lp", "lpadmin", password=False)
        self.write("cups-files.conf", self.FILES.format(folder=self.folder))
        self.serve("Listening to 127.0.0.1:631", find("cupsd"), "-f",
                   "-c", self.write("cupsd.conf", self.CONFIG),
                   "-s", f"{self.folder}/cups-files.conf")

    def log_in(self, user, password):
        client = http.client.HTTPConnection(ADDRESS, 631, timeout=DEADLINE)
        with contextlib.closing(client):
            words = base64.b64encode(f"{user}:{password}".encode()).decode()
            client.request("GET", "/", headers={"Authorization": f"Basic {words}"})
            return client.getresponse().status != 401


class FreeRadius(Program):
    """RADIUS, as access points and VPN gateways ask it."""

    name, package = "freeradius", "freeradius and freeradius-utils"
    files = ("freeradius", "freeradius/rlm_pam.so", "radclient", "freeradius/dictionary")

    CONFIG = """\
name = radius
libdir = {libraries}
run_dir = {folder}
logdir = {folder}
db_dir = {folder}
pidfile = {folder}/pid
security {{
  allow_core_dumps = no
  reject_delay = 0
  status_server = no
  allow_vulnerable_openssl = yes
}}
thread pool {{
  start_servers = 1
}}
modules {{
  pam {{
    pam_auth = freeradius
  }}
}}
client localhost {{
  ipaddr = 127.0.0.1
  secret = {secret}
  require_message_authenticator = no
  limit_proxy_state = no
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }}
  authorize {{
    update control {{
      Auth-Type := PAM
    }}
  }}
  authenticate {{
    Auth-Type PAM {{
      pam
    }}
  }}
}}
"""

    def start(self):
        self.write("dictionary", f"$INCLUDE {find('freeradius/dictionary')}\n")
        self.write("radiusd.conf", self.CONFIG.format(
            folder=self.folder, secret=RADIUS_SECRET,
            libraries=os.path.dirname(find("freeradius/rlm_pam.so"))))
        self.serve("Ready to process requests", find("freeradius"), "-f", "-n", "radiusd",
                   "-d", self.folder, "-l", "stdout")

    def log_in(self, user, password):
        words = f'User-Name = "{user}", User-Password = "{password}"\n'
        done = subprocess.run(
            [find("radclient"), "-d", self.folder,
             "-D", os.path.dirname(find("freeradius/dictionary")), "-r", "1",
             "-t", str(DEADLINE), f"{ADDRESS}:1812", "auth", RADIUS_SECRET],
            input=words, capture_output=True, text=True, check=False, timeout=2 * DEADLINE)
        if "Access-Accept" not in done.stdout and "Access-Reject" not in done.stdout:
            raise AssertionError(done.stdout + done.stderr + "\n".join(self.lines))
        return "Access-Accept" in done.stdout


class OpenVpn(Program):
    """A VPN with openvpn-plugin-auth-pam.so."""

    name, package = "openvpn", "openvpn"
    files = ("openvpn", OPENVPN_PLUGIN, "openssl")

    CONFIG = """\
local 127.0.0.1
port 1194
proto udp
dev tun
dev-node {folder}/tun
topology subnet
server 10.8.0.0 255.255.255.0
ca {folder}/certificate
cert {folder}/certificate
key {folder}/key
dh none
verify-client-cert none
username-as-common-name
duplicate-cn
plugin {plugin} {service}
"""

    CLIENT = """\
remote 127.0.0.1 1194 udp
tls-client
pull
nobind
dev tun
dev-node {folder}/tun
ifconfig-noexec
route-noexec
ca {folder}/certificate
auth-user-pass {folder}/user
auth-retry none
auth-nocache
"""

    # What stands behind the plugin, and more lines of the server and of the client.
    service = "openvpn"
    server_lines = client_lines = ()

    def start(self):
        self.make_tun()
        private_root.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=server", "-days", "2", "-keyout", f"{self.folder}/key",
            "-out", f"{self.folder}/certificate")
        server = self.CONFIG.format(folder=self.folder, plugin=find(OPENVPN_PLUGIN),
                                    service=self.service)
        path = self.write("server.conf", "\n".join([server, *self.server_lines, ""]))
        self.write("client.conf", "\n".join([self.CLIENT.format(folder=self.folder),
                                             *self.client_lines, ""]))
        self.serve("Initialization Sequence Completed", find("openvpn"), "--config", path)

    def make_tun(self):
        """The private machine has no such device."""
        try:
            os.mknod(f"{self.folder}/tun", 0o600 | stat.S_IFCHR, os.makedev(10, 200))
            os.close(os.open(f"{self.folder}/tun", os.O_RDWR))
        except OSError as error:
            raise Skip(f"this machine has no tun device: {error}") from None

    def log_in(self, user, password, challenge=None, renegotiations=0):
        """challenge is the answer to static-challenge. The client stays for that many
        renegotiations, each of which must succeed."""
        self.write("user", f"{user}\n{password}\n", 0o600)
        client = ssh_client.Terminal([find("openvpn"), "--config", f"{self.folder}/client.conf"])
        if challenge is not None:
            client.next_prompt(["CHALLENGE: "])
            client.answer(challenge)
        let_in = client.next_prompt(["AUTH_FAILED", "Initialization Sequence Completed"])
        for _ in range(renegotiations):
            client.next_prompt(["Control Channel: "])
        client.hang_up()
        if let_in is None:
            raise AssertionError("\n".join([client.transcript, *self.lines]))
        return let_in != "AUTH_FAILED"


def find(file):
    """The path of a program, or of a file of a package's; None where it is not installed."""
    program = shutil.which(file, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is not None and "/" not in file:
        return program
    architecture = os.uname().machine + "-linux-gnu"
    for folder in (f"/usr/lib/{architecture}", "/usr/lib64", "/usr/lib", "/usr/libexec",
                   "/usr/share"):
        if os.path.exists(f"{folder}/{file}"):
            return f"{folder}/{file}"
    return None
