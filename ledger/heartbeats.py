"""心跳: each kind of round writes down that it went through, or that it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table, unless_there
from ledger.database import Ledger
from models.heartbeat import Heartbeat
from rules.heartbeat import kind

BLANK: Mapping[str, Any] = {
    "took": 0, "runs": 0, "seconds": 0, "last": {}, "done": {}, "failures": 0, "error": "",
}  # fmt: skip

beats = table(Heartbeat)


@dataclass(frozen=True, slots=True)
class Beat:
    """One kind of round; see `Heartbeat`."""

    name: str
    at: datetime | None
    took: float
    runs: int
    seconds: float
    last: Mapping[str, int]
    done: Mapping[str, int]
    failures: int
    failed_at: datetime | None
    error: str


def beat(
    ledger: Ledger,
    name: str,
    now: datetime,
    took: float,
    counts: Mapping[str, int],
    together: Sequence[str] = (),
) -> None:
    """A round has gone well at `now`, after `took` seconds.

    `together` are all the rounds that share its work, itself among them: they are waited for from
    now on, and those that shared it in another way are no more.
    """
    with ledger.transaction() as connection:
        _share(connection, together or [name], now)
        row = _held(connection, name)
        done = {word: row.done.get(word, 0) + counts.get(word, 0) for word in {*row.done, *counts}}
        connection.execute(
            sa.update(beats)
            .where(beats.c.name == name)
            .values(
                at=now, took=took, runs=row.runs + 1, seconds=row.seconds + took,
                last=dict(counts), done=done, failures=0, failed_at=None, error="",
            )
        )  # fmt: skip


def stumble(ledger: Ledger, name: str, now: datetime, error: str) -> None:
    """A round has failed at `now`."""
    with ledger.transaction() as connection:
        _begin(connection, name)
        row = _held(connection, name)
        connection.execute(
            sa.update(beats)
            .where(beats.c.name == name)
            .values(failures=row.failures + 1, failed_at=now, error=error[:300])
        )


def all_beats(connection: Connection) -> Sequence[Beat]:
    """Every kind of round that was ever run here."""
    return [Beat(**row) for row in connection.execute(sa.select(beats).order_by(beats.c.name))
            .mappings()]  # fmt: skip


def _share(connection: Connection, together: Sequence[str], now: datetime) -> None:
    """See that all who share a work are waited for, and nobody else.

    Rows are made in the order of their names, or two who begin at once would wait for each other.
    """
    known = dict(connection.execute(sa.select(beats.c.name, beats.c.at)).tuples().all())
    of_old = [name for name in known if kind(name) == kind(together[0]) and name not in together]
    if of_old:
        connection.execute(sa.delete(beats).where(beats.c.name.in_(of_old)))
    for name in sorted({*together} - known.keys()):
        _begin(connection, name, at=now)
    if any(name in known and known[name] is None for name in together):
        never = beats.c.name.in_(together), beats.c.at.is_(None)
        connection.execute(sa.update(beats).where(*never).values(at=now))


def _begin(connection: Connection, name: str, **more: Any) -> None:
    connection.execute(unless_there(connection, beats).values(name=name, **BLANK, **more))


def _held(connection: Connection, name: str) -> Any:
    """The row of a round, held until the transaction ends."""
    query = sa.select(beats).where(beats.c.name == name).with_for_update()
    return connection.execute(query).one()
