"""往事: how a case stood at any moment, told from its records alone.

Every record holds under "now" the facts that changed with it. Put one upon the other, up to an
instant, they are the case as it was then; and as records are chained, nobody can have changed
that afterwards.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from models.case import LimitSource

INSTANTS = (
    "since", "step_due_at", "clock_from", "due_at", "submitted_at", "closed_at", "resumes_at",
    "raised_at", "look_back_from", "look_back_due_at",
)  # fmt: skip

BLANK: Mapping[str, Any] = dict.fromkeys(
    (*INSTANTS, "late", "limit_source", "category_code", "policy_id", "inspector_id")
) | {
    "limit": "", "provisional": False, "exempt": False, "epoch": 0, "turn": 0, "extensions": 0,
    "raised": 0, "look_backs": 0,
}  # fmt: skip
"""The facts that records tell, as they are before the first one: enough to say how the clocks
of a case stood. The status is a column of the record itself."""


class Told(Protocol):
    """What is needed of a record."""

    @property
    def at(self) -> datetime: ...
    @property
    def status(self) -> Any: ...
    @property
    def data(self) -> str: ...


def written(value: Any) -> Any:
    """A fact as it stands in a record: instants in UTC with six decimals."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).replace(tzinfo=None)
        return utc.isoformat(timespec="microseconds") + "Z"
    return value


RecordLike = TypeVar("RecordLike", bound=Told)


def remembers(records: Sequence[Told]) -> bool:
    """Whether the records of a case tell its facts from the first one on.

    Those written before records held them do not: of such a case only its row tells how it
    stands, and of its past only what its records say in words.
    """
    return bool(records) and "now" in json.loads(records[0].data)


def course(
    records: Iterable[RecordLike], at: datetime
) -> Iterator[tuple[RecordLike, dict[str, Any]]]:
    """Each record up to `at` with the facts of the case after it, and its status.

    `records` are the case's own, in order.
    """
    facts: dict[str, Any] = dict(BLANK)
    for record in records:
        if record.at > at:
            return
        facts = {**facts, **now_of(record.data), "status": record.status}
        yield record, facts


def as_of(records: Iterable[Told], at: datetime) -> dict[str, Any] | None:
    """The facts of a case at `at`, with its status; None before its first record.

    `records` are the case's own, in order.
    """
    last: dict[str, Any] | None = None
    for _, facts in course(records, at):
        last = facts
    return last


def now_of(data: str) -> dict[str, Any]:
    now: dict[str, Any] = json.loads(data).get("now", {})
    return {name: _read(name, value) for name, value in now.items()}


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in INSTANTS:
        return datetime.fromisoformat(value)
    return _SOURCES[value] if name == "limit_source" else value


_SOURCES: dict[str, LimitSource] = {source.value: source for source in LimitSource}
