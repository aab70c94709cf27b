"""What is said at once, what waits for company, and what sleeps until the morning."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.notice import NoticeKind
from rules.agenda import Book
from rules.digest import PACES, Due, Fate, Pace, Past, Why, in_order, judge, verdicts, why_waits
from rules.limits import parse as limit
from rules.quiet import day_of, morning_after

ZONE = ZoneInfo("Asia/Shanghai")
ORDINARY, URGENT = "3 工作日", "2 紧急工作时"
Rules = Callable[..., Book]
NEWS, REMINDER, LADDER = NoticeKind.DISPATCHED, NoticeKind.REMINDER, NoticeKind.ESCALATION
EIGHT = time(8)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


MONDAY = at("2026-10-12T09:00")


@pytest.fixture(scope="session")
def rules(book: Book) -> Rules:
    """The shipped rules with another burden guard."""

    def changed(cap: int = 10, news: str = "0.5 工作时", hold: bool = True) -> Book:
        guard = book.policy.burden.model_copy(
            update={
                "reminders_per_day": cap,
                "news_per_day": cap,
                "news_within": limit(news) if news else None,
            }
        )
        policy = book.policy.model_copy(update={"burden": guard, "hold_reminders": hold})
        return Book(policy, book.worktime, book.published)

    return changed


def one(
    book: Book,
    kind: NoticeKind = NEWS,
    owed: datetime = MONDAY,
    text: str = ORDINARY,
    level: int = 0,
    by: datetime | None = None,
) -> Due:
    return Due(owed, text, book, kind, level, by)


def fate(due: Due, now: datetime, told: Past | None = None, digest_at: time | None = None) -> tuple:
    said = verdicts([due], Past(), told or Past(), now, digest_at)[0]
    return said.why, said.until


# -- paces -------------------------------------------------------------------------------------


def test_every_kind_of_notice_has_a_pace() -> None:
    assert set(PACES) == set(NoticeKind)
    assert [kind for kind, pace in PACES.items() if pace is Pace.REMINDER] == [REMINDER]


def test_the_first_news_goes_at_once_and_what_comes_soon_after_waits_for_it_to_be_over(
    rules: Rules,
) -> None:
    now = at("2026-10-12T09:10")
    assert fate(one(rules()), MONDAY) == (Why.IN_TURN, None)
    again = fate(one(rules(), owed=now), now, Past(1, MONDAY))
    assert again == (Why.TOO_SOON, at("2026-10-12T09:30"))
    assert fate(one(rules(news=""), owed=now), now, Past(1, MONDAY)) == (Why.IN_TURN, None)


def test_news_waits_for_no_window_that_ends_on_another_day(rules: Rules) -> None:
    told, now = Past(1, at("2026-10-12T18:50")), at("2026-10-12T19:00")
    assert fate(one(rules(), owed=now), now, told) == (Why.TOO_SOON, at("2026-10-13T08:00"))


def test_news_beyond_the_days_messages_comes_the_next_morning_and_is_never_dropped(
    rules: Rules,
) -> None:
    now, full = at("2026-10-16T15:00"), Past(3, at("2026-10-16T11:00"))
    assert fate(one(rules(cap=3), owed=now), now, full) == (Why.DAY_FULL, at("2026-10-19T08:00"))


def test_levels_and_urging_wait_for_nothing_by_day(rules: Rules) -> None:
    for kind in (LADDER, NoticeKind.URGED, NoticeKind.EXPOSED):
        due = one(rules(cap=1), kind, level=1)
        assert fate(due, MONDAY, Past(9, MONDAY), EIGHT) == (Why.AT_ONCE, None)


# -- night -------------------------------------------------------------------------------------

NIGHT, OPENING = at("2026-10-12T22:00"), at("2026-10-13T08:00")


@pytest.mark.parametrize("kind", [NEWS, REMINDER, LADDER, NoticeKind.URGED])
def test_by_night_everything_waits_for_opening(rules: Rules, kind: NoticeKind) -> None:
    assert fate(one(rules(), kind, level=kind is LADDER), NIGHT) == (Why.QUIET, OPENING)


@pytest.mark.parametrize("kind", [NEWS, REMINDER, LADDER])
def test_a_clock_that_never_stops_is_told_by_night(rules: Rules, kind: NoticeKind) -> None:
    assert fate(one(rules(), kind, text=URGENT), NIGHT)[1] is None


def test_the_levels_a_policy_names_are_told_by_night(rules: Rules) -> None:
    told = [n for n in range(1, 6) if fate(one(rules(), LADDER, level=n), NIGHT)[1] is None]
    assert told == [3, 4, 5]


def test_by_night_an_urgent_case_does_not_take_the_others_along(rules: Rules) -> None:
    both = [one(rules(), text=URGENT), one(rules())]
    assert [said.until for said in verdicts(both, Past(), Past(), NIGHT)] == [None, OPENING]
    by_day = verdicts(both, Past(), Past(9, MONDAY), MONDAY)
    assert [said.why for said in by_day] == [Why.CONTINUOUS] * 2


# -- a time of one's own -----------------------------------------------------------------------


def test_who_chose_a_time_is_told_news_and_reminders_then(rules: Rules) -> None:
    for kind in (NEWS, REMINDER):
        due = one(rules(), kind, owed=MONDAY)
        assert fate(due, MONDAY, digest_at=EIGHT) == (Why.DIGEST_TIME, OPENING)
        assert fate(due, OPENING, digest_at=EIGHT) == (Why.IN_TURN, None)
    friday = at("2026-10-16T09:00")
    waits = fate(one(rules(), owed=friday), friday, digest_at=time(9, 30))
    assert waits == (Why.DIGEST_TIME, at("2026-10-16T09:30"))


def test_a_case_on_a_continuous_clock_waits_for_nobodys_time(rules: Rules) -> None:
    assert fate(one(rules(), text=URGENT), MONDAY, digest_at=EIGHT)[1] is None


def test_a_chosen_time_that_would_use_up_the_cases_own_limit_is_not_waited_for(
    rules: Rules,
) -> None:
    late, close = at("2026-10-12T11:00"), at("2026-10-13T08:59")
    for by in (late, close):
        assert fate(one(rules(), by=by), MONDAY, digest_at=EIGHT) == (Why.OWN_LIMIT, None)
    enough = at("2026-10-13T09:00")
    assert fate(one(rules(), by=enough), MONDAY, digest_at=EIGHT)[0] is Why.DIGEST_TIME
    past = at("2026-10-12T08:30")
    assert fate(one(rules(), by=past), MONDAY, digest_at=EIGHT)[0] is Why.DIGEST_TIME


def test_neither_a_window_nor_a_full_day_makes_anybody_late(rules: Rules) -> None:
    soon = at("2026-10-12T10:00")
    assert fate(one(rules(), by=soon), MONDAY, Past(1, MONDAY))[0] is Why.OWN_LIMIT
    full = Past(10, at("2026-10-12T08:00"))
    assert fate(one(rules(), by=soon), MONDAY, full)[0] is Why.OWN_LIMIT


# -- why it waits ------------------------------------------------------------------------------


def test_whoever_looks_is_told_why_it_waits(rules: Rules) -> None:
    book, soon, evening = rules(), at("2026-10-12T09:20"), at("2026-10-12T21:00")
    news = one(book)
    assert why_waits(news, MONDAY, MONDAY) is None
    assert why_waits(news, MONDAY, soon) is Why.TOO_SOON
    assert why_waits(news, evening, OPENING) is Why.QUIET
    assert why_waits(news, MONDAY, OPENING) is Why.DAY_FULL
    assert why_waits(news, MONDAY, OPENING, EIGHT) is Why.DIGEST_TIME
    assert why_waits(one(book, LADDER), MONDAY, soon) is None


# -- laws --------------------------------------------------------------------------------------

minutes = st.integers(0, 60 * 24 * 14).map(lambda n: at("2026-09-28T00:00") + timedelta(minutes=n))
calls = st.tuples(
    minutes,
    st.sampled_from([NEWS, REMINDER, LADDER, NoticeKind.CLOSED, NoticeKind.URGED]),
    st.sampled_from([ORDINARY, "", URGENT]),
    st.integers(1, 5),
    st.none() | st.timedeltas(timedelta(hours=1), timedelta(days=4)),
)
chosen = st.none() | st.sampled_from([time(8), time(9, 30), time(10)])


@dataclass
class Clerk:
    """Rounds as the outbox does them for one person, told by somebody slow and obvious."""

    digest_at: time | None
    pending: list[tuple[datetime, Due]]
    sent: list[tuple[datetime, list[Due]]] = field(default_factory=list)
    capped: list[Due] = field(default_factory=list)
    rounds: Counter[int] = field(default_factory=Counter)

    def work(self) -> None:
        """Until nothing is left. Every notice is judged a bounded number of times."""
        while self.pending:
            now = min(moment for moment, _ in self.pending)
            mine = [due for moment, due in self.pending if moment <= now]
            self.pending = [one for one in self.pending if one[0] > now]
            self.round(mine, now)

    def round(self, mine: list[Due], now: datetime) -> None:
        said = verdicts(mine, self.past(Pace.REMINDER, now), self.past(Pace.NEWS, now), now,
                        self.digest_at)  # fmt: skip
        going = []
        for due, verdict in zip(mine, said, strict=True):
            self.rounds[id(due)] += 1
            if verdict.until:
                assert verdict.until > now
                self.pending.append((verdict.until, due))
            elif verdict.fate is Fate.CAPPED:
                self.capped.append(due)
            else:
                going.append(due)
        ladder = [due for due in going if due.pace is Pace.AT_ONCE]
        digest = [due for due in going if due.pace is not Pace.AT_ONCE]
        self.sent += [(now, message) for message in (ladder, digest) if message]

    def past(self, pace: Pace, now: datetime) -> Past:
        mine = [when for when, message in self.sent if any(due.pace is pace for due in message)]
        day = now.astimezone(ZONE).date()
        today = [when for when in mine if when.astimezone(ZONE).date() == day]
        if pace is Pace.NEWS:
            mine = today
        return Past(len(today), max(mine, default=None))


@given(st.lists(calls, max_size=25), st.integers(1, 3), chosen)
def test_a_fortnight_forgets_nothing_wakes_nobody_and_keeps_the_cap(
    rules: Rules,
    drawn: list[tuple[datetime, NoticeKind, str, int, timedelta | None]],
    cap: int,
    digest_at: time | None,
) -> None:
    book = rules(cap)
    owed = [
        Due(when, text, book, kind, level if kind is LADDER else 0, when + left if left else None)
        for when, kind, text, level, left in drawn
    ]
    clerk = Clerk(digest_at, [(due.owed_at, due) for due in owed])
    clerk.work()

    # Nothing is lost: it went, or it is a reminder that was held back.
    went = [due for _, message in clerk.sent for due in message]
    assert Counter(map(id, went + clerk.capped)) == Counter(map(id, owed))
    assert all(due.pace is Pace.REMINDER for due in clerk.capped)
    # Nothing waits for ever.
    assert max(clerk.rounds.values(), default=0) <= 5
    for when, message in clerk.sent:
        assert message  # a digest is never empty
        for due in message:
            # By day at once; by night only what may.
            if due.pace is Pace.AT_ONCE and day_of(book, due.owed_at):
                assert when == due.owed_at
            if due.pace is Pace.NEWS and digest_at is None:
                assert when <= morning_after(book, morning_after(book, due.owed_at))
        if day_of(book, when) is None:
            assert all(due.wakes for due in message)
    # At most so many reminders a day, unless a case cannot wait or would be late.
    reminding = Counter(
        when.astimezone(ZONE).date()
        for when, message in clerk.sent
        if any(due.pace is Pace.REMINDER for due in message)
        and not any(due.continuous for due in message if due.pace is Pace.REMINDER)
    )
    assert all(count <= cap for count in reminding.values())


@given(st.lists(calls, min_size=1, max_size=8), minutes, chosen)
def test_what_waits_leaves_enough_of_its_own_limit(
    rules: Rules,
    drawn: list[tuple[datetime, NoticeKind, str, int, timedelta | None]],
    now: datetime,
    digest_at: time | None,
) -> None:
    book = rules()
    news = [
        Due(min(when, now), text, book, NEWS, 0, now + left if left else None)
        for when, _, text, _, left in drawn
    ]
    said = judge(news, Past(20, now), now, digest_at)
    if said.until is None:
        return
    for due in news:
        if due.by is not None:
            assert book.worktime.between(said.until, due.by) >= timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Told:
    number: str
    due_at: datetime | None
    kind: NoticeKind


def test_different_news_of_one_case_are_different_lines() -> None:
    told = [Told("a", None, NEWS), Told("a", None, NoticeKind.DECIDED), Told("a", None, REMINDER),
            Told("a", None, REMINDER)]  # fmt: skip
    assert len(in_order(told)) == 3
