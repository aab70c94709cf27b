"""Samples of a running city, and what they say together: what grows, and what comes late."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.compressed import City
from bench.reliability.processes import descendants
from duban.session import now
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import is_open
from models.case import Case
from models.escalation import Escalation
from models.notice import Notice, NoticeState

LATE = timedelta(minutes=2)
WHOLE = ("prefect server",)
"""Programs whose children live as long as they: counted with them."""
KINDS = ("rss", "handles", "threads")

Sample = dict[str, Any]

cases, log, notices = table(Case), table(Escalation), table(Notice)


def sample(city: City, ledger: Ledger, began: float, done: dict[str, int]) -> Sample:
    """How everything is at this instant; megabytes, counts, and seconds since the beginning."""
    found: Sample = {"seconds": round(time.monotonic() - began, 1), "done": done,
                     "load": Path("/proc/loadavg").read_text().split()[0]}  # fmt: skip
    found["processes"] = {
        name: _process([unit.pid, *(descendants(unit.pid) if name in WHOLE else [])])
        for name, unit in city.units.items() if unit.pid
    }  # fmt: skip
    with ledger.snapshot() as connection:
        found |= _ledger(connection)
        if ledger.postgresql:
            found |= _server(connection)
    return found


def _process(pids: Sequence[int]) -> dict[str, float]:
    found = dict.fromkeys(KINDS, 0.0)
    for pid in pids:
        with suppress(OSError, IndexError):  # it has ended meanwhile
            status = Path(f"/proc/{pid}/status").read_text()
            found["rss"] += int(status.partition("VmRSS:")[2].split()[0]) / 1024
            found["threads"] += int(status.partition("Threads:")[2].split()[0])
            found["handles"] += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return {kind: round(value, 1) for kind, value in found.items()}


def _ledger(connection: Connection) -> Sample:
    """What is open, what waits, and for how long the look that should have come first has."""
    at = now()
    first = connection.execute(sa.select(sa.func.min(cases.c.next_look_at))).scalar()
    waiting = notices.c.state.in_((NoticeState.OWED, NoticeState.SENDING))
    count = sa.select(sa.func.count())
    return {
        "open": connection.execute(count.where(is_open)).scalar_one(),
        "waiting": connection.execute(count.where(waiting)).scalar_one(),
        "overdue": round(max((at - first).total_seconds(), 0.0), 1) if first else 0.0,
    }


def _server(connection: Connection) -> Sample:
    ask = connection.exec_driver_sql
    return {
        "connections": ask("SELECT count(*) FROM pg_stat_activity "
                           "WHERE datname IS NOT NULL").scalar_one(),
        "ledger": round(ask("SELECT pg_database_size('duban')").scalar_one() / 1e6, 1),
        "prefect": round(ask("SELECT pg_database_size('prefect')").scalar_one() / 1e6, 1),
        "wal": round(float(ask("SELECT sum(size) FROM pg_ls_waldir()").scalar_one()) / 1e6, 1),
    }  # fmt: skip


def looks(ledger: Ledger) -> dict[str, float]:
    """From the escalation log: how many looks, how late the latest, how many too late."""
    with ledger.snapshot() as connection:
        rows = connection.execute(sa.select(log.c.at, log.c.planned_at)).all()
        sent = sa.select(notices.c.state, sa.func.count()).group_by(notices.c.state)
        states = dict(connection.execute(sent).tuples().all())
    waits = [row.at - row.planned_at for row in rows]
    return {
        "looks": len(waits),
        "latest": max((wait.total_seconds() for wait in waits), default=0.0),
        "late": sum(wait > LATE for wait in waits),
        **{f"notices {state.value}": count for state, count in states.items()},
    }


def slope(points: Iterable[tuple[float, float]]) -> float:
    """What grows in an hour, by least squares over (seconds, value); 0 for less than two."""
    found = list(points)
    if len(found) < 2:
        return 0.0
    times, values = [x for x, _ in found], [y for _, y in found]
    mean, middle = fmean(times), fmean(values)
    spread = sum((x - mean) ** 2 for x in times)
    together = sum((x - mean) * (y - middle) for x, y in found)
    return together / spread * 3600 if spread else 0.0
