"""疑似重复与反弹: pairs of cases that a supervisor should look at side by side.

What is surely the same the engine has joined already. Looked at is what came in lately: the
newest `RECENT` cases, whoever handed them in. Whoever finds that a pair is no pair says so in
the record of the case, in the words given here, and it is not shown again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from ledger.scope import is_open
from ledger.sieve import seen_among
from models.case import Case
from models.record import Record
from models.verb import Verb
from rules.lifecycle import OPEN_STATUSES
from rules.permission import Viewer

RECENT = 5_000
MOST = 50

cases = table(Case)
_other = cases.alias("other")


class Suspicion(StrEnum):
    """Whether two open cases look like one, or an open one like a closed one come back."""

    DUPLICATE = "duplicate"
    RELAPSE = "relapse"


@dataclass(frozen=True, slots=True)
class Pair:
    """A case and the older one it looks like."""

    what: Suspicion
    case_id: int
    other_id: int


def said_apart(number: str) -> str:
    """What a supervisor writes into a case that is not the same as case `number`."""
    return f"经核对，与 {number} 不是同一问题。"


def said_known(number: str) -> str:
    """What a supervisor writes into a relapse of case `number` that they have taken note of."""
    return f"经核对，{number} 的反弹已知悉。"


_APART = ("经核对，与 ", " 不是同一问题。")
_KNOWN = ("经核对，", " 的反弹已知悉。")


def pairs(connection: Connection, viewer: Viewer) -> list[Pair]:
    """Up to `MOST` pairs within the viewer's scope, the newest first."""
    recent = [cases.c.id > newest(connection) - RECENT, is_open]
    found = [
        *(Pair(Suspicion.DUPLICATE, *row) for row in connection.execute(_alike(recent))),
        *(Pair(Suspicion.RELAPSE, *row) for row in connection.execute(_back(recent))),
    ]
    # A pair of which one case is out of scope does not exist either.
    ids = {case for pair in found for case in (pair.case_id, pair.other_id)}
    seen = seen_among(connection, viewer, ids)
    mine = [pair for pair in found if {pair.case_id, pair.other_id} <= seen]
    return sorted(mine, key=lambda pair: -pair.case_id)[:MOST]


def newest(connection: Connection) -> int:
    """The highest id of a case."""
    return int(connection.execute(sa.select(sa.func.max(cases.c.id))).scalar() or 0)


def _alike(recent: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """At the same place and of the same category, both open; told in other words."""
    same = sa.and_(
        _other.c.place_key == cases.c.place_key,
        _other.c.category_code == cases.c.category_code,
        _other.c.id < cases.c.id,
        _other.c.status.in_(sorted(OPEN_STATUSES)),
    )
    query = sa.select(cases.c.id, sa.func.max(_other.c.id)).join(_other, same)
    mine = query.where(*recent, cases.c.place_key != "", ~_noted(_APART))
    return mine.group_by(cases.c.id).order_by(cases.c.id.desc()).limit(RECENT)


def _back(recent: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """The same thing again after it was closed."""
    query = sa.select(cases.c.id, _other.c.id).join(_other, _other.c.id == cases.c.recurrence_of)
    mine = query.where(*recent, ~_noted(_KNOWN))
    return mine.order_by(cases.c.id.desc()).limit(RECENT)


def _noted(words: tuple[str, str]) -> sa.ColumnElement[bool]:
    """Whether somebody has said of this pair that nothing is to be done."""
    records = table(Record)
    said = sa.literal(words[0]) + _other.c.number + sa.literal(words[1])
    return sa.exists().where(
        records.c.case_id == cases.c.id, records.c.verb == Verb.NOTE.value, records.c.words == said
    )
