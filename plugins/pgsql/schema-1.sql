-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- The shared store of credentials in PostgreSQL, version 1. Run it once as an administrator of the
-- database, in one transaction:
--
--     psql --single-transaction --set ON_ERROR_STOP=1 --file schema-1.sql DATABASE
--
-- Hosts call functions alone; no role of a host can read or write a table. What must never go back
-- is plain text in the row, and the server keeps it from going back: the version, the steps of
-- TOTP, the counter of HOTP, and the spent emergency codes. Secret and state are sealed by the hosts.

-- Nobody logs in as the owner of the functions. The others are granted to the roles of hosts or
-- people. totp_enroll is for hosts that give users their first secret; no host needs it otherwise.
-- All databases of a server have the same roles.
do $$
declare
	name text;
begin
	foreach name in array
		array['totp_owner', 'totp_host', 'totp_enroll', 'totp_admin', 'totp_report'] loop
		if not exists (select from pg_roles where rolname = name) then
			execute format('create role %I nologin', name);
		end if;
	end loop;
end $$;

create schema totpgroup authorization totp_owner;
revoke all on schema totpgroup from public;
grant usage on schema totpgroup to totp_host, totp_enroll, totp_admin, totp_report;
set role totp_owner;
set search_path = totpgroup, pg_temp;

-- Which users a role of the database is for. A role without a realm can do nothing.
create table member (
	role name primary key,
	realm text not null
);

-- Rows are never deleted: a secret that comes back must meet what was spent on it.
create table credential (
	realm text not null,
	username text not null,
	version bigint not null default 0,         -- one more with each change, never reset
	secret bytea,                              -- sealed; null: revoked
	secret_key text,                           -- the id of the key
	secret_version bigint not null default 0,  -- the version for which it was sealed
	state bytea,                               -- sealed for `version`
	state_key text,
	steps bigint[] not null default '{}',      -- the seconds at which spent steps begin
	step_floor bigint not null default 0,      -- steps up to here are spent, listed or not
	hotp bigint not null default 0,            -- the least counter that is good
	spent bytea[] not null default '{}',       -- keyed digests of emergency codes
	attempt uuid,                              -- that made this version; null: none did
	last bigint not null default 0,            -- the greatest time that a decision was made at
	first_seen bigint,
	primary key (realm, username)
) with (fillfactor = 70);

create table log (
	at timestamptz not null default clock_timestamp(),
	realm text not null,
	username text not null,
	host text not null,
	role name not null default session_user,
	service text,
	rhost text,
	result text not null,
	reason text,
	method text,
	step bigint,
	"offset" bigint,
	device text,
	attempt uuid,
	happened timestamptz  -- by the host's clock, where `at` is when the host told it later
);
create index log_user on log (realm, username, at);
create index log_at on log using brin (at);

-- The keys of hosts, so that one that lacks a key, or has other bytes for it, is found before it
-- locks anybody out. The tag is a digest keyed with the key.
create table key (
	realm text not null,
	id text not null,
	check_tag bytea not null,
	primary key (realm, id)
);

create table host (
	role name not null,
	name text not null,
	version text not null,
	keys text[] not null,
	clock_offset bigint not null,  -- seconds that its clock is ahead
	seen timestamptz not null,
	primary key (role, name)
);

create table setting (
	one boolean primary key default true check (one),
	schema integer not null,
	-- Refuse to settle where no standby has to confirm: a primary that was cut off from its
	-- standbys may otherwise accept a code once more.
	require_sync boolean not null default false
);
insert into setting (schema) values (1);

-- How many steps are listed, and how far ahead of the clock one may be, in seconds.
create function steps_kept() returns integer language sql immutable as 'select 64';
create function seconds_ahead() returns bigint language sql immutable as 'select 90000::bigint';
-- How far the clock of an earlier primary may have been ahead, in seconds. A host tells it, so there
-- has to be a bound.
create function clocks_apart() returns bigint language sql immutable as 'select 3600::bigint';

-- The realm of the role that is logged in.
create function own_realm() returns text language plpgsql stable as $$
declare
	found_realm text;
begin
	select realm into found_realm from totpgroup.member where role = session_user;
	if found_realm is null then
		raise exception 'the role % has no realm; add a row to totpgroup.member', session_user
			using errcode = 'insufficient_privilege';
	end if;
	return found_realm;
end $$;

-- The store's clock for a row: it does not go back, whatever host or server decided last.
create function clock(last bigint) returns bigint language sql volatile as
	'select greatest(coalesce(last, 0), floor(extract(epoch from clock_timestamp()))::bigint)';

-- What a host needs to decide. There is one row for unknown users, too.
create function look(who text) returns table (
	secret bytea, secret_key text, secret_version bigint, state bytea, state_key text,
	version bigint, now bigint, first_seen bigint, schema integer, attempt uuid)
language plpgsql security definer set search_path = totpgroup, pg_temp as $$
declare
	own constant text := own_realm();
begin
	return query
		select c.secret, c.secret_key, coalesce(c.secret_version, 0), c.state, c.state_key,
			coalesce(c.version, 0), clock(c.last), c.first_seen, s.schema, c.attempt
		from setting s left join credential c on c.realm = own and c.username = who;
end $$;

-- The list of steps with one more, and the floor: a step that leaves the list raises it. Without a
-- step, both stay.
create function push_step(inout steps bigint[], inout step_floor bigint, step bigint)
language plpgsql immutable as $$
begin
	if step is null then
		return;
	end if;
	if step < steps[cardinality(steps)] then
		steps := array(select unnest(steps || step) order by 1);
	else
		steps := steps || step;
	end if;
	while cardinality(steps) > totpgroup.steps_kept() loop
		step_floor := greatest(step_floor, steps[1]);
		steps := steps[2:];
	end loop;
end $$;

-- Whether what is to be spent was spent before, or can be no step of now.
create function is_spent(c credential, kind text, value bigint, digest bytea, now bigint)
returns boolean language sql immutable as $$
	select case kind
		when 'totp' then value <= c.step_floor or value = any (c.steps) or
			value > now + totpgroup.seconds_ahead()
		when 'hotp' then value < c.hotp
		when 'code' then digest = any (c.spent)
		else false end
$$;

-- The realm of the role that is logged in, for a function that changes a credential. The change waits
-- until it is durable, whatever the session or the database says. That is set for the transaction:
-- what a function has in its own SET is gone when it ends, and the commit comes later.
create function realm_to_change() returns text language plpgsql as $$
declare
	found_realm text;
	needs_standby boolean;
begin
	perform set_config('synchronous_commit', 'on', true);
	select m.realm, s.require_sync into found_realm, needs_standby
	from totpgroup.setting s left join totpgroup.member m on m.role = session_user;
	if needs_standby and current_setting('synchronous_standby_names') = '' then
		raise exception 'no standby has to confirm, but require_sync is set'
			using errcode = 'object_not_in_prerequisite_state';
	end if;
	return coalesce(found_realm, totpgroup.own_realm());
end $$;

-- What a host calls waits for a second at most for a row that another session holds: nobody may be
-- there any more to take the answer. A setting of totp_host would be none of the roles that log in.
-- settle() sets it for the transaction, which costs less than a setting of the function.

-- Records a decision. outcome is
--   done      this attempt is durable, now or since an earlier call with the same attempt id;
--   spent     the code was used by somebody else;
--   conflict  somebody else changed the credential: decide again on the new row;
-- and the row is the newest one. Without a state only the log is written. A number of a version may
-- stand for two rows, where two servers went on from one: an old primary comes back, and a host that
-- looked there settles here. So the attempt that made the version is compared, too.
create function settle(
	who text, old_version bigint, new_state bytea, new_state_key text, decided_at bigint,
	kind text, value bigint, digest bytea, this_attempt uuid, host_name text, service text,
	rhost text, result text, reason text, method text, clock_offset bigint, device text,
	old_attempt uuid)
returns table (
	outcome text, secret bytea, secret_key text, secret_version bigint, state bytea,
	state_key text, version bigint, now bigint, attempt uuid)
language plpgsql security definer set search_path = totpgroup, pg_temp as $$
#variable_conflict use_column
declare
	own constant text := realm_to_change();
	c credential;
	changed boolean := false;
	said text := 'done';
begin
	if not coalesce(case kind
			when 'none' then true
			when 'totp' then value is not null
			when 'hotp' then value is not null
			when 'code' then octet_length(digest) <= 64
			end, false) then
		raise exception 'nothing of the kind % is spent, or not this', kind
			using errcode = 'invalid_parameter_value';
	end if;
	perform set_config('lock_timeout', '1s', true);
	if new_state is not null then
		update credential t set
			state = new_state, state_key = new_state_key, version = t.version + 1,
			attempt = this_attempt,
			last = greatest(t.last, least(decided_at, clock(0) + clocks_apart())),
			(steps, step_floor) = (select p.steps, p.step_floor from push_step(
				t.steps, t.step_floor, case when kind = 'totp' then value end) p),
			hotp = case when kind = 'hotp' then value + 1 else t.hotp end,
			spent = case when kind = 'code' then t.spent || digest else t.spent end
		where t.realm = own and t.username = who and t.version = old_version
			and t.attempt is not distinct from old_attempt
			and not is_spent(t, kind, value, digest, clock(t.last))
		returning t.* into c;
		changed := found;
	end if;
	if not changed then
		select * into c from credential t where t.realm = own and t.username = who;
	end if;
	if new_state is not null and not changed then
		if c.attempt = this_attempt then
			said := 'done';
			-- A wait for a standby that was cut short leaves a change that no standby has. The
			-- commit of this one comes after it, and waits for both.
			update credential t set last = t.last where t.realm = own and t.username = who;
		elsif is_spent(c, kind, value, digest, clock(c.last)) then
			said := 'spent';
		else
			said := 'conflict';
		end if;
	end if;
	if changed or new_state is null or said = 'spent' then
		insert into log (realm, username, host, service, rhost, result, reason, method, step,
			"offset", device, attempt)
		values (own, who, host_name, service, rhost,
			case when said = 'spent' then 'refused' else result end,
			case when said = 'spent' then 'reused' else reason end,
			method, case when kind = 'totp' then value end, clock_offset, device, this_attempt);
	end if;
	return query select said, c.secret, c.secret_key, c.secret_version, c.state, c.state_key,
		c.version, clock(c.last), c.attempt;
end $$;

-- Adds a line to the log about what a host decided while no server answered it, once for an attempt.
-- Nothing but the log changes.
create function note_late(who text, happened_at bigint, this_attempt uuid, host_name text,
	service text, rhost text, result text, reason text, method text)
returns boolean language plpgsql security definer set search_path = totpgroup, pg_temp
set lock_timeout = '1s' as $$
#variable_conflict use_column
declare
	own constant text := realm_to_change();
begin
	if happened_at is null or this_attempt is null then
		raise exception 'a time or an attempt is missing'
			using errcode = 'invalid_parameter_value';
	end if;
	-- Two that tell the same wait for each other.
	perform pg_advisory_xact_lock(hashtextextended('totpgroup ' || this_attempt, 0));
	insert into log (realm, username, host, service, rhost, result, reason, method, attempt,
		happened)
	select own, who, host_name, service, rhost, result, reason, method, this_attempt,
		to_timestamp(happened_at)
	where not exists (select from log l where l.realm = own and l.username = who
		and l.attempt = this_attempt);
	return found;
end $$;

-- Says who a host is. The keys that it has come with their check tags; those that the store knows
-- with another tag, and those that the store knows and the host lacks, come back.
create function hello(host_name text, host_version text, host_keys text[], tags bytea[],
	host_clock bigint)
returns table (schema integer, now bigint, standbys text, missing_keys text[], wrong_keys text[])
language plpgsql security definer set search_path = totpgroup, pg_temp
set lock_timeout = '1s' as $$
declare
	own constant text := own_realm();
begin
	-- A standby that is away must not keep a host from connecting.
	perform set_config('synchronous_commit', 'off', true);
	insert into host as h (role, name, version, keys, clock_offset, seen)
	values (session_user, host_name, host_version, host_keys, host_clock - clock(0),
		clock_timestamp())
	on conflict (role, name) do update set version = excluded.version,
		keys = excluded.keys, clock_offset = excluded.clock_offset, seen = excluded.seen;
	insert into key (realm, id, check_tag)
	select own, k.id, k.tag from unnest(host_keys, tags) as k (id, tag)
	on conflict do nothing;
	return query select s.schema, clock(0), current_setting('synchronous_standby_names'),
		array(select k.id from key k where k.realm = own and not k.id = any (host_keys)
			order by 1),
		array(select k.id from key k join unnest(host_keys, tags) as h (id, tag)
			on k.id = h.id where k.realm = own and k.check_tag <> h.tag order by 1)
		from setting s;
end $$;

-- How the store is, for the host that asks. Nothing is noted. The last three columns: whether the role
-- reaches a table itself, whether it is an administrator's, and how many connections it may have; less
-- than none is any number.
create function standing(host_keys text[])
returns table (name name, schema integer, standbys text, require_sync boolean, missing_keys text,
	now bigint, has_tables boolean, is_admin boolean, connections bigint)
language plpgsql security definer set search_path = totpgroup, pg_temp as $$
declare
	own constant text := own_realm();
	everything constant text := 'select, insert, update, delete, truncate';
begin
	return query select session_user, s.schema, current_setting('synchronous_standby_names'),
		s.require_sync,
		array_to_string(array(select k.id from key k
			where k.realm = own and not k.id = any (host_keys) order by 1), ' '),
		clock(0), has_table_privilege(session_user, 'totpgroup.credential', everything)
			or has_any_column_privilege(session_user, 'totpgroup.credential',
				'select, insert, update')
			or has_table_privilege(session_user, 'totpgroup.log', everything),
		pg_has_role(session_user, 'totp_admin', 'member'),
		(select r.rolconnlimit::bigint from pg_roles r where r.rolname = session_user)
		from setting s;
end $$;

-- Notes when a user was first seen. Returns the time.
create function seen(who text) returns bigint
language plpgsql security definer set search_path = totpgroup, pg_temp
set lock_timeout = '1s' as $$
declare
	own constant text := own_realm();
	result bigint;
begin
	insert into credential as c (realm, username, first_seen) values (own, who, clock(0))
	on conflict (realm, username) do update
		set first_seen = coalesce(c.first_seen, excluded.first_seen)
	returning c.first_seen into result;
	return result;
end $$;

-- Whether a row already has what is to be written, because the call is sent again after its answer was
-- lost. A text is sealed differently each time, so no other call wrote the same bytes; where there are
-- none, a removal is like another. The commit of this call comes after that of the first one, and
-- waits for both.
create function is_again(own text, who text, new_version bigint, new_secret bytea, new_state bytea)
returns boolean language plpgsql as $$
begin
	update totpgroup.credential c set last = c.last
	where c.realm = own and c.username = who and c.version = new_version
		and c.secret is not distinct from new_secret
		and c.state is not distinct from new_state;
	return found;
end $$;

-- A first secret. False where there is one already. The version for which it is sealed must be
-- one more than that of the row, or 1; so must the state's, where the row has a state. A counter of
-- HOTP is one of the earlier secret's.
create function enroll(who text, new_secret bytea, new_key text, for_version bigint,
	new_state bytea default null, new_state_key text default null) returns boolean
language plpgsql security definer set search_path = totpgroup, pg_temp
set lock_timeout = '1s' as $$
declare
	own constant text := realm_to_change();
begin
	insert into credential as c (realm, username, version, secret, secret_key, secret_version,
		attempt)
	values (own, who, for_version, new_secret, new_key, for_version, gen_random_uuid())
	on conflict (realm, username) do update set version = excluded.version,
		secret = excluded.secret, secret_key = excluded.secret_key,
		secret_version = excluded.secret_version, state = new_state,
		state_key = new_state_key, hotp = 0, attempt = gen_random_uuid()
	where c.secret is null and c.version + 1 = for_version
		and (c.state is null) = (new_state is null);
	return found or is_again(own, who, for_version, new_secret, new_state);
end $$;

-- What an administrator's program does: each compares the version and sets the next one, and
-- returns false where the row has another version by now. Marks only grow, but for the counter of
-- HOTP: a fresh secret has one of its own.
create function put(who text, old_version bigint, new_secret bytea, new_secret_key text,
	new_state bytea, new_state_key text, fresh boolean default false)
returns boolean language plpgsql security definer set search_path = totpgroup, pg_temp as $$
declare
	own constant text := realm_to_change();
begin
	if old_version = 0 then
		insert into credential (realm, username) values (own, who) on conflict do nothing;
	end if;
	update credential c set version = c.version + 1, secret = new_secret,
		secret_key = new_secret_key, secret_version = c.version + 1, state = new_state,
		state_key = new_state_key, attempt = gen_random_uuid(),
		hotp = case when fresh then 0 else c.hotp end
	where c.realm = own and c.username = who and c.version = old_version;
	return found or is_again(own, who, old_version + 1, new_secret, new_state);
end $$;

-- The place is that in the arrays, from 1 on.
create function put_many(whos text[], versions bigint[], secrets bytea[], secret_keys text[])
returns table (place bigint, username text, done boolean)
language sql security definer set search_path = totpgroup, pg_temp as $$
	select n.place, n.who, put(n.who, n.version, n.secret, n.key, null, null, true)
	from unnest(whos, versions, secrets, secret_keys) with ordinality
		as n (who, version, secret, key, place)
$$;

-- What look() says, of many users.
create function look_many(whos text[]) returns table (
	place bigint, secret bytea, secret_key text, secret_version bigint, state bytea,
	state_key text, version bigint, now bigint)
language sql security definer set search_path = totpgroup, pg_temp as $$
	select w.place, c.secret, c.secret_key, coalesce(c.secret_version, 0), c.state,
		c.state_key, coalesce(c.version, 0), clock(c.last)
	from unnest(whos) with ordinality as w (who, place)
		left join credential c on c.realm = (select own_realm()) and c.username = w.who
$$;

create function revoke(who text, old_version bigint, new_state bytea, new_state_key text)
returns boolean language sql security definer set search_path = totpgroup, pg_temp as $$
	select put(who, old_version, null, null, new_state, new_state_key)
$$;

-- For totp-enroll store rekey and prune.
create function older_keys(first_key text, after text, most integer)
returns table (username text) language sql security definer set search_path = totpgroup, pg_temp as $$
	select c.username from credential c
	where c.realm = own_realm() and c.username > after and
		(c.secret_key <> first_key or c.state_key <> first_key)
	order by 1 limit most
$$;

-- Removes lines of the log, so many at most. Returns how many.
create function prune(before timestamptz, most integer default 10000) returns bigint
language plpgsql security definer set search_path = totpgroup, pg_temp as $$
declare
	own constant text := own_realm();
	count bigint;
begin
	delete from log where ctid = any (array(
		select l.ctid from log l where l.realm = own and l.at < before limit most));
	get diagnostics count = row_count;
	return count;
end $$;

-- For reports and dashboards: no secret and no state, sealed or not.
create view user_report as
	select realm, username, secret is not null as enrolled, secret_key, state_key, version,
		to_timestamp(nullif(last, 0)) as last_decision, first_seen from credential;
create view log_report as select * from log;
create view host_report as select * from host;

revoke all on all tables in schema totpgroup from public;
revoke all on all functions in schema totpgroup from public;
grant execute on function look, settle, note_late, hello, standing, seen to totp_host;
grant execute on function enroll to totp_enroll;
grant execute on function look, look_many, settle, note_late, hello, standing, seen, enroll, put,
	put_many, revoke, older_keys, prune to totp_admin;
grant select on user_report, log_report, host_report, member, setting to totp_admin, totp_report;
grant insert, update, delete on member to totp_admin;
grant update (require_sync) on setting to totp_admin;
reset role;
