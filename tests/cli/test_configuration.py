# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-enroll reads in the configuration file, and what it prints of it."""

import os
import pathlib
import pwd
import re

from support import (
    Credential, check, equal, need_root, run, shown_uri, test,
)

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "conf" / "totpgroup.conf"

# Answers to all questions but the code of the app and "Write it?".
ENROLL = """
[enroll]
time_based=yes
disallow_reuse=yes
window_size=5
rate_limit=2 45
"""


def put(folder, text, name="t.conf"):
    """Writes a configuration in a folder of its own; returns the argument that names it."""
    parent = folder.path / "conf"
    parent.mkdir(exist_ok=True)
    parent.chmod(0o755)
    path = parent / name
    path.write_text(text)
    path.chmod(0o644)
    return f"--conf={parent / 't.conf'}"


def print_config(folder, text):
    result = run(folder, "doctor", "--print-config", put(folder, text))
    equal((result.status, result.errors), (0, ""), "exit status and errors")
    return result.output


def options_written(folder, conf, *arguments):
    path = folder.path / "secret"
    path.unlink(missing_ok=True)
    result = run(folder, conf, "-f", "-C", "-s", str(path), *arguments)
    equal((result.status, result.errors), (0, ""), "exit status and errors")
    return Credential(path), result.output


@test
def defaults_answer_the_questions(folder):
    conf = put(folder, ENROLL + "emergency_codes=3\nissuer=\"ACME Inc\"\nqr=none\n")
    credential, output = options_written(folder, conf)
    credential.check(['" RATE_LIMIT 2 45', '" WINDOW_SIZE 5', '" DISALLOW_REUSE',
                      '" TOTP_AUTH'], codes=3)
    check("?" not in re.sub(r"otpauth://\S+", "", output), f"a question: {output}")
    check("issuer=ACME%20Inc" in shown_uri(output), "the issuer")


@test
def defaults_set_the_kind_of_secret(folder):
    conf = put(folder, ENROLL + "algorithm=SHA256\ndigits=8\nstep_size=60\ncodes=plain\n")
    credential, output = options_written(folder, conf, "-q")
    check('" ALGORITHM SHA256' in credential.options, "the algorithm")
    check('" DIGITS 8' in credential.options, "the digits")
    check('" STEP_SIZE 60' in credential.options, "the step size")
    equal(len(credential.codes), 5, "plain codes")
    equal(output, "", "output")


@test
def flags_overrule_defaults(folder):
    conf = put(folder, ENROLL + "emergency_codes=3\nissuer=ACME\ndigits=8\nstep_size=60\n"
               "algorithm=SHA512\ncodes=hashed\n")
    credential, output = options_written(
        folder, conf, "-t", "-D", "-W", "-u", "-e", "1", "-i", "Other", "-S", "30",
        "--digits=6", "--algorithm=SHA1", "--codes=plain")
    credential.check(['" WINDOW_SIZE 3', '" TOTP_AUTH'], codes=1)
    check("issuer=Other" in shown_uri(output), "the issuer")
    credential, _ = options_written(
        folder, conf, "-c", "-r", "7", "-R", "70", "-w", "9", "--digits=6",
        "--algorithm=SHA1", "--codes=plain", "-e", "0")
    credential.check(['" RATE_LIMIT 7 70', '" WINDOW_SIZE 9', '" HOTP_COUNTER 1'], codes=0)


@test
def no_limit_is_a_default_too(folder):
    conf = put(folder, ENROLL.replace("2 45", "no"))
    credential, _ = options_written(folder, conf)
    equal([line for line in credential.options if "RATE" in line], [], "rate limit")
    credential, _ = options_written(folder, conf, "-r", "3", "-R", "30")
    check('" RATE_LIMIT 3 30' in credential.options, "the rate limit of the flags")


@test
def an_empty_configuration_asks_everything(folder):
    path = folder.path / "secret"
    result = run(folder, put(folder, ""), "-C", "-s", str(path), answers="\n" * 5)
    equal(result.status, 0, "exit status")
    equal(result.output.count("[Y/n]") + result.output.count("[y/N]"), 5, "questions")


@test
def the_secret_goes_where_the_module_looks(folder):
    name = pwd.getpwuid(os.getuid()).pw_name
    (folder.path / "store").mkdir(mode=0o700)
    conf = put(folder, f"secret={folder.path}/store/${{USER}}\n" + ENROLL)
    result = run(folder, conf, "-f", "-C", "-q")
    equal((result.status, result.errors), (0, ""), "exit status and errors")
    before = Credential(folder.path / "store" / name)
    check(not folder.file.exists(), "a file in the home folder, too")
    result = run(folder, "codes", conf, "-q", "-f")
    equal((result.status, result.errors), (0, ""), "exit status and errors")
    after = Credential(folder.path / "store" / name)
    equal(after.secret, before.secret, "the secret")
    check(after.codes != before.codes, "the codes are the old ones")


@test
def roots_store_is_filled_by_root(folder):
    need_root()
    (folder.path / "store").mkdir(mode=0o700)
    for owner in "root", "0":
        conf = put(folder, f"secret={folder.path}/store/${{USER}}\nuser={owner}\n" + ENROLL)
        result = run(folder, "enroll", "nobody", conf, "-f", "-C", "-l", "x@y")
        equal((result.status, result.errors), (0, ""), "exit status and errors")
        path = folder.path / "store" / "nobody"
        Credential(path)
        equal(path.stat().st_uid, 0, "owner")
        path.unlink()


@test
def a_bad_file_is_refused(folder):
    bad = [("[enroll]\ndigit=8\n", 2, "did you mean digits?"),
           ("group=totp\nnullok\n", 2, "name=value"),
           ("[enrol]\n", 1, "did you mean [enroll]?")]
    for text, line, word in bad:
        for command in ["enroll"], ["codes"], ["doctor", "--print-config"]:
            result = run(folder, *command, put(folder, text))
            equal(result.status, 6, "exit status")
            check(f"/conf/t.conf:{line}: " in result.errors, f"no line: {result.errors}")
            check(word in result.errors, result.errors)
            equal(result.errors.count("\n"), 1, "lines of errors")
    conf = put(folder, "")
    (folder.path / "conf" / "t.conf").chmod(0o666)
    result = run(folder, conf)
    equal(result.status, 6, "exit status")
    check("chmod go-w" in result.errors, result.errors)
    (folder.path / "conf" / "t.conf").unlink()
    result = run(folder, conf)
    equal(result.status, 6, "exit status")
    check("no such file" in result.errors, result.errors)
    equal(folder.names(), ["conf"], "files left behind")


@test
def print_config_shows_each_value_and_its_origin(folder):
    (folder.path / "conf" / "t.conf.d").mkdir(parents=True, mode=0o755)
    put(folder, "nullok=no\n", "t.conf.d/50.conf")
    output = print_config(folder, "# x\ngroup=a\nnullok=yes\nauthtok_prompt=\"Code: \"\n"
                          "[enroll]\nrate_limit=3 30\n")
    where = f"# {folder.path}/conf/t.conf"
    check(output.startswith(f"# read: {where[2:]}\n# read: {where[2:]}.d/50.conf\n"), output)
    check(f"\n{where}:2\ngroup=a\n" in output, output)
    check(f"\n{where}.d/50.conf:1\nnullok=no\n" in output, output)
    check(f"\n{where}:4\nauthtok_prompt=\"Code: \"\n" in output, output)
    check("\n[enroll]\n# default: issuer\n" in output, output)
    check(f"\n{where}:6\nrate_limit=\"3 30\"\n" in output, output)
    check("\n# default: strict\n" in output, output)
    # The output is a configuration with the same settings.
    (folder.path / "conf" / "t.conf.d" / "50.conf").unlink()
    again = print_config(folder, output)
    settings = [line for line in output.splitlines() if not line.startswith("#")]
    equal([line for line in again.splitlines() if not line.startswith("#")], settings,
          "settings after another round")


@test
def print_config_shows_what_the_daemon_reads(folder):
    (folder.path / "conf" / "t.conf.d").mkdir(parents=True, mode=0o755)
    put(folder, "[verify web]\nroot=yes\n", "t.conf.d/50.conf")
    output = print_config(folder, "[verify web]\npeer=0\ngroups=users\nroot=no\n"
                          "[daemon]\nself_attempts=5 60\n[verify b]\npeer_group=0\ngroups=*\n")
    where = f"# {folder.path}/conf/t.conf"
    check("\n[daemon]\n# default: idle_exit\n" in output, output)
    check(f"\n{where}:6\nself_attempts=\"5 60\"\n" in output, output)
    check(f"\n[verify web]\n{where}:2\npeer=0\n# default: peer_group\n"
          f"{where}:3\ngroups=users\n{where}.d/50.conf:2\nroot=yes\n" in output, output)
    check(f"\n[verify b]\n# default: peer\n{where}:8\npeer_group=0\n" in output, output)
    check("root=no" not in output, "what is overruled")
    # Logins do not read these sections: the settings of logins are printed all the same.
    for text, word in (("[daemon]\nself=maybe\n", "t.conf:3: key self is yes or no"),
                       ("[verify web]\npeer=0\n", "does not say about whom")):
        result = run(folder, "doctor", "--print-config", put(folder, "group=a\n" + text))
        equal(result.status, 6, "exit status")
        check(word in result.errors, result.errors)
        equal(result.errors.count("\n"), 1, "lines of errors")
        check("\ngroup=a\n" in result.output and "\n[enroll]\n" in result.output, result.output)


@test
def the_sample_shows_the_defaults(folder):
    text = SAMPLE.read_text()
    output = print_config(folder, text)
    settings = [line for line in output.splitlines() if line and line[0] not in "#["]
    equal(settings, [], "settings in force")
    # The values that it shows as defaults are valid.
    text = re.sub(r"(?m)^#(\[.*\]|[a-z_-]+=[^(\n].*)$", r"\1", text)
    # A section [verify NAME] needs these two.
    text = text.replace("#peer=(none)", "peer=0").replace("#groups=(none)", "groups=users")
    output = print_config(folder, text)
    settings = [line for line in output.splitlines() if line and line[0] not in "#["]
    check(len(settings) > 20, f"only {len(settings)} settings")
    check('authtok_prompt="Verification code: "' in settings, output)
    check("idle_exit=60" in settings and 'peer_attempts="6000 60"' in settings, output)


@test
def wrong_usage_of_doctor_is_refused(folder):
    for arguments in ["--print-confg"], ["--print-config", "x", "y"]:
        equal(run(folder, "doctor", *arguments).status, 2, "exit status")
