# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private machine with totp-verifyd, nginx, Apache and the login application, all configured as
in the examples."""

import contextlib
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import threading

import private_root
from case import Skip, check
from scenario import NO_REUSE

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")
NAME = "www.example.org"
VERIFIER = "/run/totpgroup/verify"
STORE = f"{private_root.TOP}/store"
DEADLINE = 30

APACHE_MODULES = "/usr/lib/apache2/modules"
# The modules that Debian enables by default and that are needed, those that README.md enables,
# and those that it advises against.
APACHE_LOADED = ("mpm_event", "authz_core", "authn_core", "authz_user", "authz_host", "alias", "dir",
                 "mime", "socache_shmcb", "ssl", "request", "session", "session_cookie",
                 "session_crypto", "auth_form", "authnz_external",
                 "auth_basic", "authn_socache")

CONFIGURATION = """\
secret={store}/secret/${{USER}}
user=root
state={store}/state/${{USER}}
{more}
"""


class WebHost:
    """Adds a web server to a host of tests/e2e. A context manager that ends all its programs."""

    def __init__(self, host):
        self.host = host
        self._at_end = contextlib.ExitStack()

    def __enter__(self):
        for name in ("secret", "state"):
            os.makedirs(f"{STORE}/{name}", mode=0o700)
        self._at_end.callback(shutil.rmtree, STORE)
        for name in ("www-data", "web-login"):
            self.host.add_user(name, password=False)
        self.host.add_group("webtotp")
        return self

    def __exit__(self, *_):
        self._at_end.close()

    def enroll(self, name, *lines):
        """Adds a user who may sign in on the web, with a secret in the store. Returns the secret."""
        self.host.add_user(name, "webtotp")
        secret = self.host.secret(name)
        path = f"{STORE}/secret/{name}"
        with open(path, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o400)
            file.write("\n".join([secret.base32, *(lines or NO_REUSE), '" TOTP_AUTH', ""]))
        return secret

    def configure(self, *lines):
        """Writes /etc/security/totpgroup.conf, which the module and the daemon both read."""
        os.makedirs("/etc/security", exist_ok=True)
        write("/etc/security/totpgroup.conf",
              CONFIGURATION.format(store=STORE, more="\n".join(lines)))

    # Programs

    def start(self, name, words, ready=None, sockets=(), **options):
        """Starts a program that runs until the end, and waits for the line `ready`. Its output is
        part of the machine's log, which must not hold a code."""
        return self._at_end.enter_context(
            Program(name, words, self.host.sshd_messages, ready, sockets, **options))

    def start_verifier(self):
        """Starts the daemon with a socket, as systemd does."""
        listener = listen(VERIFIER, 0o666)
        self._at_end.callback(_remove, VERIFIER)
        self._at_end.callback(listener.close)
        return self.start("totp-verifyd", [self.host.verifyd_program], sockets=[listener])

    def start_login(self, *changes):
        """Starts the login application as its units do. changes are pairs of a text in its command
        line and its replacement."""
        unit = units("web-login/web-login.service")
        where = units("web-login/web-login.socket")
        # The tree may lie below a folder that the application's user may not enter.
        source = f"{private_root.TOP}/web-login-source"
        shutil.copytree(f"{EXAMPLES}/web-login", source, dirs_exist_ok=True)
        line = unit["ExecStart"]
        for old, new in (("/usr/local/lib/web-login", source), *changes):
            check(old in line, f"the unit has {old}")
            line = line.replace(old, new)
        user = self.host.users[unit["User"]]
        key = f"{private_root.TOP}/{unit['StateDirectory']}"
        if not os.path.exists(key):
            os.mkdir(key, 0o700)
            os.chown(key, user.uid, user.gid)
            self._at_end.callback(shutil.rmtree, key)
        listener = listen(where["ListenStream"], int(where["SocketMode"], 8),
                          self.host.users[where["SocketUser"]])
        self._at_end.callback(_remove, where["ListenStream"])
        self._at_end.callback(listener.close)
        return self.start("web-login", [*shlex.split(line), "--key", f"{key}/key"],
                          sockets=[listener], user=user.uid, group=user.gid, extra_groups=[])

    def start_nginx(self, *changes):
        """Starts nginx with the file of the example. changes are pairs of a text in that file and
        its replacement."""
        need("nginx", "/usr/sbin/nginx", "nginx")
        self._certificate(f"/etc/ssl/certs/{NAME}.pem", f"/etc/ssl/private/{NAME}.key")
        os.makedirs("/etc/nginx/sites-enabled", exist_ok=True)
        os.makedirs("/var/log/nginx", exist_ok=True)
        text = example("web-login/nginx.conf")
        for old, new in (("/var/www/html", self._pages()), *changes):
            check(old in text, f"the example has {old}")
            text = text.replace(old, new)
        write("/etc/nginx/sites-enabled/web-login", text)
        scratch = f"{private_root.TOP}/nginx"
        os.makedirs(scratch, exist_ok=True)
        write("/etc/nginx/nginx.conf", f"""\
user www-data;
pid /run/nginx.pid;
error_log stderr;
daemon off;
events {{ }}
http {{
	include /etc/nginx/mime.types;
	access_log off;
	client_body_temp_path {scratch}/body;
	proxy_temp_path {scratch}/proxy;
	fastcgi_temp_path {scratch}/fastcgi;
	uwsgi_temp_path {scratch}/uwsgi;
	scgi_temp_path {scratch}/scgi;
	include /etc/nginx/sites-enabled/*;
}}
""")
        program = self.start("nginx", ["/usr/sbin/nginx"])
        await_port(443, program)
        return program

    def start_apache(self, *changes):
        """Starts Apache with the file of the example, after certify()."""
        need("apache2", "/usr/sbin/apache2", "apache2")
        need("mod_authnz_external", f"{APACHE_MODULES}/mod_authnz_external.so",
             "libapache2-mod-authnz-external")
        self._certificate(f"/etc/ssl/certs/{NAME}.pem", f"/etc/ssl/private/{NAME}.key")
        text = example("apache/totpgroup.conf")
        for old, new in (("/var/www/html", self._pages()),
                         ("/usr/local/share/totpgroup-login", self._apache_pages()), *changes):
            check(old in text, f"the example has {old}")
            text = text.replace(old, new)
        for folder in ("/etc/apache2/totpgroup", "/etc/apache2/sites-enabled", "/run/apache2"):
            os.makedirs(folder, mode=0o755, exist_ok=True)
        write("/etc/apache2/sites-enabled/totpgroup.conf", text)
        write("/etc/apache2/totpgroup/site-passphrase.conf",
              f'AuthFormSitePassphrase "{secrets.token_hex(32)}"\n', 0o600)
        write("/etc/apache2/totpgroup/session-passphrase", secrets.token_hex(32) + "\n", 0o600)
        write("/etc/apache2/mime.types", "text/html html\ntext/css css\n")
        modules = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so"
                   for name in APACHE_LOADED]
        write("/etc/apache2/apache2.conf", "\n".join([
            *modules, "ServerRoot /etc/apache2", "User www-data", "Group www-data",
            "PidFile /run/apache2/pid", "DefaultRuntimeDir /run/apache2", f"ServerName {NAME}",
            "ErrorLog /dev/stderr", "LogLevel warn", "TypesConfig /etc/apache2/mime.types", "Listen 443",
            "<Directory />", "Require all denied", "</Directory>",
            "Include /etc/apache2/sites-enabled/*.conf", ""]))
        program = self.start("apache", ["/usr/sbin/apache2", "-D", "FOREGROUND"])
        await_port(443, program)
        return program

    def certify(self, *names):
        """Makes a certificate authority, and a certificate for each name. Returns their paths; each
        file also has the key."""
        need("openssl", "/usr/bin/openssl", "openssl")
        folder = self.host.folder("people")
        os.makedirs("/etc/apache2/totpgroup", exist_ok=True)
        authority = "/etc/apache2/totpgroup/people.pem"
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        private_root.run("openssl", "req", "-x509", *new_key, "-subj", "/CN=people of " + NAME,
                         "-keyout", f"{folder}/ca.key", "-out", authority)
        paths = {}
        for name in names:
            paths[name] = f"{folder}/{name}.pem"
            private_root.run("openssl", "req", *new_key[:-2], "-subj", f"/CN={name}",
                             "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr")
            private_root.run("openssl", "x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", authority,
                             "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-days", "2",
                             "-out", paths[name])
            with open(paths[name], "a", encoding="ascii") as file, \
                    open(f"{folder}/{name}.key", encoding="ascii") as key:
                file.write(key.read())
        return paths

    def _pages(self):
        """Makes the protected pages. Returns their folder."""
        folder = f"{private_root.TOP}/pages"
        if not os.path.exists(folder):
            os.mkdir(folder, 0o755)
            write(f"{folder}/index.html", PAGE.replace("TITLE", "The front page"))
            write(f"{folder}/page.html", PAGE.replace("TITLE", "A page behind it"))
            self._at_end.callback(shutil.rmtree, folder)
        return folder

    def _apache_pages(self):
        """Makes the folder as README.md says. Returns its path."""
        folder = f"{private_root.TOP}/totpgroup-login"
        os.makedirs(folder, exist_ok=True)
        for source in ("apache/login/index.html", "apache/login/again.html", "web-login/style.css"):
            write(f"{folder}/{os.path.basename(source)}", example(source))
        return folder

    def _certificate(self, certificate, key):
        need("openssl", "/usr/bin/openssl", "openssl")
        for path in (certificate, key):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(key):
            private_root.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                             f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}",
                             "-keyout", key, "-out", certificate)
        hosts = f"127.0.0.1 localhost {private_root.HOST_NAME} {NAME}\n"
        write("/etc/hosts", hosts)


PAGE = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>TITLE</title>
<style>body { font: 1.25rem/1.5 sans-serif; margin: 3rem } </style>
<h1>TITLE</h1><p>Only who gave a code sees this.
"""


class Program:
    """A process and its output. A context manager."""

    # pylint: disable=too-many-arguments
    def __init__(self, name, words, messages, ready=None, sockets=(),
                 environment=None, **options):
        self._name, self._messages = name, messages
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                       **(environment or {})}
        if sockets:
            # Pass the sockets as systemd does, from descriptor 3 on.
            words = ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "-", *words]
            environment["LISTEN_FDS"] = str(len(sockets))

            def pass_sockets():
                for number, each in enumerate(sockets, 3):
                    os.dup2(each.fileno(), number)
                    os.set_inheritable(number, True)
            options |= {"preexec_fn": pass_sockets, "close_fds": False}
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment, **options)
        self._arrived = threading.Condition()
        self.lines, self._over = [], False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if ready:
            self.wait_for(ready)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _read(self):
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            with self._arrived:
                self.lines.append(text)
                self._messages.append(f"{self._name}: {text}")
                self._arrived.notify_all()
        with self._arrived:
            self._over = True
            self._arrived.notify_all()

    def wait_for(self, words):
        """Waits until a line of the output has these words."""
        def said():
            return any(words in line for line in self.lines)
        with self._arrived:
            self._arrived.wait_for(lambda: said() or self._over, DEADLINE)
            if not said():
                raise AssertionError(f"{self._name} did not say {words!r}:\n"
                                     + "\n".join(self.lines))

    def has_ended(self):
        """Whether the process has ended."""
        return self.process.poll() is not None

    def stop(self):
        """Ends the process, and waits for it."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(DEADLINE)
        self.process.stdout.close()


def listen(path, mode, user=None):
    """Makes a listening socket as systemd does."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    _remove(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, mode)
    if user:
        os.chown(path, user.uid, user.gid)
    listener.listen(64)
    return listener


def await_port(port, program):
    """Waits until connecting to the port works."""
    for _ in range(DEADLINE * 100):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        if program.has_ended():
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.process.wait(0.01)
    raise AssertionError(f"nobody listens on port {port}:\n" + "\n".join(program.lines))


def units(name):
    """Returns the settings of a systemd unit."""
    return dict(re.findall(r"^(\w+)=(.*)$", example(name), re.MULTILINE))


def example(name):
    """Returns the text of a file of the examples."""
    with open(f"{EXAMPLES}/{name}", encoding="utf-8") as file:
        return file.read()


def need(what, path, package):
    """Skips the test if a program is missing."""
    if not os.path.exists(path):
        raise Skip(f"{what} is not installed (package {package})")


def write(path, text, mode=0o644):
    """Writes a file, by default one that everybody may read."""
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


def _remove(path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
