"""去路: by which channel, and so through which outlet, a waiting notice goes next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.choosing import attempt_of, channels_of, next_choice, path_of
from models.outlet import Outlet
from rules import pace
from rules.pace import Tap

_TAP = (
    "per_minute", "burst", "tokens", "filled_at", "failures", "closed_until", "tried_at",
    "good_at", "failing_since",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exit:
    """An outlet as of an instant: its pace, its tokens, and until when nothing goes through it."""

    id: int
    digest: str
    shown: str
    answer: str
    tap: Tap
    shut_until: datetime | None


@dataclass(frozen=True, slots=True)
class NextWay:
    """The channel a notice goes by next, masked, and its outlet where that is known."""

    channel: str
    outlet: Exit | None


def next_of(
    connection: Connection, rows: Sequence[Any], tries: Mapping[int, Sequence[Any]], at: datetime
) -> dict[int, NextWay]:
    """For each waiting notice that has a channel left as of `at`, the way it goes next."""
    if not rows:
        return {}
    channels = channels_of(connection, [row.person_id for row in rows])
    exits = exits_of(connection, at, {c.outlet for mine in channels.values() for c in mine})
    found: dict[int, NextWay] = {}
    for row in rows:
        mine = channels[row.person_id]
        paths = [path_of(channel, _rest(exits.get(channel.outlet), at)) for channel in mine]
        made = [attempt_of(each) for each in tries.get(row.id, ())]
        choice = next_choice(paths, row._mapping, made, at)
        if choice is not None:
            way = mine[choice.position]
            found[row.id] = NextWay(way.shown, exits.get(way.outlet))
    return found


def exits_of(
    connection: Connection, at: datetime, digests: Collection[str] | None = None
) -> dict[str, Exit]:
    """The outlets by their digests: all of them, or those."""
    rows = table(Outlet)
    query = sa.select(rows).order_by(rows.c.id)
    if digests is not None:
        query = query.where(among(connection, rows.c.digest, sorted(digests)))
    return {row.digest: _exit(row, at) for row in connection.execute(query)}


def _exit(row: Any, at: datetime) -> Exit:
    tap = pace.filled(Tap(**{name: getattr(row, name) for name in _TAP}), at)
    shut = pace.shut(tap, at)
    return Exit(row.id, row.digest, row.shown, row.answer, tap, at + shut if shut else None)


def _rest(outlet: Exit | None, at: datetime) -> timedelta:
    return outlet.shut_until - at if outlet and outlet.shut_until else timedelta(0)
