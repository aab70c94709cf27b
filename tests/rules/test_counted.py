"""Stretch by stretch, a limit is made of what counts and of what does not."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from rules.counted import Stretch, stretches, until
from rules.limits import deadline, parse
from rules.worktime import Pause, SpanKind, Worktime

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


Made = Callable[..., list[Stretch]]


@pytest.fixture
def made(city: Worktime) -> Made:
    """What a limit begun at an instant is made of."""

    def of(
        text: str, start: str, pauses: Iterable[Pause] = (), rule: str = "end_of_day"
    ) -> list[Stretch]:
        return stretches(deadline(parse(text), at(start), city, rule, pauses=pauses), city)

    return of


def counted(found: Iterable[Stretch]) -> list[tuple[str, str]]:
    return [(f"{s.start:%m-%d %H:%M}", f"{s.end:%m-%d %H:%M}") for s in found if s.counted]


def total(found: Iterable[Stretch]) -> timedelta:
    spent = (s.end.astimezone(UTC) - s.start.astimezone(UTC) for s in found if s.counted)
    return sum(spent, timedelta())


def test_the_day_of_dispatch_is_worked_but_does_not_count(made: Made) -> None:
    found = made("1 工作日", "09-28T10:00")
    assert counted(found) == [("09-29 08:00", "09-29 12:00"), ("09-29 14:00", "09-29 18:00")]
    first = found[0]
    assert (first.kind, first.counted, first.start) == (SpanKind.WORKING, False, at("09-28T10:00"))


def test_stretches_leave_no_gap_and_end_when_the_limit_does(made: Made) -> None:
    found = made("3 工作日", "09-24T15:00")
    assert all(a.end == b.start for a, b in pairwise(found))
    assert (found[0].start, found[-1].end) == (at("09-24T15:00"), at("09-30T18:00"))
    rest = [s for s in found if s.kind is SpanKind.HOLIDAY]
    assert [(s.name, s.start, s.end) for s in rest] == [
        ("中秋节", at("09-25T00:00"), at("09-28T00:00"))
    ]


@pytest.mark.parametrize(
    ("limit", "rule"), [("20 工作时", "end_of_day"), ("2.5 工作日", "end_of_day"),
                        ("2 工作日", "hours"), ("30 紧急工作时", "end_of_day")],
)  # fmt: skip
def test_what_counts_of_a_limit_in_hours_is_just_that_long(
    made: Made, limit: str, rule: str
) -> None:
    hours = {"20 工作时": 20, "2.5 工作日": 20, "2 工作日": 16, "30 紧急工作时": 30}[limit]
    assert total(made(limit, "09-24T15:00", rule=rule)) == timedelta(hours=hours)


def test_a_continuous_limit_counts_everything_but_pauses(made: Made) -> None:
    rest = (at("09-26T10:00"), at("09-26T22:00"))
    found = made("48 紧急工作时", "09-25T10:00", [rest])
    assert [(s.start, s.end) for s in found if not s.counted] == [rest]
    assert total(found) == timedelta(hours=48)


def test_of_calendar_days_the_whole_days_after_the_first_count(made: Made) -> None:
    # Dispatched on a Saturday: the weekend is one stretch, of which only Sunday counts.
    found = made("2 自然日", "10-17T10:00")
    begun = [(s.start, s.counted) for s in found if s.kind is SpanKind.WEEKEND]
    assert begun == [(at("10-17T10:00"), False), (at("10-18T00:00"), True)]
    assert total(found) == timedelta(days=2)


def test_a_working_day_that_a_pause_touches_does_not_count(made: Made) -> None:
    found = made("1 工作日", "09-28T10:00", [(at("09-29T09:00"), at("09-29T10:00"))])
    assert {start[:5] for start, _ in counted(found)} == {"09-30"}
    assert [s.kind for s in found if s.start == at("09-29T09:00")] == [SpanKind.PAUSE]


def test_a_stretch_is_cut_only_inside_itself() -> None:
    whole = Stretch(at("09-28T08:00"), at("09-28T12:00"), SpanKind.WORKING, "", counted=True)
    before, after = until(whole, at("09-28T09:00"))
    assert (before.start, before.end) == (whole.start, at("09-28T09:00"))
    assert (after.start, after.end) == (at("09-28T09:00"), whole.end)
    assert (before.counted, after.kind) == (True, SpanKind.WORKING)
    for edge in (whole.start, whole.end, at("09-28T07:00"), at("09-28T13:00")):
        assert until(whole, edge) == [whole]
