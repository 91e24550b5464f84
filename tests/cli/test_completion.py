# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bash, zsh and fish offer behind totp-enroll. Each is a real shell."""

import os
import re
import subprocess

import pexpect

from case import SOURCE
from support import PATIENCE, PROGRAM, check, equal, need, run, test

COMPLETIONS = SOURCE / "cli" / "completions"
COMMANDS = {"enroll", "bulk", "codes", "verify", "status", "show", "resync", "revoke", "seal",
            "unseal", "rekey", "import", "export", "store", "explain", "doctor"}
STATUS_OPTIONS = {"--group=", "--secret=", "--conf=", "--json", "--help"}
FORMATS = {"google-authenticator", "users-file", "uri", "migration", "csv"}

# An unfinished line, and the words that are offered for its last one, or behind its '='.
LINES = [
    ("", COMMANDS),
    ("enr", {"enroll"}),
    ("help sta", {"status"}),
    ("store re", {"rekey"}),
    ("store ", {"init", "upgrade", "status", "rekey", "prune"}),
    ("status --", STATUS_OPTIONS),
    ("status --json --g", {"--group="}),
    # Without a command there are the options that google-authenticator has.
    ("--time", {"--time-based"}),
    ("--if", set()),
    ("enroll --if", {"--if-missing"}),
    ("enrol --if", {"--if-missing"}),
    ("export --to=", FORMATS),
    ("export --to ", FORMATS),
    ("export --to=u", {"uri", "users-file"}),
    ("import --from pskc", {"pskc"}),
    ("enroll --qr=ansi2", {"ansi256"}),
    ("explain --after=publ", {"publickey"}),
    ("status daemo", {"daemon"}),
    ("status -g games status --group=daemo", {"daemon"}),
    ("status -g daemo", {"daemon"}),
    ("status -- daemo", {"daemon"}),
    ("import --user=daemo", {"daemon"}),
    ("import --password-file=a-fi", {"a-file"}),
    ("import a-fi", {"a-file"}),
    ("bulk -o a", {"a-folder"}),
    ("bulk --output=a", {"a-folder"}),
    ("bulk --format=ht", {"html"}),
    ("nosuchcommand ", set()),
]


def prepare(folder):
    """A folder with a file and a folder to be offered, and the environment of a shell there."""
    (folder.path / "a-file").touch()
    (folder.path / "a-folder").mkdir()
    return folder.environment(
        PATH=f"{os.path.dirname(PROGRAM)}:{os.environ.get('PATH', '/usr/bin:/bin')}", TERM="dumb",
        XDG_CONFIG_HOME=str(folder.path / ".config"), XDG_DATA_HOME=str(folder.path / ".data"),
        PS1="")


class Shell:
    """A shell at a terminal that has a function `offered`, which prints its arguments."""

    def __init__(self, folder, command, setup, insert):
        self.insert = insert
        self.child = pexpect.spawn(
            command[0], command[1:], env=prepare(folder), cwd=str(folder.path), timeout=PATIENCE,
            encoding="utf-8", dimensions=(60, 200))
        self.child.delaybeforesend = None
        self.child.sendline(f". {setup}")
        self.child.expect("LOADED\r")

    def offers(self, line):
        """What is put in the place of the last word by the key that inserts all that is offered."""
        given = ["totp-enroll", *line.split()]
        self.child.send(f"totp-enroll {line}{self.insert}\x01offered \r")
        self.child.expect("THE END\r")
        words = re.findall(r"^<(.*)>\r$", self.child.before, re.MULTILINE)
        equal(words[:len(given) - 1], given[:-1], f"what stands before the last word of {line!r}")
        begun = [] if line == "" or line.endswith(" ") else [given.pop()]
        found = words[len(given):]
        # Nothing was offered where the line is as it was, but for a word that is whole already.
        return set() if found == begun and begun != ["pskc"] else {value(word) for word in found}

    def compare(self):
        for line, expected in LINES:
            equal(self.offers(line), expected, f"what is offered for {line!r}")


def value(word):
    """An argument without its option, and a folder without the slash that only some shells show."""
    return re.sub("^--[a-z-]+=(?=.)", "", word).rstrip("/")


def bash(folder, completion, bare=False):
    need("bash")
    setup = folder.path / "setup"
    setup.write_text(f"""
bind 'set enable-bracketed-paste off'
bind '"\\C-t": insert-completions'
offered() {{ printf '<%s>\\n' "$@"; echo THE END; }}
{'' if bare else '. /usr/share/bash-completion/bash_completion'}
. {completion}
echo LOADED
""")
    return Shell(folder, ["bash", "--norc", "--noprofile", "-i"], setup, "\x14")


@test
def bash_offers_what_may_come(folder):
    bash(folder, COMPLETIONS / "totp-enroll", bare=True).compare()


@test
def bash_offers_the_same_with_bash_completion(folder):
    if not os.path.exists("/usr/share/bash-completion/bash_completion"):
        need("bash-completion")
    bash(folder, COMPLETIONS / "totp-enroll").compare()


@test
def zsh_offers_what_may_come(folder):
    need("zsh")
    setup = folder.path / "setup"
    setup.write_text(f"""
unset zle_bracketed_paste
fpath=({COMPLETIONS} $fpath)
autoload -Uz compinit
compinit -u -D
bindkey -e
setopt no_list_beep
zstyle ':completion:all-matches:*' old-matches only
zstyle ':completion:all-matches::::' completer _all_matches
zle -C all-matches complete-word _generic
bindkey '^Xa' all-matches
offered() {{ printf '<%s>\\n' "$@"; print THE END; }}
print LOADED
""")
    Shell(folder, ["zsh", "-f", "-i"], setup, "\t\x18a").compare()


@test
def fish_offers_what_may_come(folder):
    need("fish")
    environment = prepare(folder)
    for line, expected in LINES:
        done = subprocess.run(
            ["fish", "--no-config", "--command",
             f"source {COMPLETIONS}/totp-enroll.fish; complete --do-complete 'totp-enroll {line}'"],
            env=environment, cwd=folder.path, capture_output=True, text=True, timeout=PATIENCE,
            check=True)
        # fish also offers what is only alike where nothing begins so.
        begun = "" if line.endswith(" ") else "".join(line.split()[-1:])
        offered = {value(word) for word in (row.split("\t")[0] for row in done.stdout.splitlines())
                   if word.startswith(begun)}
        equal(offered, expected, f"what is offered for {line!r}")


@test
def each_option_of_each_command_is_offered(folder):
    for command in COMMANDS:
        shown = run(folder, "help", command).output
        known = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+=?)", shown, re.MULTILINE))
        offered = run(folder, "complete", command, "-").output
        equal({row.split("\t")[0] for row in offered.splitlines()}, known, f"options of {command}")
        check(known, f"the help of {command} has no option")


@test
def a_person_who_types_complete_is_told_nothing_that_a_shell_would_not_be(folder):
    equal(run(folder, "complete").status, 2, "exit status without a word")
    equal(run(folder, "complete", "status", "").output, ":users\n", "what status takes")
    unknown = run(folder, "complete", "status", "--secret=/x", "--nonsense=")
    equal(unknown.output, "", "an unknown option")
