# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PostgreSQL server of a test, in a folder of its own, on a Unix socket."""

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile

from case import SOURCE, check

SCHEMA = SOURCE / "plugins/pgsql/schema-1.sql"


def programs():
    """The folder of the newest server's programs; None where there is none."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    return max(folders, key=lambda path: int(path.split("/")[-2])) if folders else None


class Cluster:
    """A server with an empty store. A context manager."""

    def __init__(self, folder=None, within=()):
        """In that folder, or in a new one. within begins the commands of the server's own
        programs, where it runs on another machine of the test."""
        self.database = "postgres"
        self.folder = folder or tempfile.mkdtemp(prefix="totpgroup-pgsql-")
        self.socket = f"{self.folder}/socket"
        self._within = within
        # The server refuses to run as root.
        self._user = pwd.getpwnam("postgres" if os.geteuid() == 0 else
                                  pwd.getpwuid(os.geteuid()).pw_name)

    def __enter__(self):
        self.make_folders()
        self._run("initdb", "--pgdata", f"{self.folder}/data", "--username=postgres",
                  "--auth=trust", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_folders(self):
        """Makes the folder of the socket, and gives both to the server's user."""
        os.makedirs(self.socket)
        for path in (self.folder, self.socket):
            os.chown(path, self._user.pw_uid, self._user.pw_gid)
        os.chmod(self.folder, 0o755)

    def start(self, *settings):
        """Starts the server, and waits until it answers."""
        options = " ".join([f"-k {self.socket}", "-c listen_addresses=", "-c fsync=off",
                            *(f"-c {setting}" for setting in settings)])
        self._run("pg_ctl", "--pgdata", f"{self.folder}/data", "--wait", "--silent",
                  "--log", f"{self.folder}/log", "--options", options, "start")

    def stop(self):
        """Stops the server, if it runs."""
        subprocess.run(self.command("pg_ctl", "--pgdata", f"{self.folder}/data", "--silent",
                                     "--mode=immediate", "stop"), check=False,
                       capture_output=True, cwd="/")

    def install(self):
        """Makes the store, in the database that is in use."""
        done = self.psql("postgres", "--single-transaction", "--file", str(SCHEMA))
        check(done.returncode == 0, done.stderr)

    @contextlib.contextmanager
    def copy(self, name):
        """Uses a copy of the database in the block."""
        before = self.database
        self.database = "template1"
        self.ask("postgres", f"create database {name} template {before};")
        self.database = name
        try:
            yield self
        finally:
            self.database = "template1"
            self.ask("postgres", f"drop database {name} with (force);")
            self.database = before

    def psql(self, role, *words, text=None):
        """Runs psql as that role."""
        return subprocess.run(
            [f"{programs()}/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--set", "ON_ERROR_STOP=1", "--set", "VERBOSITY=verbose", "--host", self.socket,
             "--username", role, "--dbname", self.database, *words],
            input=text, capture_output=True, text=True, check=False)

    def ask(self, role, text):
        """What a statement gives: a list of rows, each a list of columns."""
        done = self.psql(role, text=text)
        check(done.returncode == 0, f"{role}: {text}\n{done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def refuses(self, role, text, state):
        """Checks that a statement fails with that SQLSTATE."""
        done = self.psql(role, text=text)
        check(done.returncode != 0 and f"{state}:" in done.stderr,
              f"{role}: {text}\n{done.stdout}{done.stderr}")

    def start_psql(self, role, text):
        """Starts a statement, for a race."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [f"{programs()}/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--host", self.socket, "--username", role, "--dbname", self.database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        process.stdin.write(text)
        return process

    def command(self, program, *words):
        """The command that runs a program of the server as its user."""
        words = [f"{programs()}/{program}", *words]
        if os.geteuid() == 0:
            words = ["setpriv", f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}",
                     "--clear-groups", *words]
        return [*self._within, *words]

    def _run(self, program, *words):
        done = subprocess.run(self.command(program, *words), capture_output=True, text=True,
                              check=False, cwd="/", stdin=subprocess.DEVNULL)
        check(done.returncode == 0, f"{program}: {done.stdout}{done.stderr}")
