# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll doctor reads the options of the configuration file and of the module's line,
mends each where it is set, and checks the session guard."""

import datetime
import grp
import os
import pathlib
import pwd

from doctor_host import (
    GOOD_SSHD, ME, MODULE, MY_GROUP, Host, leaves_no_copy, password_and_code)
from support import check, equal, need_root, test

ANY_METHOD = GOOD_SSHD.replace("AuthenticationMethods", "#")


class ConfiguredHost(Host):
    """A host whose module reads a configuration file in the test's folder."""

    def __init__(self, folder, settings, options="", session="", **changes):
        self.conf = folder.path / "conf" / "t.conf"
        self.conf.parent.mkdir(mode=0o755)
        self.settings(settings)
        self.options = f"conf={self.conf}{options and ' '}{options}"
        changes.setdefault("recipe", f"@include common-auth\n{MODULE} {self.options}\n")
        changes.setdefault("service", "@include sshd-totpgroup\n"
                           f"account required pam_nologin.so\n{session}")
        super().__init__(folder, **changes)

    def settings(self, text):
        self.conf.write_text(text)
        self.conf.chmod(0o644)

    def level(self, name, *more):
        """The level and the text of each finding of that check."""
        return [(finding["level"], finding["what"])
                for finding in self.report(*more)["findings"] if finding["check"] == name]

    def mends_file(self, name, level, text, line, *more):
        """Like recognizes(), and the configuration file is what is mended."""
        found = self.recognizes(name, level, text, *more)
        equal((found["mend"]["file"], found["mend"].get("line")), (str(self.conf), line),
              "where")
        return found


    def mends_file_first(self, name, text, then="ok"):
        """That line mends the finding."""
        found = [finding for finding in self.findings(without=("clock",))
                 if finding["check"] == name]
        equal([finding.get("mend", {}).get("text") for finding in found], [text], "the mend")
        self.mend(found[0]["mend"])
        equal({level for level, _ in self.level(name)}, {then}, f"with {text}")


# The configuration file is read


@test
def a_good_file_is_fine(folder):
    host = ConfiguredHost(folder, f"# who\ngroup={MY_GROUP}\nskip_net=192.0.2.0/24\n")
    host.must_be_fine()
    equal(host.level("configuration-file"),
          [("ok", f"the module understands {host.conf}, and only root can change it")], "file")
    check(host.level("groups")[0][1].startswith(f"the group {MY_GROUP} has members"), "groups")


@test
def a_group_is_found_where_the_file_sets_it(folder):
    host = ConfiguredHost(folder, "debug=yes\ngroup=nosuchgroup\n")
    equal(host.level("groups"), [("problem", "there is no group nosuchgroup, which "
                                  f"{host.conf}, line 2 names")], "a missing group")
    host.settings(f"group={MY_GROUP},\n")
    host.mends_file("groups", "problem", f"group={MY_GROUP}", 1)
    host.settings(f"group={MY_GROUP},,{MY_GROUP}\n")
    host.mends_file("groups", "problem", f"group={MY_GROUP},{MY_GROUP}", 1)
    host.settings("group=nosuchgroup\n")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} {host.options} group={MY_GROUP}\n")
    host.must_be_fine()


@test
def the_line_overrules_the_file(folder):
    host = ConfiguredHost(folder, f"group={MY_GROUP}\n", "group=nosuchgroup")
    equal(host.level("groups")[0], ("problem", "there is no group nosuchgroup, which "
                                    f"{host.pam}/sshd-totpgroup, line 2 names"), "finding")


@test
def users_whom_the_file_exempts_need_a_line_that_says_yes(folder):
    """Without another line that says yes, these users cannot log in."""
    line = "keyboard-interactive:pam"
    sshd = GOOD_SSHD.replace(line, f"publickey,{line}") + "LoginGraceTime 5m\n"
    host = ConfiguredHost(folder, "debug=yes\n", sshd=sshd)
    host.write("sshd-totpgroup", f"{MODULE} {host.options}\n")
    host.must_be_fine()
    later = datetime.date.today() + datetime.timedelta(days=30)
    for option in (f"group={MY_GROUP}", "nullok=yes", f"nullok_until={later}", "nullok_for=7d",
                   "skip_net=192.0.2.0/24", "skip_after=publickey", "services=sshd"):
        host.write("sshd-totpgroup", f"{MODULE} {host.options}\n")
        host.settings(f"{option}\n")
        host.recognizes("exempt-users", "problem", "auth required pam_permit.so")
    # The option enroll alone exempts nobody.
    host.write("sshd-totpgroup", f"{MODULE} {host.options}\n")
    host.settings("enroll=yes\n")
    host.must_be_fine()


@test
def the_file_says_how_grave_a_missing_secret_is(folder):
    secret = folder.path / "none"
    later = datetime.date.today() + datetime.timedelta(days=30)
    host = ConfiguredHost(folder, f"secret={secret}\n")
    for option, level in (("debug", "problem"), ("nullok", "warning"), ("enroll", "warning"),
                          (f"nullok_until={later}", "warning"), ("nullok_for=9d", "warning"),
                          ("nullok_until=2020-01-01", "problem")):
        host.settings(f"secret={secret}\n{option}{'' if '=' in option else '=yes'}\n")
        equal(host.level("secret", ME),
              [(level, f"{ME} is not enrolled: there is no {secret}")], option)


@test
def a_user_whom_the_file_exempts_needs_no_secret(folder):
    host = ConfiguredHost(folder, f"group=!{MY_GROUP}\n")
    equal(host.level("secret", ME),
          [("ok", f"{ME} is not asked for a code: group=!{MY_GROUP}")], "the secret")


@test
def a_key_alone_is_fine_where_the_file_allows_it(folder):
    ConfiguredHost(folder, "skip_after=publickey\n", sshd=ANY_METHOD).must_be_fine()


# The configuration file is refused


@test
def an_unknown_key_is_corrected(folder):
    host = ConfiguredHost(folder, "# x\nnulok=yes\n")
    host.mends_file("configuration-file", "problem", "nullok=yes", 2)
    host.settings("debug=yes\nnulok=yes\n")
    found = host.level("configuration-file")
    equal(found, [("problem", f"{host.conf}:2: unknown option nulok; did you mean nullok?")],
          "finding")
    host.settings("debug=yes\nwindow_size=3\n")
    host.mends_file("configuration-file", "problem", "window_size=3", 2)
    host.settings("debug=yes\n\n[enrol]\n")
    host.mends_file("configuration-file", "problem", "[enroll]", 3)


@test
def other_mistakes_are_corrected_or_removed(folder):
    host = ConfiguredHost(folder, "nullok\n")
    host.mends_file("configuration-file", "problem", "nullok=yes", 1)
    host.settings("allowed_perm=999\n")
    host.mends_file("configuration-file", "problem", "allowed_perm=999", 1)
    host.settings("debug=yes\ndebug=no\n")
    host.mends_file("configuration-file", "problem", "debug=no", 2)
    host.settings("nullok=yes\nnullok_until=2099-01-01\n")
    found = host.findings(without=("clock",))
    equal([finding["check"] for finding in found], ["configuration-file"], "findings")
    equal(found[0]["mend"]["file"], str(host.conf), "file")


@test
def one_mistake_after_the_other_is_mended(folder):
    host = ConfiguredHost(folder, "nullok=true\n\ndebug=on\n")
    for text in ("nullok=yes", "debug=yes"):
        found = [finding for finding in host.findings(without=("clock",))
                 if finding["check"] == "configuration-file"]
        equal([finding.get("mend", {}).get("text") for finding in found], [text], "the mend")
        host.mend(found[0]["mend"])
    equal([level for level, _ in host.level("configuration-file")], ["ok"], "the end")


@test
def the_copies_of_files_are_removed(folder):
    host = ConfiguredHost(folder, "nullok=true\n")
    drop_in = pathlib.Path(f"{host.conf}.d") / "50.conf"
    drop_in.parent.mkdir(mode=0o755)
    drop_in.write_text("debug=on\n")
    drop_in.chmod(0o644)
    leaves_no_copy(lambda: host.mends_file_first("configuration-file", "nullok=yes", "problem"))
    leaves_no_copy(lambda: host.mends_file_first("configuration-file", "debug=yes"))


@test
def a_line_that_says_who_is_asked_is_never_removed(folder):
    host = ConfiguredHost(folder, "")
    for written in ("group=", "secret=relative", "store=nowhere"):
        host.settings(f"{written}\n")
        found = [finding for finding in host.findings(without=("clock",))
                 if finding["check"] == "configuration-file"]
        equal([finding.get("mend") for finding in found], [None] * len(found), written)


@test
def a_variable_that_the_module_does_not_know_is_corrected(folder):
    host = ConfiguredHost(folder, "")
    for written, right in (("secret=/x/$USER/.ga", "secret=/x/${USER}/.ga"),
                           ("secret = \"$HOME/%u\"", "secret=${HOME}/${USER}"),
                           ("secret=/x/${USERNAME}", "secret=/x/${USER}"),
                           ("secret=/x/${USER/y", "secret=/x/${USER}/y"),
                           ("state=/x/${LOGNAME}", "state=/x/${USER}"),
                           ("first_seen=/x/$user", "first_seen=/x/${USER}")):
        host.settings(f"debug=yes\n{written}\n")
        found = host.recognizes("configuration-file", "problem", right, alone=False)
        equal((found["mend"]["file"], found["mend"]["line"]), (str(host.conf), 2), written)
        check("unknown variable $" in found["what"], found["what"])
    host.settings("")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options} "
               "secret=/x/$USER nullok\n")
    host.recognizes("module-options", "problem",
                    f"{MODULE} {host.options} secret=/x/${{USER}} nullok", alone=False)


@test
def a_variable_that_nobody_can_tell_has_no_mend(folder):
    """Without the line, another file would be meant."""
    host = ConfiguredHost(folder, "")
    for written in ("secret=/x/$UID", "secret=/x/$", "state=/x/$HOME/${USER}"):
        host.settings(f"{written}\n")
        found = [finding for finding in host.findings(without=("clock",))
                 if finding["check"] == "configuration-file"]
        check("unknown variable $" in found[0]["what"], found[0]["what"])
        equal(found[0].get("mend"), None, written)
    host.settings("")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options} "
               "secret=/x/$UID nullok\n")
    found = [finding for finding in host.findings() if finding["check"] == "module-options"]
    equal(found[0].get("mend"), None, "on the line")


@test
def a_percent_sign_in_a_path_is_a_warning(folder):
    host = ConfiguredHost(folder, "")
    for written, right in (("secret=/x/%u/.ga", "secret=/x/${USER}/.ga"),
                           ("secret=%h/%u", "secret=${HOME}/${USER}"),
                           ("state=/x/%u/${USER}", "state=/x/${USER}/${USER}"),
                           ("first_seen=/x/%u", "first_seen=/x/${USER}")):
        host.settings(f"debug=yes\n{written}\n")
        found = host.recognizes("path-variables", "warning", right, alone=False)
        equal((found["mend"]["file"], found["mend"]["line"]), (str(host.conf), 2), written)
    host.settings("")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options} "
               "secret=/x/%u nullok\n")
    host.recognizes("path-variables", "warning",
                    f"{MODULE} {host.options} secret=/x/${{USER}} nullok", alone=False)
    host.settings("secret=/x/50%\n")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options}\n")
    equal([level for level, _ in host.level("path-variables")], ["warning"], "another use")
    host.settings("secret=/x/${USER}\n")
    equal(host.level("path-variables"), [], "none")


@test
def a_mistake_in_a_section_of_the_daemon_is_a_problem(folder):
    """The module ignores these sections; doctor does not."""
    host = ConfiguredHost(folder, "[verify web]\npeer=33\ngroups=x\n[daemon]\nself=no\n")
    host.must_be_fine()
    host.settings("[verify web]\npear=33\ngroups=x\n")
    host.mends_file("configuration-file", "problem", "peer=33", 2)
    equal(host.level("configuration-file")[0][0], "ok", "logins go on")


@test
def a_mistake_in_a_drop_in_is_mended_there(folder):
    host = ConfiguredHost(folder, "debug=yes\n")
    drop_in = pathlib.Path(f"{host.conf}.d") / "50.conf"
    drop_in.parent.mkdir(mode=0o755)
    drop_in.write_text(f"# x\ngrop={MY_GROUP}\n")
    drop_in.chmod(0o644)
    found = host.recognizes("configuration-file", "problem", f"group={MY_GROUP}")
    equal((found["mend"]["file"], found["mend"]["line"]), (str(drop_in), 2), "where")
    drop_in.write_text("")
    drop_in.chmod(0o666)
    host.recognizes("configuration-file", "problem", f"chmod go-w {drop_in}")
    drop_in.parent.chmod(0o777)
    host.recognizes("configuration-file", "problem", f"chmod go-w {drop_in.parent}")


@test
def a_drop_in_with_another_name_is_a_warning(folder):
    host = ConfiguredHost(folder, "debug=yes\n")
    drop_ins = pathlib.Path(f"{host.conf}.d")
    drop_ins.mkdir(mode=0o755)
    for name in ("50.conf", "50.conf~", "README", ".x", "50.conf.dpkg-old"):
        (drop_ins / name).write_text("")
    host.must_be_fine()
    (drop_ins / "60.cnf").write_text("group=x\n")
    equal([(finding["check"], finding["level"], finding["what"]) for finding in host.findings()],
          [("drop-in", "warning", f"the module does not read {drop_ins}/60.cnf")], "findings")


@test
def a_secret_whose_place_is_not_understood_is_not_looked_at(folder):
    host = ConfiguredHost(folder, "secret=/x/$UID\n")
    said = [("unknown", f"the secret of {ME}: the options that say where it is are not understood")]
    equal(host.level("secret", ME), said, "a file")
    equal(host.level("secret"), [], "without a user")
    host.settings("")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} {host.options} secret=/x y/${{USER}}\n")
    equal(host.level("secret", ME), said, "the line")


@test
def a_file_that_others_can_change_is_a_problem(folder):
    host = ConfiguredHost(folder, "debug=yes\n")
    host.conf.chmod(0o664)
    host.recognizes("configuration-file", "problem", f"chmod go-w {host.conf}")
    host.conf.parent.chmod(0o775)
    host.recognizes("configuration-file", "problem", f"chmod go-w {host.conf.parent}")
    need_root()
    os.chown(host.conf, 12345, 12345)
    host.recognizes("configuration-file", "problem", f"chown root {host.conf}")


@test
def a_link_is_replaced_and_a_missing_file_not_named(folder):
    host = ConfiguredHost(folder, "debug=yes\n")
    real = folder.path / "real.conf"
    host.conf.rename(real)
    host.conf.symlink_to(real)
    host.recognizes("configuration-file", "problem", "cp --remove-destination -- "
                    f'"$(readlink -f {host.conf})" {host.conf}')
    host.conf.unlink()
    host.recognizes("configuration-file", "problem", MODULE)


@test
def a_mistake_is_told_once_for_two_lines(folder):
    host = ConfiguredHost(folder, "nulok=yes\n")
    host.write("sshd", "@include sshd-totpgroup\n"
               f"session required pam_totpgroup.so {host.options}\n")
    equal(len(host.level("configuration-file")), 1, "findings")


@test
def words_of_other_programs_in_the_file_are_corrected(folder):
    host = ConfiguredHost(folder, "")
    for written, right in (("nullok=true", "nullok=yes"), ("nullok = \"On\"", "nullok=yes"),
                           ("debug=0", "debug=no"), ("debug=No", "debug=no"),
                           ("debug = off", "debug=no"),
                           ("allowed_perm=0600 # mode", "allowed_perm=0600"),
                           (f"group={MY_GROUP} # who", f"group={MY_GROUP}"),
                           ("nullok=true # for now", "nullok=yes"),
                           (f"group {MY_GROUP}", f"group={MY_GROUP}"),
                           (f"group: {MY_GROUP}", f"group={MY_GROUP}"),
                           (f"group=\"{MY_GROUP}", f"group={MY_GROUP}"),
                           ("\ufeffdebug=yes", "debug=yes"),
                           ("\ufeffnullok=true", "nullok=yes"), ("\ufeff# x", "# x")):
        host.settings(f"{written}\nnoskewadj=yes\n")
        host.mends_file("configuration-file", "problem", right, 1)


@test
def line_ends_of_other_systems_are_corrected(folder):
    host = ConfiguredHost(folder, "")
    host.conf.write_bytes(f"group={MY_GROUP}\r\r\nnullok=yes\r\r\n".encode())
    host.recognizes("configuration-file", "problem", f"sed -i 's/\\r*$//' {host.conf}")
    equal(host.conf.read_bytes(), f"group={MY_GROUP}\nnullok=yes\n".encode(), "the file")
    # Other mistakes in such lines are mended in them.
    for written, right in (("\ufeff# who", "# who"),
                           (f"\ufeffgroup={MY_GROUP}", f"group={MY_GROUP}"),
                           ("nullok", "nullok=yes"), ("nullok=true", "nullok=yes")):
        host.conf.write_bytes(f"{written}\r\nnoskewadj=yes\r\n".encode())
        host.mends_file("configuration-file", "problem", right, 1)


@test
def blanks_of_word_processors_are_made_plain(folder):
    host = ConfiguredHost(folder, "")
    for blank in "\u00a0\u202f":
        host.settings(f"nullok{blank}={blank}yes\n")
        host.mends_file("configuration-file", "problem", "nullok = yes", 1)


@test
def a_mend_that_mends_nothing_is_not_proposed(folder):
    """Each line here is refused, and without it other users are asked, or other files read."""
    host = ConfiguredHost(folder, "")
    for written in ("group=", "nulok=yes # now", "secret=", "services=",
                    "nullok_until=soon", "nullok_for=often", "store=nowhere", "state=/x",
                    "strict=maybe", "group=a\ngroup=b", "[rubbish]\ndebug=yes",
                    "[verify web]\npeer=33\ngroups=x\nattempts=many"):
        host.settings(f"{written}\n")
        found = [finding for finding in host.findings() if finding["check"] == "configuration-file"]
        found = found or [finding for finding in host.findings(without=("clock",))
                          if finding["check"] == "configuration-file"]
        check(found, f"{written} is no problem")
        check("mend" not in found[0], f"{written}: {found[0].get('mend')}")


@test
def nullok_goes_where_something_says_when_it_ends(folder):
    host = ConfiguredHost(folder, "debug=yes\nnullok=yes\nnullok_until=2099-01-01\n")
    found = host.mends_file("configuration-file", "problem", "nullok=yes", 2)
    equal(found["mend"]["action"], "remove", "action")
    host.settings("")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options} nullok "
               "nullok_until=2099-01-01\n")
    host.recognizes("module-options", "problem",
                    f"{MODULE} {host.options} nullok_until=2099-01-01")


def line_is_mended(host, written, right, name="module-options"):
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options} {written}\n")
    host.recognizes(name, "problem", f"{MODULE} {host.options} {right}", alone=False)


@test
def what_blanks_cut_into_arguments_is_joined(folder):
    host = ConfiguredHost(folder, "")
    for written, right in ((f"group = {MY_GROUP}", f"group={MY_GROUP}"),
                           (f"group= {MY_GROUP} nullok", f"group={MY_GROUP} nullok"),
                           (f"debug group ={MY_GROUP}", f"debug group={MY_GROUP}"),
                           (f"debug group = {MY_GROUP} noskewadj",
                            f"debug group={MY_GROUP} noskewadj"),
                           (f"group={MY_GROUP}, !nosuch", f"group={MY_GROUP},!nosuch"),
                           ("secret=/a b/${USER} nullok", "[secret=/a b/${USER}] nullok"),
                           ("authtok_prompt=The code: nullok", None),
                           ("authtok_prompt=My code:", "[authtok_prompt=My code:]"),
                           ("skip_net=192.0.2.0/24 10.0.0.0/8",
                            "skip_net=192.0.2.0/24,10.0.0.0/8")):
        line_is_mended(host, written, right or "[authtok_prompt=The code:] nullok")


@test
def words_of_other_programs_on_the_line_are_corrected(folder):
    host = ConfiguredHost(folder, "")
    for written, right in (("nullok=true", "nullok=yes"), ("debug=OFF nullok", "debug=no nullok"),
                           ("nullok=\"yes\"", "nullok=yes"),
                           ("store=socket debug secret=/x/${USER}", "store=socket debug")):
        line_is_mended(host, written, right)


@test
def an_argument_that_says_who_is_asked_is_never_removed(folder):
    host = ConfiguredHost(folder, "")
    for written in ("group=", "services=", "strict=maybe",
                    "nullok_until=soon", "group =", "group nullok"):
        host.write("sshd-totpgroup",
                   f"@include common-auth\n{MODULE} {host.options} {written}\n")
        found = [finding for finding in host.findings() if finding["check"] == "module-options"]
        check(found and "mend" not in found[0], f"{written}: {found}")


# The options that exempt some logins


@test
def a_list_of_groups_that_asks_nobody_is_a_problem(folder):
    host = ConfiguredHost(folder, "")
    gid = grp.getgrnam(MY_GROUP).gr_gid
    for value in (f"{MY_GROUP},!{MY_GROUP}", f"{MY_GROUP},!{gid}"):
        host.write("sshd-totpgroup",
                   f"@include common-auth\n{MODULE} {host.options} group={value} debug\n")
        host.recognizes("groups", "problem",
                        f"{MODULE} {host.options} group={MY_GROUP} debug")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options}\n")
    host.settings(f"group={MY_GROUP},!{MY_GROUP}\n")
    host.mends_file("groups", "problem", f"group={MY_GROUP}", 1)


@test
def a_group_whose_name_is_written_otherwise_is_corrected(folder):
    host = ConfiguredHost(folder, "")
    for written in (f"group={MY_GROUP.upper()}", f"group=\"{MY_GROUP}\"",
                    f"group='{MY_GROUP}'", f"group={MY_GROUP},", f"group={MY_GROUP},,",
                    f"group=\"{MY_GROUP.title()}\""):
        host.write("sshd-totpgroup",
                   f"@include common-auth\n{MODULE} {host.options} {written}\n")
        host.recognizes("groups", "problem", f"{MODULE} {host.options} group={MY_GROUP}")
    host.write("sshd-totpgroup", f"@include common-auth\n{MODULE} {host.options}\n")
    host.settings(f"group=!{MY_GROUP.upper()}\n")
    host.mends_file("groups", "problem", f"group=!{MY_GROUP}", 1)


@test
def a_group_of_a_name_that_no_group_can_have_is_not_made(folder):
    host = ConfiguredHost(folder, "")
    for name in ("No/Such", "\"nosuch\"", "NoSuch", "-x", "a,,nosuch"):
        host.write("sshd-totpgroup",
                   f"@include common-auth\n{MODULE} {host.options} group={name}\n")
        found = [finding for finding in host.findings() if finding["check"] == "groups"]
        check(found and "mend" not in found[0], f"{name}: {found}")


@test
def a_network_of_all_addresses_is_a_problem(folder):
    host = ConfiguredHost(folder, "skip_net=192.0.2.0/24, 0.0.0.0/0,local\n")
    host.mends_file("networks", "problem", "skip_net=192.0.2.0/24,local", 1)
    host.settings("debug=yes\nskip_net=::/0\n")
    found = host.mends_file("networks", "problem", "skip_net=::/0", 2)
    equal(found["mend"]["action"], "remove", "action")
    check("by IPv6: ::/0 holds every address" in found["what"], found["what"])
    host.settings("")
    host.write("sshd-totpgroup", "@include common-auth\n"
               f"{MODULE} skip_net=0.0.0.0/0,::/0,10.0.0.0/8\n")
    host.recognizes("networks", "problem", f"{MODULE} skip_net=10.0.0.0/8")


@test
def a_malformed_list_is_a_problem(folder):
    host = ConfiguredHost(folder, "")
    for check_name, option in (("networks", "skip_net=192.0.2.1/24"),
                               ("methods", "skip_after=keyboard-interactive")):
        host.settings(f"{option}\n")
        host.mends_file(check_name, "problem", option, 1)


@test
def a_malformed_list_of_services_is_corrected_or_left(folder):
    """Without it the code would be asked for elsewhere too."""
    host = ConfiguredHost(folder, "")
    for written, right in (("SSHD", "sshd"), ("sshd, Su", "sshd,su"), ("sshd,,su,", "sshd,su")):
        host.settings(f"services={written}\n")
        host.mends_file("services", "problem", f"services={right}", 1)
    host.settings("services=ss/hd\n")
    found = [finding for finding in host.findings() if finding["check"] == "services"]
    equal(["mend" in finding for finding in found], [False], "what nobody can tell")


@test
def services_without_this_one_are_a_warning(folder):
    host = ConfiguredHost(folder, "services=su,login\n")
    host.mends_file("services", "warning", "services=su,login,sshd", 1)


@test
def a_date_that_is_over_is_a_warning(folder):
    host = ConfiguredHost(folder, "debug=yes\nnullok_until=2020-01-31\n")
    found = host.mends_file("roll-out", "warning", "nullok_until=2020-01-31", 2)
    equal(found["what"], f"{host.conf}, line 2: nullok_until=2020-01-31 is over", "finding")
    host.write("sshd-totpgroup",
               f"@include common-auth\n{MODULE} nullok_until=2020-01-31 debug\n")
    host.recognizes("roll-out", "warning", f"{MODULE} debug")


@test
def dates_of_first_sight_that_others_can_change_are_a_problem(folder):
    seen = folder.path / "seen"
    host = ConfiguredHost(folder, f"nullok_for=5d\nfirst_seen={seen}/${{USER}}\n")
    need_root()
    # Nobody has been seen yet.
    host.must_be_fine()
    seen.mkdir(mode=0o700)
    host.must_be_fine()
    seen.chmod(0o770)
    host.recognizes("first-seen", "problem", f"chmod go-w {seen}")
    os.chown(seen, pwd.getpwnam("nobody").pw_uid, -1)
    host.recognizes("first-seen", "problem", f"chown root {seen}")
    for path in ("~/.seen", "${HOME}/.seen"):
        host.settings(f"nullok_for=5d\nfirst_seen={path}\n")
        host.mends_file("first-seen", "problem", f"first_seen={path}", 2)


# The state


@test
def a_state_that_others_can_change_is_a_problem(folder):
    need_root()
    state = folder.path / "mine" / "state"
    host = ConfiguredHost(folder, f"state={state}/${{USER}}\n")
    # Nobody has logged in yet.
    host.must_be_fine()
    state.mkdir(parents=True, mode=0o700)
    state.parent.chmod(0o755)
    host.must_be_fine()
    equal(host.level("state"),
          [("ok", f"only root can change what logins leave: {state}/${{USER}}")], "the state")
    state.chmod(0o720)
    host.recognizes("state", "problem", f"chmod go-w {state}")
    state.chmod(0o750)
    host.recognizes("state", "warning", f"chmod go-rx {state}")
    os.chown(state.parent, pwd.getpwnam("nobody").pw_uid, -1)
    host.recognizes("state", "problem", f"chown root {state.parent}")
    os.chown(state, pwd.getpwnam("nobody").pw_uid, -1)
    host.recognizes("state", "problem", f"chown root {state}")


@test
def a_damaged_state_is_a_problem(folder):
    need_root()
    host = ConfiguredHost(folder, f"state={folder.path}/state/${{USER}}\n")
    state = folder.path / "state"
    state.mkdir(mode=0o700)
    (state / ME).write_text("rubbish\n")
    (state / ME).chmod(0o644)
    host.recognizes("state", "problem", f"chown root {state / ME} && chmod 0600 {state / ME}")
    (state / ME).write_text("")
    found = host.level("state")
    equal([level for level, _ in found], ["problem"], "an empty file")
    check("once it is removed, spent codes are good again" in found[0][1], f"{found}")
    # Neither owner nor mode is what is wrong.
    (state / ME).write_bytes(b"totpgroup-slot 1 generation 3 ".ljust(8192))
    (state / ME).chmod(0o600)
    found = host.recognizes("state", "problem", None)
    check("neither of its two slots is whole" in found["what"], f"{found}")


@test
def a_guard_with_another_state_is_a_warning(folder):
    options = f"state={folder.path}/one/${{USER}}"
    host = ConfiguredHost(folder, "", options,
                          session="session required pam_totpgroup.so\n")
    found = [finding["what"] for finding in host.findings() if finding["check"] == "session-guard"]
    check(len(found) == 1 and "state is not what the auth line says" in found[0], f"{found}")


# The session guard


@test
def a_guard_mends_a_login_with_a_key_alone(folder):
    host = ConfiguredHost(folder, "", f"group={MY_GROUP}", sshd=ANY_METHOD)
    host.write("sshd", "@include sshd-totpgroup\naccount required pam_nologin.so\n"
               "session required pam_limits.so\nsession required pam_env.so user_readenv=1\n")
    found = [finding for finding in host.findings() if finding["check"] == "sshd-methods"]
    equal([finding["level"] for finding in found], ["problem"], "level")
    guard = f"session required pam_totpgroup.so {host.options}"
    equal(found[0]["alternative"],
          {"action": "add", "file": str(host.pam / "sshd"), "line": 2, "text": guard},
          "what mends it as well")
    output = host.run().output
    check(f"         Or in {host.pam}/sshd, below line 2, add:\n             {guard}\n"
          in output, output)
    host.mend(found[0]["alternative"])
    found = host.findings()
    equal([(finding["check"], finding["level"]) for finding in found],
          [("sshd-methods", "warning")], "with a guard")
    check("alternative" not in found[0], "a second guard")
    host.mend(found[0]["mend"])
    host.must_be_fine()
    equal(host.level("session-guard"), [(
        "ok", f"a session that no code was asked for is refused: {host.pam}/sshd, line 3")],
          "guard")


@test
def a_guard_goes_below_the_auth_lines_without_sessions(folder):
    host = ConfiguredHost(folder, "", sshd=ANY_METHOD)
    found = [finding for finding in host.findings() if finding["check"] == "sshd-methods"]
    equal((found[0]["alternative"]["file"], found[0]["alternative"]["line"]),
          (str(host.pam / "sshd"), 1), "where")
    host.mend(found[0]["alternative"])
    equal([finding["level"] for finding in host.findings()], ["warning"], "with a guard")


@test
def a_guard_that_can_be_passed_is_a_warning(folder):
    host = ConfiguredHost(folder, "", sshd=ANY_METHOD)
    guard = f"session required pam_totpgroup.so {host.options}"
    for line in (guard.replace("required", "optional"),
                 guard.replace("required", "[success=ok default=ignore]"),
                 guard.replace("required", "sufficient")):
        host.write("sshd", "@include sshd-totpgroup\n"
                   f"{line}\nsession required pam_permit.so\n")
        equal([(finding["check"], finding["level"]) for finding in host.findings()],
              [("session-guard", "warning"), ("sshd-methods", "problem")], line)
        host.recognizes("session-guard", "warning", guard, alone=False)
    host.write("sshd", "@include sshd-totpgroup\nsession sufficient pam_permit.so\n"
               f"{guard}\n")
    found = host.recognizes("session-guard", "warning", guard, alone=False)
    equal(found["mend"]["line"], 1, "where")


@test
def a_guard_with_other_options_is_a_warning(folder):
    host = ConfiguredHost(folder, "", f"group={MY_GROUP} skip_net=192.0.2.0/24")
    right = f"session requisite pam_totpgroup.so {host.options}"
    for options, name in (
            (host.options.replace("group=", "group=!"), "group"),
            (host.options.replace(f" group={MY_GROUP}", ""), "group"),
            (host.options.replace("0/24", "0/25"), "skip_net"),
            (f"{host.options} skip_after=publickey", "skip_after"),
            (f"{host.options} nullok", "nullok"),
            (f"{host.options} nullok_until=2099-01-01", "nullok_until"),
            (f"{host.options} nullok_for=9d", "nullok_for"),
            (f"{host.options} services=sshd", "services")):
        host.write("sshd", "@include sshd-totpgroup\n"
                   f"session requisite pam_totpgroup.so {options}\n")
        found = host.recognizes("session-guard", "warning", right)
        check(f": {name} is not what the auth line says" in found["what"], found["what"])
    # Options that do not decide who is asked may differ, and so may their origin.
    host.settings(f"group={MY_GROUP}\n")
    host.write("sshd", "@include sshd-totpgroup\nsession requisite pam_totpgroup.so "
               f"conf={host.conf} skip_net=192.0.2.0/24 debug\n")
    host.must_be_fine()


@test
def a_guard_with_store_socket_leaves_the_same_to_the_daemon(folder):
    host = ConfiguredHost(folder, "secret=/var/lib/totpgroup/secret/${USER}\nuser=root\n",
                          f"store=socket:{folder.path}/verify", sshd=ANY_METHOD)
    host.write("sshd", "@include sshd-totpgroup\n"
               f"session requisite pam_totpgroup.so {host.options}\n")
    equal([level for level, what in host.level("session-guard")
           if "is not what the auth line says" in what], [], "differences")


@test
def a_guard_after_the_variables_of_the_user_is_a_warning(folder):
    host = ConfiguredHost(folder, "")
    guard = f"session required pam_totpgroup.so {host.options}"
    host.write("sshd", "@include sshd-totpgroup\nsession required pam_env.so user_readenv=1\n"
               f"{guard}\n")
    found = host.recognizes("session-guard", "warning", guard)
    equal((found["mend"]["action"], found["mend"]["line"]), ("add", 1), "where")
    host.write("sshd", "@include sshd-totpgroup\nsession required pam_env.so\n"
               f"{guard}\nsession required pam_env.so user_readenv=1\n")
    host.must_be_fine()


@test
def a_mistake_in_the_line_of_the_guard_is_corrected(folder):
    host = password_and_code(folder)
    host.write("sshd", "@include sshd-totpgroup\nsession required pam_totpgroup.so nulok\n")
    host.recognizes("module-options", "problem", "session required pam_totpgroup.so nullok",
                    alone=False)
