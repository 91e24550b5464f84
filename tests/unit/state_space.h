/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The search through a small world: see test_state_space.c. */
#ifndef TOTPGROUP_TESTS_STATE_SPACE_H
#define TOTPGROUP_TESTS_STATE_SPACE_H

#include "state_space_store.h"

#define HOSTS 2

/* What a host does between the begin of a transaction and its end. No member has padding, so that
 * worlds are compared by their bytes. */
struct space_host {
	uint16_t text; /* as it was read */
	uint8_t holds, stale, code, time;
};

struct space_world {
	uint16_t text;
	uint16_t accepted;	     /* a bit for each code */
	uint8_t answered[TIMES_MAX]; /* guesses, by the time of their transaction */
	uint8_t time;
	uint8_t lock_stays;
	uint8_t unused;
	struct space_host hosts[HOSTS];
};

/* The worlds that were reached, in the order of their discovery, and where they came from. */
static struct {
	struct space_world *worlds;
	uint32_t *origins;
	uint32_t count, room;
	uint32_t *slots; /* of a hash table: number of a world and one, or 0 */
	uint32_t slot_count;
	enum space_violation violation;
	uint32_t violated_at;
} search;

static uint32_t hash_world(const struct space_world *world)
{
	const unsigned char *bytes = (const unsigned char *)world;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof *world; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash ^ (hash >> 15);
}

static void put_slot(uint32_t number)
{
	uint32_t at = hash_world(&search.worlds[number]) & (search.slot_count - 1);

	while (search.slots[at] != 0)
		at = (at + 1) & (search.slot_count - 1);
	search.slots[at] = number + 1;
}

static void make_room(void)
{
	if (search.count < search.room)
		return;
	search.room = search.room == 0 ? 1u << 14 : 2 * search.room;
	search.slot_count = 4 * search.room;
	search.worlds = realloc(search.worlds, search.room * sizeof *search.worlds);
	search.origins = realloc(search.origins, search.room * sizeof *search.origins);
	free(search.slots);
	search.slots = calloc(search.slot_count, sizeof *search.slots);
	assert_true(search.worlds != NULL && search.origins != NULL && search.slots != NULL);
	for (uint32_t i = 0; i < search.count; i++)
		put_slot(i);
}

/* Which host is which makes no difference. */
static void sort_hosts(struct space_world *world)
{
	struct space_host first = world->hosts[0];

	if (memcmp(&world->hosts[0], &world->hosts[1], sizeof first) <= 0)
		return;
	world->hosts[0] = world->hosts[1];
	world->hosts[1] = first;
}

static void reach(const struct space_world *found, uint32_t origin)
{
	struct space_world world = *found;
	uint32_t at;

	sort_hosts(&world);
	at = hash_world(&world) & (search.slot_count - 1);
	while (search.slots[at] != 0) {
		if (memcmp(&search.worlds[search.slots[at] - 1], &world, sizeof world) == 0)
			return;
		at = (at + 1) & (search.slot_count - 1);
	}
	make_room();
	search.worlds[search.count] = world;
	search.origins[search.count] = origin;
	put_slot(search.count++);
}

static void violate(enum space_violation violation, uint32_t at)
{
	if (search.violation == SPACE_FINE) {
		search.violation = violation;
		search.violated_at = at;
	}
}

/* Someone was told whether a code is good. */
static void answer(struct space_world *world, const struct space_host *host,
	const struct space_end *end, uint32_t origin)
{
	unsigned int guesses = 0;

	if (end->status != 0 || end->reason == TOTPGROUP_REASON_RATE_LIMITED)
		return;
	world->answered[host->time]++;
	for (unsigned int first = 0; first < TIMES_MAX; first++) {
		guesses = 0;
		for (unsigned int i = first; i < TIMES_MAX && i <= first + INTERVAL; i++)
			guesses += world->answered[i];
		if (guesses > LIMIT)
			violate(SPACE_TOO_MANY, origin);
	}
	if (!end->accepted)
		return;
	if ((world->accepted & (1u << host->code)) != 0)
		violate(SPACE_TWICE, origin);
	world->accepted |= (uint16_t)(1u << host->code);
}

/* What was read before makes no difference where the end is a conflict anyway. */
static void make_stale(struct space_host *host)
{
	host->stale = 1;
	if (!space_end(host->text, host->time, host->code, true, SPACE_WORKS).conflicts)
		return;
	host->text = SPACE_CONFLICT;
	host->time = 0;
}

static void write_text(struct space_world *world, uint16_t text)
{
	world->text = text;
	for (unsigned int i = 0; i < HOSTS; i++)
		if (world->hosts[i].holds && !world->hosts[i].stale)
			make_stale(&world->hosts[i]);
}

static void end_transaction(uint32_t origin, unsigned int number, enum space_fault fault)
{
	struct space_world world = search.worlds[origin];
	const struct space_host host = world.hosts[number];
	const struct space_end end =
		space_end(host.text, host.time, host.code, host.stale != 0, fault);

	memset(&world.hosts[number], 0, sizeof host);
	if (end.conflicts)
		world.hosts[number] =
			(struct space_host){world.text, 1, 0, host.code, world.time};
	else if (end.writes)
		write_text(&world, end.text);
	answer(&world, &host, &end, origin);
	reach(&world, origin);
	if (setting.flaw != SPACE_FORGETS || !end.writes)
		return;
	/* The power is cut, and what was written is gone. */
	world.text = search.worlds[origin].text;
	reach(&world, origin);
}

static void crash(uint32_t origin, unsigned int number)
{
	struct space_world world = search.worlds[origin];

	memset(&world.hosts[number], 0, sizeof world.hosts[number]);
	world.lock_stays = setting.flaw == SPACE_LOCK_STAYS;
	reach(&world, origin);
}

static bool is_locked(const struct space_world *world)
{
	if (!setting.locks)
		return false;
	for (unsigned int i = 0; i < HOSTS; i++)
		if (world->hosts[i].holds)
			return true;
	return world->lock_stays != 0;
}

static void begin_transactions(uint32_t origin, unsigned int number)
{
	for (unsigned int code = 0; code < CODES; code++) {
		struct space_world world = search.worlds[origin];

		if (!space_is_typed(code, world.time))
			continue;
		world.hosts[number] =
			(struct space_host){world.text, 1, 0, (uint8_t)code, world.time};
		reach(&world, origin);
	}
}

static void move_host(uint32_t origin, unsigned int number)
{
	const struct space_world world = search.worlds[origin];

	if (world.hosts[number].holds) {
		for (unsigned int fault = 0; fault < SPACE_FAULTS; fault++)
			end_transaction(origin, number, (enum space_fault)fault);
		crash(origin, number);
	} else if (!is_locked(&world)) {
		begin_transactions(origin, number);
	}
}

static void move_all(uint32_t origin)
{
	struct space_world world = search.worlds[origin];

	if (world.time + 1u < times) {
		world.time++;
		reach(&world, origin);
	}
	if (world.lock_stays != 0 || !space_opens_again(search.worlds[origin].text))
		violate(SPACE_ENDLESS, origin);
	for (unsigned int i = 0; i < HOSTS; i++)
		move_host(origin, i);
}

static void print_way(uint32_t at)
{
	const struct space_world *world = &search.worlds[at];

	if (at != 0)
		print_way(search.origins[at]);
	print_message("# time %u, accepted %x:", world->time, world->accepted);
	for (unsigned int i = 0; i < HOSTS; i++)
		print_message(" %s %u", world->hosts[i].holds ? "holds" : "idle",
			world->hosts[i].code);
	print_message("\n%s", space_text(world->text));
}

/* Reaches all worlds, or the first that breaks a promise, which must be the expected one. Returns
 * how many were reached. */
static uint32_t space_explore(const struct space_setting *chosen, enum space_violation expected)
{
	struct space_world start = {.text = space_begin(chosen)};

	memset(&search, 0, sizeof search);
	make_room();
	reach(&start, 0);
	for (uint32_t i = 0; i < search.count && search.violation == SPACE_FINE; i++)
		move_all(i);
	if (search.violation != expected)
		print_way(search.violated_at);
	assert_int_equal(search.violation, expected);
	print_message("# %s, %s, %s%s: %u states\n", chosen->hotp ? "counter" : "time",
		chosen->locks ? "lock" : "versions", chosen->apart ? "state apart" : "one file",
		chosen->strict ? ", strict" : "", search.count);
	free(search.worlds);
	free(search.origins);
	free(search.slots);
	space_finish();
	return search.count;
}

#endif
