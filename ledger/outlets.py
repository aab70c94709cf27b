"""出口: the channels of people, sealed, and the outlets they go through."""

from collections import Counter
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.database import Ledger
from models.delivery import DeliveryOutcome
from models.outlet import Outlet
from models.person import Channel, Way
from rules import pace
from rules.pace import Tap


def channel_row(person_id: int, position: int, way: Way) -> dict[str, Any]:
    """A new channel of a person."""
    return {
        "person_id": person_id, "position": position, "delay": 0, "active": True, **kept(way)
    }  # fmt: skip


def kept(way: Way) -> dict[str, Any]:
    """What a channel keeps of an address."""
    return {"url": way.url, "shown": way.shown, "outlet": way.outlet}


def keep(connection: Connection, ways: Iterable[Way]) -> None:
    """Write the outlets of addresses that are saved: their names and rates as of now.

    Whoever saves an address has seen to it: an outlet that was left in peace is tried at once.
    """
    of = table(Outlet)
    rows = {way.outlet: _outlet_row(way) for way in ways if way.outlet}
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(of)
    renewed = ("shown", "per_minute", "burst", "failures", "closed_until")
    statement = statement.on_conflict_do_update(
        index_elements=[of.c.digest], set_={name: statement.excluded[name] for name in renewed}
    )
    # In one order for all, so that two who save do not wait for each other.
    connection.execute(statement, [rows[digest] for digest in sorted(rows)])


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def _outlet_row(way: Way) -> dict[str, Any]:
    return {
        "digest": way.outlet, "shown": way.outlet_shown, "per_minute": way.per_minute,
        "burst": way.burst, "tokens": float(way.burst), "filled_at": _LONG_AGO, "failures": 0,
        "closed_until": None, "answer": "",
    }  # fmt: skip


def seal_all(ledger: Ledger, way: Callable[[str], Way]) -> int:
    """Seal what lies there as it was written; gives how many addresses that were.

    Addresses from before there was a vault have no mask yet.
    """
    rows = table(Channel)
    plain = sa.select(rows.c.id, rows.c.url).where(rows.c.shown == "")
    with ledger.snapshot() as connection:
        found = connection.execute(plain).all()
    if not found:
        return 0
    ways = [way(row.url) for row in found]
    with ledger.transaction() as connection:
        for row, sealed in zip(found, ways, strict=True):
            mine = sa.and_(rows.c.id == row.id, rows.c.url == row.url)
            connection.execute(sa.update(rows).where(mine).values(**kept(sealed)))
        keep(connection, ways)
    return len(found)


# -- admitting ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whether a message may go through an outlet: at once, or in `wait`."""

    wait: timedelta = timedelta(0)
    probe: bool = False
    """It is let through to see whether the outlet works again."""


class Gates:
    """The outlets of one claim: those with a limit or in trouble, held until it ends.

    What they admit is written by `close`; until then nobody else admits anything to them.
    """

    def __init__(self, connection: Connection, digests: Iterable[str], now: datetime) -> None:
        of = table(Outlet)
        self._connection, self._now = connection, now
        limited = sa.or_(
            of.c.per_minute > 0, of.c.failures >= pace.FAILURES, of.c.closed_until.is_not(None)
        )
        found = _held(connection, digests, limited)
        self._before = {row.digest: _tap(row) for row in found}
        self._taps = dict(self._before)

    def rest(self, digest: str) -> timedelta:
        """How long nothing may go through an outlet."""
        tap = self._taps.get(digest)
        return pace.shut(tap, self._now) if tap else timedelta(0)

    def side_by_side(self, digest: str) -> int:
        """How many messages may be under way through it at once."""
        tap = self._taps.get(digest)
        return pace.side_by_side(tap.per_minute if tap else 0)

    def admit(self, digest: str, booked: MutableMapping[str, int]) -> Admitted:
        """One more message. `booked` counts, by outlet, those that were put off already."""
        tap = self._taps.get(digest)
        if tap is None:
            return Admitted()
        found = pace.admit(tap, self._now, booked.get(digest, 0))
        self._taps[digest] = found.tap
        if found.wait:
            booked[digest] = booked.get(digest, 0) + 1
        return Admitted(found.wait, found.probe)

    def close(self) -> None:
        """Write what was taken."""
        taken = {d: tap for d, tap in self._taps.items() if tap != self._before[d]}
        _write(self._connection, taken)


# -- what came back ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """What one message through an outlet came to."""

    digest: str
    outcome: DeliveryOutcome
    answer: str
    probe: bool = False
    again: timedelta | None = None


def settle(connection: Connection, reports: Sequence[Report], now: datetime) -> None:
    """Write what came back to the outlets, in the order in which it came."""
    found = {row.digest: _tap(row) for row in _held(connection, {r.digest for r in reports})}
    answers = {}
    for report in reports:
        if report.digest not in found:
            continue
        found[report.digest] = pace.settled(
            found[report.digest], report.outcome, now, probe=report.probe, again=report.again
        )
        answers[report.digest] = report.answer
    _write(connection, found, answers)


def _held(
    connection: Connection, digests: Iterable[str], *conditions: sa.ColumnElement[bool]
) -> Sequence[Any]:
    """Outlets held for this transaction, in one order for all who hold any."""
    of = table(Outlet)
    query = sa.select(of).where(of.c.digest.in_(set(digests) - {""}), *conditions)
    return connection.execute(query.order_by(of.c.digest).with_for_update()).all()


_NAMES = tuple(field.name for field in fields(Tap))


def _tap(row: Any) -> Tap:
    return Tap(**{name: getattr(row, name) for name in _NAMES})


_CHANGED = tuple(name for name in _NAMES if name not in ("per_minute", "burst"))


def _write(
    connection: Connection, taps: MutableMapping[str, Tap], answers: dict[str, str] | None = None
) -> None:
    if not taps:
        return
    of = table(Outlet)
    names = (*_CHANGED, *(["answer"] if answers is not None else []))
    statement = (
        sa.update(of)
        .where(of.c.digest == sa.bindparam("of"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    rows = []
    for digest, tap in taps.items():
        values = asdict(tap) | {"answer": (answers or {}).get(digest, "")}
        rows.append({"of": digest} | {f"new_{name}": values[name] for name in names})
    connection.execute(statement, rows)


# -- what the supervisors see ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutletLine:
    """One outlet, how it stands and who is reached through it."""

    shown: str
    per_minute: int
    failures: int
    shut_until: datetime | None
    """Nothing goes through it before that."""
    failing_since: datetime | None
    good_at: datetime | None
    answer: str
    people: int


def lines(ledger: Ledger, now: datetime, *, failing: bool = False) -> list[OutletLine]:
    """All outlets, or those that fail, by name."""
    of, channels = table(Outlet), table(Channel)
    people = sa.func.count(channels.c.person_id.distinct()).label("people")
    query = (
        sa.select(of, people)
        .join(channels, channels.c.outlet == of.c.digest, isouter=True)
        .group_by(of.c.id)
        .order_by(of.c.shown, of.c.id)
    )
    if failing:
        query = query.where(of.c.failing_since.is_not(None))
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    return [
        OutletLine(
            row.shown, row.per_minute, row.failures,
            row.closed_until if pace.shut(_tap(row), now) else None,
            row.failing_since, row.good_at, row.answer, row.people,
        )
        for row in found
    ]  # fmt: skip


Booked = Counter[str]
"""By outlet, how many messages one run has put off already."""
