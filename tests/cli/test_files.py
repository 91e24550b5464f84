# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the file is written, who owns it, and that an old file survives every failure."""

import os
import pathlib
import pwd
import shutil
import subprocess

from support import (
    CODE_QUESTION, PROGRAM, QUESTION, Credential, Skip, check, equal, finish, need,
    need_root, run, shown_secret, start, step_safely, test, totp,
)

ALL = ["-t", "-d", "-f", "-W", "-u", "-C", "-q"]
ASKING = [word for word in ALL if word != "-f"]
# The program refuses before it shows anything, with or without -q.
LOUD = [word for word in ALL if word != "-q"]

OLD = "MZXW6YTBMZXW6YTB\n\" TOTP_AUTH\n12345678\n"

# A user who exists only in the mount namespace of a test.
USER = "totp-enroll-test"
NUMBER = 54321
GROUP = 54322
OTHER_GROUP = 54323


def write_old(path, mode=0o600):
    path.write_text(OLD, encoding="ascii")
    path.chmod(mode)


def check_old(path):
    equal(path.read_text(encoding="ascii"), OLD, "the old file")


def check_refused(result, *words, status=6):
    equal(result.status, status, f"exit status ({result.errors!r})")
    equal(result.output, "", "what was printed before it was refused")
    lines = result.errors.splitlines()
    equal(len(lines), 1, f"lines of {result.errors!r}")
    for word in words:
        check(word in lines[0], f"{word!r} is not in {lines[0]!r}")


@test
def the_file_and_oathtool_have_the_same_codes(folder):
    need("oathtool")
    equal(run(folder, *ALL).status, 0, "exit status")
    secret = Credential(folder.file).secret
    step = step_safely()
    done = subprocess.run(
        ["oathtool", "--totp", "-b", secret, "-N", f"@{step * 30}"],
        capture_output=True, text=True, check=True)
    equal(totp(secret, step), done.stdout.strip(), "code")


@test
def the_file_has_the_secret_that_is_shown(folder):
    child = start(folder, "-t", "-d", "-f", "-W", "-u")
    child.expect(CODE_QUESTION)
    child.sendline(totp(shown_secret(child.before), step_safely()))
    equal(finish(child), 0, "exit status")
    check(f"{folder.file} is written" in child.before, "it does not say where")


@test
def force_replaces_a_file(folder):
    write_old(folder.file)
    equal(run(folder, *ALL).status, 0, "exit status")
    Credential(folder.file).check(['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])
    equal(folder.file.stat().st_mode & 0o7777, 0o400, "mode")
    equal(folder.names(), [folder.file.name], "files")


@test
def force_replaces_a_file_whatever_is_in_it(folder):
    for content in (b"", b"\0\0", b"x" * 100000):
        folder.file.write_bytes(content)
        folder.file.chmod(0o644)
        equal(run(folder, *ALL).status, 0, f"exit status over {content[:5]!r}")
        Credential(folder.file)
        equal(folder.file.stat().st_mode & 0o7777, 0o400, "mode")
        folder.file.unlink()


@test
def umask_does_not_matter(folder):
    for mask in (0, 0o077, 0o777):
        before = os.umask(mask)
        try:
            result = run(folder, *ALL)
        finally:
            os.umask(before)
        equal(result.status, 0, f"exit status with umask {mask:o}")
        equal(folder.file.stat().st_mode & 0o7777, 0o400, f"mode with umask {mask:o}")


@test
def a_relative_path_is_taken_from_the_current_folder(folder):
    (folder.path / "sub").mkdir()
    for name in ("secret", "./secret", "sub/secret", "sub/../secret"):
        equal(run(folder, *ALL, "-s", name).status, 0, f"exit status with {name}")
        Credential(folder.path / name)
        (folder.path / name).unlink()
    check(not folder.file.exists(), "the usual file was written too")


@test
def a_specification_has_no_unknown_variables(folder):
    """Taken as plain text, it would be one file for all."""
    for command in (["status"], ["revoke", "-f"], ["verify"], ["export", "-f"]):
        result = run(folder, *command, "-s", "/x/$USER/.ga", pwd.getpwuid(os.getuid()).pw_name)
        equal(result.status, 6, f"exit status of {command}")
        check("option secret=/x/$USER/.ga: unknown variable $USER; use ${USER} or ${HOME}"
              in result.output + result.errors, f"{command}: {result.errors}")
    # The flag of google-authenticator is a plain path.
    result = run(folder, *ALL, "-s", "a$USER")
    equal(result.status, 0, f"exit status ({result.errors!r})")
    check((folder.path / "a$USER").exists(), "the file")


@test
def names_of_folders_are_refused(folder):
    for name in ("/", ".", "..", "sub/", str(folder.path)):
        result = run(folder, *ALL, "-s", name)
        equal(result.status, 6, f"exit status with {name}")
    folder.check_empty()


@test
def a_missing_folder_is_refused(folder):
    check_refused(run(folder, *LOUD, "-s", "none/secret"), "none", "No such file")
    folder.check_empty()


@test
def a_file_instead_of_a_folder_is_refused(folder):
    (folder.path / "plain").write_text("", encoding="ascii")
    check_refused(run(folder, *LOUD, "-s", "plain/secret"), "plain/secret", "Not a directory")


@test
def only_regular_files_are_replaced(folder):
    os.mkfifo(folder.path / "fifo")
    (folder.path / "directory").mkdir()
    os.symlink("fifo", folder.path / "link")
    os.symlink("loop", folder.path / "loop")
    before = folder.names()
    for name in ("fifo", "directory", "link", "loop"):
        result = run(folder, *LOUD, "-s", name)
        check_refused(result, name)
    equal(folder.names(), before, "files")


@test
def a_link_is_followed(folder):
    (folder.path / "real").mkdir()
    write_old(folder.path / "real" / "secret")
    os.symlink("real/secret", folder.file)
    equal(run(folder, *ALL).status, 0, "exit status")
    check(folder.file.is_symlink(), "the link was replaced")
    Credential(folder.path / "real" / "secret")


@test
def a_link_to_a_missing_file_is_followed(folder):
    (folder.path / "real").mkdir()
    os.symlink("real/secret", folder.file)
    equal(run(folder, *ALL).status, 0, "exit status")
    check(folder.file.is_symlink(), "the link was replaced")
    Credential(folder.path / "real" / "secret")


def share(folder, *paths):
    """Lets the user of the test into the folder, with a copy of the program."""
    shutil.copy(PROGRAM, folder.path / "program")
    for path in (folder.path, folder.path / "program", *paths):
        path.chmod(0o755)
    return str(folder.path / "program")


def own_home(folder):
    home = folder.path / "home"
    home.mkdir()
    os.chown(home, NUMBER, GROUP)
    home.chmod(0o700)
    return home


def namespace_command(folder, script, *arguments):
    """A command that runs a shell script as root. The user database has the user of the
    test, whose home folder is home."""
    home = folder.path / "home"
    for source, line in (
        ("passwd", f"{USER}:x:{NUMBER}:{GROUP}::{home}:/bin/sh\n"),
        ("group", f"{USER}:x:{GROUP}:\n{USER}-2:x:{OTHER_GROUP}:{USER}\n"),
    ):
        text = pathlib.Path("/etc", source).read_text(encoding="utf-8")
        (folder.path / source).write_text(text + line, encoding="utf-8")
        (folder.path / source).chmod(0o644)
    mounts = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && "
    return ["unshare", "-m", "sh", "-c", mounts + script, "sh", *arguments]


def in_namespace(folder, script, *arguments, **changes):
    program, *rest = namespace_command(folder, script, *arguments)
    return run(folder, *rest, program=program, **changes)


def in_namespace_on_a_terminal(folder, *arguments):
    program, *rest = namespace_command(folder, 'exec "$@"', *arguments)
    return start(folder, *rest, program=program)


AS_USER = f"exec setpriv --reuid {NUMBER} --regid {GROUP} --init-groups "


def check_owner(path, uid=NUMBER, gid=GROUP):
    status = path.stat()
    equal((status.st_uid, status.st_gid), (uid, gid), f"owner of {path}")
    equal(status.st_mode & 0o7777, 0o400, f"mode of {path}")


@test
def root_enrolls_another_user(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    result = in_namespace(folder, '"$@"', program, "enroll", USER, *ALL)
    equal((result.status, result.errors), (0, ""), "exit status")
    Credential(home / ".google_authenticator")
    check_owner(home / ".google_authenticator")
    check(not folder.file.exists(), "HOME was used")


@test
def the_uri_names_the_user_whom_root_enrolls(folder):
    need_root()
    program = share(folder)
    own_home(folder)
    result = in_namespace(folder, '"$@"', program, "enroll", *LOUD, USER)
    equal(result.status, 0, "exit status")
    check(f"{USER}@" in result.output, "the URI names somebody else")


@test
def another_user_cannot_reach_the_process_of_root(folder):
    """While it waits for an answer its ids are root's, so that the user can neither stop nor
    trace it; only for the file it takes on the user's rights."""
    need_root()
    program = share(folder)
    own_home(folder)
    child = in_namespace_on_a_terminal(folder, program, "enroll", "--ask", USER)
    child.expect(QUESTION)
    # Each program replaced the one before it: the process is still the same.
    status = pathlib.Path("/proc", str(child.pid), "status").read_text(encoding="ascii")
    child.sendeof()
    equal(finish(child), 1, "exit status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    equal(fields["Uid"].split(), ["0"] * 4, "user IDs")


@test
def only_root_enrolls_another_user(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    for user in ("root", "no-such-user-here"):
        result = in_namespace(folder, AS_USER + '"$@"', program, "enroll", user, *ALL)
        check_refused(result, "only root", status=5)
    equal(list(home.iterdir()), [], "files of the user")


@test
def a_user_may_name_herself(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    result = in_namespace(
        folder, AS_USER + '"$@"', program, "enroll", USER, *ALL, HOME=str(home))
    equal((result.status, result.errors), (0, ""), "exit status")
    check_owner(home / ".google_authenticator")


@test
def an_unusable_home_is_replaced_by_that_of_the_user_database(folder):
    """sudo -u may leave HOME as it was."""
    need_root()
    program = share(folder)
    home = own_home(folder)
    (folder.path / "not-a-folder").write_text("", encoding="ascii")
    os.chown(folder.path / "not-a-folder", NUMBER, GROUP)
    (folder.path / "relative").mkdir()
    os.chown(folder.path / "relative", NUMBER, GROUP)
    file = home / ".google_authenticator"
    for value in (None, "", "home", "/root", str(folder.path), "/nonexistent",
                  str(folder.path / "not-a-folder"), "relative", f"{home}/", str(home)):
        result = in_namespace(folder, AS_USER + '"$@"', program, *ALL[:-1], HOME=value)
        equal((result.status, result.errors), (0, ""), f"exit status with HOME={value}")
        check_owner(file)
        file.unlink()


@test
def home_may_be_another_folder_of_the_user_and_a_warning_says_so(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    other = folder.path / "other"
    other.mkdir()
    os.chown(other, NUMBER, GROUP)
    result = in_namespace(folder, AS_USER + '"$@"', program, *ALL[:-1], HOME=str(other))
    equal(result.status, 0, "exit status")
    check_owner(other / ".google_authenticator")
    equal(list(home.iterdir()), [], "files in the home folder")
    check(str(other) in result.errors and str(home) in result.errors,
          f"{result.errors!r} does not name both folders")


@test
def home_does_not_count_for_another_user(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    other = folder.path / "other"
    other.mkdir()
    os.chown(other, NUMBER, GROUP)
    result = in_namespace(folder, '"$@"', program, "enroll", USER, *ALL, HOME=str(other))
    equal((result.status, result.errors), (0, ""), "exit status")
    check_owner(home / ".google_authenticator")
    equal(list(other.iterdir()), [], "files in the other folder")


@test
def root_is_not_led_to_files_that_the_user_cannot_write(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    target = folder.path / "precious"
    write_old(target)
    os.symlink(target, home / ".google_authenticator")
    result = in_namespace(folder, '"$@"', program, "enroll", USER, *ALL)
    equal(result.status, 6, f"exit status ({result.errors!r})")
    check_old(target)
    equal(target.stat().st_uid, 0, "owner")


@test
def in_the_folder_of_a_user_root_writes_as_that_user(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    for target in (home / "secret", home / ".google_authenticator"):
        result = in_namespace(folder, '"$@"', program, *ALL, "-s", str(target))
        equal((result.status, result.errors), (0, ""), "exit status")
        check_owner(target)
    precious = folder.path / "precious"
    write_old(precious)
    os.symlink(precious, home / "link")
    result = in_namespace(folder, '"$@"', program, *ALL, "-s", str(home / "link"))
    equal(result.status, 6, f"exit status ({result.errors!r})")
    check_old(precious)


@test
def a_file_for_one_user_is_not_taken_from_the_folder_of_another(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    write_old(home / "secret")
    os.chown(home / "secret", NUMBER, GROUP)
    for command in (("enroll", "daemon", *ALL), ("revoke", "--force", "daemon")):
        result = in_namespace(
            folder, '"$@"', program, *command, f"--secret={home}/secret")
        check(result.status != 0 and "a folder of another user is on the way" in result.errors,
              f"{command}: {result.errors!r}")
        check_old(home / "secret")


@test
def a_link_of_root_does_not_hide_that_a_user_decides_where_the_path_leads(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    roots_folder = folder.path / "roots"
    roots_folder.mkdir(mode=0o755)
    os.symlink(roots_folder, home / "conf")
    os.lchown(home / "conf", NUMBER, GROUP)
    os.symlink(home / "conf", folder.path / "link")
    for command in ((), ("codes", "--force"), ("revoke", "--force", USER),
                    ("import", "--user=" + USER, str(folder.path / "source"))):
        (folder.path / "source").write_text(OLD, encoding="ascii")
        flags = ALL if not command else ()
        result = in_namespace(
            folder, '"$@"', program, *command, *flags, f"--secret={folder.path}/link/secret")
        check(result.status != 0, f"{command}: {result.output!r}")
        equal(list(roots_folder.iterdir()), [], f"what {command} left in root's folder")
    write_old(roots_folder / "secret")
    for command in ((*ALL,), ("revoke", "--force", USER)):
        result = in_namespace(
            folder, '"$@"', program, *command, f"--secret={folder.path}/link/secret")
        check(result.status != 0, f"{command}: {result.output!r}")
        check_old(roots_folder / "secret")


@test
def root_does_not_write_where_others_may_write(folder):
    need_root()
    open_folder = folder.path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o1777)
    check_refused(run(folder, *LOUD, "-s", "open/secret"), "open", "others")
    equal(list(open_folder.iterdir()), [], "files")


@test
def a_set_user_id_program_refuses_to_run(folder):
    need_root()
    program = share(folder)
    own_home(folder)
    os.chmod(program, 0o4755)
    result = in_namespace(folder, AS_USER + '"$@"', program, *ALL)
    check_refused(result, "set-user-ID", status=5)


@test
def closed_descriptors_are_not_used_for_files(folder):
    need_root()
    child = start(folder, "-c", 'exec "$@" 2>&-', "sh", PROGRAM, "--ask", program="sh")
    child.expect(QUESTION)
    equal(os.readlink(f"/proc/{child.pid}/fd/2"), "/dev/null", "what stands in for it")
    child.sendeof()
    equal(finish(child), 1, "exit status")


@test
def a_file_of_another_user_is_not_replaced(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    file = home / ".google_authenticator"
    write_old(file)
    result = in_namespace(folder, AS_USER + '"$@"', program, *LOUD, HOME=str(home))
    check_refused(result, str(file), "another user")
    check_old(file)


@test
def a_file_that_cannot_be_read_is_not_replaced(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    file = home / ".google_authenticator"
    write_old(file)
    os.chown(file, NUMBER, GROUP)
    file.chmod(0)
    result = in_namespace(folder, AS_USER + '"$@"', program, *LOUD, HOME=str(home))
    check_refused(result, str(file), "chmod")
    check_old(file)


@test
def a_folder_that_may_not_be_written_is_refused(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    file = home / ".google_authenticator"
    write_old(file)
    os.chown(file, NUMBER, GROUP)
    home.chmod(0o500)
    result = in_namespace(folder, AS_USER + '"$@"', program, *LOUD, HOME=str(home))
    check_refused(result, str(home), "Permission denied")
    check_old(file)
    equal([entry.name for entry in home.iterdir()], [file.name], "files")


@test
def a_folder_that_its_owner_may_not_write_is_refused(folder):
    if os.geteuid() == 0:
        raise Skip("root may write there")
    write_old(folder.file)
    folder.path.chmod(0o500)
    result = run(folder, *ALL)
    folder.path.chmod(0o700)
    check_refused(result, str(folder.path), "Permission denied")
    check_old(folder.file)


@test
def a_read_only_file_system_is_refused(folder):
    need_root()
    home = folder.path / "home"
    home.mkdir()
    write_old(home / ".google_authenticator")
    script = ('mount --bind home home && mount -o remount,bind,ro home && exec "$@"')
    result = in_namespace(
        folder, script, PROGRAM, *LOUD, "-s", "home/.google_authenticator")
    check_refused(result, str(home), "Read-only file system")
    check_old(home / ".google_authenticator")


FULL = (
    "mount -t tmpfs -o size=64k none home && "
    "cp old home/.google_authenticator && "
    # dd fills the file system, and has to fail.
    "{ dd if=/dev/zero of=home/full bs=4k 2>/dev/null; true; } && "
    '{ "$@"; status=$?; } && '
    "ls -A home && cat home/.google_authenticator && exit $status"
)


@test
def the_target_of_a_link_is_replaced_where_it_is(folder):
    need_root()
    program = share(folder)
    home = own_home(folder)
    (home / "real").mkdir()
    os.chown(home / "real", NUMBER, GROUP)
    target = home / "real" / "secret"
    write_old(target)
    os.chown(target, NUMBER, GROUP)
    os.symlink("real/secret", home / ".google_authenticator")
    home.chmod(0o500)
    result = in_namespace(folder, AS_USER + '"$@"', program, *ALL, HOME=str(home))
    equal((result.status, result.errors), (0, ""), "exit status")
    check_owner(target)


@test
def on_a_full_disk_the_old_file_stays(folder):
    need_root()
    (folder.path / "home").mkdir()
    write_old(folder.path / "old")
    for words, answers in ((ALL, ""), (ASKING, "y\n")):
        result = in_namespace(
            folder, FULL, PROGRAM, *words, answers=answers,
            HOME=str(folder.path / "home"))
        equal(result.status, 6, f"exit status ({result.errors!r})")
        check("No space left" in result.errors, f"{result.errors!r}")
        check(result.output.endswith(".google_authenticator\nfull\n" + OLD),
              f"what is left: {result.output[-200:]!r}")


@test
def a_file_that_appears_meanwhile_is_not_replaced(folder):
    """A person who was asked about a new file did not agree to replace one."""
    child = start(folder, "-t", "-d", "-C", "-W")
    child.expect("Write it.*] ")
    child.sendline("y")
    child.expect("Limit.*] ")
    write_old(folder.file)
    child.sendline("y")
    equal(finish(child), 6, "exit status")
    check_old(folder.file)
    equal(folder.names(), [folder.file.name], "files")


@test
def a_file_that_appears_meanwhile_is_replaced_with_force(folder):
    child = start(folder, "-t", "-d", "-C", "-W", "-f")
    child.expect("Limit.*] ")
    write_old(folder.file)
    child.sendline("y")
    equal(finish(child), 0, "exit status")
    Credential(folder.file)


@test
def left_over_temporary_files_do_not_matter(folder):
    (folder.path / ".google_authenticator~").write_text("", encoding="ascii")
    (folder.path / ".google_authenticator~abcdef").write_text("", encoding="ascii")
    equal(run(folder, *ALL).status, 0, "exit status")
    Credential(folder.file)
