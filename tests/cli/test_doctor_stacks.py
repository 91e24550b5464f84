# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll doctor finds stacks that let in with a wrong password or by a code alone, and
mends them by what it tried before."""

import shutil

from doctor_host import (
    COMMON_AUTH, DEBIAN_SSHD, GOOD_SSHD, ME, MODULE, MY_GROUP, PASSWORD_AUTH, RECIPE_SSHD, Host)
from support import check, equal, test

# sshd leaves time for enroll.
PATIENT_SSHD = GOOD_SSHD + "LoginGraceTime 5m\n"


def problems(host):
    return [(finding["check"], finding["level"]) for finding in host.findings()]


def stack_host(folder, *lines):
    return Host(folder, "".join(f"auth {line}\n" for line in lines).replace(
        "M", "pam_totpgroup.so"), sshd=PATIENT_SSHD)


def mend_all(host, allowed=()):
    """Makes one mend after the other until none is proposed."""
    for _ in range(8):
        found = [finding for finding in host.findings() if finding["level"] == "problem"]
        if not found:
            break
        check("mend" in found[0], f"nothing mends {found[0]}")
        host.mend(found[0]["mend"])
    equal([finding for finding in host.findings() if finding["check"] not in allowed], [],
          "findings once all is mended")


def text(host, name="sshd"):
    return (host.pam / name).read_text()


# Wrong passwords


@test
def an_optional_password_lets_in_with_a_wrong_one(folder):
    host = stack_host(folder, "optional pam_unix.so", f"required M group={MY_GROUP}",
                      "required pam_permit.so")
    equal(problems(host), [("password", "problem")], "findings")
    mend_all(host)
    check("auth requisite pam_unix.so\n" in text(host), text(host))


@test
def a_password_line_that_is_ignored_lets_in_with_a_wrong_one(folder):
    host = stack_host(folder, "[success=ok default=ignore] pam_unix.so",
                      f"requisite M group={MY_GROUP}", "required pam_permit.so")
    equal(problems(host), [("password", "problem")], "findings")
    mend_all(host)
    check("auth requisite pam_unix.so\n" in text(host), text(host))


@test
def a_wrong_password_and_a_right_code_do_not_let_in(folder):
    host = stack_host(
        folder, "[success=2 default=ignore] pam_unix.so nullok",
        "[success=1 default=ignore] pam_unix.so use_first_pass", "sufficient M",
        "requisite pam_deny.so", "required pam_permit.so")
    found = [finding for finding in host.findings() if finding["check"] == "password"]
    equal([finding["level"] for finding in found], ["problem"], "findings")
    check("users with a right code" in found[0]["what"], found[0]["what"])


@test
def a_code_alone_is_a_problem(folder):
    host = stack_host(
        folder, "[success=done default=die] M", "[success=2 default=ignore] pam_unix.so nullok",
        "[success=1 default=ignore] pam_unix.so use_first_pass", "requisite pam_deny.so",
        "required pam_permit.so")
    check(("password", "problem") in problems(host), f"{host.findings()}")
    mend_all(host)
    equal(text(host).splitlines()[-1], f"{MODULE}", "where the line is now")


@test
def nothing_is_taken_away_that_refuses(folder):
    """The commonest mistake: the line right behind that of the password."""
    host = Host(folder, DEBIAN_SSHD, common=COMMON_AUTH.replace(
        "auth requisite", f"{MODULE}\nauth requisite"))
    other = host.write("su", "@include common-auth\n")
    found = [finding for finding in host.findings() if finding["check"] == "good-code"]
    equal(found[0]["mend"], {
        "action": "move", "file": str(host.pam / "common-auth"), "line": 2,
        "to_file": str(host.pam / "common-auth"), "to_line": 4, "text": MODULE}, "the mend")
    host.mend(found[0]["mend"])
    host.must_be_fine()
    equal(text(host, "common-auth"), COMMON_AUTH.replace(
        "auth optional", f"{MODULE}\nauth optional"), "the stack")
    equal(other.read_text(), "@include common-auth\n", "the other service")


@test
def a_line_that_another_service_needs_is_not_taken_from_it(folder):
    """Moved out of the file of both, it would let in everybody there without a code."""
    host = Host(folder, "auth substack inner\n")
    host.write("inner", "auth sufficient pam_unix.so\nauth include both\n"
               "auth required pam_deny.so\n")
    host.write("both", f"{MODULE}\n")
    moves = [finding["mend"]["action"] for finding in host.findings()
             if finding["check"] == "skipped"]
    equal(moves, ["move"], "where no other service reads the file")
    host.write("su", "auth requisite pam_unix.so\nauth include both\n")
    moves = [finding.get("mend", {}).get("action") for finding in host.findings()]
    check("move" not in moves, f"{moves}")


# After a wrong password


@test
def a_substack_with_enroll_leaves_a_secret_after_a_wrong_password(folder):
    host = Host(folder, f"auth substack common-auth\n{MODULE} enroll\n",
                sshd=PATIENT_SSHD)
    equal(problems(host), [("first-factor", "problem")], "findings")
    mend_all(host)
    check("auth include common-auth\n" in text(host), text(host))


@test
def a_substack_that_cannot_be_included_is_reported_without_a_mend(folder):
    host = Host(folder, f"auth substack password-auth\n{MODULE} enroll\n",
                sshd=PATIENT_SSHD)
    host.write("password-auth", PASSWORD_AUTH)
    found = host.findings()
    equal([(finding["check"], finding["level"], "mend" in finding) for finding in found],
          [("first-factor", "problem", False)], "findings")


@test
def a_code_before_the_password_is_a_warning(folder):
    host = stack_host(folder, "requisite M", "requisite pam_unix.so")
    host.recognizes("first-factor", "warning", "auth requisite pam_totpgroup.so", alone=False)


@test
def a_secret_offered_before_the_password_is_a_problem(folder):
    host = stack_host(folder, "requisite M enroll", "requisite pam_unix.so")
    equal(problems(host), [("first-factor", "problem")], "findings")
    mend_all(host)


# Lines in wrong places


@test
def account_and_password_lines_of_the_module_are_problems(folder):
    host = Host(folder, recipe=f"@include common-auth\n{MODULE}\n")
    for kind in ("account", "password"):
        host.write("sshd", f"{RECIPE_SSHD}{MODULE.replace('auth', kind)}\n")
        found = host.recognizes("line-type", "problem", MODULE.replace("auth", kind))
        equal(found["mend"]["action"], "remove", "what to do")


@test
def a_second_line_asks_again(folder):
    host = Host(folder, recipe=f"@include common-auth\n{MODULE}\n{MODULE}\n")
    equal(host.recognizes("asked-twice", "problem", MODULE)["mend"]["action"], "remove",
          "what to do")


def the_line_for_all_stays(folder, *lines):
    host = Host(folder, recipe="\n".join(["@include common-auth", *lines, ""]))
    found = host.recognizes("asked-twice", "warning", f"{MODULE} group={MY_GROUP}", alone=False)
    equal(found["mend"]["action"], "remove", "what to do")


@test
def a_line_for_a_group_behind_one_for_all_asks_again(folder):
    the_line_for_all_stays(folder, MODULE, f"{MODULE} group={MY_GROUP}")


@test
def a_line_for_a_group_before_one_for_all_asks_too(folder):
    the_line_for_all_stays(folder, f"{MODULE} group={MY_GROUP}", MODULE)


@test
def two_lines_for_two_groups_are_fine(folder):
    host = Host(folder, recipe="@include common-auth\n"
                f"{MODULE} group={MY_GROUP}\n{MODULE} group=!{MY_GROUP}\n")
    equal([name for name, _ in problems(host) if name == "asked-twice"], [], "findings")


@test
def pam_oath_beside_the_module_is_a_warning(folder):
    host = Host(folder, recipe=f"@include common-auth\n{MODULE}\nauth required pam_oath.so\n")
    host.recognizes("other-module", "warning", None)


@test
def a_carriage_return_is_a_problem(folder):
    """PAM would look for a module with that in its name."""
    host = Host(folder, recipe=f"@include common-auth\r\n{MODULE}\r\n")
    found = host.recognizes("pam-stack", "problem",
                            f"sed -i 's/\\r*$//' {host.pam}/sshd-totpgroup", alone=False)
    check("sshd-totpgroup:1: the line has a carriage return" in found["what"], found["what"])
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} # remark\r\n")
    host.must_be_fine()


@test
def no_carriage_return_is_taken_off_where_pam_could_not_read_the_file_then(folder):
    host = Host(folder, recipe=f"@include common-auth\r\n{MODULE}\r\nauth rubbish\r\n")
    found = [finding for finding in host.findings() if finding["check"] == "pam-stack"]
    check("mend" not in found[0], f"{found}")


@test
def another_module_that_is_missing_is_found(folder):
    host = Host(folder, recipe="@include common-auth\nauth optional /nowhere/pam_cap.so\n"
                f"-auth optional /nowhere/pam_env.so\n{MODULE}\n")
    host.recognizes("pam-files", "warning", None)
    host.write("sshd-totpgroup", "@include common-auth\nauth required /nowhere/pam_env.so\n"
               f"{MODULE}\n")
    host.recognizes("pam-files", "problem", None)


@test
def modules_that_only_prepare_identify_nobody(folder):
    """Newer ones of libpam and systemd."""
    for name in ("pam_canonicalize_user", "pam_systemd_loadkey"):
        host = stack_host(folder, f"required {name}.so", "required M", "required pam_permit.so")
        check(("sshd-factors", "problem") in problems(host), f"{name}: {host.findings()}")
        shutil.rmtree(folder.path)
        folder.path.mkdir()


# What is no problem


@test
def a_key_in_place_of_the_code_is_a_warning(folder):
    host = Host(folder, recipe="@include common-auth\n"
                f"auth [success=1 default=ignore] pam_u2f.so\n{MODULE}\n")
    equal(problems(host), [("skipped", "warning")], "findings")


@test
def selinux_permit_is_a_warning(folder):
    host = Host(folder, "auth [success=done ignore=ignore default=bad] pam_selinux_permit.so\n"
                f"{RECIPE_SSHD}", recipe=f"@include common-auth\n{MODULE}\n")
    equal({level for _, level in problems(host)}, {"warning"}, f"for {ME}")
