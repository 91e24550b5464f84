# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds and runs the programs of examples/verify."""

import os
import shlex
import shutil
import subprocess
import tempfile

from case import Skip

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/verify")

# The program or library that each needs, and its package in Debian.
LANGUAGES = {
    "c": ("json-c", "libjson-c-dev"),
    "go": ("go", "golang-go"),
    "js": ("node", "nodejs"),
    "php": ("php", "php-cli"),
    "pl": ("perl", "perl"),
    "py": ("python3", "python3"),
}

# No program waits longer for a reply.
PATIENCE = 60


class Programs:
    """All six programs. A context manager with a folder for those that are built."""

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="totpgroup-verify-")
        os.chmod(self._folder, 0o755)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._folder)

    def command(self, language):
        """Returns the command of the program in a language."""
        need, package = LANGUAGES[language]
        source = os.path.join(FOLDER, f"verify.{language}")
        if language != "c" and shutil.which(need) is None:
            raise Skip(f"{need} is not installed (package {package})")
        if language in ("c", "go"):
            return [self._built(language, source)]
        # The tree may lie below a folder that the user of a web server may not enter.
        return [need, shutil.copy(source, self._folder)]

    def _built(self, language, source):
        program = f"{self._folder}/verify-{language}"
        if os.path.exists(program):
            return program
        environment = dict(os.environ)
        if language == "go":
            # Use no settings, cache or modules of the caller, and no network.
            environment |= {"GOCACHE": f"{self._folder}/cache", "GOENV": "off", "GOFLAGS": "",
                            "GO111MODULE": "off", "GOPATH": self._folder, "GOPROXY": "off"}
            words = ["go", "build", "-o", program, source]
        else:
            words = [*shlex.split(os.environ.get("CC", "cc")), "-Wall", "-Wextra", "-Werror",
                     "-o", program, source, *_json_c()]
        done = subprocess.run(words, cwd=self._folder, env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(f"{shlex.join(words)}:\n{done.stderr}")
        return program


def _json_c():
    try:
        done = subprocess.run(["pkg-config", "--cflags", "--libs", "json-c"], capture_output=True,
                              text=True)
    except FileNotFoundError:
        raise Skip("pkg-config is not installed (package pkg-config)") from None
    if done.returncode != 0:
        raise Skip("json-c is not installed (package libjson-c-dev)")
    return done.stdout.split()


def ask(command, path, name, code, **options):
    """Runs a program. Returns its exit status, output and messages."""
    done = subprocess.run([*command, path], input=f"{name}\n{code}\n".encode("utf-8"),
                          capture_output=True, timeout=PATIENCE, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")
