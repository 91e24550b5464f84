# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-enroll doctor says of a stack is what libpam does with it. The module's line is put,
with every control and set of options, at every place of the stacks of distributions, and of
random ones. Copies of one module answer for all modules, each answer of each one in turn.

No mend lets in anybody who was kept out before and has not a right password with a right code, or
is not asked for one. Where doctor finds no problem, right passwords and codes let in, wrong ones
do not, and a user who is not asked gets in by the password alone."""

import ctypes
import ctypes.util
import itertools
import json
import pathlib
import random
import shutil
import subprocess

from case import BUILD, LONG, check, read_program, seed
from doctor_host import MY_GROUP
from pam_stacks import CONTROLS, DISTRIBUTIONS, FACTORS, GATES, OTHERS, PASSWORDS
from support import PROGRAM, Skip, test

STACKS = 20000 if LONG else 60
COMBINATIONS = 300
MODULE = "pam_totpgroup.so"

SUCCESS, SYSTEM_ERR, AUTH_ERR, INFO_UNAVAIL, USER_UNKNOWN, IGNORE = 0, 4, 7, 9, 10, 25
PASSWORD_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, INFO_UNAVAIL)
ALL_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, IGNORE, SYSTEM_ERR)
CODE_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, SYSTEM_ERR)
OPTIONS = ("", f"group={MY_GROUP}", "nullok", "enroll", f"group={MY_GROUP} enroll",
           "forward_pass", "noskewadj")
# What doctor says of the stack, and not of this machine.
CHECKS = ("pam-stack", "control", "skipped", "exempt-users", "good-code", "password",
          "first-factor", "asked-twice", "module-options")


class Conversation(ctypes.Structure):
    _fields_ = [("function", ctypes.c_void_p), ("data", ctypes.c_void_p)]


class Pam:
    """libpam with the files of a folder."""

    def __init__(self, folder):
        name = ctypes.util.find_library("pam")
        self.library = ctypes.CDLL(name or "libpam.so.0")
        if not hasattr(self.library, "pam_start_confdir"):
            raise Skip("libpam has no pam_start_confdir()")
        self.library.pam_getenv.restype = ctypes.c_char_p
        self.library.pam_getenv.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self.library.pam_putenv.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self.library.pam_authenticate.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.library.pam_end.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.folder = str(folder).encode()
        self.conversation = Conversation()

    def log_in(self, answers, service="login"):
        """Whether the login succeeds, and the modules with an answer that were asked in it."""
        handle = ctypes.c_void_p()
        status = self.library.pam_start_confdir(
            service.encode(), b"somebody", ctypes.byref(self.conversation), self.folder,
            ctypes.byref(handle))
        check(status == SUCCESS, f"pam_start_confdir(): {status}")
        for name, answer in answers.items():
            self.library.pam_putenv(handle, f"{name}={answer}".encode())
        status = self.library.pam_authenticate(handle, 0x8000)
        asked = {name for name in answers
                 if self.library.pam_getenv(handle, f"ran{name}".encode()) is not None}
        self.library.pam_end(handle, status)
        return status == SUCCESS, asked


class Stack:
    """PAM's files in a folder, all modules of which are copies of pam_answer.so."""

    def __init__(self, folder):
        self.path = folder.path / "pam.d"
        self.modules = folder.path / "security"
        self.path.mkdir(mode=0o755)
        self.modules.mkdir(mode=0o755)
        answer = read_program(str(BUILD / "pam_answer.la").replace(".la", ".so")) \
            if (BUILD / "pam_answer.so").exists() else \
            (BUILD / ".libs" / "pam_answer.so").read_bytes()
        names = (MODULE, "pam_deny.so", *PASSWORDS, *GATES, *FACTORS, *OTHERS)
        for name in names:
            (self.modules / name).write_bytes(answer)
            (self.modules / name).chmod(0o644)
        # They stay loaded.
        self.loaded = [ctypes.CDLL(str(self.modules / name)) for name in names]
        self.pam = Pam(self.path)
        self.folder = folder

    def write(self, files):
        """files is a table of lists of lines."""
        shutil.rmtree(self.path)
        self.path.mkdir(mode=0o755)
        for name, lines in {**files, "other": ["auth required pam_deny.so"]}.items():
            path = self.path / name
            path.write_text("".join(f"{self.complete(line)}\n" for line in lines))
            path.chmod(0o644)

    def complete(self, line):
        """With the folder's path, and the modules' paths, which libpam needs here."""
        words = line.replace("@/", f"{self.path}/").split(" ")
        return " ".join(f"{self.modules}/{word}" if word.startswith("pam_") and
                        word.endswith(".so") else word for word in words)

    def read(self):
        return {path.name: path.read_text().splitlines() for path in self.path.iterdir()
                if path.name != "other"}

    def findings(self):
        result = subprocess.run(
            [PROGRAM, "doctor", "--json", "--service=login", f"--pam-dir={self.path}",
             f"--module-dir={self.modules}"],
            capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
        check(result.stderr == b"", f"{result.stderr}")
        return [finding for finding in json.loads(result.stdout)["findings"]
                if finding["check"] in CHECKS and finding["level"] != "ok"]

    def answers(self, combinations):
        return [self.pam.log_in({**combination, "pam_deny.so": AUTH_ERR})
                for combination in combinations]

    def without_module(self, combinations, idle):
        """Who gets in without the module's line, or with a line in its place that does
        nothing."""
        files = self.read()
        changed = {name: [f"auth [default=ignore] {self.modules}/pam_env.so"
                          if MODULE in line else line
                          for line in lines if idle or MODULE not in line]
                   for name, lines in files.items()}
        self.write(changed)
        result = [let_in for let_in, _ in self.answers(combinations)]
        self.write(files)
        return result

    def mend(self, mend):
        files = {path: pathlib.Path(path).read_text().splitlines()
                 for path in (mend["file"], mend.get("to_file", mend["file"]))}
        line = mend.get("line", 0)
        if mend["action"] == "replace":
            files[mend["file"]][line - 1] = mend["text"]
        elif mend["action"] == "add":
            files[mend["file"]].insert(line, mend["text"])
        elif mend["action"] == "remove":
            del files[mend["file"]][line - 1]
        else:
            check(mend["action"] == "move", f"{mend}")
            files[mend["to_file"]][mend["to_line"] - 1] += f"\n{mend['text']}"
            files[mend["file"]][line - 1] = None
        for path, lines in files.items():
            pathlib.Path(path).write_text(
                "".join(f"{text}\n" for text in lines if text is not None))


def modules_in(files, names):
    text = "\n".join(itertools.chain(*files.values()))
    return [name for name in names if name in text]


def random_combinations(random_numbers, files, exempt):
    """Tables of answers: all, or a sample of them."""
    choices = {name: PASSWORD_ANSWERS for name in modules_in(files, PASSWORDS)}
    choices.update({name: (SUCCESS, AUTH_ERR, IGNORE)
                    for name in modules_in(files, GATES + FACTORS)})
    choices[MODULE] = CODE_ANSWERS + ((IGNORE,) if exempt else ())
    tables = [dict(zip(choices, values)) for values in itertools.product(*choices.values())]
    if len(tables) > COMBINATIONS:
        tables = random_numbers.sample(tables, COMBINATIONS)
    return tables


def right_password(combination, asked=PASSWORDS):
    return any(combination.get(name) == SUCCESS for name in PASSWORDS if name in asked)


def other_factor(combination):
    return any(combination.get(name) == SUCCESS for name in FACTORS)


class Verdict:
    """What doctor says, and what libpam does."""

    def __init__(self, stack, combinations):
        self.stack = stack
        self.files = stack.read()
        self.findings = stack.findings()
        self.combinations = combinations
        self.logins = stack.answers(combinations)
        self.problems = {finding["check"] for finding in self.findings
                         if finding["level"] == "problem"}
        self.warnings = {finding["check"] for finding in self.findings
                         if finding["level"] == "warning"}

    def say(self, what, combination=None):
        files = "\n".join(f"{name}:\n  " + "\n  ".join(lines)
                          for name, lines in self.files.items())
        findings = "\n".join(f"{finding}" for finding in self.findings)
        return f"{what}: {combination}\n{files}\n{findings}"

    def lets_in(self, code):
        """Whether it answers that in a login that succeeds with a right password."""
        return any(let_in and MODULE in asked and right_password(combination, asked) and
                   combination[MODULE] == code
                   for combination, (let_in, asked) in zip(self.combinations, self.logins))

    def could_let_in(self, code):
        """The same with every answer that modules can give, other than to fail where they only
        do something by the way."""
        if self.lets_in(code):
            return True
        choices = {name: (SUCCESS, AUTH_ERR) for name in modules_in(self.files, PASSWORDS)}
        choices.update({name: ALL_ANSWERS for name in modules_in(self.files, GATES + FACTORS)})
        choices.update({name: (SUCCESS, IGNORE) for name in modules_in(self.files, OTHERS)
                        if name != "pam_permit.so"})
        for values in itertools.product(*choices.values()):
            combination = {**dict(zip(choices, values)), MODULE: code}
            let_in, asked = self.stack.answers([combination])[0]
            if let_in and MODULE in asked and right_password(combination):
                return True
        return False

    def must_hold(self, exempt, enroll):
        has_password = bool(modules_in(self.files, PASSWORDS))
        if "good-code" in self.problems:
            check(not self.lets_in(SUCCESS), self.say("a right code lets in after all"))
        if self.problems or not has_password:
            return
        check(self.could_let_in(SUCCESS), self.say("no right password and code let in"))
        check(not exempt or self.could_let_in(IGNORE), self.say("no exempt user gets in"))
        for combination, (let_in, asked) in zip(self.combinations, self.logins):
            self.must_keep_out(combination, let_in)
            check(not (enroll and MODULE in asked) or right_password(combination) or
                  other_factor(combination) or "password" in self.warnings,
                  self.say("a stranger is offered a secret", combination))

    def must_keep_out(self, combination, let_in):
        if not let_in:
            return
        check(right_password(combination) or other_factor(combination) or
              "password" in self.warnings, self.say("a wrong password lets in", combination))
        check(combination[MODULE] in (SUCCESS, IGNORE) or "skipped" in self.warnings,
              self.say("a wrong code lets in", combination))


def mend_step_by_step(stack, combinations, exempt, enroll):
    """Returns how many mends there were, and whether a problem is left."""
    verdict = Verdict(stack, combinations)
    verdict.must_hold(exempt, enroll)
    for step in range(10):
        mends = [finding for finding in verdict.findings if "mend" in finding
                 and finding["mend"]["action"] != "run"]
        if not mends:
            return step, bool(verdict.problems)
        base = [one or other for one, other in zip(
            stack.without_module(combinations, False), stack.without_module(combinations, True))]
        stack.mend(mends[0]["mend"])
        after = Verdict(stack, combinations)
        for combination, (was, _), (let_in, _), rightly in zip(
                combinations, verdict.logins, after.logins, base):
            rightly = rightly and right_password(combination) and \
                combination[MODULE] in (SUCCESS, IGNORE)
            check(was or rightly or not let_in,
                  verdict.say(f"{mends[0]} lets in", combination))
            check(let_in or not was or not rightly,
                  verdict.say(f"{mends[0]} keeps out", combination))
        check(len(after.problems - verdict.problems) == 0,
              verdict.say(f"{mends[0]} has a new problem: {after.findings}"))
        after.must_hold(exempt, enroll)
        verdict = after
    check(False, verdict.say("the mends do not end"))
    return None


def random_stack(numbers):
    modules = PASSWORDS * 3 + GATES + FACTORS + ("pam_deny.so", "pam_permit.so") * 3 + OTHERS
    line = lambda: f"auth {numbers.choice(CONTROLS)} {numbers.choice(modules)}"
    files = {"login": [line() for _ in range(numbers.randrange(1, 6))]}
    if numbers.random() < 0.3:
        files["inner"] = [line() for _ in range(numbers.randrange(1, 4))]
        files["login"].insert(numbers.randrange(len(files["login"]) + 1),
                              f"auth {numbers.choice(('include', 'substack'))} @/inner")
    return files


def put_line(numbers, files, control, options):
    """Puts the module's line anywhere."""
    name = numbers.choice(sorted(files))
    lines = files[name]
    lines.insert(numbers.randrange(len(lines) + 1),
                 f"auth {control} {MODULE} {options}".rstrip())


def try_stack(stack, numbers, files, control, options):
    put_line(numbers, files, control, options)
    if numbers.random() < 0.05:
        put_line(numbers, files, numbers.choice(CONTROLS), options)
    stack.write(files)
    exempt = "group=" in options or "nullok" in options
    combinations = random_combinations(numbers, files, exempt)
    return mend_step_by_step(stack, combinations, exempt, "enroll" in options)


@test
def doctor_says_what_libpam_does(folder):
    numbers = random.Random(seed())
    stack = Stack(folder)
    tables = list(DISTRIBUTIONS.values())
    mended = problems = 0
    for round_number in range(STACKS):
        if round_number % 3 == 2:
            files = random_stack(numbers)
        else:
            files = {name: text.splitlines() for name, text in numbers.choice(tables).items()}
        steps, left = try_stack(stack, numbers, files, numbers.choice(CONTROLS),
                                numbers.choice(OPTIONS))
        mended += steps > 0
        problems += left
    print(f"# {STACKS} stacks: {mended} mended, {problems} with a problem that nothing mends")
    check(mended > 0, "no stack was mended")
