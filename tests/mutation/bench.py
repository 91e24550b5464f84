# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds what a mutant changes, beside the build as it is: archives, test programs, the module."""

import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from case import BUILD, SOURCE

# Only what is built with it is checked: the file that is changed. Its variables are not zeroed.
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all",
            "-ftrivial-auto-var-init=pattern")
SECONDS = 60  # for one test; a mutant that never ends is one that is found


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **options)


@functools.lru_cache(None)
def recipes(target, source):
    """The shell commands with which make would build the target anew."""
    # The Makefile names it by the one or the other, as configure was called.
    names = ("-W", SOURCE / source, "-W", os.path.relpath(SOURCE / source, BUILD))
    done = subprocess.run(["make", "-n", "V=1", *names, target], cwd=BUILD, stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.replace("\\\n", " ").splitlines()


@functools.lru_cache(None)
def compile_command(file, target):
    """The compiler's command for the object, without its input and output. Not optimized, which
    takes half as long. A function that ends without a result is refused, as CI refuses it."""
    for line in recipes(target, file):
        if " -c " in line and f"/{os.path.basename(file)}'" in line.replace("`", "/") + "'":
            words = shlex.split(re.sub(r"`[^`]*`", "", line.partition("--mode=compile")[2] or line))
            drop = {"-MD", "-MP", "-c", "-Werror", "-O2"}
            return [word for i, word in enumerate(words)
                    if word not in drop and word[-2:] not in (".c", "lo") and
                    words[i - 1] not in ("-MF", "-MT", "-o") and word not in ("-MF", "-MT", "-o")]
    raise AssertionError(f"make has no command for {file}")


@functools.lru_cache(None)
def link_command(target, file):
    """What libtool would run to link the target."""
    for line in recipes(target, file):
        if "--mode=link" in line and f"-o {target} " in line:
            shown = run(["sh", "-c", line.replace("libtool ", "libtool --dry-run ", 1)],
                        cwd=BUILD).stdout
            for command in shown.splitlines():
                if re.search(r" -o \S+", command) and "link:" in command and "cd " not in command:
                    return shlex.split(command.partition("link: ")[2])
    raise AssertionError(f"libtool has no command for {target}")


class Bench:
    """A folder that looks like the build, with some files of its own."""

    def __init__(self, folder, file):
        self.file = file
        self.folder = pathlib.Path(folder)
        self.archives, self.member, self.object = [], None, None
        self.unsanitized = None  # tests that fail with sanitizers, once they were tried
        for name in os.listdir(BUILD):
            if name not in (".libs", "tests"):
                os.symlink(BUILD / name, self.folder / name)
        for name in (".libs", "tests"):
            self.mirror(name)
        # A program that ends in the middle leaves its folder in this one.
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)
        self.find_object()

    def mirror(self, name):
        """The same folders, with links to the files: each can be replaced."""
        for path, folders, files in os.walk(BUILD / name):
            here = self.folder / os.path.relpath(path, BUILD)
            here.mkdir(exist_ok=True)
            folders[:] = [one for one in folders if one not in (".deps", "__pycache__")]
            for one in files:
                os.symlink(os.path.join(path, one), here / one)

    def find_object(self):
        """The object of the file, and the archives that have it. An object of the module or of
        totp-enroll is in none. An archive of the daemon has copies of what it is made of."""
        folder, name = os.path.dirname(self.file), pathlib.Path(self.file).stem
        for archive in sorted((BUILD / ".libs").glob("*.a")):
            for member in run(["ar", "t", archive]).stdout.split():
                compiled = BUILD / folder / ".libs" / member
                if member.endswith(f"_la-{name}.o") and compiled.exists():
                    self.archives.append(archive.name)
                    self.member = member
                    own = self.folder / ".libs" / archive.name
                    own.unlink()
                    shutil.copy(archive, own)
        if self.archives:
            return
        for pattern in (f".libs/*_la-{name}.o", f"*-{name}.o"):
            for path in sorted((BUILD / folder).glob(pattern)):
                self.member, self.object = path.name, os.path.relpath(path, BUILD)
                return
        raise AssertionError(f"the build has no object of {self.file}")

    def compile(self, text, target, sanitized=False):
        """False where the compiler refuses."""
        source = self.folder / "mutant.c"
        source.write_text(text, encoding="utf-8")
        made = self.folder / self.member
        command = [*compile_command(self.file, target), "-Werror=return-type", "-g0", "-O0",
                   "-fPIC", "-DPIC", *(SANITIZE if sanitized else ()),
                   f"-I{SOURCE / os.path.dirname(self.file)}", "-c", "-o", made, source]
        if run(command, cwd=BUILD).returncode != 0:
            return False
        for archive in self.archives:
            subprocess.run(["ar", "r", self.folder / ".libs" / archive, made], check=True,
                           stderr=subprocess.DEVNULL)
        return True

    def link(self, target, sanitized=False):
        command = list(link_command(target, self.file))
        at = command.index("-o") + 1
        made = self.folder / command[at]
        made.unlink(missing_ok=True)
        command[at] = made
        own = {f"./.libs/{archive}": self.folder / ".libs" / archive for archive in self.archives}
        own[self.object] = self.folder / self.member
        command = [own.get(word, word) for word in command]
        done = run([*command, *(SANITIZE if sanitized else ())], cwd=BUILD)
        assert done.returncode == 0, done.stdout
        made.chmod(0o755)

    def passes(self, test):
        environment = {**os.environ, "top_builddir": str(self.folder),
                       "TMPDIR": str(self.temporary),
                       "TOTPGROUP_MODULE": str(self.folder / ".libs/pam_totpgroup.so"),
                       "TOTPGROUP_LONG": "", "TOTPGROUP_TEST_SEED": "1",
                       "ASAN_OPTIONS": "abort_on_error=0"}
        command = [self.folder / test] if (self.folder / test).exists() and not test.endswith(
            ".py") else [SOURCE / "tests/run", SOURCE / test]
        try:
            return run(command, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                       timeout=SECONDS).returncode == 0
        except subprocess.TimeoutExpired:
            return False
