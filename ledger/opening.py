"""开案: the row of a new case, and the counters that number it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ledger.changes import CaseState, table
from models.case import Counter, Status
from rules.duplicates import place_key

_BLANK: Mapping[str, Any] = dict.fromkeys(
    (
        "limit_source", "step_due_at", "dispatched_at", "clock_from", "due_at", "submitted_at",
        "late", "closed_at", "resumes_at", "look_back_from", "look_back_due_at", "inspector_id",
        "raised_at", "split_from", "recurrence_of", "next_look_at",
    )
) | {
    "limit": "", "provisional": False, "exempt": False, "verified_by": "", "raised": 0,
    "returns": 0, "reworks": 0, "extensions": 0, "suspensions": 0, "appeals": 0, "relapses": 0,
    "look_backs": 0, "records": 0, "head": "", "reports": 1, "severity": "", "version": 0,
    "epoch": 0, "turn": 0, "area_id": None, "category_code": None,
}  # fmt: skip


class Numbers:
    """The next ids and numbers of cases, held by this transaction.

    Holding the counters' rows orders everything that opens cases. They are held before any
    case is: whoever holds them in the other order could wait for the other for ever.
    """

    def __init__(self, connection: Connection, year: int) -> None:
        self._connection, self._year = connection, year
        self._series = f"number:{year}"
        self.id = hold_counter(connection, "case")
        self.serial = hold_counter(connection, self._series)

    def take(self) -> dict[str, Any]:
        """The id and the number of one more case."""
        self.id, self.serial = self.id + 1, self.serial + 1
        return {"id": self.id, "number": f"{self._year}-{self.serial:06d}"}

    def keep(self) -> None:
        """Write how far the counters have come."""
        set_counter(self._connection, "case", self.id)
        set_counter(self._connection, self._series, self.serial)


def new_case(
    numbers: Numbers, place: str, problem: str, policy_id: int, at: datetime, **more: Any
) -> CaseState:
    """A case reported at `at`, not yet filed."""
    row = {
        **_BLANK, **numbers.take(), "status": Status.REPORTED, "place": place,
        "place_key": place_key(place), "problem": problem, "policy_id": policy_id,
        "reported_at": at, "since": at, "looked_until": at,
    }  # fmt: skip
    return CaseState(row | more, new=True)


def hold_counter(connection: Connection, name: str) -> int:
    """The last value of a counter, held until the transaction ends."""
    counters = table(Counter)
    query = sa.select(counters.c.value).where(counters.c.name == name).with_for_update()
    value = connection.execute(query).scalar_one_or_none()
    if value is not None:
        return int(value)
    # Two who are first at once: one inserts, the other waits for it and then reads.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(counters).values(name=name, value=0).on_conflict_do_nothing())
    return int(connection.execute(query).scalar_one())


def set_counter(connection: Connection, name: str, value: int) -> None:
    """Write a counter that is held."""
    counters = table(Counter)
    connection.execute(sa.update(counters).where(counters.c.name == name).values(value=value))
