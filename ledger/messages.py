"""同发: which notices went in one message."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table
from models.delivery import Delivery

BESIDE = 2_000
"""Attempts of one message lie so close together: they are written as one."""

tries = table(Delivery)


def notices_of(connection: Connection, made: Iterable[Any]) -> dict[str, set[int]]:
    """The notices of each message of these attempts, which are found near to those known."""
    known = [(each.id, each.message) for each in made if each.message]
    names = {message for _, message in known}
    found: defaultdict[str, set[int]] = defaultdict(set)
    for start, end in _spans(sorted(each for each, _ in known)):
        query = sa.select(tries.c.message, tries.c.notice_id).where(tries.c.id.between(start, end))
        for row in connection.execute(query):
            if row.message in names:
                found[row.message].add(row.notice_id)
    return dict(found)


def _spans(ids: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches of attempts around these, laid together where they meet."""
    spans: list[tuple[int, int]] = []
    for each in ids:
        start, end = each - BESIDE, each + BESIDE
        if spans and start <= spans[-1][1]:
            start = spans.pop()[0]
        spans.append((start, end))
    return spans
