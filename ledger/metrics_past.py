"""往次: how often each channel was tried and how long it took, also for rows that have gone.

What watches from outside takes a count that falls for one that began at zero again, and all of it
for new. So whoever removes attempts keeps what they told, in the same transaction.
"""

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import counters
from ledger.changes import table
from models.case import Counter as Kept
from models.delivery import Delivery, DeliveryOutcome

TIMES = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
"""Seconds: the upper edges by which times are counted. The longest is what a channel may take.
They are part of what is kept: with others it would no longer be known what was within them."""

_UNTIMED = len(TIMES) + 1
_PREFIX = "old:"
_SCHEME = 12
"""Letters of a channel's name, so that what is kept of it fits the name of a counter."""

tries = table(Delivery)

_OUTCOMES = {outcome.value: outcome for outcome in DeliveryOutcome}

Kind = tuple[str, DeliveryOutcome, int]
"""A channel, what came of it, and the place of its time among `TIMES`; one more for a longer one,
and yet one more where the channel was not asked."""


@dataclass(frozen=True)
class Attempts:
    """Attempts by kind, and the milliseconds they took by channel."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    took: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Attempts") -> "Attempts":
        """Both together."""
        return Attempts(self.kinds + other.kinds, self.took + other.took)

    def outcomes(self) -> Counter[tuple[str, DeliveryOutcome]]:
        """By channel and outcome."""
        found: Counter[tuple[str, DeliveryOutcome]] = Counter()
        for (channel, outcome, _), count in self.kinds.items():
            found[channel, outcome] += count
        return found

    def within(self, channel: str) -> list[int]:
        """How many of a channel took at most each of `TIMES`, and last any time at all."""
        timed: Counter[int] = Counter()
        for (name, _, place), count in self.kinds.items():
            if name == channel and place != _UNTIMED:
                timed[place] += count
        return [sum(timed[each] for each in range(up + 1)) for up in range(len(TIMES) + 1)]


def attempts_of(connection: Connection, *which: sa.ColumnElement[bool]) -> Attempts:
    """What the attempts of some rows were, as the rows tell."""
    channel, place = _scheme(connection), _place()
    # Whole numbers: a sum of fractions comes out less when it is taken in another order.
    took = sa.func.sum(sa.cast(tries.c.took * 1000, sa.Integer))
    query = (
        sa.select(channel, tries.c.outcome, place, sa.func.count(), took)
        .where(*which)
        .group_by(channel, tries.c.outcome, place)
    )
    found = Attempts()
    for scheme, outcome, at, count, milliseconds in connection.execute(query):
        found.kinds[scheme or "none", outcome, at] += count
        found.took[scheme or "none"] += milliseconds or 0
    return found


def keep(connection: Connection, *which: sa.ColumnElement[bool]) -> None:
    """Before some attempts are removed: add what they told to what is kept."""
    going = attempts_of(connection, *which)
    told = {f"{_PREFIX}{c}:{outcome}:{at}": n for (c, outcome, at), n in going.kinds.items()}
    told |= {f"{_PREFIX}{channel}": took for channel, took in going.took.items() if took}
    for name, count in sorted(told.items()):
        counters.keep(connection, name, counters.hold(connection, name) + count)


def kept(connection: Connection) -> Attempts:
    """What was told by the rows that have gone."""
    rows = table(Kept)
    query = sa.select(rows.c.name, rows.c.value).where(rows.c.name.startswith(_PREFIX))
    found = Attempts()
    for name, value in connection.execute(query):
        channel, _, rest = name.removeprefix(_PREFIX).partition(":")
        if not rest:
            found.took[channel] = value
            continue
        outcome, _, at = rest.partition(":")
        found.kinds[channel, _OUTCOMES[outcome], int(at)] = value
    return found


def _scheme(connection: Connection) -> sa.ColumnElement[str]:
    """The beginning of a channel's address: the database cuts it, for addresses are many."""
    address = tries.c.channel
    if connection.dialect.name == "postgresql":
        return sa.func.left(sa.func.split_part(address, ":", 1), _SCHEME)
    colon = sa.func.instr(address + ":", ":")
    return sa.func.substr(sa.func.substr(address, 1, colon - 1), 1, _SCHEME)


def _place() -> sa.ColumnElement[int]:
    took = tries.c.took
    edges = [(took <= edge, _number(at)) for at, edge in enumerate(TIMES)]
    return sa.case((took.is_(None), _number(_UNTIMED)), *edges, else_=_number(len(TIMES)))


def _number(value: int) -> sa.ColumnElement[int]:
    # Written into the statement: what it is grouped by must read the same twice.
    return sa.literal_column(str(value), sa.Integer)
