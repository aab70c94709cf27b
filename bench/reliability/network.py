"""Two hosts: the database in one network namespace, a worker in another, and the cable between.

    duban-db  10.77.0.1 ──┐              ┌── 10.77.0.2  duban-far
                          └── a switch ──┘
                              duban-sw

A silent cut takes the worker's port out of the switch: both sides keep their carrier, and every
packet is lost without a word, as behind a firewall that has forgotten the connection.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa

from bench.reliability import invariants
from bench.reliability.lease import Scene, _done
from bench.reliability.processes import wait_until
from bench.reliability.server import Server
from bench.reliability.small import LATER, Town, on_postgresql
from ledger import sweeps
from ledger.changes import table
from ledger.database import connect
from models.escalation import Escalation
from tasks.sending import now

DB, FAR, SWITCH = "duban-db", "duban-far", "duban-sw"
HOST, GUEST = "10.77.0.1", "10.77.0.2"
CASES, BATCH = 4_000, 400
"""The far worker takes its rows in small batches: there are many instants to be cut off at."""
SHORT, LONG = 15, 100
"""Seconds a cut lasts: less than either side's patience (a minute), and more."""


def scenes(seed: int) -> Iterator[Scene]:
    """A cut that heals soon, and one that outlasts the patience of both sides."""
    inside = ("ip", "netns", "exec", DB)
    with _hosts(), on_postgresql(host=HOST, before=inside) as (town, server):
        town.take(CASES, seed)
        for days, seconds in enumerate((SHORT, LONG), start=1):
            yield _play(town, server, town.at + LATER * days, seconds)


@contextmanager
def _hosts() -> Iterator[None]:
    """The namespaces and their cable; nothing of it is left."""
    _clear()
    try:
        for name in (DB, FAR, SWITCH):
            _ip("netns", "add", name)
        _in(SWITCH, "link", "add", "br0", "type", "bridge")
        _in(SWITCH, "link", "set", "br0", "up")
        for name, address in ((DB, HOST), (FAR, GUEST)):
            _ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", "name",
                f"to-{name[6:]}", "netns", SWITCH)  # fmt: skip
            _in(SWITCH, "link", "set", f"to-{name[6:]}", "master", "br0", "up")
            _in(name, "addr", "add", f"{address}/24", "dev", "eth0")
            _in(name, "link", "set", "eth0", "up")
            _in(name, "link", "set", "lo", "up")
        yield
    finally:
        _clear()


def _clear() -> None:
    for name in (DB, FAR, SWITCH):
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, stderr=subprocess.DEVNULL)


def _in(namespace: str, *arguments: str) -> None:
    _ip("-n", namespace, *arguments)


def _cut() -> None:
    _in(SWITCH, "link", "set", "to-far", "nomaster")


def _heal() -> None:
    _in(SWITCH, "link", "set", "to-far", "master", "br0")


# -- what happens ------------------------------------------------------------------------------


@dataclass(slots=True)
class Held:
    """How long the server kept what the worker that was cut off had in hand."""

    since: float
    until: float | None = None


def _play(town: Town, server: Server, at: datetime, seconds: int) -> Scene:
    calm, over_wire = _undisturbed(town, server, at), server.url("duban")
    with server.connect("duban") as session:
        inside = ("ip", "netns", "exec", FAR)
        far = town.hand("sweep", at, "--batch", str(BATCH), url=over_wire, before=inside)
        wait_until("the far worker at work", lambda: _far(session), pause=0.005)
        _cut()
        held = Held(time.monotonic())
        near = town.hand("sweep", at, url=over_wire, before=("ip", "netns", "exec", DB)).said()
        left = _due(session, at)
        _watch(session, held, seconds)
        _heal()
        healed = time.monotonic()
        said = far.said()
        back = time.monotonic() - healed
    last = town.hand("sweep", at).said()
    wrongs = _wrongs(town, calm)
    when = f"{held.until - held.since:.0f} s after the cut" if held.until else "not before healed"
    return Scene(f"a cut of {seconds} s", [
        ("what the near worker did meanwhile", _done(near)),
        ("due cases it had to leave to the one cut off", f"{left:,}"),
        ("the server let go of its rows", when),
        ("what the far worker said", _done(said)),
        ("it ended", f"{back:.0f} s after the cable was mended"),
        ("left for one more sweep", _done(last)),
    ], wrongs)  # fmt: skip


def _far(session: psycopg.Connection[Any]) -> bool:
    """Whether the far worker is in the middle of a transaction that has taken rows."""
    query = (b"SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL "
             b"AND client_addr = %s::inet")  # fmt: skip
    return session.execute(query, [GUEST]).fetchone() is not None


def _watch(session: psycopg.Connection[Any], held: Held, seconds: int) -> None:
    """Until the cut has lasted so long; notes when the rows were let go."""
    while time.monotonic() < held.since + seconds:
        if held.until is None and not _far(session):
            held.until = time.monotonic()
        time.sleep(0.1)


def _due(session: psycopg.Connection[Any], at: datetime) -> int:
    row = session.execute(b"SELECT count(*) FROM case_ WHERE next_look_at <= %s", [at]).fetchone()
    return int(row[0]) if row else 0


# -- beside one that was never cut -------------------------------------------------------------


def _undisturbed(town: Town, server: Server, at: datetime) -> frozenset[Any]:
    """What the log holds where nobody was cut off: a copy, swept alone."""
    with server.connect("postgres") as session:
        session.execute(b"DROP DATABASE IF EXISTS calm")
        session.execute(b"CREATE DATABASE calm TEMPLATE duban")
    ledger = connect(town.url.replace("/duban?", "/calm?"))
    sweeps.follow_up(ledger, at)
    found = _log(ledger)
    ledger.engine.dispose()
    return found


def _log(ledger: Any) -> frozenset[Any]:
    log = table(Escalation)
    names = ("case_id", "epoch", "stage", "level", "rule", "planned_at", "outcome")
    with ledger.snapshot() as connection:
        rows = connection.execute(sa.select(*(log.c[name] for name in names)))
        return frozenset(tuple(row) for row in rows)


def _wrongs(town: Town, calm: frozenset[Any]) -> list[str]:
    ledger = town.ledger()
    wrongs = invariants.quick(ledger, invariants.Chains(), now()) + invariants.whole(ledger)
    found = _log(ledger)
    ledger.engine.dispose()
    wrongs += [f"lost {row}" for row in sorted(map(str, calm - found))]
    return wrongs + [f"beyond {row}" for row in sorted(map(str, found - calm))]
