# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll doctor: every recipe of the README passes, every broken set-up is
recognised, and what the doctor says mends it. The settings are those of the
real sshd."""

import grp
import json
import os
import pwd
import re
import shutil
import subprocess

import pexpect
from doctor_host import (
    DEBIAN_SSHD, GOOD_SSHD, ME, MODULE, MY_GROUP, OF_THE_MACHINE, PASSWORD_AUTH, Host, conf,
    password_and_code)
from support import (
    PROGRAM, Skip, check, equal, finish, need, need_root, run, start, test)


# Recipes


@test
def recipe_password_and_code(folder):
    Host(folder, recipe=conf("pam.d/sshd-password-and-code"),
         sshd=conf("sshd_config.d/password-and-code.conf")).must_be_fine()


@test
def recipe_key_and_code(folder):
    Host(folder, recipe=conf("pam.d/sshd-key-and-code"),
         sshd=conf("sshd_config.d/key-and-code.conf")).must_be_fine()


def with_option(recipe, option):
    """In the guard's line as well, where there is one."""
    return re.sub(r"(?m)^((?:auth|session) required pam_totpgroup\.so)$", rf"\1 {option}", recipe)


@test
def recipes_for_a_group(folder):
    for name in ("password-and-code", "key-and-code"):
        recipe = conf(f"pam.d/sshd-{name}")
        changed = with_option(recipe, f"group={MY_GROUP}")
        check(changed != recipe, "the recipe has another line")
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, recipe=changed, sshd=conf(f"sshd_config.d/{name}.conf")).must_be_fine()


@test
def recipe_for_members_only(folder):
    sshd = conf("sshd_config.d/password-and-code.conf").replace(
        "AuthenticationMethods", f"Match Group {MY_GROUP}\n    AuthenticationMethods")
    password_and_code(folder, f"{MODULE} group={MY_GROUP}", sshd=sshd).must_be_fine()


@test
def recipe_for_others(folder):
    """sshd's Match block leaves those out whom the module does not ask."""
    others = [user.pw_name for user in pwd.getpwall() if user.pw_name != ME
              and MY_GROUP not in [grp.getgrgid(gid).gr_name for gid in
                                   os.getgrouplist(user.pw_name, user.pw_gid)
                                   if gid in {group.gr_gid for group in grp.getgrall()}]]
    need_root()
    sshd = conf("sshd_config.d/password-and-code.conf").replace(
        "AuthenticationMethods", f"Match Group {MY_GROUP}\n    AuthenticationMethods")
    password_and_code(folder, f"{MODULE} group={MY_GROUP}", sshd=sshd).must_be_fine(others[0])


@test
def recipes_with_nullok(folder):
    for name in ("password-and-code", "key-and-code"):
        recipe = with_option(conf(f"pam.d/sshd-{name}"), "nullok")
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, recipe=recipe, sshd=conf(f"sshd_config.d/{name}.conf")).must_be_fine()


@test
def recipe_on_fedora(folder):
    host = Host(folder, f"auth substack password-auth\n{MODULE}\n")
    host.write("password-auth", PASSWORD_AUTH)
    host.must_be_fine()


@test
def recipe_forward_pass(folder):
    Host(folder, "auth requisite pam_totpgroup.so forward_pass\n"
         "auth required pam_unix.so use_first_pass\n").must_be_fine()


# sshd


@test
def sshd_cannot_ask(folder):
    password_and_code(folder, sshd="UsePAM yes\nPasswordAuthentication no\n"
                      "KbdInteractiveAuthentication no\nPubkeyAuthentication yes\n").recognises(
        "sshd-kbdinteractive", "problem", "KbdInteractiveAuthentication yes", alone=False)


@test
def sshd_does_not_start(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no")).recognises(
        "sshd-kbdinteractive", "problem", "KbdInteractiveAuthentication yes")


@test
def sshd_without_pam(folder):
    # Some versions refuse a method that PAM would have to serve then.
    password_and_code(folder, sshd=GOOD_SSHD.replace("UsePAM yes", "UsePAM no").replace(
        ":pam", "")).recognises("sshd-usepam", "problem", "UsePAM yes")


@test
def sshd_asks_for_the_password(folder):
    password_and_code(folder, sshd="UsePAM yes\nKbdInteractiveAuthentication yes\n"
                      "PasswordAuthentication yes\nPubkeyAuthentication no\n").recognises(
        "sshd-password", "problem", "PasswordAuthentication no")


@test
def sshd_would_ask_for_the_password(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "PasswordAuthentication no", "PasswordAuthentication yes")).recognises(
        "sshd-password", "warning", "PasswordAuthentication no")


@test
def a_key_alone(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "AuthenticationMethods", "#")).recognises(
        "sshd-methods", "problem", "AuthenticationMethods keyboard-interactive:pam")


@test
def a_key_alone_among_methods(folder):
    unguarded = conf("pam.d/sshd-key-and-code").replace("\nsession required", "\n# session required")
    Host(folder, recipe=unguarded, sshd=GOOD_SSHD.replace(
        "keyboard-interactive:pam",
        "publickey,keyboard-interactive:pam publickey")).recognises(
        "sshd-methods", "problem",
        "AuthenticationMethods publickey,keyboard-interactive:pam")


@test
def methods_that_are_off(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "keyboard-interactive:pam", "keyboard-interactive:pam hostbased")).must_be_fine()


@test
def a_code_alone(folder):
    Host(folder, recipe=conf("pam.d/sshd-key-and-code")).recognises(
        "sshd-factors", "problem",
        "AuthenticationMethods publickey,keyboard-interactive:pam")


@test
def a_password_after_the_key(folder):
    found = password_and_code(folder, sshd=conf("sshd_config.d/key-and-code.conf")).recognises(
        "sshd-factors", "warning", "auth required pam_permit.so")
    equal(found["mend"]["file"], str(folder.path / "pam.d" / "sshd-totpgroup"), "file")


@test
def debians_own_settings(folder):
    host = password_and_code(folder, sshd="UsePAM yes\nKbdInteractiveAuthentication no\n")
    equal([finding["check"] for finding in host.findings()],
          ["sshd-kbdinteractive", "sshd-password", "sshd-methods"], "findings")
    for finding in host.findings():
        host.mend(finding["mend"])
    host.must_be_fine()


@test
def root_cannot_give_a_code(folder):
    host = password_and_code(folder)
    need_root()
    found = [finding for finding in host.findings("root") if finding["check"] == "sshd-root"]
    equal(found[0]["mend"]["text"], "PermitRootLogin yes", "the mending line")


@test
def settings_from_a_file(folder):
    host = password_and_code(folder)
    settings = subprocess.run(
        [*host.prefix, shutil.which("sshd") or "/usr/sbin/sshd", "-T", "-f", host.config],
        capture_output=True, check=True).stdout
    (folder.path / "settings").write_bytes(settings)
    captured = ["doctor", f"--pam-dir={host.pam}", f"--module-dir={host.modules}", "--json",
                f"--sshd-settings={folder.path}/settings"]
    checks = {finding["check"]: finding["level"]
              for finding in json.loads(run(folder, *captured).output)["findings"]}
    equal(checks["sshd-usepam"], "ok", "with the settings")
    (folder.path / "settings").write_bytes(b"")
    checks = {finding["check"]: finding["level"]
              for finding in json.loads(run(folder, *captured).output)["findings"]}
    equal(checks["sshd-usepam"], "problem", "without")


@test
def another_service_name(folder):
    host = password_and_code(folder)
    fake = folder.path / "bin"
    fake.mkdir()
    (fake / "sshd").write_text("#!/bin/sh\n/usr/sbin/sshd \"$@\" && echo pamservicename ssh2\n")
    (fake / "sshd").chmod(0o755)
    result = host.report(PATH=f"{fake}:/usr/bin:/bin")
    found = [finding for finding in result["findings"] if finding["check"] == "sshd"]
    equal(found[0]["mend"]["text"], "totp-enroll doctor --service=ssh2", "the mending line")


@test
def sshd_that_fails(folder):
    host = password_and_code(folder)
    host.config.write_text("Nonsense yes\n")
    report = host.report()
    found = [finding for finding in report["findings"] if finding["level"] == "unknown"]
    equal([finding["check"] for finding in found], ["sshd"], "not looked at")
    equal(report["status"], 6, "exit status")


# PAM


@test
def not_in_the_stack(folder):
    found = Host(folder, DEBIAN_SSHD).recognises("pam-stack", "problem", MODULE)
    equal((found["mend"]["action"], found["mend"]["line"]), ("add", 1), "where")


@test
def only_the_other_module(folder):
    found = Host(folder, "@include common-auth\n"
                 "auth required pam_google_authenticator.so nullok\n").recognises(
        "pam-stack", "problem", f"{MODULE} nullok")
    equal((found["mend"]["action"], found["mend"]["line"]), ("replace", 2), "where")


@test
def both_modules(folder):
    found = Host(folder, f"@include common-auth\n{MODULE}\n"
                 "auth required pam_google_authenticator.so nullok\n").recognises(
        "other-module", "problem", "auth required pam_google_authenticator.so nullok")
    equal((found["mend"]["action"], found["mend"]["line"]), ("remove", 3), "where")


@test
def behind_a_sufficient_line(folder):
    Host(folder, f"auth sufficient pam_unix.so nullok\n{MODULE}\n").recognises(
        "skipped", "problem", "auth requisite pam_unix.so nullok")


@test
def behind_a_jump(folder):
    Host(folder, "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
         f"{MODULE}\nauth required pam_permit.so\n").recognises(
        "skipped", "problem", "auth [success=1 default=ignore] pam_unix.so")


@test
def in_a_substack_that_ends(folder):
    host = Host(folder, "auth substack password-auth\naccount required pam_unix.so\n",
                common=f"auth sufficient pam_unix.so\n{MODULE}\nauth required pam_deny.so\n")
    (host.pam / "common-auth").rename(host.pam / "password-auth")
    found = [finding for finding in host.findings() if finding["check"] == "skipped"]
    equal(found[0]["mend"], {"action": "add", "file": str(host.pam / "sshd"), "line": 1,
                             "text": MODULE}, "what mends it")


@test
def jumps_in_place_of_a_group(folder):
    host = password_and_code(
        folder, f"auth [success=ok default=1] pam_succeed_if.so user ingroup {MY_GROUP}\n{MODULE}")
    found = [finding for finding in host.findings() if finding["check"] == "skipped"]
    equal(found[0]["level"], "warning", "level")
    equal(found[0]["mend"]["text"], f"{MODULE} group={MY_GROUP}", "the mending line")
    host.write("sshd-totpgroup", "@include common-auth\n"
               f"auth [success=1 default=ignore] pam_succeed_if.so user ingroup {MY_GROUP}\n"
               f"{MODULE}\n")
    found = [finding for finding in host.findings() if finding["check"] == "skipped"]
    equal(found[0]["mend"]["text"], f"{MODULE} group=!{MY_GROUP}", "the mending line")


@test
def a_jump_hides_nothing(folder):
    host = Host(folder, "@include common-auth\n"
                f"auth [success=ok default=1] pam_succeed_if.so user ingroup {MY_GROUP}\n"
                f"auth sufficient pam_sss.so\n{MODULE}\n")
    found = [(finding["check"], finding["level"], finding["mend"]["line"])
             for finding in host.findings() if finding["check"] == "skipped"]
    host.write("sshd", "@include common-auth\nauth sufficient pam_sss.so\n"
               f"auth [success=ok default=1] pam_succeed_if.so user ingroup {MY_GROUP}\n"
               f"{MODULE}\n")
    found += [(finding["check"], finding["level"], finding["mend"]["line"])
              for finding in host.findings() if finding["check"] == "skipped"]
    equal(sorted(found), [("skipped", "problem", 2), ("skipped", "problem", 3),
                          ("skipped", "warning", 4)], "findings")


@test
def controls_that_do_not_refuse(folder):
    host = password_and_code(folder)
    for control in ("optional", "sufficient", "[success=ok default=ignore]",
                    "[success=ok ignore=ignore auth_err=bad default=ignore]"):
        host.write("sshd-totpgroup",
                   f"@include common-auth\nauth {control} pam_totpgroup.so noskewadj\n")
        host.recognises("control", "problem", f"{MODULE} noskewadj")


@test
def a_control_that_others_rescue(folder):
    Host(folder, "auth requisite pam_unix.so\n"
         "auth sufficient pam_totpgroup.so\nauth requisite pam_deny.so\n").recognises(
        "control", "warning", MODULE, alone=False)


@test
def alone_with_a_group(folder):
    for option in ("nullok", f"group={MY_GROUP}"):
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, f"{MODULE} {option}\n", sshd=conf("sshd_config.d/key-and-code.conf")) \
            .recognises("exempt-users", "problem", "auth required pam_permit.so")


@test
def nobody_can_log_in(folder):
    Host(folder, f"auth requisite pam_unix.so\n{MODULE}\nauth required pam_deny.so\n").recognises(
        "good-code", "problem", "auth required pam_deny.so")


@test
def required_password(folder):
    Host(folder, f"auth required pam_unix.so nullok\n{MODULE}\n").recognises(
        "first-factor", "warning", "auth requisite pam_unix.so nullok")


@test
def a_silent_line(folder):
    password_and_code(folder, f"-{MODULE}").recognises("silent-line", "warning", MODULE)


@test
def broken_lines(folder):
    host = password_and_code(folder)
    for text, place in ((f"{MODULE}\nauth bogus pam_unix.so\n", "sshd-totpgroup:2"),
                        (f"{MODULE}\n@include nowhere\n", "sshd-totpgroup:2"),
                        ("auth\n", "sshd-totpgroup:1")):
        host.write("sshd-totpgroup", text)
        report = host.report()
        found = [finding for finding in report["findings"] if finding["check"] == "pam-stack"]
        equal(found[0]["level"], "problem", "level")
        check(place in found[0]["what"], found[0]["what"])
        equal(report["status"], 1, "exit status")


@test
def no_such_service(folder):
    found = [finding for finding in password_and_code(folder).findings("--service=sshx")
             if finding["check"] == "pam-stack"]
    equal(found[0]["level"], "problem", "level")


@test
def other_services(folder):
    host = password_and_code(folder)
    host.write("su", f"auth sufficient pam_rootok.so\n@include common-auth\n{MODULE}\n")
    result = run(folder, "doctor", "--service=su", f"--pam-dir={host.pam}", "--json",
                 f"--module-dir={host.modules}")
    found = json.loads(result.output)["findings"]
    check(not [finding for finding in found if finding["check"].startswith("sshd")],
          "sshd has no part in su")
    equal([finding["check"] for finding in found if finding["level"] != "ok"
           and finding["check"] not in OF_THE_MACHINE], [], "findings")
    host.write("sshd", f"auth sufficient pam_rootok.so\n@include common-auth\n{MODULE}\n")
    equal([finding["check"] for finding in host.findings()], ["skipped"], "in sshd")


# Options and groups


@test
def unknown_options(folder):
    host = password_and_code(folder, f"{MODULE} nulok debug")
    host.recognises("module-options", "problem", f"{MODULE} nullok debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} window_size=3 debug\n")
    host.recognises("module-options", "problem", f"{MODULE} debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} grup={MY_GROUP}\n")
    host.recognises("module-options", "problem", f"{MODULE} group={MY_GROUP}")


@test
def malformed_options(folder):
    host = password_and_code(folder, f"{MODULE} allowed_perm=999 [authtok_prompt=My code: ]")
    host.recognises("module-options", "problem", f"{MODULE} [authtok_prompt=My code: ]")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} try_first_pass use_first_pass\n")
    host.recognises("module-options", "problem", f"{MODULE} try_first_pass")


@test
def missing_group(folder):
    host = password_and_code(folder, f"{MODULE} group={MY_GROUP},nosuchgroup")
    found = host.findings()
    equal([(finding["check"], finding["level"]) for finding in found], [("groups", "problem")],
          "findings")
    equal(found[0]["mend"]["text"], "groupadd nosuchgroup", "the mending line")


@test
def malformed_group(folder):
    password_and_code(folder, f"{MODULE} group={MY_GROUP},,x debug").recognises(
        "groups", "problem", f"{MODULE} debug")


@test
def group_without_members(folder):
    primary = {user.pw_gid for user in pwd.getpwall()}
    empty = [group.gr_name for group in grp.getgrall()
             if not group.gr_mem and group.gr_gid not in primary]
    if not empty:
        raise Skip("every group of this machine has members")
    found = password_and_code(folder, f"{MODULE} group={empty[0]}").findings()
    equal([(finding["check"], finding["level"]) for finding in found], [("groups", "warning")],
          "findings")
    equal(found[0]["mend"]["text"], f"gpasswd -a {ME} {empty[0]}", "the mending line")


# Files


@test
def missing_module(folder):
    host = password_and_code(folder)
    (host.modules / "pam_totpgroup.so").unlink()
    found = host.findings()
    equal([(finding["check"], finding["level"]) for finding in found],
          [("module-file", "problem")], "findings")
    check(f"--with-pamdir={host.modules} " in found[0]["mend"]["text"], "the mending line")


@test
def module_that_others_can_write(folder):
    host = password_and_code(folder)
    module = host.modules / "pam_totpgroup.so"
    module.chmod(0o664)
    host.recognises("module-file", "problem", f"chmod go-w {module}")
    host.modules.chmod(0o777)
    host.recognises("module-file", "problem", f"chmod go-w {host.modules}")


@test
def module_of_another_user(folder):
    host = password_and_code(folder)
    need_root()
    module = host.modules / "pam_totpgroup.so"
    os.chown(module, 12345, 12345)
    host.recognises("module-file", "problem", f"chown root {module}")


@test
def pam_file_that_others_can_write(folder):
    host = password_and_code(folder)
    (host.pam / "common-auth").chmod(0o666)
    host.recognises("pam-files", "problem", f"chmod go-w {host.pam}/common-auth")


def with_secret(folder):
    secret = folder.path / "secret" / "x y"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("A" * 32 + "\n\" TOTP_AUTH\n")
    secret.chmod(0o600)
    return secret, password_and_code(folder, f"{MODULE} [secret={secret}]")


def secret_findings(host, *more):
    return host.findings(*more, without=("clock", "sshd-root"))


@test
def good_secret(folder):
    _, host = with_secret(folder)
    equal(secret_findings(host, ME), [], "findings")
    equal(secret_findings(host), [], "findings for the caller")


@test
def secret_that_others_can_read(folder):
    secret, host = with_secret(folder)
    secret.chmod(0o644)
    host.recognises("secret", "problem", f"chmod 0600 '{secret}'")


@test
def secret_of_another_user(folder):
    secret, host = with_secret(folder)
    need_root()
    os.chown(secret, 12345, 12345)
    host.recognises("secret", "problem", f"chown 0 '{secret}'")


@test
def secret_folder_that_others_can_write(folder):
    secret, host = with_secret(folder)
    secret.parent.chmod(0o777)
    host.recognises("secret-folder", "warning", f"chmod go-w {secret.parent}")


@test
def damaged_secret(folder):
    secret, host = with_secret(folder)
    secret.write_text("not base32!\n")
    found = secret_findings(host)
    equal([(finding["check"], finding["level"]) for finding in found], [("secret", "problem")],
          "findings")
    check("not base32" not in json.dumps(found), "the file's text is shown")


@test
def not_enrolled(folder):
    secret, host = with_secret(folder)
    secret.unlink()
    equal(secret_findings(host), [], "nobody says that the caller needs one")
    found = secret_findings(host, ME)
    equal([(finding["check"], finding["level"]) for finding in found], [("secret", "problem")],
          "findings")
    equal(found[0]["mend"]["text"], f"totp-enroll -s '{secret}' -l {ME}", "the mending line")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} [secret={secret}] nullok\n")
    equal(secret_findings(host, ME)[0]["level"], "warning", "with nullok")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} [secret={secret}] group=!{MY_GROUP}\n")
    equal(secret_findings(host, ME), [], "for a user who is not asked")


@test
def unknown_owner_of_secrets(folder):
    host = password_and_code(folder, f"{MODULE} secret=/x/y user=nosuchuser")
    found = secret_findings(host)
    equal([finding["mend"]["text"] for finding in found], ["useradd --system nosuchuser"],
          "findings")


# The program


@test
def text_for_people(folder):
    host = password_and_code(folder, sshd=GOOD_SSHD.replace("AuthenticationMethods", "#"))
    output = host.run().output
    check("problem  a key alone lets in, without a code: AuthenticationMethods any\n" in output,
          output)
    check(f"         In {host.config}, at the top, write:\n"
          "             AuthenticationMethods keyboard-interactive:pam\n" in output, output)
    check("ok       sshd uses PAM\n" in output, output)
    check(re.search("^Problems: 1\\. Warnings: [0-9]+\\. Not looked at: 0\\.$", output, re.M),
          output)
    check("\033" not in output, "colours where there is no terminal")


@test
def colours(folder):
    host = password_and_code(folder)
    command = [*host.prefix, PROGRAM, *host.arguments()]
    for no_color, expected in ((None, True), ("1", False)):
        child = start(folder, *command[1:], program=command[0], NO_COLOR=no_color, columns=50)
        child.expect(pexpect.EOF)
        text = child.before
        finish(child)
        equal("\033[32mok\033[0m" in text, expected, f"colours with NO_COLOR={no_color}")
        for line in text.replace("\033[0m", "").splitlines():
            words = re.sub("\033\\[[0-9;]*m", "", line)
            check(len(words) <= 50 or words.startswith(" " * 13) or
                  len(words.split()[-1]) > 35, f"too long a line: {line!r}")


@test
def usage(folder):
    equal(run(folder, "doctor", "--nonsense").status, 2, "an unknown option")
    equal(run(folder, "doctor", ME, "x").status, 2, "two users")
    equal(run(folder, "doctor", "--service").status, 2, "a missing value")
    equal(run(folder, "doctor", "--sshd-config=x", "--sshd-settings=y").status, 2,
          "two sources")
    equal(run(folder, "doctor", "no-such-user").status, 2 if os.geteuid() == 0 else 5,
          "an unknown user")
    result = run(folder, "doctor", "--help")
    equal(result.status, 0, "help")
    check("--sshd-settings" in result.output, "help does not name the options")


@test
def other_users_without_root(folder):
    need_root()
    need("setpriv")
    program = shutil.copy(PROGRAM, folder.path / "program")
    folder.path.chmod(0o755)
    result = run(folder, "--reuid=12345", "--regid=12345", "--clear-groups",
                 str(program), "doctor", "root", program="setpriv")
    equal(result.status, 5, "exit status")


@test
def without_root(folder):
    """sshd does not say anything then; the rest is looked at."""
    host = password_and_code(folder)
    need_root()
    need("setpriv")
    program = shutil.copy(PROGRAM, folder.path / "program")
    folder.path.chmod(0o755)
    command = [*host.prefix, "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups",
               str(program), *host.arguments("--json")]
    result = run(folder, *command[1:], program=command[0])
    found = {finding["check"]: finding for finding in json.loads(result.output)["findings"]}
    equal(found["sshd"]["level"], "unknown", "sshd's settings")
    equal(found["sshd"]["mend"]["text"], "sudo totp-enroll doctor", "the mending line")
    equal(found["pam-stack"]["level"], "ok", "the stack")
