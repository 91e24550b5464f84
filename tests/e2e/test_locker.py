# SPDX-License-Identifier: LGPL-2.1-or-later
"""i3lock, which gives one line to every prompt, by conf/pam.d/locker-password-and-code."""

from locker import CONF, Desk
from scenario import NO_REUSE, check, test
from sshd_host import EMERGENCY_CODES, PASSWORD

LIMIT = '" RATE_LIMIT 3 30'
REFUSED = "pam_totpgroup(i3lock:auth): refused user=alice"


def password_and_code_unlock(host, digits):
    """The right line unlocks, and no other."""
    desk = Desk(host, LIMIT, *NO_REUSE, f'" DIGITS {digits}')
    desk.start_daemon()
    desk.refuses(PASSWORD, REFUSED + " rhost=- reason=wrong-code")
    check(desk.attempts() == 0, "a password is no attempt at a code")
    wrong = desk.secret.wrong_code().rjust(digits, "0")
    desk.refuses(PASSWORD + wrong, REFUSED + " rhost=- reason=wrong-code")
    check(desk.attempts() == 1, "each line with a code is one attempt")
    code = desk.secret.code(digits=digits)
    desk.refuses("wrong" + code, "accepted user=alice", "authentication failure")
    check(desk.attempts() == 2, "each line with a code is one attempt")
    desk.unlocks(PASSWORD + desk.secret.code(1, digits))
    check(desk.attempts() == 3, "each line with a code is one attempt")


@test
def a_password_and_six_digits_unlock(host):
    password_and_code_unlock(host, 6)


@test
def a_password_and_seven_digits_unlock(host):
    password_and_code_unlock(host, 7)


@test
def a_password_and_eight_digits_unlock(host):
    password_and_code_unlock(host, 8)


@test
def a_spent_code_and_then_an_emergency_code(host):
    desk = Desk(host, *NO_REUSE, emergency=EMERGENCY_CODES)
    desk.start_daemon()
    code = desk.secret.code()
    desk.refuses("wrong" + code, "accepted user=alice", "authentication failure")
    desk.refuses(PASSWORD + code, REFUSED + " rhost=- reason=reused")
    desk.unlocks(PASSWORD + EMERGENCY_CODES[0])


@test
def a_user_who_needs_no_code_types_the_password(host):
    host.add_group("otp")
    desk = Desk(host, LIMIT, *NO_REUSE, options="group=otp")
    desk.start_daemon()
    desk.refuses("wrong", "skipped user=alice rhost=- reason=not-in-group",
                 "authentication failure")
    desk.unlocks(PASSWORD)
    check(desk.attempts() == 0, "nobody asked for a code")


@test
def without_the_daemon_the_screen_stays_locked(host):
    desk = Desk(host, *NO_REUSE)
    desk.refuses(PASSWORD + desk.secret.code(), REFUSED + " rhost=- reason=store-error")
    desk.start_daemon()
    desk.unlocks(PASSWORD + desk.secret.code())


@test
def a_locker_remembers_no_session(host):
    """It runs as the user, and the daemon that decides is in no session of hers."""
    desk = Desk(host, *NO_REUSE)
    with open(CONF, "a", encoding="ascii") as file:
        file.write("grace_period=1h\ngrace_services=i3lock\n")
    desk.start_daemon()
    desk.refuses("wrong" + desk.secret.code(), "accepted user=alice", "authentication failure")
    desk.refuses(PASSWORD, REFUSED + " rhost=- reason=wrong-code")
    desk.unlocks(PASSWORD + desk.secret.code(1))
