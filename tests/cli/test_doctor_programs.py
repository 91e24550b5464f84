# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll doctor knows programs that give one answer to every prompt, and those that nobody
could answer. tests/e2e/test_forward_pass.py tries what it proposes with the real ones."""

from doctor_host import MODULE, Host
from support import check, equal, test

ONCE = ("vsftpd", "proftpd", "pure-ftpd", "dovecot", "cups", "radiusd", "xrdp-sesman", "sddm",
        "i3lock", "swaylock")
NEVER = ("cron", "crond", "atd")
FORWARD = "auth requisite pam_totpgroup.so forward_pass"


def findings(host, service):
    return [finding for finding in host.findings(f"--service={service}")
            if finding["check"] in ("prompts", "pam-stack", "services", "first-factor")]


@test
def a_second_prompt_is_a_problem_where_the_program_asks_once(folder):
    host = Host(folder)
    for service in ONCE:
        path = host.write(service, f"@include common-auth\n{MODULE}\n")
        found = findings(host, service)
        equal([(finding["check"], finding["level"]) for finding in found],
              [("prompts", "problem")], service)
        host.mend(found[0]["mend"])
        equal(path.read_text(), f"{FORWARD}\n@include common-auth\n", "the file")
        equal(findings(host, service), [], "once it is mended")


@test
def a_line_behind_the_password_does_not_help_with_forward_pass(folder):
    host = Host(folder)
    path = host.write("vsftpd", "auth required pam_listfile.so item=user file=/etc/ftpusers\n"
                      f"@include common-auth\n{MODULE} group=root forward_pass\n")
    found = findings(host, "vsftpd")
    equal([finding["check"] for finding in found], ["prompts"], "findings")
    host.mend(found[0]["mend"])
    equal(path.read_text().splitlines()[1],
          "auth requisite pam_totpgroup.so group=root forward_pass", "above the password")


@test
def a_line_that_other_services_need_is_not_moved(folder):
    host = Host(folder, "@include both\n")
    host.write("both", f"@include common-auth\n{MODULE}\n")
    host.write("dovecot", "@include both\n")
    found = findings(host, "dovecot")
    equal([(finding["check"], "mend" in finding) for finding in found], [("prompts", False)],
          "findings")
    check(f"do without {host.pam}/both" in found[0]["why"], found[0]["why"])
    host.write("both", f"@include common-auth\n{MODULE} services=sshd,sudo\n")
    equal([(finding["check"], finding["level"]) for finding in findings(host, "dovecot")],
          [("services", "warning")], "findings where the module asks in other services alone")


@test
def openvpn_may_be_told_what_answers_which_prompt(folder):
    host = Host(folder)
    host.write("openvpn", f"@include common-auth\n{MODULE}\n")
    found = findings(host, "openvpn")
    equal([(finding["check"], finding["level"], "mend" in finding) for finding in found],
          [("prompts", "warning", False)], "findings")
    host.write("openvpn", f"{FORWARD}\n@include common-auth\n")
    equal(findings(host, "openvpn"), [], "findings with forward_pass")


@test
def a_code_alone_can_be_given_once(folder):
    host = Host(folder)
    host.write("dovecot", f"{MODULE}\n")
    equal(findings(host, "dovecot"), [], "findings")


@test
def a_missing_line_comes_before_the_password_where_the_program_asks_once(folder):
    host = Host(folder)
    host.write("dovecot", "@include common-auth\n")
    found = findings(host, "dovecot")
    equal([finding["mend"]["text"] for finding in found], [FORWARD], "what is to be written")
    check("dovecot asks only once: the code is typed behind the password" in found[0]["why"],
          found[0]["why"])
    host.mend(found[0]["mend"])
    equal(findings(host, "dovecot"), [], "once it is written")


@test
def a_locker_can_do_nothing_with_files_of_root(folder):
    host = Host(folder)
    for options in ("secret=/var/lib/totpgroup/secret/${USER} user=root",
                    "state=/var/lib/totpgroup/state/${USER}"):
        host.write("i3lock", f"{FORWARD} {options}\n@include common-auth\n")
        found = findings(host, "i3lock")
        equal([(finding["check"], finding["level"]) for finding in found],
              [("prompts", "problem")], options)
        check("store=socket" in found[0]["why"], found[0]["why"])
    host.write("i3lock", f"{FORWARD} store=socket\n@include common-auth\n")
    equal(findings(host, "i3lock"), [], "with the daemon")


@test
def a_program_that_nobody_answers_needs_no_line(folder):
    host = Host(folder)
    for service in NEVER:
        host.write(service, "@include common-auth\n")
        equal(findings(host, service), [], service)


@test
def a_line_where_nobody_answers_is_a_warning(folder):
    host = Host(folder)
    for service in NEVER:
        host.write(service, f"@include common-auth\n{MODULE}\n")
        found = findings(host, service)
        equal([(finding["check"], finding["level"]) for finding in found],
              [("prompts", "warning")], service)
        check("Take the line away." in found[0]["why"], found[0]["why"])
        host.write(service, "@include both\n")
        host.write("both", f"@include common-auth\n{MODULE}\n")
        check("services=" in findings(host, service)[0]["why"], "a line of several services")
        host.write("both", f"@include common-auth\n{MODULE} services=sshd\n")
        equal(findings(host, service), [], "with services=")
