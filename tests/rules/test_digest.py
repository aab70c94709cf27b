"""What a person reminded may rely on: few messages, none forgotten, the urgent first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.notice import NoticeKind
from rules.agenda import Book
from rules.digest import Due, Fate, Past, Verdict, Why, in_order, judge
from rules.limits import Limit
from rules.limits import parse as limit
from rules.worktime import Worktime

ZONE = ZoneInfo("Asia/Shanghai")
ORDINARY, URGENT = "3 工作日", "2 紧急工作时"
Rules = Callable[..., Book]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


MONDAY = at("2026-10-12T09:00")


@pytest.fixture(scope="session")
def rules(book: Book) -> Rules:
    """The shipped rules with another burden guard."""

    def changed(cap: int = 10, window: str = "2 工作时", hold: bool = True) -> Book:
        together = limit(window) if window else None
        burden = {"reminders_per_day": cap, "together_within": together}
        guard = book.policy.burden.model_copy(update=burden)
        policy = book.policy.model_copy(update={"burden": guard, "hold_reminders": hold})
        return Book(policy, book.worktime, book.published)

    return changed


def due(book: Book, owed: datetime = MONDAY, text: str = ORDINARY) -> Due:
    return Due(owed, text, book)


# -- one at a time -----------------------------------------------------------------------------


def test_the_first_reminder_goes_at_once(rules: Rules) -> None:
    assert judge([due(rules())], Past(), MONDAY) == Verdict(Fate.GOES, Why.IN_TURN)


def test_what_falls_due_inside_the_window_waits_until_it_ends(rules: Rules) -> None:
    past = Past(1, at("2026-10-12T08:30"))
    said = judge([due(rules())], past, MONDAY)
    assert said == Verdict(Fate.WAITS, Why.TOO_SOON, at("2026-10-12T10:30"))


def test_at_the_end_of_the_window_it_goes(rules: Rules) -> None:
    past, end = Past(1, at("2026-10-12T08:30")), at("2026-10-12T10:30")
    assert judge([due(rules())], past, end - timedelta(seconds=1)).fate is Fate.WAITS
    assert judge([due(rules())], past, end).fate is Fate.GOES


def test_the_window_is_counted_in_working_time(rules: Rules) -> None:
    evening = Past(1, at("2026-10-09T17:30"))
    said = judge([due(rules())], evening, MONDAY)
    # Friday half an hour, Saturday is worked in exchange for the holidays.
    assert said.fate is Fate.GOES
    friday = Past(1, at("2026-10-16T17:30"))
    monday = at("2026-10-19T08:00")
    assert judge([due(rules(), monday)], friday, monday).until == at("2026-10-19T09:30")


def test_a_window_that_ends_at_closing_time_is_over_at_the_next_opening(rules: Rules) -> None:
    past, evening = Past(1, at("2026-10-12T16:00")), at("2026-10-12T17:00")
    assert judge([due(rules(), evening)], past, evening).until == at("2026-10-13T08:00")
    late = judge([due(rules(hold=False), evening)], past, evening)
    assert late.until == at("2026-10-12T18:00")


def test_nothing_waits_longer_than_one_window_whatever_is_sent_meanwhile(rules: Rules) -> None:
    # Owed at nine, and an urgent case was told of every half hour since.
    past = Past(5, at("2026-10-12T10:45"))
    waiting = [due(rules(), MONDAY)]
    assert judge(waiting, past, at("2026-10-12T10:50")).until == at("2026-10-12T11:00")
    assert judge(waiting, past, at("2026-10-12T11:00")).fate is Fate.GOES


def test_without_a_window_nothing_waits(rules: Rules) -> None:
    assert judge([due(rules(window=""))], Past(1, MONDAY), MONDAY).fate is Fate.GOES


def test_what_is_beyond_the_cap_is_held_back(rules: Rules) -> None:
    long_ago = at("2026-10-12T05:00")
    book = rules(cap=3, window="1 工作时")
    later = at("2026-10-12T11:00")
    assert judge([due(book, later)], Past(2, long_ago), later).fate is Fate.GOES
    assert judge([due(book, later)], Past(3, long_ago), later) == Verdict(Fate.CAPPED, Why.DAY_FULL)


def test_a_case_on_a_continuous_clock_is_told_at_once_and_takes_the_others_along(
    rules: Rules,
) -> None:
    full = Past(99, MONDAY)
    both = [due(rules()), due(rules(), text=URGENT)]
    assert judge(both, full, MONDAY) == Verdict(Fate.GOES, Why.CONTINUOUS)
    assert not due(rules(), text="").continuous


def test_where_policies_differ_the_smaller_cap_and_the_longer_window_count(rules: Rules) -> None:
    strict, loose = rules(cap=1, window=""), rules(cap=9, window="4 工作时")
    earlier, later = at("2026-10-12T08:00"), at("2026-10-12T16:00")
    both = [due(strict, later), due(loose, later)]
    assert judge(both, Past(1, earlier), later).fate is Fate.CAPPED
    assert judge(both[1:], Past(1, earlier), later).fate is Fate.GOES
    soon = [due(strict), due(loose)]
    assert judge(soon, Past(1, earlier), MONDAY).until == at("2026-10-12T14:00")
    assert judge(soon[:1], Past(0, earlier), MONDAY).fate is Fate.GOES


# -- laws --------------------------------------------------------------------------------------

minutes = st.integers(0, 60 * 24 * 20).map(lambda n: at("2026-09-28T00:00") + timedelta(minutes=n))
windows = st.sampled_from(["", "2 工作时", "1 工作日", "当日", "3 紧急工作时", "1 自然日"])
kinds = st.tuples(minutes, st.sampled_from([ORDINARY, "", URGENT]), st.integers(1, 4), windows)


@st.composite
def rounds(draw: st.DrawFn) -> tuple[list[tuple[datetime, str, int, str]], Past, datetime]:
    """Reminders of one person due at an instant, after what they have been sent."""
    now = draw(minutes)
    drawn = draw(st.lists(kinds, min_size=1, max_size=5))
    owed = [(min(when, now), text, cap, window) for when, text, cap, window in drawn]
    last = draw(st.none() | minutes.map(lambda when: min(when, now)))
    return owed, Past(draw(st.integers(0, 6)) if last else 0, last), now


@given(rounds())
def test_every_reminder_goes_waits_or_is_held_back_and_never_against_the_rules(
    rules: Rules, case: tuple[list[tuple[datetime, str, int, str]], Past, datetime]
) -> None:
    owed, past, now = case
    reminders = [Due(when, text, rules(cap, window)) for when, text, cap, window in owed]
    said = judge(reminders, past, now)
    cap = min(one.book.policy.burden.reminders_per_day for one in reminders)
    if any(one.continuous for one in reminders):
        assert said.fate is Fate.GOES
    elif said.fate is Fate.GOES:
        assert past.today + 1 <= cap
    if said.fate is Fate.CAPPED:
        assert past.today >= cap
    assert (said.until is not None) == (said.fate is Fate.WAITS)
    if said.until is not None:
        assert said.until > now
        assert reminders[0].book.worktime.is_open(said.until)


@given(rounds())
def test_what_waited_until_it_was_told_to_does_not_wait_again(
    rules: Rules, case: tuple[list[tuple[datetime, str, int, str]], Past, datetime]
) -> None:
    owed, past, now = case
    reminders = [Due(when, text, rules(cap, window)) for when, text, cap, window in owed]
    said = judge(reminders, past, now)
    if said.until is not None:
        assert judge(reminders, past, said.until).fate is not Fate.WAITS


@given(
    st.lists(st.tuples(st.sampled_from("abc"), minutes, minutes), max_size=30),
    st.integers(1, 3),
    windows,
)
def test_a_whole_week_never_sees_more_messages_in_a_day_than_the_cap_and_forgets_nothing(
    rules: Rules, city: Worktime, calls: list[tuple[str, datetime, datetime]], cap: int, window: str
) -> None:
    """Rounds as the outbox does them, told by a slow and obvious clerk."""
    book = rules(cap, window)
    pending = [(city.next_open(when), when) for _, when, _ in calls]
    sent: list[datetime] = []
    ended = 0
    while pending:
        now = min(next_try for next_try, _ in pending)
        mine = [one for one in pending if one[0] <= now]
        day = now.astimezone(ZONE).date()
        today = sum(when.astimezone(ZONE).date() == day for when in sent)
        said = judge(
            [due(book, owed) for _, owed in mine], Past(today, max(sent, default=None)), now
        )
        pending = [one for one in pending if one not in mine]
        if said.fate is Fate.WAITS and said.until:
            pending += [(said.until, owed) for _, owed in mine]
            continue
        ended += len(mine)
        if said.fate is Fate.GOES:
            sent.append(now)
    days = [when.astimezone(ZONE).date() for when in sent]
    assert all(days.count(day) <= cap for day in days)
    assert ended == len(calls)


# -- one message -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    number: str
    due_at: datetime | None
    kind: NoticeKind = NoticeKind.REMINDER


@given(st.lists(st.builds(Told, st.sampled_from("abcdef"), st.none() | minutes)))
def test_a_message_names_each_case_once_and_the_urgent_first(told: list[Told]) -> None:
    said = in_order(told)
    assert {one.number for one in said} == {one.number for one in told}
    assert len({one.number for one in said}) == len(said)
    dated = [one.due_at for one in said if one.due_at]
    assert dated == sorted(dated)
    assert all(one.due_at for one in said[: len(dated)])


def test_of_two_reminders_of_one_case_the_more_urgent_is_told() -> None:
    sign, handle = Told("a", MONDAY), Told("a", MONDAY + timedelta(days=2))
    assert in_order([handle, Told("b", None), sign]) == [sign, Told("b", None)]


def test_the_shipped_rules_are_ten_a_day_two_working_hours_apart(book: Book) -> None:
    guard = book.policy.burden
    assert (guard.reminders_per_day, guard.together_within) == (10, limit("2 工作时"))
    assert isinstance(guard.together_within, Limit)
