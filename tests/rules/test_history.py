"""Records tell how a case stood at any moment: put one upon the other, they are the case."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from models.case import LimitSource, Status
from rules.history import BLANK, INSTANTS, as_of, course, remembers, written

NINE = datetime(2026, 9, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Row:
    """A record, as far as history reads it."""

    at: datetime
    status: Status
    data: str


def record(hour: int, status: Status = Status.FILED, **now: Any) -> Row:
    told = {name: written(value) for name, value in now.items()}
    return Row(NINE + hour * HOUR, status, json.dumps({"now": told} if told else {}))


def test_before_its_first_record_a_case_does_not_exist() -> None:
    assert as_of([record(1, since=NINE)], NINE) is None
    assert as_of([], NINE) is None


def test_the_instant_of_a_record_belongs_to_what_it_changed() -> None:
    records = [record(0, epoch=1), record(1, Status.DISPATCHED, epoch=2)]
    just_before = as_of(records, NINE + HOUR - timedelta(microseconds=1))
    then = as_of(records, NINE + HOUR)
    assert just_before is not None
    assert then is not None
    assert (just_before["epoch"], just_before["status"]) == (1, Status.FILED)
    assert (then["epoch"], then["status"]) == (2, Status.DISPATCHED)


def test_what_no_record_has_said_is_as_it_was_in_the_beginning() -> None:
    facts = as_of([record(0, limit="3 工作日")], NINE)
    assert facts == {**BLANK, "limit": "3 工作日", "status": Status.FILED}


def test_what_a_record_does_not_say_stays_as_the_one_before_left_it() -> None:
    facts = as_of([record(0, due_at=NINE, raised=2), record(1), record(2, raised=0)], _hours(2))
    assert facts is not None
    assert (facts["due_at"], facts["raised"]) == (NINE, 0)


def _hours(count: int) -> datetime:
    return NINE + count * HOUR


@pytest.mark.parametrize("name", INSTANTS)
def test_instants_come_back_as_instants_to_the_microsecond(name: str) -> None:
    at = datetime(2026, 9, 24, 23, 59, 59, 123456, timezone(timedelta(hours=8)))
    facts = as_of([record(0, **{name: at})], NINE)
    assert facts is not None
    assert facts[name] == at
    assert facts[name].tzinfo is UTC
    gone = as_of([record(0, **{name: at}), record(1, **{name: None})], _hours(1))
    assert gone is not None
    assert gone[name] is None


@pytest.fixture
def in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock is not set to UTC."""
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_shanghai")
def test_instants_are_written_in_utc_with_six_decimals_wherever_the_machine_stands() -> None:
    evening = datetime(2026, 9, 24, 18, tzinfo=timezone(timedelta(hours=8)))
    assert written(evening) == "2026-09-24T10:00:00.000000Z"
    assert (written("3 工作日"), written(2), written(None)) == ("3 工作日", 2, None)


def test_the_source_of_a_limit_comes_back_with_its_label() -> None:
    facts = as_of([record(0, limit_source=LimitSource.REWORK.value)], NINE)
    assert facts is not None
    assert facts["limit_source"] is LimitSource.REWORK


def test_a_record_written_later_is_not_known_before_those_that_stand_before_it() -> None:
    # A sweep after an outage writes that the case resumed at eight; until it did, nobody knew.
    records = [record(0, epoch=1), record(3, epoch=2), record(2, epoch=3)]
    facts = as_of(records, _hours(2))
    assert facts is not None
    assert facts["epoch"] == 1


def test_the_course_is_each_record_with_the_facts_after_it() -> None:
    records = [record(0, epoch=1), record(1), record(2, epoch=2), record(3, epoch=3)]
    told = [(row, facts["epoch"]) for row, facts in course(records, _hours(2))]
    assert told == [(records[0], 1), (records[1], 1), (records[2], 2)]


@pytest.mark.parametrize(
    ("records", "remembered"),
    [([], False), ([record(0)], False), ([record(0), record(1, epoch=1)], False),
     ([record(0, epoch=1)], True), ([record(0, epoch=1), record(1)], True)],
)  # fmt: skip
def test_a_case_is_remembered_when_its_records_tell_its_facts_from_the_first_on(
    records: list[Row], remembered: bool
) -> None:
    assert remembers(records) is remembered


def test_records_may_come_from_any_iterable() -> None:
    rows: Iterable[Row] = iter([record(0, epoch=1)])
    assert as_of(rows, NINE) is not None
