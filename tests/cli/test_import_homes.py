# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets move from the homes to a folder of root's, with all that is spent."""

import os
import shlex

from import_host import ALICE, BOB, NUMBERS, PLAIN, SECRET, home_of, in_namespace, read, share
from support import check, equal, need_root, test

COUNTED = SECRET + '\n" RATE_LIMIT 3 30\n" HOTP_COUNTER 7\n12345678\n23456789\n'
GROUP = "totp-import-group"


class Homes:
    """Two users in a group, and a configuration that keeps secrets in a folder of root's."""

    def __init__(self, folder, more=""):
        self.folder, self.program = folder, share(folder)
        self.store = folder.path / "store"
        self.store.mkdir(mode=0o700)
        self.conf = folder.path / "totpgroup.conf"
        self.conf.write_text(f"secret={self.store}/${{USER}}\nuser=root\n{more}")
        self.conf.chmod(0o644)
        for user in NUMBERS:
            home_of(folder, user)

    def home(self, user):
        return self.folder.path / user / ".google_authenticator"

    def put(self, user, text):
        path = self.home(user)
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="ascii")
        os.chown(path, NUMBERS[user], NUMBERS[user])
        path.chmod(0o400)

    def run(self, *options, conf=True, source="--from-homes"):
        words = [self.program, "import", source, *options]
        if conf:
            words.append(f"--conf={self.conf}")
        script = (f"cp group group2 && echo {GROUP}:x:60001:{ALICE},{BOB} >> group2 && "
                  "mount --bind group2 /etc/group && " + shlex.join(words))
        result = in_namespace(self.folder, script)
        return result.status, result.output, result.errors

    def stored(self, user):
        return read(self.store / user)


@test
def a_group_moves_with_its_state_and_again_without_a_change(folder):
    need_root()
    homes = Homes(folder)
    homes.put(ALICE, COUNTED)
    group = f"--group={GROUP}"
    equal(homes.run(group, "--dry-run")[:2],
          (0, f"would have imported {ALICE}\nskipped {BOB}: no secret in the home\n"), "dry run")
    equal(homes.stored(ALICE), None, "a dry run writes nothing")
    equal(homes.run(group)[:2],
          (0, f"imported {ALICE}\nskipped {BOB}: no secret in the home\n"), "first")
    equal(homes.stored(ALICE), COUNTED, "copy")
    equal((homes.store / ALICE).stat().st_uid, 0, "owner")
    equal(read(homes.home(ALICE)), COUNTED, "the home's file is kept")
    equal(homes.run(group)[:2],
          (0, f"unchanged {ALICE}\nskipped {BOB}: no secret in the home\n"), "again")
    equal(homes.run(f"--user={ALICE}", "-q"), (0, "", ""), "one user, quietly")
    # What was spent in the home meanwhile is spent.
    homes.put(ALICE, COUNTED.replace("COUNTER 7", "COUNTER 9").replace("12345678\n", ""))
    equal(homes.run(f"--user={ALICE}")[:2],
          (0, f"spent for {ALICE} what the home's file says\n"), "spent")
    equal(homes.stored(ALICE), COUNTED.replace("COUNTER 7", "COUNTER 9").replace("12345678\n", ""),
          "spent")
    # Nothing that was spent on the copy is good again.
    homes.put(ALICE, COUNTED)
    equal(homes.run(f"--user={ALICE}")[:2], (0, f"unchanged {ALICE}\n"), "an older file")
    check("COUNTER 9\n23456789\n" in homes.stored(ALICE), homes.stored(ALICE))
    # New emergency codes stay.
    (homes.store / ALICE).chmod(0o600)
    (homes.store / ALICE).write_text(COUNTED.replace("12345678\n23456789", "98765432"))
    equal(homes.run(f"--user={ALICE}")[:2], (0, f"unchanged {ALICE}\n"), "new codes")
    equal(homes.run(f"--user={ALICE}", "--remove")[:2], (0, f"unchanged {ALICE}\n"), "removal")
    equal((read(homes.home(ALICE)), "98765432" in homes.stored(ALICE)), (None, True), "moved")


def hashed(*numbers):
    """Lines of hashed emergency codes of one set."""
    salt = "A" * 26
    return "".join(f'" SCRATCH_HASH scrypt 4 8 1 {salt} {"ABCDEFGH"[i] * 51}A\n' for i in numbers)


@test
def hashed_codes_that_are_spent_in_the_home_are_spent(folder):
    need_root()
    homes = Homes(folder)
    homes.put(ALICE, SECRET + "\n" + hashed(0, 1, 2) + '" TOTP_AUTH\n')
    equal(homes.run(f"--user={ALICE}")[0], 0, "first")
    homes.put(ALICE, SECRET + "\n" + hashed(1) + '" TOTP_AUTH\n')
    equal(homes.run(f"--user={ALICE}", "--dry-run")[:2],
          (0, f"would have spent for {ALICE} what the home's file says\n"), "dry run")
    equal(homes.stored(ALICE), SECRET + "\n" + hashed(0, 1, 2) + '" TOTP_AUTH\n', "dry run")
    equal(homes.run(f"--user={ALICE}")[:2],
          (0, f"spent for {ALICE} what the home's file says\n"), "spent")
    equal(homes.stored(ALICE), SECRET + "\n" + hashed(1) + '" TOTP_AUTH\n', "spent")
    # A file that still has them brings none back, and new codes stay.
    homes.put(ALICE, SECRET + "\n" + hashed(0, 1, 2) + '" TOTP_AUTH\n')
    equal(homes.run(f"--user={ALICE}")[:2], (0, f"unchanged {ALICE}\n"), "an older file")
    homes.put(ALICE, SECRET + "\n" + hashed(3, 4) + '" TOTP_AUTH\n')
    equal(homes.run(f"--user={ALICE}")[:2], (0, f"unchanged {ALICE}\n"), "other codes")
    equal(homes.stored(ALICE), SECRET + "\n" + hashed(1) + '" TOTP_AUTH\n', "other codes")


@test
def the_last_codes_of_one_kind_are_spent_where_others_are_left(folder):
    need_root()
    homes = Homes(folder)
    lines = hashed(0) + '" TOTP_AUTH\n12345678\n23456789\n'
    homes.put(ALICE, SECRET + "\n" + lines)
    equal(homes.run(f"--user={ALICE}")[0], 0, "first")
    homes.put(ALICE, SECRET + '\n" TOTP_AUTH\n23456789\n')
    equal(homes.run(f"--user={ALICE}")[0], 0, "second")
    equal(homes.stored(ALICE), SECRET + '\n" TOTP_AUTH\n23456789\n', "spent")


@test
def steps_that_are_spent_are_spent_on_both(folder):
    need_root()
    homes = Homes(folder)
    homes.put(BOB, PLAIN.replace("REUSE", "REUSE 100 101"))
    equal(homes.run(f"--user={BOB}")[0], 0, "first")
    homes.put(BOB, PLAIN.replace("REUSE", "REUSE 101 102"))
    equal(homes.run(f"--user={BOB}")[0], 0, "second")
    check('" DISALLOW_REUSE 100 101 102\n' in homes.stored(BOB), homes.stored(BOB))


@test
def a_state_of_its_own_gets_what_is_spent(folder):
    need_root()
    homes = Homes(folder, f"state={folder.path}/state/${{USER}}\n")
    (folder.path / "state").mkdir(mode=0o700)
    homes.put(BOB, COUNTED)
    equal(homes.run(f"--user={BOB}")[0], 0, "first")
    homes.put(BOB, COUNTED.replace("COUNTER 7", "COUNTER 9"))
    equal(homes.run(f"--user={BOB}")[:2],
          (0, f"spent for {BOB} what the home's file says\n"), "second")
    equal(homes.stored(BOB), COUNTED, "the secret itself")
    check("HOTP_COUNTER 9" in read(folder.path / "state" / BOB), "state")


@test
def codes_that_are_spent_go_into_a_state_of_its_own(folder):
    need_root()
    homes = Homes(folder, f"state={folder.path}/state/${{USER}}\n")
    (folder.path / "state").mkdir(mode=0o700)
    for left, fewer in ((hashed(0, 1), hashed(1)), ("12345678\n23456789\n", "23456789\n")):
        (homes.store / BOB).unlink(missing_ok=True)
        text = SECRET + '\n" TOTP_AUTH\n' + left
        homes.put(BOB, text)
        equal(homes.run(f"--user={BOB}")[0], 0, "first")
        homes.put(BOB, SECRET + '\n" TOTP_AUTH\n' + fewer)
        equal(homes.run(f"--user={BOB}")[:2],
              (0, f"spent for {BOB} what the home's file says\n"), "second")
        equal(homes.stored(BOB), text, "the secret itself")
        equal(homes.run(f"--user={BOB}")[:2], (0, f"unchanged {BOB}\n"), "third")
        (folder.path / "state" / BOB).unlink()


@test
def another_secret_and_a_damaged_one_are_refused(folder):
    need_root()
    homes = Homes(folder)
    homes.put(ALICE, PLAIN)
    homes.put(BOB, PLAIN + '" WINDOW_SIZE x\n')
    other = PLAIN.replace("GEZ", "AAA")
    (homes.store / ALICE).write_text(other, encoding="ascii")
    (homes.store / ALICE).chmod(0o400)
    status, nothing, output = homes.run(f"--group={GROUP}", "--remove")
    equal((status, nothing), (7, ""), output)
    check(f"failed {ALICE}: has another secret already; use --force to replace it\n" in output and
          f"failed {BOB}: " in output and "line 5: " in output, output)
    equal((homes.stored(ALICE), homes.stored(BOB)), (other, None), "nothing is written")
    equal(read(homes.home(ALICE)), PLAIN, "the home's file is kept")
    equal(homes.run(f"--user={ALICE}", "--force", "--remove")[:2], (0, f"imported {ALICE}\n"),
          "force")
    equal((homes.stored(ALICE), read(homes.home(ALICE))), (PLAIN, None), "moved")
    # A file that the user does not own, or that leads elsewhere, is none of the user's.
    homes.home(ALICE).symlink_to("/etc/hostname")
    status, output, _ = homes.run(f"--user={ALICE}", "--force")
    equal((status, homes.stored(ALICE)), (7, PLAIN), output)


@test
def homes_are_not_moved_into_themselves(folder):
    need_root()
    homes = Homes(folder)
    homes.put(ALICE, PLAIN)
    status, _, output = homes.run(f"--user={ALICE}", "--secret=~/.google_authenticator", "--remove")
    equal(status, 7, output)
    check("keeps the secret in the home" in output, output)
    equal(read(homes.home(ALICE)), PLAIN, "the home's file")
    # Nor is one file by two paths.
    (folder.path / "way").symlink_to(folder.path / ALICE)
    status, _, output = homes.run(f"--user={ALICE}", "--remove",
                                  f"--secret={folder.path}/way/.google_authenticator")
    equal((status, read(homes.home(ALICE))), (7, PLAIN), output)
    for options in ((), ("--user=x", "file"), ("--user=x", "--from=uri"), ("--user=x", "--label=x")):
        equal(homes.run(*options)[0], 2, f"exit status of {options}")
    result = in_namespace(folder, '"$@"', homes.program, "import", f"--group={GROUP}")
    equal(result.status, 2, result.errors)


class Files(Homes):
    """The same users, whose secrets are in another folder of root's, with a state apart."""

    def __init__(self, folder):
        super().__init__(folder)
        for name in ("secret", "state"):
            (folder.path / name).mkdir(mode=0o700)
        self.old = folder.path / "old.conf"
        self.old.write_text(f"secret={folder.path}/secret/${{USER}}\nuser=root\n"
                            f"state={folder.path}/state/${{USER}}\n")

    def home(self, user):
        return self.folder.path / "secret" / user

    def put(self, user, text):
        super().put(user, text)
        os.chown(self.home(user), 0, 0)

    def files(self, *options):
        return self.run(f"--old-conf={self.old}", *options, source="--from=files")

    def verify(self, code, *options):
        script = f"echo {code} | {shlex.join([self.program, 'verify', ALICE, *options])}"
        return in_namespace(self.folder, script).status


@test
def files_move_with_their_state_and_again_without_a_change(folder):
    need_root()
    files = Files(folder)
    files.put(ALICE, COUNTED.replace("12345678", "22345678\n34567890"))
    old, new = f"--conf={files.old}", f"--conf={files.conf}"
    # The first device's counter and a spent emergency code are in the state alone.
    equal(files.verify("22345678", old), 0, "an emergency code in the old store")
    equal(files.files("--all", "--dry-run")[:2], (0, f"would have imported {ALICE}\n"), "dry run")
    equal(files.stored(ALICE), None, "a dry run writes nothing")
    equal(files.files("--all")[:2], (0, f"imported {ALICE}\n"), "first")
    check("22345678" not in files.stored(ALICE) and "23456789" in files.stored(ALICE),
          files.stored(ALICE))
    equal(files.verify("22345678", new), 1, "the spent code in the new store")
    equal(files.files("--all")[:2], (0, f"unchanged {ALICE}\n"), "again")
    # What is spent in the old store meanwhile is spent in the new one, and never the other way.
    equal(files.verify("23456789", old), 0, "the other code in the old store")
    equal(files.files(f"--user={ALICE}")[:2], (0, f"spent for {ALICE} what the file says\n"), "spent")
    equal(files.verify("23456789", new), 1, "the other code in the new store")
    equal(files.files(f"--group={GROUP}", "--remove")[:2],
          (0, f"unchanged {ALICE}\nskipped {BOB}: no secret in the old store\n"), "removal")
    equal(read(files.home(ALICE)), None, "moved")


@test
def files_are_named_by_their_configuration(folder):
    need_root()
    files = Files(folder)
    files.put(ALICE, PLAIN)
    for options, words in (((), "whose files"), (("--all", "file"), "reads no FILE"),
                           (("--all", "--label=x"), "contradicts"),
                           (("--all", "--from-homes"), "contradicts")):
        status, _, output = files.files(*options)
        equal((status, words in output), (2, True), output)
    equal(files.run("--all", source="--from=files")[0], 2, "without --old-conf")
    equal(files.run("--all", f"--user={ALICE}")[0], 2, "--all with --from-homes")
    equal(files.run("--old-conf=x", source="--user=x")[0], 2, "--old-conf with an input")
    # The same store twice.
    status, _, output = files.files("--all", f"--secret={files.folder.path}/secret/${{USER}}")
    equal((status, "both configurations keep" in output, read(files.home(ALICE))),
          (7, True, PLAIN), output)
    # A state that cannot be read moves nothing: what was spent would be good again.
    (folder.path / "state" / ALICE).write_text("nonsense\n", encoding="ascii")
    (folder.path / "state" / ALICE).chmod(0o600)
    status, _, output = files.files("--all")
    equal((status, files.stored(ALICE)), (7, None), output)
    equal(files.run("--all", f"--old-conf={folder.path}/none", source="--from=files")[0], 6, "no file")
