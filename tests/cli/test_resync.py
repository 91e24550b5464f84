# SPDX-License-Identifier: LGPL-2.1-or-later
"""The counter of a token is found again by two codes in a row, which are spent."""

from import_host import ME, SECRET, credential, put_credential, read, spec
from support import check, equal, run, start, finish, test, totp

# A code of HOTP is one of TOTP whose step is the counter.
hotp = totp
COUNTED = SECRET + '\n" RATE_LIMIT 30 30\n" HOTP_COUNTER 7\n12345678\n'


def resync(folder, first, second, *options):
    return run(folder, "resync", *(options or (spec(folder),)), ME, answers=f"{first}\n{second}\n")


def verify(folder, code, *options):
    return run(folder, "verify", *(options or (spec(folder),)), ME, answers=f"{code}\n")


@test
def two_codes_in_a_row_move_the_counter(folder):
    for ahead in (0, 1, 50, 999):
        put_credential(folder, COUNTED)
        counter = 7 + ahead
        result = resync(folder, hotp(SECRET, counter), hotp(SECRET, counter + 1))
        equal((result.status, result.output, result.errors),
              (0, f"{ME}: the counter was behind by {ahead + 2}; the token's next code is good\n",
               ""), f"{ahead} ahead")
        equal(read(credential(folder)), COUNTED.replace("COUNTER 7", f"COUNTER {counter + 2}"),
              "file")
        # Both are spent, also for another resync.
        for code in (counter, counter + 1):
            equal(verify(folder, hotp(SECRET, code)).status, 1, "a spent code")
        put_credential(folder, COUNTED.replace("COUNTER 7", f"COUNTER {counter + 2}"))
        equal(resync(folder, hotp(SECRET, counter), hotp(SECRET, counter + 1)).status, 1, "again")
        equal(verify(folder, hotp(SECRET, counter + 2)).status, 0, "the next code")


@test
def anything_else_moves_nothing(folder):
    put_credential(folder, COUNTED)
    code = {n: hotp(SECRET, n) for n in (5, 6, 7, 8, 9, 50, 51, 52, 1006, 1007, 1008)}
    for first, second in ((code[51], code[50]), (code[50], code[52]), (code[50], code[50]),
                          (code[1007], code[1008]), (code[5], code[6]), (code[6], code[7]),
                          (code[50], "12345678"), ("", ""), (code[50], ""), ("12345678", "x"),
                          (code[50] + code[51], ""), (code[50], code[51] + "1")):
        result = resync(folder, first, second)
        equal((result.status, result.output), (1, ""), f"{first} {second}: {result.errors}")
        equal(read(credential(folder)), COUNTED, "file")
    result = run(folder, "resync", spec(folder), ME, answers=code[50])
    equal(result.status, 1, result.errors)
    put_credential(folder, SECRET + '\n" TOTP_AUTH\n')
    result = resync(folder, code[50], code[51])
    equal(result.status, 1, result.errors)
    check("do not change with each use" in result.errors, result.errors)
    put_credential(folder, COUNTED.replace("12345678", '" DIGITS 9'))
    equal(resync(folder, code[50], code[51]).status, 6, "a damaged file")
    credential(folder).unlink()
    equal(resync(folder, code[50], code[51]).status, 3, "no file")


@test
def the_counter_of_a_state_of_its_own_is_moved_there(folder):
    (folder.path / "state").mkdir(mode=0o700)
    conf = folder.path / "totpgroup.conf"
    conf.write_text(f"secret={folder.path}/secrets/${{USER}}\n"
                    f"state={folder.path}/state/${{USER}}\n")
    conf.chmod(0o644)
    put_credential(folder, COUNTED)
    result = resync(folder, hotp(SECRET, 60), hotp(SECRET, 61), f"--conf={conf}")
    equal(result.status, 0, result.errors)
    equal(read(credential(folder)), COUNTED, "the secret itself")
    check("HOTP_COUNTER 62" in read(folder.path / "state" / ME), "state")
    equal(verify(folder, hotp(SECRET, 61), f"--conf={conf}").status, 1, "a spent code")
    equal(resync(folder, hotp(SECRET, 60), hotp(SECRET, 61), f"--conf={conf}").status, 1, "again")


@test
def a_person_types_both_codes_unseen(folder):
    put_credential(folder, COUNTED)
    child = start(folder, "resync", spec(folder), ME)
    child.expect("Next code of the token: ")
    child.sendline(hotp(SECRET, 20)[:3] + " " + hotp(SECRET, 20)[3:])
    child.expect("And the one after it: ")
    child.sendline(hotp(SECRET, 21))
    equal(finish(child), 0, "exit status")
    check(hotp(SECRET, 21) not in child.before, "a code is shown")
    check('HOTP_COUNTER 22' in read(credential(folder)), "file")
