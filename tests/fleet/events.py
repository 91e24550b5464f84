# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can happen to a store while hosts need it."""

import contextlib


@contextlib.contextmanager
def standbys_frozen(servers):
    """Neither standby confirms anything."""
    with servers.b.machine.frozen(), servers.c.machine.frozen():
        yield


@contextlib.contextmanager
def connections_exhausted(servers):
    """Another has all connections that a host's role may make."""
    servers.a.ask("postgres", "alter role web1 connection limit 0;")
    servers.a.ask("postgres", "select pg_terminate_backend(pid) from pg_stat_activity "
                  "where usename = 'web1';")
    try:
        yield
    finally:
        servers.a.ask("postgres", "alter role web1 connection limit -1;")


# Each is a context manager with the servers; a decision meanwhile is refused at the deadline.
EVENTS = {
    "primary stopped": lambda servers: servers.a.machine.frozen(),
    "link down": lambda servers: servers.a.machine.unplugged(),
    "packets dropped": lambda servers: servers.a.machine.dropping(),
    "standbys frozen": standbys_frozen,
    "connections exhausted": connections_exhausted,
}
