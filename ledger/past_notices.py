"""往来存档的查阅: what was sent about cases closed long ago, in the form of the outbox.

A row reads like a notice; its attempts lie in it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from models.delivery import Delivery, DeliveryOutcome
from models.past_notice import PastNotice

CHUNK = 500

past = table(PastNotice)
_COLUMNS = frozenset(table(Delivery).columns.keys())


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """One attempt as it was: the columns of `Delivery`, and how many notices went `together`."""

    id: int
    notice_id: int
    attempt: int
    position: int | None
    channel: str
    at: datetime
    outcome: DeliveryOutcome
    answer: str
    receipt: str
    message: str
    took: float | None = None
    together: int = 0


def attempts_of(row: Any) -> list[PastAttempt]:
    """The attempts at one notice of the archive, in their order."""
    return [_attempt(said) for said in row.deliveries]


def _attempt(said: dict[str, Any]) -> PastAttempt:
    known = {name: value for name, value in said.items() if name in _COLUMNS or name == "together"}
    known["at"] = datetime.fromisoformat(said["at"])
    known["outcome"] = _OUTCOMES[said["outcome"]]
    return PastAttempt(**known)


_OUTCOMES = {outcome.value: outcome for outcome in DeliveryOutcome}


def says(name: str, value: str, *, whole: bool = True) -> sa.ColumnElement[bool]:
    """Whether an attempt says this of itself, or begins to; as JSON is written by the ledger.

    Inside a text every quotation mark is escaped: nothing that somebody wrote is taken for it.
    """
    said = f'"{name}": {json.dumps(value)[: None if whole else -1]}'
    return sa.cast(past.c.deliveries, sa.Text).contains(said, autoescape=True)


def is_past(row: Any) -> bool:
    """Whether a row of a notice comes from the archive."""
    return hasattr(row, "deliveries")


def by_key(connection: Connection, keys: Iterable[str]) -> dict[str, Any]:
    """The notices of the archive under these keys."""
    wanted, found = list(keys), dict[str, Any]()
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(past).where(past.c.key.in_(wanted[start : start + CHUNK]))
        found |= {row.key: row for row in connection.execute(query)}
    return found


def within(connection: Connection, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether a row of the archive has one of these ids.

    The year comes first in its key: with all of them said, the key is used.
    """
    return sa.and_(past.c.year.in_(_years(connection)), among(connection, past.c.id, ids))


def _years(connection: Connection) -> list[int]:
    """The years there are: one look into the index for each."""
    found: list[int] = []
    while True:
        query = sa.select(past.c.year).order_by(past.c.year).limit(1)
        if found:
            query = query.where(past.c.year > found[-1])
        year = connection.execute(query).scalar()
        if year is None:
            return found
        found.append(year)
