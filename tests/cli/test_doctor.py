# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll doctor finds nothing in the recipes of the README and recognizes every
broken set-up, and what it proposes mends it. The settings are those of the real sshd."""

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
def the_recipe_for_password_and_code_is_fine(folder):
    Host(folder, recipe=conf("pam.d/sshd-password-and-code"),
         sshd=conf("sshd_config.d/password-and-code.conf")).must_be_fine()


@test
def the_recipe_for_key_and_code_is_fine(folder):
    Host(folder, recipe=conf("pam.d/sshd-key-and-code"),
         sshd=conf("sshd_config.d/key-and-code.conf")).must_be_fine()


def with_option(recipe, option):
    """Adds the option to the auth line, and to the guard's line if there is one."""
    return re.sub(r"(?m)^((?:auth|session) required pam_totpgroup\.so)$", rf"\1 {option}", recipe)


@test
def the_recipes_are_fine_with_a_group(folder):
    for name in ("password-and-code", "key-and-code"):
        recipe = conf(f"pam.d/sshd-{name}")
        changed = with_option(recipe, f"group={MY_GROUP}")
        check(changed != recipe, "the recipe has another line")
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, recipe=changed, sshd=conf(f"sshd_config.d/{name}.conf")).must_be_fine()


@test
def a_match_block_for_the_group_is_fine(folder):
    sshd = conf("sshd_config.d/password-and-code.conf").replace(
        "AuthenticationMethods", f"Match Group {MY_GROUP}\n    AuthenticationMethods")
    password_and_code(folder, f"{MODULE} group={MY_GROUP}", sshd=sshd).must_be_fine()


@test
def a_user_outside_the_group_is_fine_with_the_match_block(folder):
    """The user is in neither: sshd's Match block exempts the same users as the module."""
    others = [user.pw_name for user in pwd.getpwall() if user.pw_name != ME
              and MY_GROUP not in [grp.getgrgid(gid).gr_name for gid in
                                   os.getgrouplist(user.pw_name, user.pw_gid)
                                   if gid in {group.gr_gid for group in grp.getgrall()}]]
    need_root()
    sshd = conf("sshd_config.d/password-and-code.conf").replace(
        "AuthenticationMethods", f"Match Group {MY_GROUP}\n    AuthenticationMethods")
    password_and_code(folder, f"{MODULE} group={MY_GROUP}", sshd=sshd).must_be_fine(others[0])


@test
def the_recipes_are_fine_with_nullok(folder):
    for name in ("password-and-code", "key-and-code"):
        recipe = with_option(conf(f"pam.d/sshd-{name}"), "nullok")
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, recipe=recipe, sshd=conf(f"sshd_config.d/{name}.conf")).must_be_fine()


@test
def the_recipe_for_fedora_is_fine(folder):
    host = Host(folder, conf("pam.d/sshd-password-and-code-fedora"))
    host.must_be_fine()


@test
def the_recipe_with_forward_pass_is_fine(folder):
    Host(folder, "auth requisite pam_totpgroup.so forward_pass\n"
         "auth required pam_unix.so use_first_pass\n").must_be_fine()


# sshd


@test
def sshd_without_keyboard_interactive_is_a_problem(folder):
    password_and_code(folder, sshd="UsePAM yes\nPasswordAuthentication yes\n"
                      "KbdInteractiveAuthentication no\nPubkeyAuthentication yes\n").recognizes(
        "sshd-kbdinteractive", "problem", "KbdInteractiveAuthentication yes", alone=False)


@test
def a_method_that_keeps_sshd_from_starting_is_a_problem(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "KbdInteractiveAuthentication yes", "KbdInteractiveAuthentication no")).recognizes(
        "sshd-kbdinteractive", "problem", "KbdInteractiveAuthentication yes")


@test
def sshd_without_pam_is_a_problem(folder):
    # Without PAM, some versions of sshd refuse the device "pam" of a method.
    password_and_code(folder, sshd=GOOD_SSHD.replace("UsePAM yes", "UsePAM no").replace(
        ":pam", "")).recognizes("sshd-usepam", "problem", "UsePAM yes")


@test
def sshd_that_asks_for_the_password_itself_is_a_problem(folder):
    password_and_code(folder, sshd="UsePAM yes\nKbdInteractiveAuthentication yes\n"
                      "PasswordAuthentication yes\nPubkeyAuthentication no\n").recognizes(
        "sshd-password", "problem", "PasswordAuthentication no")


@test
def sshd_that_could_ask_for_the_password_itself_is_a_warning(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "PasswordAuthentication no", "PasswordAuthentication yes")).recognizes(
        "sshd-password", "warning", "PasswordAuthentication no")


@test
def a_login_with_a_key_alone_is_a_problem(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "AuthenticationMethods", "#")).recognizes(
        "sshd-methods", "problem", "AuthenticationMethods keyboard-interactive:pam")


@test
def a_list_with_a_key_alone_is_a_problem(folder):
    unguarded = conf("pam.d/sshd-key-and-code").replace("\nsession required", "\n# session required")
    Host(folder, recipe=unguarded, sshd=GOOD_SSHD.replace(
        "keyboard-interactive:pam",
        "publickey,keyboard-interactive:pam publickey")).recognizes(
        "sshd-methods", "problem",
        "AuthenticationMethods publickey,keyboard-interactive:pam")


@test
def a_list_with_a_method_that_is_off_does_not_count(folder):
    password_and_code(folder, sshd=GOOD_SSHD.replace(
        "keyboard-interactive:pam", "keyboard-interactive:pam hostbased")).must_be_fine()


@test
def a_login_with_a_code_alone_is_a_problem(folder):
    Host(folder, recipe=conf("pam.d/sshd-key-and-code")).recognizes(
        "sshd-factors", "problem",
        "AuthenticationMethods publickey,keyboard-interactive:pam")


@test
def a_password_after_the_key_is_a_warning(folder):
    found = password_and_code(folder, sshd=conf("sshd_config.d/key-and-code.conf")).findings()
    equal([(finding["check"], finding["level"]) for finding in found],
          [("sshd-factors", "warning")], "findings")
    check("mend" not in found[0], "to ask for no password is for people to decide")


@test
def the_settings_of_debian_are_mended_step_by_step(folder):
    host = password_and_code(folder, sshd="UsePAM yes\nKbdInteractiveAuthentication no\n")
    expected = ["sshd-kbdinteractive", "sshd-password", "sshd-methods"]
    for step in range(3):
        found = host.findings()
        equal([finding["check"] for finding in found], expected[step:], "findings")
        host.mend(found[0]["mend"])
    host.must_be_fine()


@test
def sshd_that_refuses_the_code_of_root_is_found(folder):
    host = password_and_code(folder)
    need_root()
    found = [finding for finding in host.findings("root") if finding["check"] == "sshd-root"]
    check("mend" not in found[0], "a mend would let root do more than before")
    check("set PermitRootLogin yes" in found[0]["why"], found[0]["why"])


@test
def the_settings_of_sshd_are_read_from_a_file(folder):
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
def sshd_with_another_pam_service_is_found(folder):
    host = password_and_code(folder)
    fake = folder.path / "bin"
    fake.mkdir()
    # sshd itself names the service since OpenSSH 9.8.
    (fake / "sshd").write_text("#!/bin/sh\nsettings=$(/usr/sbin/sshd \"$@\") || exit\n"
                               "echo \"$settings\" | grep -v ^pamservicename\n"
                               "echo pamservicename ssh2\n")
    (fake / "sshd").chmod(0o755)
    result = host.report(PATH=f"{fake}:/usr/bin:/bin")
    found = [finding for finding in result["findings"] if finding["check"] == "sshd"]
    equal(found[0]["mend"]["text"], "totp-enroll doctor --service=ssh2", "the mending line")


@test
def sshd_that_fails_is_not_looked_at(folder):
    host = password_and_code(folder)
    host.config.write_text("Nonsense yes\n")
    report = host.report()
    found = [finding for finding in report["findings"] if finding["level"] == "unknown"]
    equal([finding["check"] for finding in found], ["sshd"], "not looked at")
    equal(report["status"], 6, "exit status")


# PAM


@test
def a_missing_pam_line_is_a_problem(folder):
    found = Host(folder, DEBIAN_SSHD).recognizes("pam-stack", "problem", MODULE)
    equal((found["mend"]["action"], found["mend"]["line"]), ("add", 1), "where")


@test
def a_line_of_the_other_module_is_replaced(folder):
    found = Host(folder, "@include common-auth\n"
                 "auth required pam_google_authenticator.so nullok\n").recognizes(
        "pam-stack", "problem", f"{MODULE} nullok")
    equal((found["mend"]["action"], found["mend"]["line"]), ("replace", 2), "where")


@test
def a_line_of_the_other_module_beside_ours_is_removed(folder):
    found = Host(folder, f"@include common-auth\n{MODULE}\n"
                 "auth required pam_google_authenticator.so nullok\n").recognizes(
        "other-module", "problem", "auth required pam_google_authenticator.so nullok")
    equal((found["mend"]["action"], found["mend"]["line"]), ("remove", 3), "where")


@test
def a_sufficient_line_before_the_module_is_a_problem(folder):
    Host(folder, f"auth sufficient pam_unix.so nullok\n{MODULE}\n").recognizes(
        "skipped", "problem", "auth requisite pam_unix.so nullok", alone=False)


@test
def a_jump_over_the_module_is_a_problem(folder):
    Host(folder, "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
         f"{MODULE}\nauth required pam_permit.so\n").recognizes(
        "skipped", "problem", "auth [success=1 default=ignore] pam_unix.so")


@test
def a_substack_that_ends_before_the_module_is_a_problem(folder):
    host = Host(folder, "auth substack password-auth\naccount required pam_unix.so\n",
                common=f"auth sufficient pam_unix.so\n{MODULE}\nauth required pam_deny.so\n")
    (host.pam / "common-auth").rename(host.pam / "password-auth")
    found = [finding for finding in host.findings() if finding["check"] == "skipped"]
    equal(found[0]["mend"], {
        "action": "move", "file": str(host.pam / "password-auth"), "line": 2,
        "to_file": str(host.pam / "sshd"), "to_line": 1, "text": MODULE}, "what mends it")


@test
def a_jump_for_a_group_is_a_warning_that_names_the_option(folder):
    host = password_and_code(folder)
    for control, condition, option in (
            ("[success=ok default=1]", "user ingroup", f"group={MY_GROUP}"),
            ("[success=1 default=ignore]", "user ingroup", f"group=!{MY_GROUP}"),
            ("[success=1 default=ignore]", "quiet user notingroup", f"group={MY_GROUP}"),
            ("[success=ignore default=1]", "user notingroup", f"group=!{MY_GROUP}")):
        host.write("sshd-totpgroup", "@include common-auth\n"
                   f"auth {control} pam_succeed_if.so {condition} {MY_GROUP}\n{MODULE}\n")
        found = [finding for finding in host.findings() if finding["check"] == "skipped"]
        equal([(finding["level"], "mend" in finding) for finding in found],
              [("warning", False)], "level")
        check(f" write {option} behind the module's name" in found[0]["why"], found[0]["why"])
        # As it says.
        host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {option}\n")
        equal([finding for finding in host.findings() if finding["check"] != "groups"], [],
              "findings then")
    host.write("sshd-totpgroup", "@include common-auth\nauth [success=1 default=ignore] "
               f"pam_succeed_if.so uid >= 1000 user ingroup {MY_GROUP}\n{MODULE}\n")
    found = [finding for finding in host.findings() if finding["check"] == "skipped"]
    check("in the same moment" not in found[0]["why"], found[0]["why"])


@test
def a_jump_for_a_group_hides_no_other_finding(folder):
    host = Host(folder, "@include common-auth\n"
                f"auth [success=ok default=1] pam_succeed_if.so user ingroup {MY_GROUP}\n"
                f"auth sufficient pam_sss.so\n{MODULE}\n")
    found = [(finding["level"], re.search("line ([0-9]+)", finding["what"])[1])
             for finding in host.findings() if finding["check"] == "skipped"]
    equal(found, [("problem", "3")], "findings where the jump ends at the module's line")
    host.write("sshd", "@include common-auth\nauth sufficient pam_sss.so\n"
               f"auth [success=ok default=1] pam_succeed_if.so user ingroup {MY_GROUP}\n"
               f"{MODULE}\n")
    found = [(finding["level"], re.search("line ([0-9]+)", finding["what"])[1])
             for finding in host.findings() if finding["check"] == "skipped"]
    equal(sorted(found), [("problem", "2"), ("warning", "3")], "findings")


@test
def a_control_that_does_not_refuse_is_a_problem(folder):
    host = password_and_code(folder)
    for control in ("optional", "sufficient", "[success=ok default=ignore]",
                    "[success=ok ignore=ignore auth_err=bad default=ignore]"):
        host.write("sshd-totpgroup",
                   f"@include common-auth\nauth {control} pam_totpgroup.so noskewadj\n")
        host.recognizes("control", "problem", f"{MODULE} noskewadj")


@test
def a_control_that_only_later_lines_rescue_is_a_warning(folder):
    Host(folder, "auth requisite pam_unix.so\n"
         "auth sufficient pam_totpgroup.so\nauth requisite pam_deny.so\n").recognizes(
        "control", "warning", None)


@test
def exempt_users_need_a_line_that_says_yes(folder):
    for option in ("nullok", f"group={MY_GROUP}"):
        shutil.rmtree(folder.path)
        folder.path.mkdir(mode=0o755)
        Host(folder, f"{MODULE} {option}\n", sshd=conf("sshd_config.d/key-and-code.conf")) \
            .recognizes("exempt-users", "problem", "auth required pam_permit.so")


@test
def a_stack_that_refuses_everybody_is_a_problem(folder):
    Host(folder, f"auth requisite pam_unix.so\n{MODULE}\nauth required pam_deny.so\n").recognizes(
        "good-code", "problem", None)


@test
def a_required_password_line_is_a_warning(folder):
    Host(folder, f"auth required pam_unix.so nullok\n{MODULE}\n").recognizes(
        "first-factor", "warning", "auth requisite pam_unix.so nullok")


@test
def a_line_with_a_hyphen_is_a_warning(folder):
    password_and_code(folder, f"-{MODULE}").recognizes("silent-line", "warning", MODULE)


@test
def a_broken_line_is_a_problem(folder):
    host = password_and_code(folder)
    for text, where in ((f"{MODULE}\nauth bogus pam_unix.so\n", "sshd-totpgroup:2"),
                        (f"{MODULE}\n@include nowhere\n", "sshd-totpgroup:2"),
                        ("auth\n", "sshd-totpgroup:1")):
        host.write("sshd-totpgroup", text)
        report = host.report()
        found = [finding for finding in report["findings"] if finding["check"] == "pam-stack"]
        equal(found[0]["level"], "problem", "level")
        check(where in found[0]["what"], found[0]["what"])
        equal(report["status"], 1, "exit status")


@test
def a_missing_service_is_a_problem(folder):
    found = [finding for finding in password_and_code(folder).findings("--service=sshx")
             if finding["check"] == "pam-stack"]
    equal(found[0]["level"], "problem", "level")


@test
def sshd_is_not_checked_for_other_services(folder):
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
def an_unknown_option_is_corrected(folder):
    host = password_and_code(folder, f"{MODULE} nulok debug")
    host.recognizes("module-options", "problem", f"{MODULE} nullok debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} window_size=3 debug\n")
    host.recognizes("module-options", "problem", f"{MODULE} debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} grup={MY_GROUP}\n")
    host.recognizes("module-options", "problem", f"{MODULE} group={MY_GROUP}")


@test
def a_malformed_option_is_removed(folder):
    host = password_and_code(folder, f"{MODULE} allowed_perm=999 [authtok_prompt=My code: ]")
    host.recognizes("module-options", "problem", f"{MODULE} [authtok_prompt=My code: ]")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} try_first_pass use_first_pass\n")
    host.recognizes("module-options", "problem", f"{MODULE} try_first_pass")


@test
def a_missing_group_is_a_problem(folder):
    host = password_and_code(folder, f"{MODULE} group={MY_GROUP},nosuchgroup")
    found = host.findings()
    equal([(finding["check"], finding["level"]) for finding in found], [("groups", "problem")],
          "findings")
    equal(found[0]["mend"]["text"], "groupadd nosuchgroup", "the mending line")


@test
def a_malformed_group_is_a_problem(folder):
    """It is never left out: others would be asked then."""
    host = password_and_code(folder, f"{MODULE} group={MY_GROUP},,x debug")
    host.recognizes("groups", "problem", None, alone=False)
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} group={MY_GROUP},, debug\n")
    host.recognizes("groups", "problem", f"{MODULE} group={MY_GROUP} debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} group debug\n")
    host.recognizes("module-options", "problem", None)


@test
def a_group_without_members_is_a_warning(folder):
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
def a_missing_module_is_a_problem(folder):
    host = password_and_code(folder)
    (host.modules / "pam_totpgroup.so").unlink()
    found = host.findings()
    equal([(finding["check"], finding["level"]) for finding in found],
          [("module-file", "problem")], "findings")
    check(f"--with-pamdir={host.modules} " in found[0]["mend"]["text"], "the mending line")


@test
def a_module_that_pam_cannot_load_is_a_problem(folder):
    host = password_and_code(folder)
    module = host.modules / "pam_totpgroup.so"
    good = module.read_bytes()
    other = bytearray(good)
    other[18] ^= 0x7f  # e_machine
    program = bytearray(good)
    program[16] = 2  # e_type: a program
    for content, wrong in ((b"", "is empty"), (b"#!/bin/sh\n" * 9, "is no shared object"),
                           (good[:40], "is cut short"), (good[:len(good) // 2], "is cut short"),
                           (good[:-1], "is cut short"), (other, "is for another kind of machine"),
                           (program, "is no shared object"),
                           (good.replace(b"pam_sm_authenticate", b"pam_sm_authenticatE"),
                            "is no PAM module")):
        module.write_bytes(content)
        found = host.findings()
        equal([(finding["check"], finding["level"], finding["what"]) for finding in found],
              [("module-file", "problem", f"{module} {wrong}")], wrong)
    module.write_bytes(good)
    host.must_be_fine()


@test
def rules_of_sudo_that_ask_nobody_are_warnings(folder):
    need_root()
    host = password_and_code(folder)
    host.write("sudo", f"auth requisite pam_unix.so\n{MODULE}\n")
    rules = folder.path / "sudoers.d"
    rules.mkdir()
    (folder.path / "sudoers").write_text(
        "# x ALL = NOPASSWD: ALL\nroot ALL=(ALL:ALL) ALL\n%admin ALL=(ALL) NOPASSWD: ALL\n"
        "#1000 ALL = NOPASSWD: ALL\n@includedir /etc/sudoers.d\n#includedir /nowhere\n")
    (rules / "90-cloud").write_text("Defaults:bob !authenticate\n")
    (rules / "old.bak").write_text("bob ALL = NOPASSWD: ALL\n")
    host.prefix = ["unshare", "-m", "sh", "-c", f"cp -a /etc '{folder.path}/etc' && "
                   f"cp -a '{folder.path}/sudoers' '{rules}' '{folder.path}/etc' && "
                   f"mount --bind '{folder.path}/etc' /etc && exec \"$@\"", "sh"]
    result = host.run("--json", "--service=sudo")
    found = [finding["what"] for finding in json.loads(result.output)["findings"]
             if finding["check"] == "sudo"]
    equal(found, [f"{where}: sudo lets some users in without asking PAM" for where in
                  ("/etc/sudoers, line 3", "/etc/sudoers, line 4",
                   "/etc/sudoers.d/90-cloud, line 1")], "findings")


@test
def a_module_that_others_can_write_is_a_problem(folder):
    host = password_and_code(folder)
    module = host.modules / "pam_totpgroup.so"
    module.chmod(0o664)
    host.recognizes("module-file", "problem", f"chmod go-w {module}")
    host.modules.chmod(0o777)
    host.recognizes("module-file", "problem", f"chmod go-w {host.modules}")


@test
def a_module_of_another_user_is_a_problem(folder):
    host = password_and_code(folder)
    need_root()
    module = host.modules / "pam_totpgroup.so"
    os.chown(module, 12345, 12345)
    host.recognizes("module-file", "problem", f"chown root {module}")


@test
def a_pam_file_that_others_can_write_is_a_problem(folder):
    host = password_and_code(folder)
    (host.pam / "common-auth").chmod(0o666)
    host.recognizes("pam-files", "problem", f"chmod go-w {host.pam}/common-auth")


def with_secret(folder):
    secret = folder.path / "secret" / "x y"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("A" * 32 + "\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n12345678\n")
    secret.chmod(0o600)
    return secret, password_and_code(folder, f"{MODULE} [secret={secret}]")


def secret_findings(host, *more):
    return host.findings(*more, without=("clock", "sshd-root"))


@test
def a_good_secret_is_fine(folder):
    _, host = with_secret(folder)
    equal(secret_findings(host, ME), [], "findings")
    equal(secret_findings(host), [], "findings for the caller")


@test
def a_secret_that_others_can_read_is_a_problem(folder):
    secret, host = with_secret(folder)
    secret.chmod(0o644)
    host.recognizes("secret", "problem", f"chmod 0600 '{secret}'")


@test
def a_secret_of_another_user_is_a_problem(folder):
    secret, host = with_secret(folder)
    need_root()
    os.chown(secret, 12345, 12345)
    host.recognizes("secret", "problem", f"chown 0 '{secret}'")


@test
def a_secret_with_another_name_is_copied_and_not_drawn_anew(folder):
    secret, host = with_secret(folder)
    os.link(secret, folder.path / "other")
    before = secret.read_bytes()
    host.recognizes("secret", "problem",
                    f"cp -p -- '{secret}' '{secret}.new' && mv -- '{secret}.new' '{secret}'")
    equal(secret.read_bytes(), before, "the secret")
    # What is there already is not overwritten.
    os.link(secret, folder.path / "third")
    secret.with_name("x y.new").write_text("")
    found = secret_findings(host)
    equal([(finding["check"], "mend" in finding) for finding in found], [("secret", False)],
          "findings")


def in_file_system(host, folder, options, more=""):
    """Runs doctor with a file system of its own on that folder, which keeps what is there."""
    need_root()
    host.prefix = [
        "unshare", "-m", "sh", "-c",
        f"cp -a '{folder}' '{host.folder.path}/kept' && mount -t tmpfs -o mode=700 tmpfs '{folder}' "
        f"&& cp -a '{host.folder.path}/kept/.' '{folder}' {more} && "
        f"mount -o remount,{options} '{folder}' && rm -rf '{host.folder.path}/kept' && "
        'mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$@"', "sh"]
    return [(finding["level"], finding["what"], finding["why"], finding.get("mend"))
            for finding in host.findings(without=("clock",)) if finding["check"] == "secret-folder"]


@test
def a_full_file_system_is_a_problem(folder):
    secret, host = with_secret(folder)
    found = in_file_system(host, secret.parent, "size=64k", f"&& (head -c 57344 /dev/zero > "
                           f"'{secret.parent}/fill')")
    equal(found, [], "a file system with room")
    found = in_file_system(host, secret.parent, "size=64k", f"&& (head -c 61440 /dev/zero > "
                           f"'{secret.parent}/fill')")
    equal(found, [("problem", f"the file system of {secret.parent} is full: no space is left",
                   "Each login writes there, and is refused if that fails.", None)], "full")
    found = in_file_system(host, secret.parent, "nr_inodes=2")
    equal([what for _, what, _, _ in found],
          [f"the file system of {secret.parent} is full: no inode is left"], "no inode")


@test
def no_mode_mends_a_file_system_that_is_read_only(folder):
    secret, host = with_secret(folder)
    found = in_file_system(host, secret.parent, "ro")
    equal([(level, what, mend) for level, what, _, mend in found],
          [("problem", f"no new file can be written in {secret.parent}: Read-only file system",
            None)], "findings")
    check("state=" in found[0][2], found)


@test
def a_folder_of_another_user_has_no_mend_by_its_mode(folder):
    need_root()
    home = folder.path / "secret"
    folder.path.chmod(0o755)
    home.mkdir(mode=0o755)
    nobody = pwd.getpwnam("nobody")
    secret = home / "x"
    secret.write_text("A" * 32 + "\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n12345678\n")
    secret.chmod(0o600)
    os.chown(secret, nobody.pw_uid, -1)
    host = password_and_code(folder, f"{MODULE} secret={secret}")
    found = [finding for finding in host.findings("nobody", without=("clock",))
             if finding["check"] == "secret-folder"]
    equal([("mend" in finding, f"has to belong to uid {nobody.pw_uid}" in finding["why"])
           for finding in found], [(False, True)], "findings")
    os.chown(home, nobody.pw_uid, -1)
    home.chmod(0o500)
    found = [finding["mend"]["text"] for finding in host.findings("nobody", without=("clock",))
             if finding["check"] == "secret-folder"]
    equal(found, [f"chmod u+wx {home}"], "a mode of the user's own folder")


@test
def secrets_of_root_need_the_option_user(folder):
    need_root()
    store = folder.path / "store"
    store.mkdir(mode=0o700)
    for content in (None, "A" * 32 + "\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n12345678\n"):
        shutil.rmtree(folder.path / "pam.d", ignore_errors=True)
        shutil.rmtree(folder.path / "security", ignore_errors=True)
        for name in ("key", "key.pub"):
            (folder.path / name).unlink(missing_ok=True)
        if content is not None:
            (store / "nobody").write_text(content)
            (store / "nobody").chmod(0o600)
        host = password_and_code(folder, f"{MODULE} secret={store}/${{USER}} debug")
        found = [finding for finding in host.findings("nobody", without=("clock",))
                 if finding["check"] == "secret"]
        equal([(finding["level"], finding["mend"]["text"]) for finding in found],
              [("problem", f"{MODULE} secret={store}/${{USER}} debug user=root")], "findings")
        host.mend(found[0]["mend"])
        found = [finding["what"] for finding in host.findings("nobody", without=("clock",))
                 if finding["check"] == "secret"]
        equal(found, [] if content else
              [f"nobody is not enrolled: there is no {store}/nobody"], "with the option")


@test
def a_file_without_emergency_codes_or_a_limit_is_a_warning(folder):
    secret, host = with_secret(folder)
    secret.write_text(secret.read_text().replace("12345678\n", ""))
    found = [(finding["check"], finding["level"], finding["mend"]["text"])
             for finding in secret_findings(host)]
    equal(found, [("emergency-codes", "warning", f"totp-enroll codes -s '{secret}' {ME}")],
          "without codes")
    secret.write_text("A" * 32 + "\n\" TOTP_AUTH\n12345678\n")
    found = host.recognizes("rate-limit", "warning", "\" RATE_LIMIT 3 30")
    equal((found["mend"]["action"], found["mend"]["file"], found["mend"]["line"]),
          ("add", str(secret), 1), "where")
    # What the host does without on purpose.
    secret.write_text("A" * 32 + "\n\" TOTP_AUTH\n")
    conf = folder.path / "t.conf"
    conf.write_text("[enroll]\nemergency_codes=0\nrate_limit=no\n")
    conf.chmod(0o644)
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} [secret={secret}] conf={conf}\n")
    equal(secret_findings(host), [], "by the configuration")


@test
def a_secret_folder_that_others_can_write_is_a_warning(folder):
    secret, host = with_secret(folder)
    secret.parent.chmod(0o777)
    host.recognizes("secret-folder", "warning", f"chmod go-w {secret.parent}")


@test
def a_damaged_secret_is_a_problem_and_not_shown(folder):
    secret, host = with_secret(folder)
    secret.write_text("not base32!\n")
    found = secret_findings(host)
    equal([(finding["check"], finding["level"]) for finding in found], [("secret", "problem")],
          "findings")
    check("not base32" not in json.dumps(found), "the file's text is shown")


@test
def a_missing_secret_counts_only_for_a_user_who_is_named(folder):
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
def an_unknown_owner_of_secrets_is_a_problem(folder):
    host = password_and_code(folder, f"{MODULE} secret=/x/y user=nosuchuser")
    found = secret_findings(host)
    equal([finding["mend"]["text"] for finding in found], ["useradd --system nosuchuser"],
          "findings")


# The program


@test
def the_text_shows_each_finding_and_what_mends_it(folder):
    host = password_and_code(folder, sshd=GOOD_SSHD.replace("AuthenticationMethods", "#"))
    output = host.run().output
    check("problem  a key alone lets in, without a code: AuthenticationMethods any\n" in output,
          output)
    check(f"         In {host.config}, at the top, write:\n"
          "             AuthenticationMethods keyboard-interactive:pam\n" in output, output)
    check("ok       sshd uses PAM\n" in output, output)
    check(re.search("^Problems: 1\\. Warnings: [0-9]+\\. Not looked at: 0\\.$", output, re.M),
          output)
    check("\033" not in output, "colors without a terminal")


@test
def colors_are_for_terminals_without_no_color(folder):
    host = password_and_code(folder)
    command = [*host.prefix, PROGRAM, *host.arguments()]
    for no_color, expected in ((None, True), ("1", False)):
        child = start(folder, *command[1:], program=command[0], NO_COLOR=no_color, columns=50)
        child.expect(pexpect.EOF)
        text = child.before
        finish(child)
        equal("\033[32mok\033[0m" in text, expected, f"colors with NO_COLOR={no_color}")
        for line in text.replace("\033[0m", "").splitlines():
            words = re.sub("\033\\[[0-9;]*m", "", line)
            check(len(words) <= 50 or words.startswith(" " * 13) or
                  len(words.split()[-1]) > 35, f"too long a line: {line!r}")


@test
def wrong_usage_is_refused(folder):
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
def only_root_may_ask_about_other_users(folder):
    need_root()
    need("setpriv")
    program = shutil.copy(PROGRAM, folder.path / "program")
    folder.path.chmod(0o755)
    result = run(folder, "--reuid=12345", "--regid=12345", "--clear-groups",
                 str(program), "doctor", "root", program="setpriv")
    equal(result.status, 5, "exit status")


@test
def without_root_all_but_sshd_is_looked_at(folder):
    """sshd prints nothing then."""
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
