# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-enroll doctor proposes for sshd is the line that is in force, wherever it stands, and
leaves an sshd that starts. Each proposal is applied to files that the real sshd reads."""

import itertools
import random
import shutil
import subprocess

from case import LONG, seed
from doctor_host import GOOD_SSHD, ME, MODULE, Host, leaves_no_copy, password_and_code
from support import check, equal, test

ANY_METHOD = GOOD_SSHD.replace("AuthenticationMethods", "#")
KEY_AND_CODE = "publickey,keyboard-interactive:pam"


def starts(host):
    """Whether sshd takes its configuration."""
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    return subprocess.run([*host.prefix, program, "-t", "-f", host.config],
                          capture_output=True, check=False).returncode == 0


ENABLED_BY = {"publickey": "pubkeyauthentication", "hostbased": "hostbasedauthentication",
              "gssapi-with-mic": "gssapiauthentication", "password": "passwordauthentication",
              "keyboard-interactive": "kbdinteractiveauthentication"}


def ways_in(host, user, named):
    """What each way to log in demands: of those that work, or with `named` of all that
    AuthenticationMethods names. A password counts as one thing, whatever asks for it. None if sshd
    does not start."""
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    done = subprocess.run(
        [*host.prefix, program, "-T", "-f", host.config, "-C",
         f"user={user},host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    values = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)

    def works(method):
        name, _, device = method.partition(":")
        if name == "keyboard-interactive" and (values["usepam"] != "yes" or device == "bsdauth"):
            return False
        return values.get(ENABLED_BY[name]) == "yes"

    methods = values.get("authenticationmethods", "any")
    if methods == "any":
        lists = [[name] for name in ENABLED_BY if works(name)]
    else:
        lists = [words.split(",") for words in methods.split()]
        if not named:
            lists = [words for words in lists if all(map(works, words))]
    return [{"a password" if word.startswith(("password", "keyboard")) else word
             for word in words} for words in lists]


def must_not_open(before, host, user, mend):
    """Each way in demands all that one way demanded before."""
    if before is None:
        return
    for way in ways_in(host, user, named=False):
        check(any(way >= earlier for earlier in before), f"{mend} opens {way} beside {before}")


def about_sshd(host, *more):
    return [finding for finding in host.findings(*more)
            if finding["check"].startswith("sshd")]


def mend_all(host, *more):
    """Applies what is proposed, one after another, until nothing is. Returns what is left."""
    for _ in range(12):
        found = about_sshd(host, *more)
        mends = [finding for finding in found if "mend" in finding
                 and not finding["mend"]["file"].startswith(str(host.pam))]
        if not mends:
            return found
        before = {path: path.read_text() for path in host.folder.path.rglob("*.conf")}
        config = host.config.read_text()
        ways = ways_in(host, ME, named=True)
        # Each is right for the files as they are.
        for finding in mends[1:]:
            host.mend(finding["mend"])
            check(starts(host), f"sshd does not start after {finding} in {config}")
            must_not_open(ways, host, ME, finding["mend"])
            host.config.write_text(config)
            for path in host.folder.path.rglob("*.conf"):
                if path in before:
                    path.write_text(before[path])
                else:
                    path.unlink()
        host.mend(mends[0]["mend"])
        check(starts(host), f"sshd does not start after {mends[0]} in {config}")
        must_not_open(ways, host, ME, mends[0]["mend"])
    raise AssertionError(f"the mends never end: {mends}")


def settings(host, text, drop_in=None):
    """Writes sshd's configuration, with a drop-in that is included before the text."""
    key = f"HostKey {host.folder.path}/key\n"
    folder = host.folder.path / "sshd_config.d"
    shutil.rmtree(folder, ignore_errors=True)
    if drop_in is not None:
        folder.mkdir()
        (folder / "50-cloud.conf").write_text(drop_in)
        text = f"Include {folder}/*.conf\n{text}"
    host.config.write_text(key + text)


METHODS = (None, "any", "password", "publickey,password", "password,keyboard-interactive",
           "keyboard-interactive", KEY_AND_CODE, "publickey,keyboard-interactive:bsdauth",
           "publickey,password keyboard-interactive", "publickey hostbased,password")
PLACES = ("plain", "include", "above", "match", "match-include")
SWITCHES = ("yes", "no", None)


def configuration(methods, password, interactive, pam, place):
    """The text of the file and of the drop-in, or None."""
    lines = "".join(f"{name} {value}\n" for name, value in (
        ("PasswordAuthentication", password), ("KbdInteractiveAuthentication", interactive))
        if value)
    demand = f"AuthenticationMethods {methods}\n" if methods else ""
    top = f"UsePAM {pam}\n" if pam else ""
    if place == "plain":
        return top + lines + demand, None
    if place == "include":
        return top, lines + demand
    if place == "above":
        return top + demand, lines
    block = f"Match User {ME}\n{demand or 'X11Forwarding no' + chr(10)}"
    if place == "match":
        return top + lines + block, None
    return top + block, lines


def product():
    return list(itertools.product(METHODS, SWITCHES, SWITCHES, ("yes", "no"), PLACES))


@test
def every_mend_leaves_an_sshd_that_starts_and_mends_end(folder):
    cases = product()
    if not LONG:
        cases = random.Random(seed()).sample(cases, 30)
    host = password_and_code(folder)
    started = 0
    for case in cases:
        text, drop_in = configuration(*case)
        settings(host, text, drop_in)
        before = starts(host)
        started += before
        left = mend_all(host, ME)
        if before:
            check(starts(host), f"sshd does not start any more: {case}")
        for finding in left:
            check(finding["level"] != "problem" or "Needed is: " in finding["why"],
                  f"{case}: {finding}")
    check(started > len(cases) / 3, "sshd hardly ever started")


def the_mend(host, name, *more):
    """The action, file, line and text that mend the finding of that check, which is gone then."""
    found = [finding for finding in host.findings(*more) if finding["check"] == name]
    check(found, f"no finding of {name}")
    mend = found[0]["mend"]
    host.mend(mend)
    left = [finding for finding in host.findings(*more) if finding["check"] == name]
    equal(left, [], "findings once it is mended")
    return (mend["action"], mend["file"], mend.get("line"), mend["text"])


@test
def the_line_that_is_in_force_is_replaced(folder):
    host = password_and_code(folder)
    drop_in = str(folder.path / "sshd_config.d" / "50-cloud.conf")
    config = str(host.config)
    rest = GOOD_SSHD.replace("PasswordAuthentication no\n", "")
    # In a drop-in, although the file itself says no.
    settings(host, GOOD_SSHD, "# cloud\nPasswordAuthentication yes\n")
    equal(the_mend(host, "sshd-password"),
          ("replace", drop_in, 2, "PasswordAuthentication no"), "in the drop-in")
    # Above the Include.
    settings(host, rest, "PasswordAuthentication no\n")
    lines = host.config.read_text()
    host.config.write_text("passwordauthentication = yes\n" + lines)
    equal(the_mend(host, "sshd-password"),
          ("replace", config, 1, "PasswordAuthentication no"), "above the Include")
    # The first of two.
    settings(host, "PasswordAuthentication yes\nPasswordAuthentication no\n" + rest)
    equal(the_mend(host, "sshd-password"),
          ("replace", config, 2, "PasswordAuthentication no"), "the first")
    # Under an old name.
    settings(host, "ChallengeResponseAuthentication no\n"
             + GOOD_SSHD.replace("KbdInteractiveAuthentication yes\n", ""))
    equal(the_mend(host, "sshd-kbdinteractive"),
          ("replace", config, 2, "KbdInteractiveAuthentication yes"), "the old name")


@test
def a_line_of_a_match_block_is_replaced_there(folder):
    host = password_and_code(folder)
    settings(host, GOOD_SSHD + f"Match User nosuchuser\n    PasswordAuthentication yes\nMatch User {ME}\n"
             "    PasswordAuthentication yes\n")
    equal(the_mend(host, "sshd-password", ME),
          ("replace", str(host.config), 9, "PasswordAuthentication no"), "in the block")


@test
def a_file_that_a_match_block_includes_is_mended_there(folder):
    host = password_and_code(folder)
    more = folder.path / "a b"
    more.mkdir()
    (more / "B.conf").write_text("Match User nosuchuser\nX11Forwarding no\n")
    (more / "a.conf").write_text("PasswordAuthentication yes\n")
    settings(host, GOOD_SSHD + f'Match User {ME}\n  include = "{more}/*.conf" # more\n'
             "Match User nosuchuser\n  PasswordAuthentication yes\n")
    equal(the_mend(host, "sshd-password", ME),
          ("replace", str(more / "a.conf"), 1, "PasswordAuthentication no"), "in the file")


@test
def what_no_line_sets_goes_to_a_drop_in_that_sshd_reads(folder):
    host = password_and_code(folder)
    settings(host, ANY_METHOD, "X11Forwarding no\n")
    own = str(folder.path / "sshd_config.d" / "10-totpgroup.conf")
    equal(the_mend(host, "sshd-methods"),
          ("add", own, None, "AuthenticationMethods keyboard-interactive:pam"), "the drop-in")
    # The same where the drop-in exists.
    (folder.path / "sshd_config.d" / "10-totpgroup.conf").write_text("# ours\n")
    equal(the_mend(host, "sshd-methods")[1], own, "the drop-in that exists")
    settings(host, ANY_METHOD)
    equal(the_mend(host, "sshd-methods")[1], str(host.config), "without an Include")


@test
def a_mend_demands_no_less_than_before(folder):
    host = password_and_code(folder)
    for methods, right in (
            ("publickey,password", KEY_AND_CODE),
            ("password", "keyboard-interactive:pam"),
            ("password,keyboard-interactive", "keyboard-interactive:pam"),
            ("publickey password", f"{KEY_AND_CODE} keyboard-interactive:pam"),
            ("publickey,password hostbased,password", KEY_AND_CODE),
            ("none", "keyboard-interactive:pam"), ("publickey,none", KEY_AND_CODE)):
        settings(host, "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication yes\n"
                 f"AuthenticationMethods {methods}\n")
        found = [finding for finding in host.findings() if finding["check"] in
                 ("sshd-password", "sshd-methods") and finding["level"] == "problem"]
        equal(found[0]["mend"]["text"], f"AuthenticationMethods {right}", methods)
        host.mend(found[0]["mend"])
        equal([finding["level"] for finding in about_sshd(host)
               if finding["check"] != "sshd-factors"], ["warning"], "left")


@test
def where_a_key_is_needed_no_mend_lets_in_without(folder):
    """Prompts of PAM alone would let in with a password and a code."""
    host = password_and_code(folder)
    settings(host, "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")
    both = ("KbdInteractiveAuthentication yes", f"AuthenticationMethods {KEY_AND_CODE}")
    equal([(finding["mend"]["text"], finding["mend"]["also"]["text"])
           for finding in about_sshd(host)], [both, both], "what is right only together")
    text = " ".join(host.run().output.split())
    check(f"let line 4 be: {both[0]} And in {host.config}, at the top, write: {both[1]}"
          in text, text)
    before = host.config.read_text()
    for finding in about_sshd(host):
        host.config.write_text(before)
        host.mend(finding["mend"])
        equal([(finding["check"], finding["level"]) for finding in about_sshd(host)],
              [("sshd-factors", "warning")], "once both are made")
    # With both, all is well but for the password that is asked as well.
    settings(host, "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n"
             f"AuthenticationMethods {KEY_AND_CODE}\n")
    equal([(finding["check"], finding["level"]) for finding in about_sshd(host)],
          [("sshd-factors", "warning")], "with both")
    # PAM's prompts that nothing asks for let in nobody either.
    settings(host, "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n")
    check(not [finding for finding in about_sshd(host) if finding["check"] == "sshd-usepam"
               and "mend" in finding], "UsePAM")


@test
def no_guard_of_sessions_locks_out_those_who_cannot_be_asked(folder):
    host = Host(folder, recipe=f"{MODULE}\n")
    settings(host, "UsePAM yes\nPasswordAuthentication no\nAuthenticationMethods publickey\n"
             "KbdInteractiveAuthentication no\n")
    for finding in about_sshd(host):
        check("session" not in finding.get("mend", {}).get("text", ""), f"{finding}")


@test
def a_password_is_not_turned_off_while_pam_cannot_ask_for_it(folder):
    """Who has no key would be locked out."""
    host = password_and_code(folder)
    settings(host, "UsePAM yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\n")
    found = {finding["check"]: finding for finding in about_sshd(host)}
    check("mend" not in found["sshd-password"], found)
    check("Needed is: PasswordAuthentication no." in found["sshd-password"]["why"], found)
    host.mend(found["sshd-kbdinteractive"]["mend"])
    equal(the_mend(host, "sshd-password"),
          ("replace", str(host.config), 3, "PasswordAuthentication no"), "the next step")


@test
def a_device_that_is_not_pam_is_a_problem(folder):
    host = password_and_code(folder)
    settings(host, GOOD_SSHD.replace(":pam", ":bsdauth"))
    equal(the_mend(host, "sshd-methods"),
          ("replace", str(host.config), 5, "AuthenticationMethods keyboard-interactive:pam"),
          "what mends it")
    settings(host, GOOD_SSHD.replace(":pam", ":bsdauth") + "PubkeyAuthentication no\n")
    found = [finding["what"] for finding in host.findings() if finding["check"] == "sshd-methods"]
    equal(found, ["nobody can log in over ssh: AuthenticationMethods keyboard-interactive:bsdauth"],
          "the finding")


@test
def nothing_is_proposed_that_was_not_tried(folder):
    """The settings of another host come without its files."""
    host = password_and_code(folder)
    settings(host, ANY_METHOD)
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    captured = folder.path / "captured"
    captured.write_bytes(subprocess.run(
        [*host.prefix, program, "-T", "-f", host.config], capture_output=True, check=True).stdout)
    arguments = host.arguments
    host.arguments = lambda *more: [word for word in arguments(*more)
                                    if not word.startswith("--sshd-config")]
    found = [finding for finding in host.findings(f"--sshd-settings={captured}")
             if finding["check"] == "sshd-methods"]
    check("Needed is: AuthenticationMethods keyboard-interactive:pam." in found[0]["why"],
          found[0]["why"])
    check("sshd" not in found[0].get("mend", {}).get("text", ""), "a mend of sshd's file")


@test
def no_copy_is_left_behind(folder):
    host = password_and_code(folder)
    settings(host, ANY_METHOD, "X11Forwarding no\n")
    leaves_no_copy(host.findings)


# Match blocks and drop-ins


def about_match(host, *more):
    return [(finding["level"], finding["what"] + " " + finding.get("why", ""))
            for finding in host.report(*more)["findings"] if finding["check"] == "sshd-match"]


@test
def the_report_says_which_match_blocks_were_looked_at(folder):
    host = password_and_code(folder)
    equal(about_match(host), [], "without a block")
    settings(host, GOOD_SSHD + f"Match User {ME}\n    X11Forwarding no\n"
             "Match Address 192.0.2.0/24\n    X11Forwarding no\nMatch LocalPort 2222\n"
             "    X11Forwarding no\n", f"Match User {ME}\n    X11Forwarding no\n")
    drop_in = folder.path / "sshd_config.d" / "50-cloud.conf"
    user = (f"{drop_in}, line 1 (Match User {ME}); "
            f"{host.config}, line 7 (Match User {ME})")
    address = f"{host.config}, line 9 (Match Address 192.0.2.0/24)"
    port = f"{host.config}, line 11 (Match LocalPort 2222)"
    for more, login, applied, other in (
            ((ME,), f"{ME} from this host", user, f"{address}; {port}"),
            ((ME, "--rhost=192.0.2.7"), f"{ME} from 192.0.2.7", f"{user}; {address}", port),
            ((ME, "--local-port=2222"), f"{ME} from this host to port 2222", f"{user}; {port}",
             address),
            (("--rhost=192.0.2.7",), f"{ME} from 192.0.2.7", f"{user}; {address}", port)):
        equal(about_match(host, *more), [(
            "ok", f"for a login of {login}, these Match blocks of sshd were looked at: {applied} "
            f"These do not apply to it: {other}. Name a user, --rhost or --local-port to look at "
            "them.")], more)
    equal([level for level, _ in about_match(host)], ["ok"], "without a user")


@test
def a_match_block_for_other_logins_that_is_worse_is_a_warning(folder):
    host = password_and_code(folder)
    for block, worse in (("AuthenticationMethods publickey", True), ("X11Forwarding no", False),
                         ("AuthenticationMethods publickey,keyboard-interactive:pam", False),
                         ("PasswordAuthentication yes", False)):
        settings(host, GOOD_SSHD + f"Match Address 192.0.2.0/24\n    {block}\n")
        found = [what for level, what in about_match(host, ME) if level == "warning"]
        equal(len(found), worse, block)
        if worse:
            check(f"{host.config}, line 6 (Match Address 192.0.2.0/24)" in found[0], found)
    settings(host, GOOD_SSHD + "Match Address 192.0.2.0/24\n    AuthenticationMethods publickey\n")
    found = {finding["check"]: finding["level"]
             for finding in host.findings(ME, "--rhost=192.0.2.1")}
    equal(found.get("sshd-methods"), "problem", "where it applies")


@test
def a_drop_in_of_sshd_with_another_name_is_a_warning(folder):
    host = password_and_code(folder)
    settings(host, GOOD_SSHD, "X11Forwarding no\n")
    equal(about_sshd(host), [], "before")
    for name, found in (("totp", True), ("totp.config", True), ("50-cloud.conf~", False),
                        ("50-cloud.conf.bak", False), ("README", False)):
        path = folder.path / "sshd_config.d" / name
        path.write_text("X11Forwarding no\n")
        seen = [(finding["check"], finding["level"], finding["what"])
                for finding in about_sshd(host)]
        equal(seen, [("sshd-drop-in", "warning", f"sshd does not read {path}")] if found else [],
              name)
        path.unlink()


# Time


@test
def a_short_time_for_a_login_in_which_users_enroll_is_a_warning(folder):
    host = password_and_code(folder, f"{MODULE} enroll", sshd=GOOD_SSHD)
    settings(host, GOOD_SSHD, "LoginGraceTime 1m\n")
    drop_in = str(folder.path / "sshd_config.d" / "50-cloud.conf")
    equal(the_mend(host, "sshd-time"), ("replace", drop_in, 1, "LoginGraceTime 5m"), "the mend")
    settings(host, GOOD_SSHD)
    found = [finding["what"] for finding in host.findings() if finding["check"] == "sshd-time"]
    equal(found, ["sshd gives 120 seconds for a login, in which new users have to enroll: "
                  "LoginGraceTime"], "by default")
    settings(host, "LoginGraceTime 0\n" + GOOD_SSHD)
    equal([finding for finding in host.findings() if finding["check"] == "sshd-time"], [],
          "without a limit")
