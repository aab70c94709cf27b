"""开案: the row of a new case, and the counters that number it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from ledger.changes import CaseState
from ledger.counters import hold, keep
from models.case import Status
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
    "epoch": 0, "turn": 0, "area_id": None, "category_code": None, "lat": None, "lon": None,
}  # fmt: skip


class Numbers:
    """The next ids and numbers of cases, held by this transaction.

    Holding the counters' rows orders everything that opens cases. They are held before any
    case is: whoever holds them in the other order could wait for the other for ever.
    """

    def __init__(self, connection: Connection, year: int) -> None:
        self._connection, self._year = connection, year
        self._series = f"number:{year}"
        self.id = hold(connection, "case")
        self.serial = hold(connection, self._series)

    def take(self) -> dict[str, Any]:
        """The id and the number of one more case."""
        self.id, self.serial = self.id + 1, self.serial + 1
        return {"id": self.id, "number": f"{self._year}-{self.serial:06d}"}

    def keep(self) -> None:
        """Write how far the counters have come."""
        keep(self._connection, "case", self.id)
        keep(self._connection, self._series, self.serial)


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
