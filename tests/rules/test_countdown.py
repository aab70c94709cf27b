"""倒计时: one colour and a few words, in working time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.loading import shipped_book
from models.case import Status
from rules.countdown import NONE, Colour, countdown, left

ZONE = ZoneInfo("Asia/Shanghai")
BOOK = shipped_book()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


MONDAY, WEDNESDAY = at("2026-09-21 08:00"), at("2026-09-23 18:00")


@dataclass
class Facts:
    status: Status = Status.IN_PROGRESS
    limit: str = "3 工作日"
    since: datetime = MONDAY
    step_due_at: datetime | None = None
    clock_from: datetime | None = MONDAY
    due_at: datetime | None = WEDNESDAY


@pytest.mark.parametrize(
    ("now", "colour", "zh", "en"),
    [
        ("2026-09-21 08:00", Colour.GREEN, "还剩 3 个工作日", "3 working days left"),
        ("2026-09-22 09:00", Colour.GREEN, "还剩 1 个工作日", "1 working day left"),
        ("2026-09-23 11:00", Colour.GREEN, "还剩 5 个工作时", "5 working hours left"),
        ("2026-09-23 15:00", Colour.YELLOW, "还剩 3 个工作时", "3 working hours left"),
        ("2026-09-23 17:40", Colour.YELLOW, "还剩 20 分钟", "20 minutes left"),
        ("2026-09-23 18:00", Colour.YELLOW, "还剩 1 分钟", "1 minute left"),
        ("2026-09-24 09:00", Colour.RED, "逾期 1 个工作时", "1 working hour overdue"),
        ("2026-09-29 09:00", Colour.RED, "逾期 2 个工作日", "2 working days overdue"),
    ],
)
def test_a_countdown_counts_working_time(now: str, colour: Colour, zh: str, en: str) -> None:
    shown = countdown(Facts(), BOOK, at(now))
    assert (shown.colour, shown.words.zh, shown.words.en) == (colour, zh, en)


def test_yellow_begins_when_four_fifths_are_used() -> None:
    facts = Facts(
        limit="10 工作时", clock_from=at("2026-09-21 08:00"), due_at=at("2026-09-22 10:00")
    )
    assert countdown(facts, BOOK, at("2026-09-21 17:59")).colour is Colour.GREEN
    assert countdown(facts, BOOK, at("2026-09-21 18:00")).colour is Colour.YELLOW


def test_a_continuous_clock_counts_the_night() -> None:
    facts = Facts(
        limit="2 紧急工作时", clock_from=at("2026-09-21 22:00"), due_at=at("2026-09-22 00:00")
    )
    assert countdown(facts, BOOK, at("2026-09-21 22:30")).words.zh == "还剩 1 小时"


def test_what_has_been_used_does_not_count_a_rest() -> None:
    rest = [(at("2026-09-21 08:00"), at("2026-09-22 18:00"))]
    facts = Facts(due_at=at("2026-09-28 18:00"))
    assert countdown(facts, BOOK, at("2026-09-23 08:00"), rest).share == 0


def test_a_suspended_case_has_no_colour() -> None:
    assert (
        countdown(Facts(status=Status.SUSPENDED), BOOK, at("2026-09-23 08:00")).colour
        is Colour.GREY
    )


def test_what_waits_for_a_step_shows_its_clock() -> None:
    facts = Facts(status=Status.SUBMITTED, step_due_at=at("2026-09-22 18:00"))
    assert countdown(facts, BOOK, at("2026-09-22 08:00")).due_at == facts.step_due_at
    assert countdown(Facts(status=Status.CLOSED), BOOK, at("2026-09-22 08:00")) == NONE


@given(st.integers(0, 60 * 24 * 30), st.integers(1, 60 * 24 * 20), st.integers(0, 60 * 24 * 60))
def test_share_grows_with_time_and_red_means_over(start: int, length: int, now: int) -> None:
    base = at("2026-09-01 00:00")
    begun, due = base + timedelta(minutes=start), base + timedelta(minutes=start + length)
    seen = [left(begun, due, BOOK, base + timedelta(minutes=now + later)) for later in (0, 600)]
    assert (seen[0].share or 0) <= (seen[1].share or 0) <= 1
    assert (seen[0].colour is Colour.RED) == (base + timedelta(minutes=now) > due)
