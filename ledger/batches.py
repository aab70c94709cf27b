"""成批: cases in batches until none is left; one that cannot be judged stops no other.

A batch is one transaction. Should it fail for what is no trouble of the database, it is cut in
halves until the case is alone that made it fail; that one is set aside, and all others are done.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import setting_aside
from ledger.changes import table
from ledger.database import DatabaseTrouble, Ledger
from ledger.reference import Reference, current
from models.case import Case

_log = logging.getLogger("duban.batches")

Counts = Counter[str]
"""How many of each thing was done."""
Judge = Callable[[Connection, Reference, Sequence[Mapping[Any, Any]], datetime, Counts], None]

TOO_MANY = 50
"""So many set aside in one go are no matter of single cases: it gives up and says why."""


class Unread(Exception):  # noqa: N818 - it only passes on what went wrong
    """The reference data cannot be read, which is no fault of any case."""


@dataclass
class Work:
    """What is to be done with cases as of `at`. A case set aside is said to wait for `name`."""

    ledger: Ledger
    name: str
    judge: Judge
    at: datetime
    batch: int
    reference: Reference | None = None
    aside: int = 0
    """How many have been set aside."""

    @property
    def hopeless(self) -> bool:
        """Whether so many failed that the fault cannot lie with them."""
        return self.aside >= TOO_MANY

    def until_none_left(self, claim: sa.Select[Any]) -> Counts:
        """What `claim` finds, batch by batch; counts what was done, and the cases set `aside`.

        Raises what made so many cases fail that the fault cannot lie with them.
        """
        counts: Counts = Counter()
        free = claim.where(setting_aside.free(self.name, self.at)).limit(self.batch)
        while True:
            try:
                found = self._take(free)
            except (DatabaseTrouble, Unread):
                raise
            except Exception as error:
                found = self._halves(claim, self._ids(free), error)
                if self.hopeless:
                    raise
            if found is None:
                return counts
            counts += found

    def _take(self, claim: sa.Select[Any]) -> Counts | None:
        """One batch in one transaction; None when there is none."""
        done: Counts = Counter()
        with self.ledger.transaction() as connection:
            rows = connection.execute(claim).mappings().all()
            if not rows:
                return None
            # Only now that the rows are held: see there.
            self.reference = _current(connection, self.reference)
            self.judge(connection, self.reference, rows, self.at, done)
            setting_aside.forget(connection, [row["id"] for row in rows], self.name)
        return done

    def _ids(self, claim: sa.Select[Any]) -> list[int]:
        with self.ledger.transaction() as connection:
            return list(connection.execute(claim.with_only_columns(_ID)).scalars())

    def _halves(self, claim: sa.Select[Any], ids: Sequence[int], error: Exception) -> Counts:
        """Do what can be done of a batch that failed with `error`."""
        if len(ids) == 1:
            self._set_aside(ids[0], error)
            return Counter(aside=1)
        counts: Counts = Counter()
        if not ids:  # another hand has taken them meanwhile
            return counts
        middle = len(ids) // 2
        for half in (ids[:middle], ids[middle:]):
            try:
                counts += self._take(claim.where(_ID.in_(half))) or Counter()
            except (DatabaseTrouble, Unread):
                raise
            except Exception as its_own:
                counts += self._halves(claim, half, its_own)
                if self.hopeless:
                    return counts
        return counts

    def _set_aside(self, case_id: int, error: Exception) -> None:
        self.aside += 1
        with self.ledger.transaction() as connection:
            setting_aside.add(connection, case_id, self.name, error, self.at)
            number = connection.execute(_NUMBER.where(_ID.in_([case_id]))).scalar()
        said = {"case": number, "work": self.name}
        _log.error("a case could not be judged and is set aside", extra=said, exc_info=error)


_ID = table(Case).c.id
_NUMBER = sa.select(table(Case).c.number)


def _current(connection: Connection, known: Reference | None) -> Reference:
    try:
        return current(connection, known)
    except DatabaseTrouble:
        raise
    except Exception as error:
        raise Unread(f"{type(error).__name__}: {error}") from error
