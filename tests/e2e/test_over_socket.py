# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins over a real sshd, with sudo and su, again with store=socket: totp-verifyd has the options and
the secrets."""

import test_local_grace
import test_login
import test_offer
import test_rules
from scenario import test

CHOSEN = (
    test_login.a_password_and_a_code_let_in,
    test_login.a_key_and_a_code_let_in,
    test_login.a_code_lets_in_once,
    test_login.an_emergency_code_lets_in_once,
    test_login.counter_codes_let_in_and_move_the_counter,
    test_login.a_spent_code_stays_spent_when_sshd_restarts,
    test_offer.after_a_wrong_code_the_same_secret_is_offered_again,
    test_offer.a_lost_connection_stores_nothing,
    test_offer.with_nullok_enter_alone_passes_the_offer_over,
    test_rules.nullok_for_counts_from_the_first_login,
    test_rules.nullok_until_ends_on_its_day,
    test_rules.after_a_password_tell_reason_tells_why,
    test_local_grace.sudo_remembers_an_audit_session,
    test_local_grace.sudo_remembers_a_terminal_where_there_is_no_audit_session,
    test_local_grace.su_remembers_the_session_for_the_user_it_opens,
    test_local_grace.nothing_is_remembered_unless_it_is_turned_on_or_in_a_file_of_the_users,
)


def _over_socket(function):
    def again(host):
        host.over_socket = True
        function(host)
    again.__name__ = f"{function.__name__}_over_the_socket"
    return again


for _function in CHOSEN:
    test(_over_socket(_function))
