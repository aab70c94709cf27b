"""A paused process: it holds a hand of notices, or a transaction, sleeps past the end of it, and
wakes to find that others have done its work.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from bench import owing
from bench.reliability import arrivals, invariants
from bench.reliability.arrivals import Arrivals
from bench.reliability.processes import wait_until
from bench.reliability.server import Server
from bench.reliability.small import LATER, Hand, Town, on_postgresql
from tasks import keys, sending
from tasks.sending import now

MINUTE = timedelta(minutes=1)
LEASE = 4.0
"""Seconds instead of ten minutes; in the processes of the scene, not in the product."""
CASES = 2_000


@dataclass(frozen=True, slots=True)
class Scene:
    """What came of it."""

    name: str
    told: list[tuple[str, str]]
    wrongs: list[str]


def scenes(seed: int) -> Iterator[Scene]:
    """Both of them, on one town."""
    with on_postgresql(wait=0.05) as (town, server):
        town.take(CASES, seed)
        yield _sweeper(town, server, town.at + LATER)
        yield _sender(town, town.at + LATER)


def _paused(hand: Hand, until: Callable[[], object], seconds: float) -> None:
    """Stop it in the middle of its work, for so long."""
    wait_until("the hand at work", until, pause=0.01)
    os.kill(hand.process.pid, signal.SIGSTOP)
    time.sleep(seconds)


def _wake(hand: Hand) -> list[dict[str, Any]]:
    os.kill(hand.process.pid, signal.SIGCONT)
    return hand.said()


def _sender(town: Town, at: datetime) -> Scene:
    """It has claimed a hand, has sent some of it, and sleeps past its lease."""
    ledger = town.ledger()
    owed = invariants.states(ledger)["owed"]
    first = town.hand("deliver", at, "--lease", str(LEASE))
    _paused(first, lambda: town.taken.exists() and town.taken.stat().st_size > 0, LEASE + 1)
    held = invariants.states(ledger)["sending"]
    second = town.hand("deliver", at).said()
    between = invariants.states(ledger)
    woken = _wake(first)
    _run_out(town, at)
    seen = Arrivals(town.taken)
    compared = arrivals.compare(ledger, seen)
    wrongs = invariants.quick(ledger, invariants.Chains(), now()) + invariants.whole(ledger)
    wrongs += [f"lost {key}" for key in compared.lost]
    wrongs += [f"doubled unsaid {key}" for key in compared.doubled_unsaid]
    wrongs += [f"beyond {key}" for key in compared.beyond]
    ledger.engine.dispose()
    return Scene("paused while it sends", [
        ("notices owed", f"{owed:,}"),
        ("in its hand when it fell asleep", f"{held:,}"),
        ("what the other did meanwhile", _done(second)),
        ("left in the sleeper's hand then", str(between["sending"])),
        ("what it said when it woke", _done(woken)),
        ("messages taken", f"{seen.total:,}, of which {seen.marked.total():,} said they may be "
                           "second ones"),
        ("lost", str(len(compared.lost))),
        ("doubled unsaid", str(len(compared.doubled_unsaid))),
    ], wrongs)  # fmt: skip


def _sweeper(town: Town, server: Server, at: datetime) -> Scene:
    """It holds due cases in a transaction, and sleeps until the server ends its session."""
    ledger = town.ledger()
    first = town.hand("sweep", at, "--idle", str(LEASE), "--batch", "1000")
    with server.connect("duban") as session:
        _paused(first, lambda: _writing(session), 0)
        before = time.monotonic()
        second = town.hand("sweep", at).said()
        left = _due(session, at)
        ended = _ended(session, before + 5 * LEASE)
        held = time.monotonic() - before
    third = town.hand("sweep", at).said()
    woken = _wake(first)
    wrongs = invariants.quick(ledger, invariants.Chains(), now()) + invariants.whole(ledger)
    ledger.engine.dispose()
    return Scene("paused while it sweeps", [
        ("what the other did meanwhile", _done(second)),
        ("due cases it had to leave", f"{left:,}"),
        ("its rows were free again", f"after {held:.0f} s" if ended else "when it woke"),
        ("what the other did then", _done(third)),
        ("what it said when it woke", _done(woken)),
    ], wrongs)  # fmt: skip


def _ended(session: psycopg.Connection[Any], by: float) -> bool:
    """Whether the server ends the sleeper's session in time.

    It does where the sleeper owes it a command. Asleep in the middle of one (it sends the rows of a
    COPY), it is not idle as the server sees it, and keeps its rows until it wakes.
    """
    while time.monotonic() < by:
        if not _writing(session):
            return True
        time.sleep(0.1)
    return False


def _writing(session: psycopg.Connection[Any]) -> bool:
    query = b"SELECT 1 FROM pg_stat_activity WHERE datname = 'duban' AND backend_xid IS NOT NULL"
    return session.execute(query).fetchone() is not None


def _due(session: psycopg.Connection[Any], at: datetime) -> int:
    row = session.execute(b"SELECT count(*) FROM case_ WHERE next_look_at <= %s", [at]).fetchone()
    return int(row[0]) if row else 0


def _run_out(town: Town, at: datetime) -> None:
    ledger, vault = town.ledger(), keys.vault(town.home)
    for _ in range(300):
        sending.deliver(ledger, at, town.home / "messages", vault=vault)
        due = owing.next_due(town.url)
        if due is None:
            break
        at = max(at + MINUTE, due)
    ledger.engine.dispose()


def _done(lines: list[dict[str, Any]]) -> str:
    """What a hand said, in a line; the same trouble again and again is said once."""
    troubles = [line["trouble"] for line in lines if "trouble" in line]
    said = [f"{len(troubles)} × “{_short(troubles[0])}”"] if troubles else []
    said += [_short(line["crash"]) for line in lines if "crash" in line]
    done = [line["done"] for line in lines if "done" in line]
    said += [", ".join(f"{n:,} {what}" for what, n in counts.items()) or "nothing to do"
             for counts in done]  # fmt: skip
    return "; then ".join(said)


def _short(trouble: str) -> str:
    """Without the address of the database, which stands in every one."""
    return re.sub(r"(postgresql|sqlite)[\w+]*:\S+", "…", trouble)[:150]
