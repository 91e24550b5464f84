# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files that are changed, and the tests that can see each, the quickest first."""

DIFFERENTIAL = "tests/differential/test_model.py"
DOCTOR = ("tests/cli/test_doctor_stacks.py", "tests/cli/test_doctor.py",
          "tests/cli/test_doctor_pam.py", "tests/cli/test_doctor_programs.py")

# Those of the short mode.
QUICK = ("common/login/outcome.c", "common/store/store.c")


def unit(*names):
    return tuple(f"tests/unit/test_{name}" for name in names)


def stack(*names):
    return tuple(f"tests/stack/test_{name}" for name in names)


FILES = {
    # The decision.
    "common/core/decide.c": (
        *unit("decide", "decide_typed", "decide_skew", "decide_grace", "decide_pending",
              "decide_hashed", "decide_damage", "decide_failures"),
        DIFFERENTIAL, *stack("resync", "passwords"), *unit("decide_model")),
    "common/core/rate_limit.c": (
        *unit("rate_limit", "front_end_limit", "judge", "decide"), DIFFERENTIAL),
    "common/core/reuse.c": (*unit("reuse", "decide"), DIFFERENTIAL),
    "common/core/judge.c": (*unit("judge", "decide", "user_credential"), DIFFERENTIAL),
    # What becomes of it.
    "common/login/outcome.c": (*unit("outcome"), *stack("results", "messages")),
    "pam/pam_totpgroup.c": stack("results", "gate", "enrollment", "log", "messages", "session",
                                 "passwords_unasked", "strict"),
    "pam/session.c": stack("session", "messages", "log"),
    "pam/ask.c": stack("results", "passwords", "passwords_unasked", "socket", "log", "strict"),
    # Who is asked.
    "common/gate/gate.c": (*unit("gate", "gate_failures"),
                           *stack("gate", "who_is_asked", "log")),
    "common/gate/group_gate.c": (*unit("group_gate", "group_gate_nss", "gate", "gate_failures"),
                                 *stack("gate")),
    "common/gate/group_list.c": unit("group_list", "group_gate", "gate"),
    "common/gate/group_record.c": unit("group_gate", "gate_failures", "group_gate_nss"),
    "common/gate/comma_list.c": unit("comma_list", "group_list", "service_list"),
    "common/gate/service_list.c": unit("service_list", "gate"),
    "common/gate/ssh_methods.c": (*unit("ssh_methods", "gate"), *stack("session")),
    "common/gate/user_groups.c": (*unit("group_gate", "group_gate_nss", "rights"),
                                  *stack("gate")),
    "common/gate/network_list.c": unit("network_list", "gate"),
    "common/gate/address.c": unit("peer", "network_list", "gate"),
    "common/host/rights.c": unit("rights", "user_store", "user_credential"),
    # Where it is kept.
    "common/store/store.c": unit("store", "stores", "user_credential", "user_store"),
    "common/store/locked_file.c": unit(
        "locked_file", "locked_file_failures", "locked_file_races", "locked_file_remove",
        "stores", "state_file", "user_credential"),
    "common/store/durable_steps.c": unit("durable_file", "durable_file_names", "file_batch",
                                         "locked_file", "locked_file_failures"),
    "common/store/durable_file.c": unit("durable_file", "durable_file_names", "file_batch",
                                        "locked_file"),
    "common/store/state_slots.c": unit("state_slots", "state_file", "stores"),
    "common/store/state_file.c": unit("state_file", "state_slots", "stores", "user_credential"),
    "common/core/state_spent.c": (*unit("state", "state_properties", "stores",
                                        "user_credential"), *stack("separate_state")),
    "common/store/file_store.c": (*unit("stores", "user_store", "user_credential", "state_file",
                                        "first_seen"), *stack("separate_state")),
    # What doctor says of a stack.
    "cli/doctor/openness.c": DOCTOR,
    "cli/doctor/passwords.c": DOCTOR,
    "cli/doctor/paths.c": DOCTOR,
    "cli/doctor/line.c": DOCTOR,
}
