# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module does with a login what totp-enroll explain says, and explain gives the fact
behind each step."""

import base64
import datetime
import grp
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import random
import shutil
import struct
import subprocess
import time

from case import seed
from support import (
    PROGRAM, PATIENCE, Skip, check, equal, need, need_root, run, test, totp)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TOTP_FILE = f'{SECRET}\n" TOTP_AUTH\n'
HOTP_FILE = f'{SECRET}\n" HOTP_COUNTER 1\n'
REMOTE = "--rhost=192.0.2.7"
PASSWORD_GROUP = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
DAY = 86400

# The names in <security/_pam_types.h>. PAM gives the last one if the only
# module of a stack says PAM_IGNORE.
CODES = {0: "PAM_SUCCESS", 3: "PAM_SERVICE_ERR", 7: "PAM_AUTH_ERR",
         9: "PAM_AUTHINFO_UNAVAIL", 6: "PAM_IGNORE"}


class Host:
    """PAM's files, a configuration file and secrets of the test's own. The secrets
    belong to root, so that no user's home folder is read."""

    def __init__(self, folder, options="", settings=None, user="root"):
        need_root()
        self.folder = folder
        folder.path.chmod(0o755)
        self.pam = folder.path / "pam.d"
        self.secrets = folder.path / "secrets"
        self.conf = folder.path / "conf" / "t.conf"
        for path in self.pam, self.secrets, self.conf.parent:
            path.mkdir(mode=0o755, exist_ok=True)
        self.options = f"secret={self.secrets}/${{USER}} user={user} conf={self.conf}"
        self.stack(f"auth required pam_totpgroup.so {self.options} {options}\n")
        self.settings(settings or "")

    def stack(self, text, service="sshd"):
        (self.pam / service).write_text(text)

    def settings(self, text):
        self.conf.write_text(text)
        self.conf.chmod(0o644)

    def enroll(self, user, text=TOTP_FILE):
        path = self.secrets / user
        path.write_text(text)
        path.chmod(0o600)
        return path

    def run(self, *arguments):
        return run(self.folder, "explain", f"--pam-dir={self.pam}", *arguments)

    def explain(self, *arguments):
        """The explanation of the only line of the stack."""
        result = self.run("--json", *arguments)
        equal(result.errors, "", "errors")
        report = json.loads(result.output)
        equal(report["version"], 1, "version")
        equal(report["status"], result.status, "the status inside and outside")
        equal(len(report["lines"]), 1, "lines")
        line = report["lines"][0]
        line["status"] = result.status
        line["facts"] = {}
        for step in line["steps"]:
            line["facts"].setdefault(step["step"], []).append(step["fact"])
        return line

    def expect(self, user, outcome, reason, pam_result, status, *more):
        line = self.explain(user, *more)
        equal((line["outcome"], line["reason"], line["pam_result"], line["status"]),
              (outcome, reason, pam_result, status), "what comes of it")
        return line


def fact(line, step, text):
    facts = line["facts"].get(step, [])
    check(text in facts, f"{step}: {facts!r}, expected {text!r}")


# How a login ends


@test
def a_user_with_a_secret_is_asked(folder):
    host = Host(folder)
    path = host.enroll("nobody")
    line = host.expect("nobody", "asked", None, "PAM_SUCCESS", 0, REMOTE)
    fact(line, "user", "known to the system")
    fact(line, "secret", f"{path}, read with the rights of uid 0: there")
    fact(line, "secret", "TOTP, 6 digits, period 30 s, window 3")
    fact(line, "rate limit", "not reached")
    equal((line["message"], line["retry_after"]), (None, 0), "what is wrong")
    host.enroll("nobody", HOTP_FILE + '" WINDOW_SIZE 5\n" DIGITS 8\n')
    fact(host.explain("nobody"), "secret", "HOTP, 8 digits, period 30 s, window 5")


@test
def services_exempts_a_service(folder):
    host = Host(folder, "services=su,login")
    line = host.expect("nobody", "skipped", "service", "PAM_IGNORE", 0)
    fact(line, "services", "services=su,login has no sshd: not asked")
    host.stack(f"auth required pam_totpgroup.so {host.options} services=su,login\n", "su")
    line = host.expect("nobody", "asked-in-vain", "not-enrolled", "PAM_AUTH_ERR", 3,
                       "--service=su")
    fact(line, "services", "services=su,login has su: goes on")


@test
def group_exempts_a_user(folder):
    host = Host(folder, "group=daemon")
    host.enroll("daemon")
    line = host.expect("nobody", "skipped", "not-in-group", "PAM_IGNORE", 0, REMOTE)
    fact(line, "group", "group=daemon: nobody is in none of it: not asked")
    line = host.expect("daemon", "asked", None, "PAM_SUCCESS", 0, REMOTE)
    gid = grp.getgrnam("daemon").gr_gid
    fact(line, "group", f"group=daemon: daemon is in daemon (gid {gid}, primary): asked")
    host.stack(f"auth required pam_totpgroup.so {host.options} group=!daemon\n")
    line = host.expect("daemon", "skipped", "not-in-group", "PAM_IGNORE", 0, REMOTE)
    fact(line, "group", f"group=!daemon: daemon is in daemon (gid {gid}, primary), which is "
         "exempt: not asked")


@test
def skip_net_exempts_an_address(folder):
    host = Host(folder, "skip_net=192.0.2.0/24,2001:db8::/32")
    host.enroll("nobody")
    for address, network in (("192.0.2.7", "192.0.2.0/24"), ("2001:db8::7", "2001:db8::/32")):
        line = host.expect("nobody", "skipped", "network", "PAM_IGNORE", 0,
                           f"--rhost={address}")
        fact(line, "skip_net", "skip_net=192.0.2.0/24,2001:db8::/32: "
             f"{address} is in {network}: not asked")
    for address in ("--rhost=198.51.100.1", "--rhost=host.example"):
        host.expect("nobody", "asked", None, "PAM_SUCCESS", 0, address)
    host.expect("nobody", "asked", None, "PAM_SUCCESS", 0)
    host.stack(f"auth required pam_totpgroup.so {host.options} skip_net=local\n")
    host.expect("nobody", "skipped", "network", "PAM_IGNORE", 0)


@test
def skip_after_exempts_a_method(folder):
    host = Host(folder, "skip_after=publickey")
    host.enroll("nobody")
    line = host.expect("nobody", "skipped", "method", "PAM_IGNORE", 0,
                       "--after=password,publickey")
    fact(line, "skip_after", "skip_after=publickey: publickey is completed: not asked")
    line = host.expect("nobody", "asked", None, "PAM_SUCCESS", 0, "--after=password")
    fact(line, "skip_after",
         "skip_after=publickey: SSH_AUTH_INFO_0 has none of it: goes on")


@test
def a_user_without_a_secret_is_asked_in_vain(folder):
    line = Host(folder).expect("nobody", "asked-in-vain", "not-enrolled", "PAM_AUTH_ERR", 3)
    fact(line, "secret",
         f"{folder.path}/secrets/nobody, read with the rights of uid 0: not there")
    line = Host(folder, "nullok").expect("nobody", "skipped", "not-enrolled", "PAM_IGNORE", 0)
    fact(line, "nullok", "a user without a secret is not asked")


@test
def nullok_until_exempts_up_to_the_end_of_its_day(folder):
    """The last day counts as a whole, in UTC."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    until = today + datetime.timedelta(days=10)
    line = Host(folder, f"nullok_until={until}").expect(
        "nobody", "skipped", "not-enrolled", "PAM_IGNORE", 0)
    left = line["facts"]["nullok"][0]
    # Midnight may have come since.
    check(left in [f"a user without a secret is not asked for {days} more days"
                   for days in (11, 10)], left)
    until = today - datetime.timedelta(days=2)
    line = Host(folder, f"nullok_until={until}").expect(
        "nobody", "asked-in-vain", "not-enrolled", "PAM_AUTH_ERR", 3)
    fact(line, "nullok", "the time to enroll is over")


@test
def nullok_for_exempts_for_days_from_first_sight(folder):
    seen = folder.path / "seen"
    host = Host(folder, f"nullok_for=5d first_seen={seen}/${{USER}}")
    line = host.expect("nobody", "skipped", "not-enrolled", "PAM_IGNORE", 0)
    fact(line, "nullok", "a user without a secret is not asked for 5 more days")
    check(not seen.exists(), "an explanation has noted something")
    seen.mkdir(mode=0o700)
    for age, outcome in ((3 * DAY + 60, "skipped"), (6 * DAY, "asked-in-vain")):
        (seen / "nobody").write_text(f"{int(time.time()) - age}\n")
        (seen / "nobody").chmod(0o600)
        line = host.explain("nobody")
        equal(line["outcome"], outcome, f"seen {age} s ago")
        if outcome == "skipped":
            fact(line, "nullok", "a user without a secret is not asked for 2 more days")


@test
def enroll_offers_a_secret_after_a_first_factor(folder):
    host = Host(folder, "enroll")
    line = host.expect("nobody", "offered-enrollment", None, "PAM_SUCCESS", 0,
                       "--after=publickey")
    fact(line, "enroll", "a secret is offered, which must be confirmed")
    # Without a first factor nothing shows that it is that user.
    host.expect("nobody", "asked-in-vain", "not-enrolled", "PAM_AUTH_ERR", 3)
    line = Host(folder, "enroll nullok").explain("nobody", "--after=publickey")
    fact(line, "enroll", "a secret is offered, which may be passed over")
    equal(list((folder.path / "secrets").iterdir()), [], "files that were written")


@test
def a_damaged_secret_is_refused_and_not_shown(folder):
    host = Host(folder)
    path = host.enroll("nobody", "not base32!\n")
    line = host.expect("nobody", "asked-in-vain", "bad-file", "PAM_AUTHINFO_UNAVAIL", 6)
    check(line["message"], "nothing says what is wrong")
    check("not base32" not in json.dumps(line), "the file's text is shown")
    path.chmod(0o644)
    line = host.expect("nobody", "asked-in-vain", "bad-file", "PAM_AUTHINFO_UNAVAIL", 6)
    check(str(path) in line["message"], line["message"])


@test
def a_rate_limit_that_is_reached_refuses(folder):
    host = Host(folder)
    now = int(time.time())
    path = host.enroll("nobody", f'{SECRET}\n" RATE_LIMIT 2 600 {now - 60} {now - 50}\n'
                      '" TOTP_AUTH\n')
    before = path.read_text()
    line = host.expect("nobody", "refused", "rate-limited", "PAM_AUTH_ERR", 4)
    # The refused login counts too: both others must be old enough by then.
    check(540 <= line["retry_after"] <= 551, line["retry_after"])
    fact(line, "rate limit", f"reached; again in {line['retry_after']} s")
    equal(path.read_text(), before, "the file")


@test
def a_secret_must_be_confirmed_in_time(folder):
    host = Host(folder)
    now = int(time.time())
    host.enroll("nobody", f'{SECRET}\n" PENDING_UNTIL {now + 600}\n" TOTP_AUTH\n')
    line = host.expect("nobody", "asked", None, "PAM_SUCCESS", 0)
    fact(line, "secret", "waits for a first good code, by PENDING_UNTIL")
    host.enroll("nobody", f'{SECRET}\n" PENDING_UNTIL {now - 600}\n" TOTP_AUTH\n')
    line = host.expect("nobody", "asked-in-vain", "pending-expired", "PAM_AUTH_ERR", 1)
    fact(line, "secret", "was not confirmed in time, by PENDING_UNTIL")


@test
def the_grace_period_lets_in(folder):
    host = Host(folder, "grace_period=1h")
    host.enroll("nobody", f'{SECRET}\n" TOTP_AUTH\n" LAST0 192.0.2.7 {int(time.time()) - 60}\n')
    line = host.expect("nobody", "let-in", None, "PAM_SUCCESS", 0, REMOTE)
    fact(line, "grace", "a code was accepted from here within the last 3600 s")
    host.expect("nobody", "asked", None, "PAM_SUCCESS", 0, "--rhost=192.0.2.8")


@test
def an_unknown_user_is_asked_in_vain(folder):
    line = Host(folder, "nullok group=daemon").expect(
        "no-such-user", "asked-in-vain", "not-enrolled", "PAM_AUTH_ERR", 3)
    fact(line, "user", "unknown to the system: asked, and refused")
    check("no-such-user" not in line["facts"]["group"][0], "the name is in the fact")


@test
def root_is_a_user_like_others(folder):
    host = Host(folder)
    host.enroll("root")
    host.expect("root", "asked", None, "PAM_SUCCESS", 0, REMOTE)


@test
def a_wrong_option_refuses(folder):
    host = Host(folder, "nulok")
    line = host.expect("nobody", "refused", "config-error", "PAM_SERVICE_ERR", 1)
    equal(line["message"], "unknown option nulok; did you mean nullok?", "message")
    equal(line["steps"], [], "steps")
    host = Host(folder, "skip_net=192.0.2.1/24")
    line = host.expect("nobody", "refused", "config-error", "PAM_SERVICE_ERR", 1)
    check("skip_net" in line["message"], line["message"])
    host = Host(folder, "", "group=daemon\ngrop=x\n")
    line = host.expect("nobody", "refused", "config-error", "PAM_SERVICE_ERR", 1)
    check(line["message"].startswith(f"{host.conf}:2: "), line["message"])
    host.settings("group=daemon\n")
    host.conf.chmod(0o666)
    line = host.expect("nobody", "refused", "config-error", "PAM_SERVICE_ERR", 1)
    check("chmod go-w" in line["message"], line["message"])


@test
def a_missing_group_refuses(folder):
    line = Host(folder, "group=daemon,nosuchgroup").expect(
        "nobody", "refused", "group-error", "PAM_SERVICE_ERR", 1)
    equal(line["message"],
          "group nosuchgroup of group= does not exist; create it or correct group=", "message")


# Where options are set


@test
def an_option_of_a_file_is_told_with_its_origin(folder):
    host = Host(folder, "group=daemon", "# x\ngroup=nosuchgroup\nskip_after=publickey\n")
    line = host.explain("daemon")
    equal(line["facts"]["conf"], [str(host.conf)], "files")
    equal(line["facts"]["option"], [
        f"group=nosuchgroup, from {host.conf}, line 2: overruled by the line above",
        f"skip_after=publickey, from {host.conf}, line 3"], "options")
    steps = [step["step"] for step in line["steps"]]
    equal(steps[:4], ["conf", "option", "option", "user"], "order")
    drop_in = host.conf.with_name("t.conf.d")
    drop_in.mkdir(mode=0o755)
    (drop_in / "50.conf").write_text("skip_after=password\n")
    (drop_in / "50.conf").chmod(0o644)
    line = host.explain("daemon")
    check(f"skip_after=password, from {drop_in}/50.conf, line 1" in line["facts"]["option"],
          line["facts"])
    host.settings("")
    (drop_in / "50.conf").unlink()
    check("option" not in host.explain("daemon")["facts"], "an option of nowhere")


@test
def a_line_of_an_included_file_is_found(folder):
    host = Host(folder)
    host.enroll("nobody")
    host.stack("auth required pam_permit.so\n\n"
               f"auth required pam_totpgroup.so {host.options} [authtok_prompt=My code: ]\n",
               "inner")
    for include in ("@include inner", "auth include inner", "auth substack inner"):
        host.stack(f"account required pam_permit.so\n{include}\n"
                   f"session required pam_totpgroup.so {host.options}\n")
        line = host.expect("nobody", "asked", None, "PAM_SUCCESS", 0)
        equal((line["file"], line["number"]), (str(host.pam / "inner"), 3), include)
        equal(line["text"], f"auth required pam_totpgroup.so {host.options} "
              "[authtok_prompt=My code: ]", "text")


@test
def the_worst_of_several_lines_is_the_status(folder):
    host = Host(folder)
    host.enroll("nobody")
    host.stack(f"auth required pam_totpgroup.so {host.options} group=daemon\n"
               f"auth required pam_totpgroup.so {host.options} group=nosuchgroup\n"
               f"auth required pam_totpgroup.so {host.options}\n")
    result = host.run("--json", "nobody")
    lines = json.loads(result.output)["lines"]
    equal([line["outcome"] for line in lines], ["skipped", "refused", "asked"], "lines")
    equal(result.status, 1, "the worst")


@test
def a_stack_without_the_module_asks_nobody(folder):
    host = Host(folder)
    host.stack("auth required pam_permit.so\nsession required pam_totpgroup.so\n")
    result = host.run("nobody")
    equal((result.status, result.errors), (0, ""), "status and errors")
    equal(result.output, "The auth lines of sshd do not name pam_totpgroup.so: nobody is "
          "asked for a code.\n", "output")
    equal(json.loads(host.run("nobody", "--json").output)["lines"], [], "lines")


@test
def a_stack_that_cannot_be_read_is_an_error(folder):
    host = Host(folder)
    for arguments in (["nobody", "--service=nosuch"], ["nobody", "--service=../pam.d/sshd"]):
        result = host.run(*arguments)
        equal((result.status, result.output), (6, ""), "status and output")
        equal(result.errors.count("\n"), 1, "lines of errors")
    host.stack("auth bogus pam_totpgroup.so\n")
    result = host.run("nobody", "--json")
    equal((result.status, result.output), (6, ""), "status and output")
    check("sshd:1" in result.errors, result.errors)


# The program


@test
def the_text_is_aligned_and_fits_the_terminal(folder):
    host = Host(folder, "group=daemon", "skip_after=publickey\n")
    path = host.enroll("daemon")
    result = host.run("daemon", REMOTE)
    equal((result.status, result.errors), (0, ""), "status and errors")
    lines = result.output.splitlines()
    equal(lines[:4], [f"{host.pam}/sshd, line 1:",
                      f"  auth required pam_totpgroup.so {host.options} group=daemon", "",
                      f"  conf        {host.conf}"], "head")
    check("  user        known to the system" in lines, result.output)
    check(f"  secret      {path}, read with the" in result.output, result.output)
    equal(lines[-1], "  result      daemon is asked for a code; a right one gives PAM_SUCCESS.",
          "end")
    for line in lines[3:]:
        check(len(line) <= 80 or len(line.split()) < 4, f"too long a line: {line!r}")
        check(line.startswith("  ") and line[13] == " " and line[14] != " ",
              f"not aligned: {line!r}")
    lines = host.run("nobody", REMOTE).output.splitlines()
    equal(lines[-2:], ["  result      nobody is not asked for a code (not-in-group): "
                       "PAM_IGNORE, and the", "              other lines of the stack decide."],
          "end")
    check("  cause" not in host.run("root").output, "a cause of nothing")
    (host.secrets / "daemon").write_text("x\n")
    check("\n  cause       " in host.run("daemon").output, "no cause")


@test
def wrong_usage_is_refused(folder):
    for arguments in ([], ["a", "b"], ["--nonsense", "a"], ["--rhost"]):
        result = run(folder, "explain", *arguments)
        equal((result.status, result.output), (2, ""), f"status of {arguments}")
        check(result.errors, "nothing is said")
    for methods in ("pubkey", "publickey,", "publickey,passwd", "Password"):
        result = run(folder, "explain", f"--after={methods}", "root")
        equal((result.status, result.output), (2, ""), f"status of --after={methods}")
        check("--after: sshd has no method '" in result.errors, result.errors)
    result = run(folder, "explain", "--help")
    equal(result.status, 0, "help")
    check("--after" in result.output, "help does not name the options")


@test
def without_root_users_may_ask_about_themselves_only(folder):
    """Users learn nothing about others, not even whether they exist."""
    host = Host(folder, user="nobody")
    need("setpriv")
    host.secrets.chmod(0o755)
    path = host.enroll("nobody")
    os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    program = shutil.copy(PROGRAM, folder.path / "program")
    command = ["--reuid=nobody", f"--regid={PASSWORD_GROUP}", "--clear-groups", program,
               "explain", f"--pam-dir={host.pam}", "--json"]
    result = run(folder, *command, "nobody", program="setpriv")
    equal((result.status, result.errors), (0, ""), "status and errors")
    equal(json.loads(result.output)["lines"][0]["outcome"], "asked", "of oneself")
    answers = set()
    for user in ("root", "no-such-user"):
        result = run(folder, *command, user, program="setpriv")
        equal((result.status, result.output), (5, ""), f"of {user}")
        answers.add(result.errors)
    equal(answers, {"totp-enroll: only root may ask about another user\n"}, "errors")


@test
def without_root_a_file_of_root_makes_the_outcome_unknown(folder):
    """The module is root: it could read what the caller may not."""
    need("setpriv")
    seen = folder.path / "seen"
    program = None
    for options, settings, mode in (
            ("", "group=daemon\n", 0o600), ("", "", 0o644),
            (f"nullok_for=5d first_seen={seen}/${{USER}}", "", 0o644)):
        host = Host(folder, options, settings)
        program = program or shutil.copy(PROGRAM, folder.path / "program")
        host.enroll("nobody")
        host.conf.chmod(mode)
        if options:
            (host.secrets / "nobody").unlink()
            seen.mkdir(mode=0o700)
        command = ["--reuid=nobody", f"--regid={PASSWORD_GROUP}", "--clear-groups", program,
                   "explain", f"--pam-dir={host.pam}"]
        result = run(folder, *command, "--json", "nobody", program="setpriv")
        equal(result.status, 5, "status")
        line = json.loads(result.output)["lines"][0]
        equal(line["outcome"], "unknown", "outcome")
        check("Permission denied" in line["message"], line["message"])
        check("pam_result" not in line, "a result")
        result = run(folder, *command, "nobody", program="setpriv")
        equal((result.status, result.errors), (5, ""), "status and errors")
        check(result.output.endswith("what decides; ask again with sudo.\n"),
              result.output)


# The module itself


def random_options(generator, folder):
    """Options that are mostly good."""
    today = datetime.date.today()
    good = [
        ["services=sshd", "services=su", "services=su,sshd"],
        ["group=daemon", "group=!daemon", f"group={PASSWORD_GROUP},daemon",
         "group=root,!daemon"],
        ["skip_net=192.0.2.0/24", "skip_net=local", "skip_net=0.0.0.0/0,::/0"],
        ["skip_after=publickey", "skip_after=password,publickey"],
        ["nullok", f"nullok_until={today + datetime.timedelta(days=9)}",
         "nullok_until=2020-02-02", f"nullok_for=3d first_seen={folder}/seen/${{USER}}"],
        ["enroll"],
        ["grace_period=1h"],
        ["forward_pass", "strict", "no_increment_hotp"],
    ]
    bad = ["services=SSHD", "group=nosuchgroup", "group=,", "skip_net=192.0.2.1/24",
           "skip_after=keyboard-interactive", "nullok nullok_until=2020-02-02", "enrol",
           "grace_period=100y"]
    options = [generator.choice(choices) for choices in good if generator.random() < 0.35]
    if generator.random() < 0.1:
        options.append(generator.choice(bad))
    return " ".join(options)


def random_file(generator):
    now = int(time.time())
    return generator.choice([
        None, None, TOTP_FILE, TOTP_FILE, HOTP_FILE, "not base32!\n", "",
        f'{SECRET}\n" RATE_LIMIT 2 600 {now - 60} {now - 50}\n" TOTP_AUTH\n',
        f'{SECRET}\n" TOTP_AUTH\n" LAST0 192.0.2.7 {now - 60}\n'])


def hotp(counter):
    digest = hmac.new(base64.b32decode(SECRET), struct.pack(">Q", counter),
                      hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def answer_to(outcome, text):
    """A right code for a prompt; an offer is declined."""
    if outcome == "offered-enrollment":
        return "!"
    return hotp(1) if text == HOTP_FILE else totp(SECRET, int(time.time()) // 30)


def log_in(worker, host, user, rhost, methods, answer):
    """The result and the number of prompts of the module that was built."""
    fields = ["-", "sshd", user, rhost or "-", answer] + ([methods] if methods else [])
    done = subprocess.run([worker, host.pam], input="\t".join(fields) + "\n", text=True,
                          capture_output=True, timeout=PATIENCE, check=False)
    equal((done.returncode, done.stderr), (0, ""), "login_worker")
    code, prompts, _ = done.stdout.split()
    return int(code), int(prompts)


def compare(worker, host, user, text, rhost, methods):
    """Explains a login, makes it, and compares the two."""
    path = host.secrets / user
    path.unlink(missing_ok=True)
    if text is not None:
        host.enroll(user, text)
    more = ([f"--rhost={rhost}"] if rhost else []) + ([f"--after={methods}"] if methods else [])
    line = host.explain(user, *more)
    code, prompts = log_in(
        worker, host, user, rhost, methods, answer_to(line["outcome"], text))
    outcome, said = line["outcome"], line["pam_result"]
    # The offer was declined, so the login is refused.
    done = "PAM_AUTH_ERR" if outcome == "offered-enrollment" else said
    asks = (outcome in ("asked", "asked-in-vain", "offered-enrollment")
            or "forward_pass" in line["facts"])
    equal((CODES.get(code, code), prompts), (done, 1 if asks else 0),
          f"{user} from {rhost} after {methods}: {(host.pam / 'sshd').read_text()}"
          f"{host.conf.read_text()}{text!r}: {line}: the module's result and prompts")
    return outcome


def built_worker():
    build = pathlib.Path(PROGRAM).parent
    worker = build / "tests" / "compat" / "login_worker"
    module = build / ".libs" / "pam_totpgroup.so"
    if not worker.exists() or not module.exists():
        raise Skip("login_worker or the module is not built")
    return worker, module


@test
def the_module_does_what_explain_says(folder):
    """One login of each outcome."""
    worker, module = built_worker()
    grace = f'{SECRET}\n" TOTP_AUTH\n" LAST0 192.0.2.7 {int(time.time()) - 60}\n'
    host = Host(folder)
    for options, text, methods, outcome in (
            ("", TOTP_FILE, None, "asked"),
            ("", None, None, "asked-in-vain"),
            ("enrol", TOTP_FILE, None, "refused"),
            ("skip_after=publickey", TOTP_FILE, "publickey", "skipped"),
            ("enroll", None, "publickey", "offered-enrollment"),
            ("grace_period=1h", grace, None, "let-in")):
        host.stack(f"auth required {module} {host.options} {options}\n")
        equal(compare(worker, host, "nobody", text, "192.0.2.7", methods), outcome, options)


@test
def the_module_does_what_explain_says_at_random(folder):
    worker, module = built_worker()
    host = Host(folder)
    generator = random.Random(seed())
    for _ in range(400):
        options = random_options(generator, folder.path)
        in_file = "=" in options and " " not in options
        host.settings(f"{options}\n" if in_file else "")
        host.stack(f"auth required {module} {host.options} {'' if in_file else options}\n")
        shutil.rmtree(folder.path / "seen", ignore_errors=True)
        compare(worker, host, generator.choice(["root", "nobody", "daemon", "no-such-user"]),
                random_file(generator), generator.choice([None, "192.0.2.7", "198.51.100.1"]),
                generator.choice([None, "publickey", "password"]))
