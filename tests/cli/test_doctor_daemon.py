# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-enroll doctor and explain say about a line with store=socket."""

import json

from case import SOURCE
from doctor_host import COMMON_AUTH, GOOD_SSHD, Host, MODULE
from fake_verifyd import FakeVerifyd, failure
from support import check, equal, need_root, run, test

INFO = {"parameters": {"vendor": "totpgroup", "product": "totp-verifyd", "version": "0",
                       "url": "", "interfaces": ["org.varlink.service",
                                                 "org.totpgroup.Verify"]}}
LINE = "auth required pam_totpgroup.so store=socket:"


class LockerHost(Host):
    """A host with a screen locker that asks for a password and a code."""

    def __init__(self, folder, options=""):
        need_root()
        self.socket = folder.path / "verify"
        super().__init__(folder, common=COMMON_AUTH, sshd=GOOD_SSHD)
        self.lines = f"@include common-auth\n{LINE}{self.socket}{options}\n"
        self.write("locker", self.lines)
        self.write("sshd-totpgroup", f"@include common-auth\n{MODULE}\n")

    def arguments(self, *more):
        """Without the settings of sshd for a locker: sshd asks another service."""
        words = super().arguments(*more)
        return [word for word in words
                if "--service=locker" not in words or not word.startswith("--sshd-")]

    def daemon(self, answer=INFO):
        return FakeVerifyd(self.socket, answer)


def of_daemon(report):
    return [finding for finding in report["findings"] if finding["check"].startswith("daemon")]


@test
def a_daemon_that_answers_is_fine(folder):
    host = LockerHost(folder)
    with host.daemon() as fake:
        report = host.report("--service=locker", "daemon")
    equal(fake.calls, [{"method": "org.varlink.service.GetInfo"}], "what it was asked")
    equal([finding["level"] for finding in of_daemon(report)], ["ok"], "findings")
    check("answers at" in of_daemon(report)[0]["what"], of_daemon(report))
    equal(report["status"], 0, f"status: {report}")
    # The secrets of the daemon are not checked.
    equal([finding for finding in report["findings"]
           if finding["check"].startswith("secret")], [], "secrets")


@test
def the_recipe_for_lockers_is_fine(folder):
    host = LockerHost(folder)
    recipe = (SOURCE / "conf/pam.d/locker-password-and-code").read_text(encoding="ascii")
    for options in ("", " group=root"):
        host.write("locker", recipe.replace("store=socket", f"store=socket:{host.socket}{options}"))
        with host.daemon():
            report = host.report("--service=locker")
        equal([finding for finding in report["findings"]
               if finding["level"] != "ok" and finding["check"] != "clock"], [], "findings")


@test
def a_daemon_that_does_not_answer_is_a_problem(folder):
    host = LockerHost(folder)
    report = host.report("--service=locker")
    found = of_daemon(report)
    equal([(finding["check"], finding["level"]) for finding in found],
          [("daemon", "problem")], "findings")
    check("cannot connect: No such file" in found[0]["what"], found)
    equal(found[0]["mend"], {"action": "run",
                             "text": "systemctl enable --now totp-verifyd.socket"}, "what mends")
    equal(report["status"], 1, "status")
    for answer, text in ((b"x\0", "makes no sense"),
                         (failure("org.totpgroup.Verify.Busy"), "too much to do"),
                         ({"parameters": {"interfaces": ["io.systemd.Resolve"]}},
                          "something else than totp-verifyd")):
        with host.daemon(answer):
            found = of_daemon(host.report("--service=locker"))
        equal([finding["level"] for finding in found], ["problem"], "level")
        check(text in found[0]["what"], found)
        equal(found[0]["mend"]["text"], "systemctl restart totp-verifyd.socket", "what mends")


@test
def a_daemon_for_sshd_is_a_warning(folder):
    host = LockerHost(folder)
    host.write("sshd-totpgroup", f"@include common-auth\n{LINE}{host.socket}\n")
    with host.daemon():
        finding = host.recognizes("daemon-needed", "warning", "auth required pam_totpgroup.so")
    check("does not need the daemon" in finding["why"], finding)


@test
def an_option_that_store_socket_ignores_is_a_problem(folder):
    host = LockerHost(folder, " nullok")
    report = host.report("--service=locker")
    found = [finding for finding in report["findings"] if finding["check"] == "module-options"]
    equal([finding["level"] for finding in found], ["problem"], "level")
    check("option nullok does nothing in a line with store=socket" in found[0]["what"], found)


@test
def explain_says_who_decides(folder):
    host = LockerHost(folder)
    arguments = "explain", f"--pam-dir={host.pam}", "--service=locker", "--json", "daemon"
    with FakeVerifyd(host.socket, {"parameters": {"result": "ask"}}) as daemon:
        result = run(folder, *arguments)
    equal([(call["method"], call["parameters"]["purpose"]) for call in daemon.calls],
          [("org.totpgroup.Verify.Look", "explain")], "the daemon is told that it is no login")
    line = json.loads(result.output)["lines"][0]
    equal((result.status, line["outcome"], line["pam_result"]), (0, "asked", "PAM_SUCCESS"),
          "what comes of it")
    steps = {step["step"]: step["fact"] for step in line["steps"]}
    equal(steps["store"],
          f"store=socket:{host.socket}: totp-verifyd has the secret, and decides", "the fact")
    equal(steps["secret"], "totp-verifyd says: there", "the secret")
    for look, expected in (
            ({"result": "ask", "reason": "bad-file"}, ("asked-in-vain", "bad-file")),
            ({"result": "limited", "retry_after": 7}, ("refused", "rate-limited")),
            ({"result": "not_enrolled", "roll_out": "open", "days_left": 2, "enroll": False},
             ("skipped", "not-enrolled")),
            ({"result": "grace"}, ("let-in", None))):
        with FakeVerifyd(host.socket, {"parameters": look}):
            result = run(folder, *arguments)
        line = json.loads(result.output)["lines"][0]
        equal((line["outcome"], line.get("reason")), expected, look)
    result = run(folder, *arguments)
    line = json.loads(result.output)["lines"][0]
    equal((result.status, line["outcome"], line["pam_result"]),
          (6, "asked-in-vain", "PAM_AUTHINFO_UNAVAIL"), "when it is down")
    with FakeVerifyd(host.socket, {"parameters": {"result": "ask", "reason": "not-enrolled"}}):
        result = run(folder, *arguments[:-1], "no-such-user")
    line = json.loads(result.output)["lines"][0]
    equal((line["outcome"], line["reason"]), ("asked-in-vain", "not-enrolled"), "unknown user")
