# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each option of totp-enroll, alone and together, compared with google-authenticator
where that is installed."""

import itertools
import os
import pathlib
import pwd
import re
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

from support import (
    Credential, PATIENCE, PROGRAM, check, equal, need, run, shown_secret,
    shown_uri, test,
)

# Options that leave no question open.
ALL = ["-t", "-d", "-f", "-W", "-u", "-C"]

GOOGLE = "google-authenticator"


def run_google(folder, *arguments, answers=""):
    return run(folder, *arguments, answers=answers, program=GOOGLE)


def pages():
    """The manual page of each command, or of some commands, as text."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "man"
    return [page.read_text(encoding="utf-8").replace("\\-", "-")
            for page in sorted(folder.glob("totp-enroll-*.1"))]


def options_of(text):
    """The options that a help text lists."""
    found = set()
    for line in text.splitlines():
        match = re.match(r"\s+(?:(-\w),)?\s*(--[a-z-]+)", line)
        if match:
            found.update(option for option in match.groups() if option)
    return found


@test
def help_lists_every_option_of_google_authenticator(folder):
    need(GOOGLE)
    ours = run(folder, "--help")
    equal(ours.status, 0, "exit status")
    equal(ours.errors, "", "standard error")
    missing = options_of(run_google(folder, "--help").output) - options_of(ours.output)
    equal(missing, set(), "options that are missing")
    folder.check_empty()


@test
def every_way_to_ask_for_help_prints_the_same(folder):
    expected = run(folder, "--help").output
    check("enroll" in expected and "--qr=MODE" in expected, "the help is not complete")
    for arguments in (["-h"], ["help"], ["-t", "-q", "--help"]):
        result = run(folder, *arguments)
        equal((result.status, result.output), (0, expected), " ".join(arguments))
    folder.check_empty()


def commands_of(text):
    """The commands that the help of the program lists."""
    return re.findall(r"^  ([a-z]+) +\S", text.partition("Commands:")[2].partition("\n\n")[0], re.M)


@test
def each_command_has_a_help_of_its_own(folder):
    whole = run(folder, "--help").output
    commands = commands_of(whole)
    check(len(commands) > 10, commands)
    for command in commands:
        result = run(folder, command, "--help")
        equal((result.status, result.errors), (0, ""), command)
        equal(run(folder, "help", command).output, result.output, f"help {command}")
        check(result.output.startswith(f"Usage: totp-enroll {command} [OPTION]..."), command)
        equal(re.findall(r"^Options of ([a-z]+)", result.output, re.M), [command], "tables")
        for option in options_of(result.output):
            check(option in options_of(whole), f"{command} {option}")
    equal(run(folder, "enrol", "--help").output, run(folder, "enroll", "--help").output, "enrol")


@test
def a_misspelt_word_is_answered_with_the_right_one(folder):
    for arguments, words in (
            (["stauts"], "unknown command 'stauts'; did you mean status?"),
            (["help", "revok"], "unknown command 'revok'; did you mean revoke?"),
            (["xyzzy"], "unknown command 'xyzzy'; see totp-enroll --help"),
            (["codes", "--froce"], "unknown option '--froce'; did you mean --force?"),
            (["--isuer=x"], "unknown option '--isuer=x'; did you mean --issuer?"),
            (["--xyzzy"], "unknown option '--xyzzy'; see --help"),
            (["--no"], "several options begin with '--no'"),
            (["-t", "-c"], "--counter-based contradicts --time-based"),
            (["-w", "3", "--minimal-window"], "--minimal-window contradicts --window-size"),
            (["codes", "-n", "3", "--number=3"], "--number is given twice")):
        result = run(folder, *arguments)
        equal((result.status, result.output), (2, ""), " ".join(arguments))
        check(words in result.errors, f"{arguments}: {result.errors!r}")
    folder.check_empty()


# A value for each option that needs one.
VALUES = {"--from-file": "-", "--label": "l", "--issuer": "i", "--qr": "none", "--qr-mode": "none",
          "--rate-limit": "3", "--rate-time": "30", "--device": "d", "--secret": "file",
          "--conf": "conf", "--step-size": "60", "--algorithm": "SHA256", "--digits": "8",
          "--window-size": "3", "--emergency-codes": "2", "--codes": "hashed"}

# What an option needs beside it.
NEEDS = {"--with-secret": ["--json"], "--rate-limit": ["--rate-time=30"],
         "--rate-time": ["--rate-limit=3"], "--disallow-reuse": ["-t"], "--allow-reuse": ["-t"]}


def with_value(option):
    value = VALUES.get(option)
    return option if value is None else f"{option}={value}"


def is_refused(folder, arguments):
    """Whether the command line is; returns what is said then."""
    arguments = [word.replace("--conf=", f"--conf={folder.path}/") for word in arguments]
    result = run(folder, "enroll", *arguments, "no-such-user-here")
    # Where the command line is right, the user is what is wrong, or that the caller names one.
    said = result.errors + result.output
    right = "no-such-user-here" in said or "only root may do that for another user" in said
    return None if right else result.errors


@test
def options_that_contradict_each_other_are_both_named(folder):
    """Every pair of the options of enroll."""
    names = [name for name in options_of(run(folder, "help", "enroll").output)
             if name.startswith("--") and name not in ("--help", "--version")]
    check(len(names) > 25, names)
    (folder.path / "conf").write_text("[enroll]\n")
    (folder.path / "conf").chmod(0o644)
    refused = 0
    for name in names:
        alone = [with_value(name), *NEEDS.get(name, [])]
        equal(is_refused(folder, alone) if name != "--codes" else None, None, f"{alone} alone")
    for one, other in itertools.combinations(sorted(names), 2):
        arguments = [with_value(one), with_value(other)]
        for name in (one, other):
            arguments += [need for need in NEEDS.get(name, [])
                          if not any(need.split("=")[0] == given.split("=")[0]
                                     or need == "-t" and given == "--time-based"
                                     for given in arguments)]
        said = is_refused(folder, arguments)
        if said is None:
            continue
        refused += 1
        # Where what an option needs is refused, that is named instead of it.
        words = {name: [name, *NEEDS.get(name, [])] for name in (one, other)}
        for name in (one, other):
            check(any(re.search(re.escape(re.sub("^-t$", "--time-based", word.split("=")[0]))
                                + r"\b", said) for word in words[name]),
                  f"{arguments}: {name} is not named: {said!r}")
    check(refused > 30, f"only {refused} pairs are refused")
    equal(folder.names(), ["conf"], "files")


def options_of_page(text):
    """The options that a manual page lists."""
    listed = set()
    for letter, name in re.findall(r"^\.It(?: Fl (\w)[^,\n]*,)? Fl -([a-z-]+)", text, re.M):
        listed.add("--" + name)
        if letter:
            listed.add("-" + letter)
    for letter in re.findall(r"^\.It Fl (\w)\b", text, re.M):
        listed.add("-" + letter)
    return listed


@test
def the_help_and_the_manual_have_the_same_options(folder):
    described = []
    for text in pages():
        commands = re.findall(r"^\.Nm totp-enroll-([a-z]+)", text.partition(".Sh SYNOPSIS")[0], re.M)
        helps = [run(folder, "help", command).output for command in commands]
        for command, output in zip(commands, helps):
            check(f"totp-enroll-{command}(1)" in output, f"help {command} does not name the page")
        equal(options_of_page(text), set().union(*map(options_of, helps)),
              f"options in the page of {commands}")
        described += commands
    equal(sorted(described), sorted(commands_of(run(folder, "--help").output)), "commands")


@test
def version_is_printed(folder):
    result = run(folder, "-V")
    equal(run(folder, "--version").output, result.output, "both names")
    equal(result.status, 0, "exit status")
    check(re.fullmatch(r"totp-enroll \(totpgroup\) \d+(\.\d+)+\S*\n", result.output),
          f"{result.output!r}")
    folder.check_empty()


WRONG = [
    ["-t", "-t"], ["-t", "-c"], ["-c", "-c"], ["-t", "-d", "-D"], ["-t", "-d", "-d"],
    ["-t", "-f", "-f"], ["-q", "-q"], ["-u", "-u"], ["-d"], ["-D"], ["-c", "-d"],
    ["-c", "-D"], ["-l", "a", "-l", "b"], ["-i", "a", "-i", "b"], ["-l", ""],
    ["-Q", "none", "-Q", "none"], ["-Q", "none", "--qr=none"], ["-Q", "png"], ["-Q", ""],
    ["-Q", "ansi_"], ["-Q", "utf8x"],
    ["-r", "3"], ["-R", "30"], ["-r", "0", "-R", "30"], ["-r", "11", "-R", "30"],
    ["-r", "3", "-R", "14"], ["-r", "3", "-R", "601"], ["-r", "3", "-R", "30", "-u"],
    ["-r", "3", "-r", "3", "-R", "30"], ["-r", "3", "-R", "30", "-R", "30"],
    ["-s", "a", "-s", "b"], ["-s", ""], ["-S", "0"], ["-S", "3601"], ["-S", "30", "-S", "30"],
    ["-w", "0"], ["-w", "22"], ["-w", "5", "-W"], ["-W", "-w", "5"], ["-W", "-W"],
    ["-w", "5", "-w", "5"], ["-w", "5x"], ["-w", " 5"], ["-w", "+5"], ["-w", "-5"],
    ["-w", ""], ["-w", "99999999999999999999"], ["-e", "11"], ["-e", "-1"], ["-e", "x"],
    ["-e", "1", "-e", "1"], ["-x"], ["-tx"], ["--nonsense"], ["--rate"], ["--force=1"],
    ["-s"], ["--secret"], ["someone"], ["-t", "someone"], ["enroll", "one", "two"],
    ["enroll", "no-such-user-here"], [""], ["Enroll"],
]


@test
def wrong_command_lines_are_refused(folder):
    for arguments in WRONG:
        name = " ".join(arguments)
        result = run(folder, *arguments, answers="y\n" * 9)
        unprivileged = arguments[-1] == "no-such-user-here" and os.geteuid() != 0
        equal(result.status, 5 if unprivileged else 2, f"exit status of {name}")
        equal(result.output, "", f"output of {name}")
        check(re.fullmatch(r"totp-enroll: [^\n]+\n", result.errors),
              f"{name}: {result.errors!r} is not one line")
        folder.check_empty()


@test
def a_user_needs_the_word_enroll(folder):
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = "root"
    for arguments, words in (([*ALL, name], "totp-enroll enroll USER"),
                             (["enroll", *ALL, name, name], "one user")):
        result = run(folder, *arguments)
        equal(result.status, 2, "exit status")
        check(words in result.errors, f"{words!r} is not in {result.errors!r}")
        folder.check_empty()


@test
def options_can_answer_all_questions(folder):
    result = run(folder, *ALL)
    equal(result.status, 0, "exit status")
    check("[Y/n]" not in result.output, "a question was asked")
    credential = Credential(folder.file)
    credential.check(['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])
    equal(shown_secret(result.output), credential.secret, "secret on the screen")
    for code in credential.codes:
        check(f"  {code}\n" in result.output, "an emergency code is not shown")
    equal(folder.file.stat().st_mode & 0o7777, 0o400, "mode")
    equal(folder.names(), [folder.file.name], "files")


@test
def the_word_enroll_changes_nothing(folder):
    equal(run(folder, "enroll", *ALL).status, 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])


@test
def every_secret_and_code_is_different(folder):
    seen = set()
    for _ in range(20):
        equal(run(folder, *ALL, "-q").status, 0, "exit status")
        credential = Credential(folder.file)
        seen.update([credential.secret, *credential.codes])
    equal(len(seen), 120, "different secrets and codes")


@test
def quiet_prints_nothing(folder):
    result = run(folder, *ALL, "-q")
    equal((result.status, result.output, result.errors), (0, "", ""), "status and output")
    check(folder.file.exists(), "no file")


@test
def quiet_still_asks(folder):
    result = run(folder, "-q", answers="y\ny\ny\nn\ny\n")
    equal(result.status, 0, "exit status")
    credential = Credential(folder.file)
    credential.check(['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'])
    check("otpauth" not in result.output, "the URI was shown")
    check(credential.codes[0] not in result.output, "a code was shown")
    check("-1 to skip" not in result.output, "a code was asked for")


@test
def no_confirm_may_be_repeated(folder):
    equal(run(folder, *ALL, "-C", "-C").status, 0, "exit status")


LONG = [
    ("-t", "--time-based"), ("-c", "--counter-based"), ("-d", "--disallow-reuse"),
    ("-D", "--allow-reuse"), ("-f", "--force"), ("-C", "--no-confirm"), ("-q", "--quiet"),
    ("-u", "--no-rate-limit"), ("-W", "--minimal-window"), ("-w", "--window-size"),
    ("-S", "--step-size"), ("-r", "--rate-limit"), ("-R", "--rate-time"),
    ("-e", "--emergency-codes"), ("-l", "--label"), ("-i", "--issuer"), ("-Q", "--qr-mode"),
]


def lengthen(arguments):
    """The long names of options, with the value behind '='."""
    names = dict(LONG)
    result = []
    for argument in arguments:
        if argument in names:
            result.append(names[argument])
        else:
            result[-1] += "=" + argument
    return result


@test
def long_names_do_the_same_as_letters(folder):
    for short in (
        ["-t", "-d", "-f", "-C", "-w", "7", "-r", "4", "-R", "44", "-S", "20", "-e", "2",
         "-Q", "none", "-l", "a", "-i", "b"],
        ["-t", "-D", "-f", "-q", "-W", "-u"],
        ["-c", "-f", "-q", "-W", "-u"],
    ):
        kept = []
        for arguments in (short, lengthen(short)):
            equal(run(folder, *arguments).status, 0, " ".join(arguments))
            kept.append(Credential(folder.file))
        equal(kept[0].options, kept[1].options, "option lines")
        equal(len(kept[0].codes), len(kept[1].codes), "emergency codes")


@test
def long_names_may_be_abbreviated(folder):
    arguments = ["--time", "--dis", "--force", "--min", "--no-r", "--no-c", "--em=1"]
    equal(run(folder, *arguments).status, 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'], 1)


@test
def letters_may_be_clustered(folder):
    equal(run(folder, "-tdfqWue3").status, 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'], 3)


def uri_of(folder, *arguments):
    result = run(folder, *arguments, "-f", "-W", "-u", "-C")
    equal(result.status, 0, "exit status")
    uri = urlsplit(shown_uri(result.output))
    secret = Credential(folder.file).secret
    values = {name: value[0] for name, value in parse_qs(uri.query).items()}
    equal(values.pop("secret"), secret, "secret in the URI")
    return uri.netloc, uri.path, values


@test
def label_and_issuer_are_in_the_uri(folder):
    kind, path, values = uri_of(folder, "-t", "-d", "-l", "alice@mail", "-i", "Example #1")
    equal((kind, unquote(path)), ("totp", "/Example #1:alice@mail"), "label")
    equal(values, {"issuer": "Example #1"}, "parameters")
    check("#" not in path and " " not in path, "the label is not escaped")


@test
def an_empty_issuer_is_left_out_of_the_uri(folder):
    kind, path, values = uri_of(folder, "-t", "-d", "-l", "alice", "-i", "")
    equal((kind, path, values), ("totp", "/alice", {}), "URI")


@test
def an_issuer_in_the_label_is_not_repeated(folder):
    _, path, _ = uri_of(folder, "-t", "-d", "-l", "Example:alice", "-i", "Example")
    equal(unquote(path), "/Example:alice", "label")
    _, path, _ = uri_of(folder, "-t", "-d", "-l", "Another:alice", "-i", "Example")
    equal(unquote(path), "/Example:Another:alice", "label with another issuer")
    _, path, _ = uri_of(folder, "-t", "-d", "-l", "Example:", "-i", "Example")
    equal(unquote(path), "/Example:Example:", "label with nothing but the issuer")


@test
def the_uri_names_the_user_and_the_host(folder):
    _, path, values = uri_of(folder, "-t", "-d")
    host = os.uname().nodename
    user = subprocess.run(["id", "-un"], capture_output=True, check=False, text=True)
    equal(unquote(path), f"/{host}:{user.stdout.strip() or os.getuid()}@{host}", "label")
    equal(values, {"issuer": host}, "parameters")


@test
def the_uri_of_a_counter_has_the_counter(folder):
    kind, _, values = uri_of(folder, "-c", "-l", "a", "-i", "b")
    equal((kind, values), ("hotp", {"issuer": "b", "counter": "1"}), "URI")


@test
def the_uri_has_an_unusual_period(folder):
    _, _, values = uri_of(folder, "-t", "-d", "-l", "a", "-i", "b", "-S", "60")
    equal(values, {"issuer": "b", "period": "60"}, "parameters")


@test
def an_unusual_period_is_warned_about(folder):
    check("60 seconds" in run(folder, *ALL, "-S", "60").errors, "no warning")
    equal(run(folder, *ALL, "-S", "30").errors.count("30 seconds"), 0, "warnings")
    equal(run(folder, *ALL, "-S", "60", "-q").errors, "", "warning in spite of -q")
    counter = run(folder, "-c", "-f", "-W", "-u", "-S", "60")
    equal(counter.errors.count("60 seconds"), 0, "warnings for a counter")
    check("period" not in counter.output, "a counter has a period")


def combinations():
    """Every mode with every window and limit. The step and the number of codes change
    together, because nothing else depends on them."""
    for parts in itertools.product(
        (["-t", "-d"], ["-t", "-D"], ["-c"]),
        (["-W"], ["-w", "1"], ["-w", "21"], []),
        (["-u"], ["-r", "1", "-R", "15"], ["-r", "10", "-R", "600"], []),
        ([], ["-S", "1", "-e", "0"], ["-S", "60", "-e", "10"]),
    ):
        yield [word for part in parts for word in part]


@test
def the_file_is_the_same_as_google_authenticators(folder):
    need(GOOGLE)
    count = 0
    for arguments in combinations():
        # The questions that are left are those for the window and for the limit.
        for answers in ("y\ny\n", "n\nn\n") if {"-u", "-r"}.isdisjoint(arguments) or {
            "-W", "-w"}.isdisjoint(arguments) else ("",):
            name = " ".join(arguments)
            words = [*arguments, "-f", "-C", "-q", "-s", "secret"]
            kept = []
            for run_one in (run_google, run):
                result = run_one(folder, *words, answers=answers)
                equal(result.status, 0, f"exit status of {name}")
                kept.append(Credential(folder.path / "secret"))
                (folder.path / "secret").unlink()
            equal(kept[1].options, kept[0].options, f"option lines of {name}")
            equal(len(kept[1].codes), len(kept[0].codes), f"codes of {name}")
            count += 1
    check(count > 144, f"only {count} combinations were compared")


# Options, answers that scripts pipe to google-authenticator, and its exit status.
SCRIPTS = [
    ([], "y\n-1\ny\ny\nn\ny\n", 0), ([], "y\n-1\ny\nn\ny\nn\n", 0),
    ([], "n\ny\ny\ny\n", 0), ([], "n\ny\nn\nn\n", 0),
    (["-t"], "-1\ny\ny\nn\ny\n", 0), (["-t", "-C"], "y\ny\ny\ny\n", 0),
    (["-t", "-d", "-u"], "-1\ny\nn\n", 0), (["-c", "-f", "-W"], "y\n", 0),
    (["-C"], "maybe\ny\nY\nYes\nno\nno\n", 0), (["-C", "-f"], "y\nx\nz\nn\nn\nn\n", 0),
    ([], "y\n-1\nn\n", 0), (["-q"], "y\n", 1), ([], "", 1), ([], "y\n-1\ny\ny\nn\n", 1),
    (["-t", "-d", "-f", "-W", "-u"], "", 1),
]


@test
def the_same_answers_give_the_same_file_as_google_authenticator(folder):
    need(GOOGLE)
    target = folder.path / "secret"
    for arguments, answers, expected in SCRIPTS:
        name = f"{' '.join(arguments)} < {answers!r}"
        kept = []
        for run_one in (run_google, run):
            result = run_one(folder, *arguments, "-s", "secret", answers=answers)
            equal(result.status, expected, f"exit status of {name}")
            kept.append(Credential(target).options if target.exists() else None)
            target.unlink(missing_ok=True)
        equal(kept[1], kept[0], f"option lines of {name}")
        declined = answers == "y\n-1\nn\n"
        equal(kept[1] is not None, expected == 0 and not declined, f"a file after {name}")


@test
def google_authenticator_refuses_the_same_command_lines(folder):
    need(GOOGLE)
    known = set("tcdDfClirRsuSwWeQq")
    for arguments in WRONG:
        letters = {word[1] for word in arguments if re.match(r"-[a-zA-Z]", word)}
        # Command lines that google-authenticator understands differently are left out.
        if not letters or not letters <= known or arguments in (
            ["-l", ""], ["-w", " 5"], ["-w", "+5"], ["-t", "someone"]
        ):
            continue
        if "-s" in arguments:
            continue
        result = run_google(folder, *arguments, "-s", "secret", answers="y\n" * 9)
        equal(result.status, 1, f"its exit status for {' '.join(arguments)}")


@test
def an_output_that_cannot_be_written_is_an_error(folder):
    for target in ("/dev/full", None):
        with open(target or os.devnull, "wb") as stream:
            done = subprocess.run(
                ["sh", "-c", 'exec "$@"' if target else 'exec "$@" >&-', "sh", PROGRAM,
                 *ALL],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.PIPE,
                cwd=folder.path, env=folder.environment(), timeout=PATIENCE, check=False)
        equal(done.returncode, 6, f"exit status with {target or 'no output'}")
        check(b"standard output" in done.stderr, f"{done.stderr!r}")
        folder.check_empty()


@test
def it_works_without_standard_descriptors(folder):
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", PROGRAM, *ALL, "-q"],
        cwd=folder.path, env=folder.environment(), timeout=PATIENCE, check=False)
    equal(done.returncode, 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])


@test
def a_program_that_answers_for_ever_is_not_listened_to(folder):
    """As `yes | totp-enroll` does, which says yes to a question for a code."""
    for answer in ("y\n", "\n", "maybe\n", "123456\n"):
        result = run(folder, answers=answer * 1000)
        equal(result.status, 1, f"exit status after {answer!r}")
        check("20 answers in a row were not valid: nothing was written" in result.errors,
              f"{answer!r}: {result.errors!r}")
        folder.check_empty()
