# SPDX-License-Identifier: LGPL-2.1-or-later
"""plugins/pgsql/schema-1.sql: what the functions of the shared store do, and what a host's role
cannot do. No host is needed for it: a rooted one can send whatever it likes."""

import atexit
import contextlib
import uuid

import case
from case import check, equal
from cluster import Cluster, programs

RACERS, ROUNDS = 24, 50 if case.LONG else 5
SKEW = 90000


class _Fixture(case.Fixture):
    """A copy of a store, with the roles of two hosts, an enrolling host, an administrator, a
    reporter, and one of another realm."""

    cluster = None

    def missing(self):
        return None if programs() else "no PostgreSQL server (package postgresql)"

    def begin(self):
        self.cluster = cluster = Cluster().__enter__()
        atexit.register(cluster.__exit__)
        cluster.install()
        for role, group, realm in (("web1", "totp_host", "corp"), ("web2", "totp_host", "corp"),
                                   ("gate", "totp_enroll", "corp"), ("boss", "totp_admin", "corp"),
                                   ("eyes", "totp_report", None), ("other", "totp_host", "else"),
                                   ("nobody", "totp_host", None)):
            cluster.ask("postgres", f"create role {role} login in role {group};")
            if realm:
                cluster.ask("postgres",
                            f"insert into totpgroup.member values ('{role}', '{realm}');")

    @contextlib.contextmanager
    def argument(self):
        with self.cluster.copy("one"):
            yield self.cluster


test = _Fixture()


def put(store, user="alice", version=0, secret="secret", state=None):
    """An administrator stores a credential."""
    value = f"'{state}'" if state else "null"
    rows = store.ask("boss", f"select totpgroup.put('{user}', {version}, '{secret}', 'k1', {value}, 'k1');")
    return rows == [["t"]]


def look(store, user="alice", role="web1"):
    """A row of look(): secret, version and the store's clock."""
    row, = store.ask(role, "select convert_from(secret, 'utf8'), version, now, schema, "
                     f"convert_from(state, 'utf8') from totpgroup.look('{user}');")
    return {"secret": row[0], "version": int(row[1]), "now": int(row[2]), "schema": row[3],
            "state": row[4]}


def settle_text(version, kind="totp", value=0, digest="", attempt=None, state="'next'", user="alice",
                decided_at=0):
    """A call of settle()."""
    return (f"select outcome, version, convert_from(state, 'utf8') from totpgroup.settle('{user}', "
            f"{version}, {state}, 'k1', {decided_at}, '{kind}', {value}, '{digest}', "
            f"'{attempt or uuid.uuid4()}', 'host', 'sshd', '192.0.2.7', 'accepted', null, '{kind}', "
            f"0, null, (select attempt from totpgroup.look('{user}')));")


def settle(store, *words, role="web1", **fields):
    """The outcome of settle()."""
    row, = store.ask(role, settle_text(*words, **fields))
    return row[0]


def now_step(store):
    """The second at which the step of now begins."""
    return look(store)["now"] // 30 * 30


@test
def a_code_is_spent_for_every_host(store):
    check(put(store), "put")
    step = now_step(store)
    equal(settle(store, 1, value=step), "done", "the first host")
    equal(settle(store, 2, value=step, role="web2"), "spent", "the second host")
    equal(settle(store, 1, value=step + 30, role="web2"), "conflict", "an old version")
    equal(settle(store, 2, value=step + 30, role="web2"), "done", "the next step")
    equal(settle(store, 3, value=step - 30), "done", "an earlier step that is not spent")
    log = store.ask("eyes", "select result, reason, count(*) from totpgroup.log_report "
                    "group by 1, 2 order by 1;")
    equal(log, [["accepted", "", "3"], ["refused", "reused", "1"]], "the log")


@test
def a_repeated_attempt_is_done_once(store):
    put(store)
    step, attempt = now_step(store), uuid.uuid4()
    for _ in range(2):
        equal(settle(store, 1, value=step, attempt=attempt), "done", "with the same id")
    equal(look(store)["version"], 2, "the version")
    equal(settle(store, 1, value=step, attempt=uuid.uuid4()), "spent", "with another id")


@test
def a_conflict_brings_the_new_row(store):
    put(store)
    equal(settle(store, 1, value=now_step(store)), "done", "the first")
    row, = store.ask("web2", settle_text(1, value=now_step(store) + 30))
    equal(row, ["conflict", "2", "next"], "the row")


@test
def counters_and_emergency_codes_are_spent(store):
    put(store)
    equal(settle(store, 1, kind="hotp", value=7), "done", "a counter")
    for value in (0, 6, 7):
        equal(settle(store, 2, kind="hotp", value=value), "spent", value)
    equal(settle(store, 2, kind="hotp", value=8), "done", "the next one")
    equal(settle(store, 3, kind="code", digest="d1"), "done", "an emergency code")
    equal(settle(store, 4, kind="code", digest="d1"), "spent", "again")
    equal(settle(store, 4, kind="code", digest="d2"), "done", "another one")


@test
def a_step_that_leaves_the_list_stays_spent(store):
    put(store)
    step = now_step(store)
    for number in range(70):
        equal(settle(store, 1 + number, value=step + 30 * number), "done", number)
    for number in (0, 1, 5, 69):
        equal(settle(store, 71, value=step + 30 * number), "spent", f"step {number} again")
    equal(settle(store, 71, value=step - 30), "spent", "what is older than the list")
    equal(settle(store, 71, value=step + SKEW + 3600), "spent", "far ahead of the clock")


@test
def the_clock_of_the_store_does_not_go_back(store):
    put(store)
    ahead = look(store)["now"] + 500
    equal(settle(store, 1, kind="none", decided_at=ahead), "done", "a host whose clock is ahead")
    equal(look(store, role="web2")["now"], ahead, "the others wait for that time")


@test
def unknown_users_cost_the_same_calls(store):
    equal(look(store, user="whoknows")["version"], 0, "a row for everybody")
    equal(settle(store, 0, user="whoknows", state="null", kind="none"), "done", "only the log")
    equal(store.ask("eyes", "select username from totpgroup.log_report;"), [["whoknows"]], "the log")
    equal(store.ask("postgres", "select count(*) from totpgroup.credential;"), [["0"]], "no row")


@test
def a_rooted_host_can_do_nothing_but_its_functions(store):
    put(store)
    settle(store, 1, value=now_step(store))
    for role in ("web1", "gate", "eyes"):
        for text in ("select * from totpgroup.credential;", "select secret from totpgroup.credential;",
                     "update totpgroup.credential set version = 0;",
                     "update totpgroup.credential set steps = '{}', step_floor = 0;",
                     "delete from totpgroup.credential;", "truncate totpgroup.log;",
                     "insert into totpgroup.member values ('web1', 'else');",
                     "select totpgroup.put('alice', 2, 'x', 'k', null, null);",
                     "select totpgroup.put_many('{alice}', '{2}', '{x}', '{k}');",
                     "select totpgroup.revoke('alice', 2, null, null);",
                     "select totpgroup.prune(now());", "set role totp_owner;",
                     "update totpgroup.setting set require_sync = false;",
                     "create function totpgroup.f() returns int language sql as 'select 1';",
                     "create table totpgroup.t();", "select totpgroup.push_step('{}', 0, 1);"):
            store.refuses(role, text, "42501")
    store.refuses("web1", "select totpgroup.enroll('bob', 'x', 'k', 1);", "42501")
    store.refuses("gate", settle_text(2), "42501")
    store.refuses("eyes", "select * from totpgroup.look('alice');", "42501")
    store.refuses("nobody", "select * from totpgroup.look('alice');", "42501")
    # Nor can a host put functions in front of those that the store's own functions call.
    store.refuses("web1", "create temp table setting as select 2 as schema, false as require_sync; "
                  "create function pg_temp.own_realm() returns text language sql as $$select 'else'$$; "
                  "set search_path = pg_temp, totpgroup; "
                  "select 1 / (case when (select version from totpgroup.look('alice')) = 2 then 0 else 1 end);",
                  "22012")
    equal(look(store)["version"], 2, "the version")


@test
def a_host_tells_the_log_once_what_happened(store):
    """Nothing but the log changes, and only that of the host's own realm."""
    def tell(attempt, role="web1", user="alice", happened="1700000000"):
        return store.ask(role, f"select totpgroup.note_late('{user}', {happened}, '{attempt}', 'h', "
                         "'sshd', '192.0.2.7', 'accepted', null, 'emergency');")
    put(store)
    before = look(store)
    first, second = uuid.uuid4(), uuid.uuid4()
    equal([tell(first), tell(first.hex), tell(second), tell(first, role="web2")],
          [[["t"]], [["f"]], [["t"]], [["f"]]], "what was added")
    equal(tell(first, role="other"), [["t"]], "the log of another realm")
    equal(store.ask("eyes", "select realm, username, role, result, method, happened = "
                    "to_timestamp(1700000000), at > now() - interval '1 hour' "
                    "from totpgroup.log_report order by at;"),
          [["corp", "alice", "web1", "accepted", "emergency", "t", "t"]] * 2 +
          [["else", "alice", "other", "accepted", "emergency", "t", "t"]], "the log")
    now = look(store)
    equal({**now, "now": 0}, {**before, "now": 0}, "the row")
    for role, text in (("gate", f"'{first}'"), ("eyes", f"'{first}'"), ("nobody", f"'{first}'")):
        store.refuses(role, f"select totpgroup.note_late('x', 1, {text}, 'h', null, null, 'accepted', "
                      "null, null);", "42501")
    for values in ("null, 'x'", f"1, '{'x' * 9}'"):
        done = store.psql("web1", text=f"select totpgroup.note_late('x', {values}, 'h', null, null, "
                          "'accepted', null, null);")
        check(done.returncode != 0, values)
    store.refuses("web1", "select totpgroup.note_late('x', 1, null, 'h', null, null, 'accepted', null, "
                  "null);", "22023")


@test
def realms_are_apart(store):
    put(store)
    equal(look(store, role="other")["version"], 0, "another realm has no alice")
    equal(settle(store, 1, value=now_step(store), role="other"), "conflict", "and changes none")
    equal(look(store)["version"], 1, "the version")


@test
def a_host_enrolls_only_where_there_is_no_secret(store):
    def enroll(version, secret="first"):
        return store.ask("gate", f"select totpgroup.enroll('bob', '{secret}', 'k1', {version});")
    equal(enroll(1), [["t"]], "a first secret")
    equal(enroll(2, "second"), [["f"]], "a second one")
    equal(look(store, user="bob")["secret"], "first", "it stays")
    step = now_step(store)
    settle(store, 1, value=step, user="bob")
    equal(store.ask("boss", "select totpgroup.revoke('bob', 2, null, null);"), [["t"]], "revoked")
    equal(look(store, user="bob")["secret"], "", "no secret")
    equal(enroll(3), [["f"]], "for an old version")
    equal(enroll(4, "third"), [["t"]], "a new one")
    equal(settle(store, 4, value=step, user="bob"), "spent", "the marks stay")


@test
def an_administrator_changes_a_version_that_he_has_seen(store):
    check(put(store), "a new one")
    check(put(store), "the same call once more")
    check(not put(store, secret="other"), "it is there already")
    check(not put(store, version=7), "another version")
    check(put(store, version=1, secret="new"), "the version that is there")
    equal(look(store)["secret"], "new", "the secret")
    rows = store.ask("boss", "select * from totpgroup.put_many('{alice,bob,carol}', '{9,0,0}', "
                     "'{a,b,c}', '{k1,k1,k1}');")
    equal(rows, [["1", "alice", "f"], ["2", "bob", "t"], ["3", "carol", "t"]], "many")
    equal(store.ask("boss", "select * from totpgroup.older_keys('k2', '', 2);"),
          [["alice"], ["bob"]], "who is to be sealed anew")


@test
def hosts_are_told_of_keys_that_they_lack(store):
    def hello(role, keys, tags):
        return store.ask(role, f"select schema, missing_keys, wrong_keys from totpgroup.hello('{role}', "
                         f"'0.1', '{keys}', '{tags}', extract(epoch from now())::bigint);")
    equal(hello("web1", "{k1}", "{t1}"), [["1", "{}", "{}"]], "the first host")
    equal(hello("web1", "{k1,k2}", "{t1,t2}"), [["1", "{}", "{}"]], "with a new key")
    equal(hello("web2", "{k1}", "{t1}"), [["1", "{k2}", "{}"]], "one that lacks it")
    equal(hello("web2", "{k1,k2}", "{t1,zz}"), [["1", "{}", "{k2}"]], "one with other bytes")
    names = store.ask("eyes", "select name, keys from totpgroup.host_report order by 1;")
    equal(names, [["web1", "{k1,k2}"], ["web2", "{k1,k2}"]], "the report")


@test
def nothing_is_settled_without_a_standby_that_confirms(store):
    put(store)
    store.ask("boss", "update totpgroup.setting set require_sync = true;")
    store.refuses("web1", settle_text(1, value=now_step(store)), "55000")
    store.refuses("boss", "select totpgroup.put('alice', 1, 'x', 'k', null, null);", "55000")
    equal(look(store)["version"], 1, "nothing was changed")


@test
def a_host_waits_a_second_for_a_row_that_is_held(store):
    """A host that gave up waiting has gone, and what it left on the server must not wait on."""
    put(store)
    with store.start_psql("web2", "begin; select totpgroup.seen('alice'), totpgroup.seen('bob');\n") as holder:
        try:
            holder.stdin.flush()
            holder.stdout.readline()
            for role, text in (("web1", settle_text(1, value=now_step(store))),
                               ("web1", "select totpgroup.seen('alice');"),
                               ("gate", "select totpgroup.enroll('bob', 's', 'k1', 1);")):
                store.refuses(role, f"set statement_timeout = '20s'; {text}", "55P03")
        finally:
            holder.kill()


@test
def of_many_racers_one_spends_the_code(store):
    """Each decides again after a conflict, as a host does."""
    put(store)
    for _ in range(ROUNDS):
        row = look(store)
        step = max(now_step(store), 0)
        store.ask("postgres", "update totpgroup.credential set steps = '{}', step_floor = 0;")
        # A loop on the server: the version is looked up again after each conflict.
        text = (f"do $$ declare o text := 'conflict'; v bigint := {row['version']}; begin "
                "while o = 'conflict' loop "
                "select outcome, version into o, v from totpgroup.settle('alice', v, 'n', 'k1', 0, "
                f"'totp', {step}, '', gen_random_uuid(), 'h', 's', 'r', 'accepted', null, 'totp', 0, "
                "null, (select attempt from totpgroup.look('alice'))); end loop; raise notice 'outcome %', o; end $$;\n")
        racers = [store.start_psql(("web1", "web2")[number % 2], text) for number in range(RACERS)]
        said = [racer.communicate()[0] for racer in racers]
        equal(sum("outcome done" in words for words in said), 1, said)
        equal(sum("outcome spent" in words for words in said), RACERS - 1, said)
