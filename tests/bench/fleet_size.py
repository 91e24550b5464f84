# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a fleet needs of its servers, by a simulation of the hour at which everybody comes.

    tests/bench/fleet_size.py [--hosts N] [--users N] [--minutes N] [--seed N]

Users log in once each at random hosts within so many minutes, most of them in the middle. Each
decision needs one of the pool's connections to the server from its look to the end of its settle;
who finds none waits. How long it needs grows with the number that is in use, as it was measured:
`sudo scripts/bench fleet-logins-1 fleet-logins-4 fleet-logins-16` measures it anew, and --measured
takes the numbers."""

import argparse
import bisect
import heapq
import itertools
import random

# Callers, and the decisions a second that they made: three servers on two cores, a quorum, PostgreSQL 15.
MEASURED = ((1, 398), (4, 771), (16, 1480))
# How much the time of one decision varies: the deviation of its logarithm.
SPREAD = 0.5
# Bytes: a row of a user with its indexes, a row of the log, the log of changes for a login just
# after a checkpoint and later, and the memory of a connection on the server.
ROW, LOG_ROW, WAL_MOST, WAL_LEAST, BACKEND = 1900, 466, 3700, 410, 1.7e6
# Seconds after which an idle daemon ends, and at which a decision is refused.
IDLE, DEADLINE = 60, 3.0
POOLS = (4, 16, 32)
# Servers that are so many times as fast as those that were measured.
SPEEDS = (1, 2, 4)


def busy_time(measured, busy):
    """Seconds of a decision while so many go on. Between two measured numbers it is interpolated;
    more callers than were measured share the last rate."""
    points = [(callers, callers / rate) for callers, rate in measured]
    if busy >= points[-1][0]:
        return busy / measured[-1][1]
    place = max(1, bisect.bisect_right([callers for callers, _ in points], busy))
    (few, short), (many, long) = points[place - 1], points[place]
    return short + (long - short) * (busy - few) / (many - few)


def arrivals(chance, users, length):
    """The times at which users come: a triangle over the length, with most in the middle."""
    return sorted(chance.triangular(0, length) for _ in range(users))


def serve(chance, times, connections, measured):
    """The seconds from the arrival to the answer of each, with so many connections to the server.
    Who waits until the deadline costs nothing; who is answered behind it is refused as well."""
    free, seconds, refused = [], [], 0
    table = [busy_time(measured, max(1, busy)) for busy in range(connections + 1)]
    # The median of a decision is shorter than its mean, which the rate tells.
    shift = -SPREAD * SPREAD / 2
    ends = [0.0] * connections
    for time in times:
        while free and free[0] <= time:
            heapq.heappop(free)
        begun = max(time, heapq.heappop(ends))
        if begun - time > DEADLINE:
            refused += 1
            heapq.heappush(ends, begun)
            continue
        busy = min(connections, len(free) + 1)
        end = begun + table[busy] * chance.lognormvariate(shift, SPREAD)
        heapq.heappush(ends, end)
        heapq.heappush(free, end)
        if end - time > DEADLINE:
            refused += 1
        else:
            seconds.append(end - time)
    return sorted(seconds), refused


def daemons(chance, times, hosts):
    """The greatest number of daemons that run at the same time: each until it was idle for a while."""
    until, ends, most = {}, [], 0
    for time in times:
        while ends and ends[0][0] <= time:
            end, host = heapq.heappop(ends)
            if until.get(host) == end:
                del until[host]
        host = chance.randrange(hosts)
        until[host] = time + IDLE
        heapq.heappush(ends, (time + IDLE, host))
        most = max(most, len(until))
    return most


def at(seconds, share):
    """The time within which that share was answered."""
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))] if seconds else 0


def main(words=None):
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--hosts", type=int, default=100000)
    parser.add_argument("--users", type=int, default=1000000)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--measured", default=MEASURED, type=lambda text: tuple(
        tuple(float(number) for number in pair.split(":")) for pair in text.split(",")),
        help="CALLERS:RATE,... in place of the numbers of this program")
    chosen = parser.parse_args(words)
    chance = random.Random(chosen.seed)
    times = arrivals(chance, chosen.users, chosen.minutes * 60)
    print(f"{chosen.users:,} logins at {chosen.hosts:,} hosts in {chosen.minutes:g} minutes, "
          f"{2 * chosen.users / chosen.minutes / 60:,.0f} a second at the peak; seed {chosen.seed}\n")
    print("| servers as fast as measured, times | connections | median | 99 % | the slowest | refused |\n"
          "| ---: | ---: | ---: | ---: | ---: | ---: |")
    for speed, connections in itertools.product(SPEEDS, POOLS):
        measured = [(callers, rate * speed) for callers, rate in chosen.measured]
        seconds, refused = serve(chance, times, connections, measured)
        print(f"| {speed} | {connections} | {at(seconds, 0.5) * 1e3:,.1f} ms | {at(seconds, 0.99) * 1e3:,.1f} ms | "
              f"{at(seconds, 1) * 1e3:,.0f} ms | {refused:,} |")
    running = daemons(chance, times, chosen.hosts)
    print(f"\n| what | how much |\n| --- | ---: |\n| daemons at the same time | {running:,} |")
    for what, amount in (
            ("memory of the server's processes, each daemon connected by itself", running * BACKEND),
            ("the same with 32 connections of poolers", 32 * BACKEND),
            ("rows of all users", chosen.users * ROW),
            ("log of these logins", chosen.users * LOG_ROW),
            ("WAL of these logins, at least", chosen.users * WAL_LEAST),
            ("WAL of these logins, at most", chosen.users * WAL_MOST)):
        print(f"| {what} | {amount / 1e9:,.2f} GB |")


if __name__ == "__main__":
    main()
