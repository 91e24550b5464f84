# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll speaks the language of its user. A made-up language, in which each text is accented
and longer, finds what is not translated and what does not fit the terminal."""

import errno
import os
import pwd
import re
import subprocess
import unicodedata

import pexpect

from case import BUILD, SOURCE
from support import PATIENCE, PROGRAM, Skip, check, equal, finish, need, run, start, test

LIBRARY = BUILD / ".libs" / "catalogs.so"
COMMANDS = ("enroll", "bulk", "codes", "verify", "status", "show", "resync", "revoke", "seal",
            "unseal", "rekey", "import", "export", "explain", "doctor")
# The language of the made-up translation: nobody speaks it.
PSEUDO = "tlh"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

ACCENTED = str.maketrans("aceinouyACEINOUY", "áçéíñöüýÁÇÉÍÑÖÜÝ")
# What stays: conversions, names in braces, escapes, and the letters for yes and no.
KEPT = re.compile(r"%[-+ #0-9.*]*(?:<PRI\w+>|(?:hh|h|ll|l|z|j)?[a-zA-Z%])|\{[^}]*\}|\\.")

# What the library says of a failure, which is in English in every language.
DETAILS = ("cannot open the folder of", "Missing privilege separation directory")

# Three words of English in a row, with letters that the made-up language never leaves alone.
ENGLISH = re.compile(r"\b[a-zA-Z']{2,} [a-z']{2,} [a-z']{2,}\b")


def pseudo(text):
    """The text with accents, and longer by 40 % in words of a usual length."""
    parts, at = [], 0
    for match in KEPT.finditer(text):
        parts += [text[at:match.start()].translate(ACCENTED), match.group()]
        at = match.end()
    parts.append(text[at:].translate(ACCENTED))
    longer = "".join(parts)
    end = re.search(r"(?:\\n| )*$", longer).start()
    words = "ĺöñg ẃörð " * len(text)
    return longer[:end] + (" " + words[:len(text) * 2 // 5]).rstrip() + longer[end:]


def strings(lines):
    return "".join(line.strip()[1:-1] for line in lines)


def make_catalog(folder):
    """Makes the translation from the texts of the German one, which has them all."""
    need("msgfmt")
    source = (SOURCE / "po" / "de.po").read_text(encoding="utf-8")
    blocks = ['msgid ""\nmsgstr "Language: tlh\\nContent-Type: text/plain; charset=UTF-8\\n'
              'Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n']
    for block in source.split("\n\n")[1:]:
        quoted = r'((?:\s*"(?:[^"\\]|\\.)*")+)'
        match = re.search(rf"^msgid {quoted}(?:\nmsgid_plural {quoted})?", block, re.MULTILINE)
        one, many = (strings(part.split("\n")) if part else None for part in match.groups())
        blocks.append(f'msgid "{one}"\n' + (
            f'msgid_plural "{many}"\nmsgstr[0] "{pseudo(one)}"\nmsgstr[1] "{pseudo(many)}"\n'
            if many else f'msgstr "{one if len(one) == 3 and "/" in one else pseudo(one)}"\n'))
    target = folder.path / "catalogs" / PSEUDO / "LC_MESSAGES"
    target.mkdir(parents=True)
    subprocess.run(["msgfmt", "-o", target / "totpgroup.mo", "-"], input="\n".join(blocks),
                   text=True, check=True, timeout=PATIENCE)


def language(folder, name, catalogs):
    """The environment in which the program speaks a language."""
    if not LIBRARY.exists():
        raise Skip(f"{LIBRARY} was not built")
    for locale in ("C.UTF-8", "en_US.UTF-8", "de_DE.UTF-8"):
        changes = {"LC_ALL": locale, "LANGUAGE": name, "LD_PRELOAD": str(LIBRARY),
                   "TEST_CATALOGS": str(catalogs)}
        if "Commands:" not in run(folder, "help", **changes).output:
            return changes
    raise Skip("there is no locale in which gettext translates, or --disable-nls was given")


def pseudo_language(folder):
    make_catalog(folder)
    return language(folder, PSEUDO, folder.path / "catalogs")


def languages():
    """The languages that the program is translated into."""
    return (SOURCE / "po" / "LINGUAS").read_text(encoding="utf-8").split()


def german(folder):
    return language(folder, "de", BUILD / "po")


def columns(line):
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
               for c in line)


def check_words(said, what):
    # What the system says is translated by the C library.
    for number in errno.errorcode:
        said = said.replace(os.strerror(number), "")
    for detail in DETAILS:
        said = said.replace(detail, "")
    found = ENGLISH.search(said)
    check(found is None, f"{what} says in English: {found and found.group()!r}: {said!r}")


def check_width(said, what, width=80):
    for line in re.sub(r"\033\[[0-9;?]*[a-zA-Z]", "", said).splitlines():
        # One word, such as a link or a path, is never broken.
        check(columns(line) <= width or " " not in line.strip() and line.isascii(),
              f"{what}: {columns(line)} columns: {line!r}")


def write_secret(folder, options=('" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'), codes=2):
    left = [f"1234567{i}" for i in range(codes)]
    folder.file.write_text("\n".join([SECRET, *options, *left, ""]))
    folder.file.chmod(0o600)


# Command lines, with what comes on standard input, for a user who is enrolled.
LINES = [
    (["help"], ""), (["nonsense"], ""), (["hepl"], ""),
    (["--nonsense"], ""), (["status", "-Z"], ""),
    (["enroll", "--secre"], ""), (["enroll", "--rate-limit=x"], ""), (["-t", "-c"], ""),
    (["enroll", "--label"], ""), (["enroll", "--force=1"], ""), (["-t", "-t"], ""),
    (["enroll", "--label="], ""), (["export", "--to=x"], ""), (["enroll", "a", "b"], ""),
    (["-S", "60", "-t", "-c"], ""), (["-r", "3"], ""), (["-d"], ""),
    (["--quiet", "--codes=hashed"], ""),
    (["someone"], ""), (["--device= x "], ""), (["--qr=nonsense"], ""),
    (["enroll", "--if-missing", "--ask"], ""), (["enroll", "--if-missing", "--device=x"], ""),
    (["enroll", "--with-secret"], ""), (["enroll", "--if-missing", "--qr=a.png"], ""),
    (["status"], ""), (["status", "nosuchuser"], ""), (["verify"], ""),
    (["verify", "nosuchuser"], "123456\n"), (["show"], ""), (["show", "--force"], ""),
    (["show", "--force", "--device=x"], ""), (["revoke"], ""), (["revoke", "nosuchuser"], ""),
    (["codes", "--number=1", "--secret=.google_authenticator"], ""), (["resync", "a", "b"], ""),
    (["import", "/nosuchfile"], ""),
    (["import"], "nonsense\n"), (["import", "--dry-run"], f"otpauth://totp/a?secret={SECRET}\n"),
    (["import", "--remove"], ""), (["import", "--from-homes"], ""), (["export", "nosuchuser"], ""),
    (["bulk"], ""), (["bulk", "--format=x"], ""), (["bulk", "--dry-run", "--pending-for=x"], ""),
    (["bulk", "--dry-run"], "nosuchuser\nnobody\nnobody\n"), (["bulk", "--dry-run", "x"], ""),
    (["bulk", "--output=/x", "--rotate", "--format=csv"], ""), (["explain"], ""),
    (["explain", "--after=x", "a"], ""), (["doctor", "a", "b"], ""),
]

QUESTIONS = [
    (["--ask"], "y\n-1\ny\ny\ny\ny\ny\n"), (["--ask"], "n\n-1\nn\nn\nn\nn\n"),
    (["--ask"], "y\n-1\nn\nn\nn\nn\n"), ([], "000000\n-1\ny\ny\n"), (["-C"], "y\ny\n"), ([], ""),
    (["-t", "-d", "-f", "-W", "-u", "-C", "-S", "60", "-Q", "none"], ""),
    (["-t", "-d", "-f", "-W", "-u", "-C", "--algorithm=SHA512", "-Q", "utf8"], ""),
]


@test
def every_help_is_translated_and_fits(folder):
    changes = pseudo_language(folder)
    for arguments in (["--help"], *(["help", command] for command in COMMANDS)):
        said = run(folder, *arguments, **changes)
        equal(said.status, 0, f"exit status of {arguments}")
        check("ñ" in said.output, f"{arguments} is not translated")
        check_words(said.output, arguments)
        check_width(said.output, arguments)


@test
def every_command_speaks_the_language(folder):
    changes = pseudo_language(folder)
    write_secret(folder)
    for arguments, answers in LINES:
        said = run(folder, *arguments, answers=answers, **changes)
        check_words(said.output + said.errors, arguments)
        check("ñ" in said.output + said.errors or said.status == 0, f"{arguments}: {said.errors!r}")


@test
def enrollment_speaks_the_language(folder):
    changes = pseudo_language(folder)
    for arguments, answers in QUESTIONS:
        said = run(folder, *arguments, "-s", "secret", answers=answers, **changes)
        check_words(said.output + said.errors, arguments)
        (folder.path / "secret").unlink(missing_ok=True)


# Stacks of PAM in which doctor finds something.
STACKS = {
    "behind": "auth required pam_unix.so\nauth required pam_totpgroup.so services=other\n",
    "twice": "auth required pam_unix.so\n" + 2 * "auth required pam_totpgroup.so\n",
    "before": "auth required pam_totpgroup.so enroll\nauth required pam_unix.so\n",
    "optional": "auth requisite pam_unix.so\nauth optional pam_totpgroup.so\n"
                "auth required pam_permit.so\n",
    "account": "auth required pam_unix.so\naccount required pam_totpgroup.so\n",
    "vsftpd": "auth required pam_unix.so\nauth required pam_totpgroup.so\n",
}


@test
def doctor_speaks_the_language(folder):
    changes = pseudo_language(folder)
    for service, stack in STACKS.items():
        (folder.path / service).write_text(stack)
        said = run(folder, "doctor", f"--service={service}", f"--pam-dir={folder.path}", **changes)
        # A line or a command that is there to be copied is in no language, and never broken.
        words = "\n".join(line for line in said.output.splitlines()
                          if not line.startswith(" " * 13))
        check("ñ" in words, f"doctor of {service} is not translated: {words!r}")
        check_words(" ".join(words.split()) + said.errors, service)
        check_width(words, service)


@test
def nothing_is_wider_than_the_terminal(folder):
    """Each command at a terminal, where questions are left without an answer."""
    changes = pseudo_language(folder)
    write_secret(folder)
    for width in (80, 60):
        for arguments, _ in LINES:
            child = start(folder, *arguments, columns=width, **changes)
            child.sendeof()
            child.expect(pexpect.EOF)
            finish(child)
            check_width(child.before, arguments, width)


@test
def every_translation_fits_narrow_terminals(folder):
    write_secret(folder)
    for name in languages():
        changes = language(folder, name, BUILD / "po")
        for width in (80, 60, 40):
            for arguments in (["--help"], ["help", "bulk"], ["help", "import"], ["status"],
                              ["status", "nosuchuser"], ["doctor", "--service=nosuchservice"],
                              ["explain", "nosuchuser"], ["bulk", "--dry-run", "x"]):
                child = start(folder, *arguments, columns=width, **changes)
                child.expect(pexpect.EOF)
                finish(child)
                check_width(child.before, f"{name}: {arguments}", width)
                check(name != "ja" or not LEFT_BEHIND.search(child.before),
                      f"{name}: {arguments}: a line begins with a closing mark: {child.before!r}")


@test
def the_daemon_speaks_the_language(folder):
    def say(changes, *arguments):
        return subprocess.run([BUILD / "totp-verifyd", *arguments], capture_output=True, text=True,
                              check=False, timeout=PATIENCE, env=folder.environment(**changes))

    for name in (*languages(), PSEUDO):
        changes = (pseudo_language(folder) if name == PSEUDO
                   else language(folder, name, BUILD / "po"))
        said = say(changes, "--help")
        equal((said.returncode, said.stderr), (0, ""), f"{name}: --help")
        check("8" in said.stdout and "Answers" not in said.stdout, said.stdout)
        wrong = say(changes, "--check", "too", "much")
        equal((wrong.returncode, wrong.stderr), (2, said.stdout), f"{name}: a wrong argument")
        if name == PSEUDO:
            check_words(said.stdout, "--help")
        else:
            check_width(said.stdout, f"{name}: --help")


# A mark that belongs to the end of the line before.
LEFT_BEHIND = re.compile(r"^ *[\u3001\u3002\u300d\u30fc\uff09\uff0c\uff1a]", re.MULTILINE)


@test
def columns_of_a_table_are_straight_in_every_language(folder):
    users = [pwd.getpwuid(os.getuid()).pw_name, "nosuchuser"]
    write_secret(folder)
    for name in languages():
        said = run(folder, "status", f"--secret={folder.file}", *users,
                   **language(folder, name, BUILD / "po")).output
        heading, *rows = (line for line in said.splitlines() if not line.startswith(" "))
        equal(len(rows), 2, f"{name}: rows of {said!r}")
        # Where the second and the third column begin, on the screen.
        begins = [columns(heading[:match.end()]) for match in re.finditer(r" {2,}", heading)][:2]
        for row in rows:
            for begin in begins:
                before = next(i for i in range(len(row)) if columns(row[:i]) == begin)
                check(row[before - 2:before] == "  " and row[before] != " ",
                      f"{name}: column {begin} of {row!r} in {said!r}")


@test
def german_users_may_type_ja(folder):
    changes = german(folder)
    for yes in ("j", "J", "ja", "y", "Yes", ""):
        said = run(folder, "-s", "secret", "--ask", answers=f"{yes}\n-1\n" + "n\n" * 4, **changes)
        check("[J/n]" in said.output, said.output)
        check("Der Schlüssel kommt in" in said.output, said.output)
        check("TOTP" in said.output or "totp" in said.output, f"{yes!r}: {said.output}")
        (folder.path / "secret").unlink(missing_ok=True)
    said = run(folder, "-s", "secret", "--ask", answers="n\n-1\n" + "j\n" * 4, **changes)
    check("hotp" in said.output, said.output)


@test
def j_is_no_answer_in_english(folder):
    said = run(folder, "-s", "secret", "--ask", answers="j\nn\n-1\n" + "n\n" * 4)
    check("hotp" in said.output and said.output.count("else with each use") == 2, said.output)


@test
def json_is_the_same_in_every_language(folder):
    changes = pseudo_language(folder)
    write_secret(folder)
    for arguments in (["status", "--json"], ["status", "nosuchuser", "--json"],
                      ["explain", "--json", "nosuchuser"], ["doctor", "--json", "nosuchuser"],
                      ["enroll", "--json", "--if-missing", "--secret=new"],
                      ["bulk", "--dry-run", "--json"]):
        said = run(folder, *arguments, **changes)
        (folder.path / "new").unlink(missing_ok=True)
        english = run(folder, *arguments)
        equal((said.status, said.output), (english.status, english.output), " ".join(arguments))
        check(all(ord(c) < 128 for c in said.output + said.errors), f"{arguments}: {said.errors}")


@test
def the_prompt_is_the_same_in_every_language(folder):
    changes = german(folder)
    write_secret(folder)
    child = start(folder, "verify", subprocess.run(
        ["id", "-un"], capture_output=True, text=True, check=True).stdout.strip(), **changes)
    child.expect_exact("Verification code: ")
    child.sendline("000000")
    child.expect(pexpect.EOF)
    finish(child)


@test
def a_language_without_a_translation_is_english(folder):
    said = run(folder, "help", LC_ALL="C.UTF-8", LANGUAGE="la")
    equal(said.output, run(folder, "help").output, "help")
