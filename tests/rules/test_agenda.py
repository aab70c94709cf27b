"""What a unit and its supervisor may rely on about every moment still to come."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import Stage, Status
from models.person import DutyKind
from rules.agenda import STEP, Act, Book, Look, agenda, before, next_look
from rules.limits import parse as limit
from rules.policy import Policy

Case = Callable[..., object]
ZONE = ZoneInfo("Asia/Shanghai")
DISPATCH = "2026-09-24T15:00"
"""The Thursday before Mid-Autumn (25 to 27 September are off), a week before National Day."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


START = at(DISPATCH)


def resting(day: str, start: str, end: str) -> tuple[datetime, datetime]:
    """A pause within one day."""
    return at(f"{day}T{start}"), at(f"{day}T{end}")


def levels(looks: list[Look], stage: Stage = Stage.HANDLE) -> dict[int, datetime]:
    return {x.level: x.at for x in looks if x.act is Act.ESCALATE and x.stage is stage}


def reminders(looks: list[Look], stage: Stage = Stage.HANDLE) -> dict[str, datetime]:
    return {x.rule: x.at for x in looks if x.act is Act.REMIND and x.stage is stage}


# -- National Day 2026 -------------------------------------------------------------------------


def test_three_working_days_from_the_eve_of_mid_autumn_end_on_the_eve_of_national_day(
    book: Book, dispatched: Case
) -> None:
    assert dispatched(book, at(DISPATCH)).due_at == at("2026-09-30T18:00")


def test_the_ladder_stands_still_over_national_day_and_climbs_on_the_make_up_saturday(
    book: Book, dispatched: Case
) -> None:
    looks = agenda(dispatched(book, at(DISPATCH)), book, at(DISPATCH))
    assert levels(looks) == {
        1: at("2026-09-30T18:00"),
        2: at("2026-10-08T18:00"),
        3: at("2026-10-10T18:00"),  # a Saturday, worked in exchange
        4: at("2026-10-13T18:00"),
        5: at("2026-10-20T18:00"),
    }


def test_reminders_come_at_half_and_four_fifths_of_the_working_time_and_before_closing(
    book: Book, dispatched: Case
) -> None:
    # 3 h on Thursday, then 8 h on Monday, Tuesday and Wednesday: 27 h in all
    looks = agenda(dispatched(book, at(DISPATCH)), book, at(DISPATCH))
    assert reminders(looks) == {
        "时限过 50%": at("2026-09-29T10:30"),
        "时限过 80%": at("2026-09-30T10:36"),
        "到期前 2 工作时": at("2026-09-30T16:00"),
    }


def test_who_is_told_and_which_card_is_shown_comes_with_each_level(
    book: Book, dispatched: Case
) -> None:
    looks = agenda(dispatched(book, at(DISPATCH)), book, at(DISPATCH))
    ladder = [look for look in looks if look.act is Act.ESCALATE]
    assert [look.card for look in ladder] == ["yellow", "", "red", "", ""]
    assert [look.tell[0] for look in ladder] == [
        DutyKind.HEAD, DutyKind.LEADER, DutyKind.OFFICE, DutyKind.OFFICE, DutyKind.DISCIPLINE,
    ]  # fmt: skip


def test_an_unsigned_case_is_reminded_when_the_signing_limit_is_used_up(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(
        book, at(DISPATCH), status=Status.DISPATCHED, step_due_at=at("2026-09-28T18:00")
    )
    looks = agenda(case, book, at(DISPATCH))
    assert reminders(looks, Stage.SIGN) == {"到期": at("2026-09-28T18:00")}
    assert levels(looks, Stage.HANDLE)[1] == at("2026-09-30T18:00")  # the clock runs unsigned


# -- which clocks run --------------------------------------------------------------------------


def test_the_handling_clock_runs_while_a_return_waits_for_its_ruling(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(
        book, at(DISPATCH), status=Status.RETURNED, step_due_at=at("2026-09-28T18:00")
    )
    looks = agenda(case, book, at(DISPATCH))
    assert levels(looks, Stage.RULE) == {1: at("2026-09-28T18:00")}
    assert len(levels(looks, Stage.HANDLE)) == 5


def test_the_handling_clock_stops_at_submission_and_the_verifiers_begins(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(
        book, at(DISPATCH), status=Status.SUBMITTED, step_due_at=at("2026-09-29T18:00")
    )
    looks = agenda(case, book, at(DISPATCH))
    assert {look.stage for look in looks} == {Stage.VERIFY}
    assert levels(looks, Stage.VERIFY) == {1: at("2026-09-29T18:00")}


def test_a_suspended_case_has_one_look_and_takes_itself_up_again(
    book: Book, dispatched: Case
) -> None:
    until = at("2026-11-02T08:00")
    case = dispatched(book, at(DISPATCH), status=Status.SUSPENDED, resumes_at=until)
    (look,) = agenda(case, book, at(DISPATCH))
    assert (look.at, look.stage, look.act, look.tell) == (until, Stage.HANDLE, Act.RESUME, ())


def test_a_case_suspended_until_somebody_resumes_it_is_not_looked_at(
    book: Book, dispatched: Case
) -> None:
    assert agenda(dispatched(book, at(DISPATCH), status=Status.SUSPENDED), book, START) == []


def test_dates_left_from_a_suspension_or_a_look_back_mean_nothing_to_a_case_in_progress(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(book, at(DISPATCH))
    again = replace(
        case,
        resumes_at=at("2026-11-02T08:00"),
        look_back_from=START,
        look_back_due_at=at("2026-10-25T00:00"),
    )
    assert agenda(again, book, START) == agenda(case, book, START)


@pytest.mark.parametrize("left", ["look_back_from", "look_back_due_at"])
def test_a_look_back_has_a_beginning_and_an_end(book: Book, dispatched: Case, left: str) -> None:
    case = dispatched(book, at(DISPATCH), status=Status.CLOSED)
    assert agenda(replace(case, **{left: at("2026-10-25T00:00")}), book, START) == []


def test_a_closed_case_is_published_in_time_and_looked_at_again_if_drawn(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(
        book,
        at(DISPATCH),
        status=Status.CLOSED,
        step_due_at=at("2026-10-02T00:00"),
        look_back_from=at("2026-09-25T00:00"),
        look_back_due_at=at("2026-10-25T00:00"),
    )
    publish, *again = agenda(case, book, at(DISPATCH))
    assert (publish.stage, publish.act, publish.level) == (Stage.PUBLISH, Act.ESCALATE, 1)
    assert [(look.stage, look.act, look.at) for look in again] == [
        (Stage.LOOK_BACK, Act.REMIND, at("2026-10-10T00:00")),
        (Stage.LOOK_BACK, Act.REMIND, at("2026-10-20T18:00")),
        (Stage.LOOK_BACK, Act.ESCALATE, at("2026-10-25T00:00")),
    ]
    assert DutyKind.INSPECTOR in again[0].tell


@pytest.mark.parametrize(
    "status", [Status.REJECTED, Status.MERGED, Status.SPLIT, Status.CANCELLED, Status.CLOSED]
)
def test_a_case_that_is_over_and_published_is_never_looked_at_again(
    book: Book, dispatched: Case, status: Status
) -> None:
    case = dispatched(book, at(DISPATCH), status=status)
    assert agenda(case, book, at(DISPATCH)) == []
    assert next_look(case, book, at(DISPATCH)) is None


def test_every_step_that_waits_for_somebody_has_a_ladder_or_a_reminder(book: Book) -> None:
    for stage in STEP.values():
        assert book.policy.stages[stage].ladder or book.policy.stages[stage].reminders


# -- moments -----------------------------------------------------------------------------------


def test_a_case_on_a_continuous_clock_is_reminded_at_night_too(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(book, at("2026-09-24T23:00"), "2 紧急工作时")
    looks = agenda(case, book, at("2026-09-24T23:00"))
    assert reminders(looks)["时限过 50%"] == at("2026-09-25T00:00")
    assert levels(looks)[1] == at("2026-09-25T01:00")


def test_a_pause_is_left_out_of_half_a_continuous_limit(book: Book, dispatched: Case) -> None:
    start, pause = at("2026-09-21T08:00"), (at("2026-09-21T08:00"), at("2026-09-21T18:00"))
    case = replace(dispatched(book, start, "2 紧急工作时"), due_at=at("2026-09-21T20:00"))
    looks = agenda(case, book, start, [pause])
    assert reminders(looks)["时限过 50%"] == at("2026-09-21T19:00")


def test_a_pause_is_left_out_of_half_a_working_limit(book: Book, dispatched: Case) -> None:
    start, pause = at("2026-09-21T08:00"), (at("2026-09-21T08:00"), at("2026-09-21T18:00"))
    case = replace(dispatched(book, start, "1 工作日"), due_at=at("2026-09-23T18:00"))
    looks = agenda(case, book, start, [pause])
    assert reminders(looks)["时限过 50%"] == at("2026-09-22T18:00")


def test_a_limit_that_ends_at_midnight_climbs_from_the_day_it_closes(
    book: Book, dispatched: Case
) -> None:
    # 7 natural days from Tuesday the 1st close with Tuesday the 8th; one working day beyond
    # is Wednesday's closing, not Thursday's
    case = dispatched(book, at("2026-09-01T10:00"), "7 自然日")
    looks = agenda(case, book, at("2026-09-01T10:00"))
    assert levels(looks)[1] == at("2026-09-09T00:00")
    assert levels(looks)[2] == at("2026-09-09T18:00")
    assert levels(looks)[3] == at("2026-09-11T18:00")


def test_a_reminder_that_would_come_before_dispatch_is_not_sent(
    book: Book, dispatched: Case
) -> None:
    for limit_of in ("1 工作时", "2 工作时"):
        case = dispatched(book, at("2026-09-21T08:00"), limit_of)
        looks = agenda(case, book, at("2026-09-18T08:00"))
        assert "到期前 2 工作时" not in reminders(looks)
        assert len(levels(looks)) == 5


@pytest.mark.parametrize(
    ("lead", "moment"),
    [
        ("2 工作时", "2026-10-08T16:00"),
        ("1 工作日", "2026-09-30T18:00"),  # the holiday is no working day
        ("0.5 工作日", "2026-10-08T14:00"),
        ("3 紧急工作时", "2026-10-08T15:00"),
        ("2 自然日", "2026-10-06T18:00"),
    ],
)
def test_so_long_before_it_is_due_skips_what_its_unit_skips(
    book: Book, lead: str, moment: str
) -> None:
    assert before(at("2026-10-08T18:00"), limit(lead), book) == at(moment)


@pytest.mark.parametrize(
    ("lead", "moment"),
    [
        ("3 工作时", "2026-10-16T11:00"),
        ("1 工作日", "2026-10-14T18:00"),  # a day that rested in part does not count
        ("0.5 工作日", "2026-10-16T10:00"),
    ],
)
def test_so_long_before_it_is_due_leaves_out_working_time_that_rested(
    book: Book, lead: str, moment: str
) -> None:
    rests = [resting("2026-10-15", "09:00", "11:00"), resting("2026-10-16", "14:00", "16:00")]
    assert before(at("2026-10-16T18:00"), limit(lead), book, rests) == at(moment)


def test_a_reminder_before_the_limit_leaves_out_what_rested(book: Book, dispatched: Case) -> None:
    case = dispatched(book, at(DISPATCH))
    rest = resting("2026-09-30", "16:30", "17:30")
    assert reminders(agenda(case, book, START, [rest]))["到期前 2 工作时"] == at("2026-09-30T15:00")


def test_a_limit_of_the_categorys_own_is_followed_by_the_everyday_rules(
    shuzi: Book, dispatched: Case
) -> None:
    case = dispatched(shuzi, at("2026-09-21T08:00"), "4 工作时")
    looks = agenda(case, shuzi, at("2026-09-21T08:00"))
    assert levels(looks)[1] == at("2026-09-21T12:00")
    assert reminders(looks) == {"时限过 80%": at("2026-09-21T11:12")}
    assert levels(looks)[2] == at("2026-09-22T18:00")


@pytest.fixture(scope="session")
def chased(book: Book) -> Book:
    """The campaign's rules with one reminder: two working hours after the limit."""
    text = {"after": "2 工作时", "tell": ["head"]}
    kind = type(book.policy.stages[Stage.HANDLE].reminders[0])
    stage = book.policy.stages[Stage.HANDLE].model_copy(
        update={"reminders": (kind.model_validate(text),)}
    )
    stages = {**book.policy.stages, Stage.HANDLE: stage}
    own: Policy = book.policy.model_copy(update={"stages": stages})
    return Book(own, book.worktime, book.published)


def test_reminders_after_the_limit_are_in_the_agenda(chased: Book, dispatched: Case) -> None:
    looks = agenda(dispatched(chased, at(DISPATCH)), chased, at(DISPATCH))
    assert reminders(looks) == {"逾期 2 工作时": at("2026-10-08T10:00")}


def test_what_rests_after_a_limit_was_shortened_counts_neither_for_reminders_nor_for_levels(
    book: Book, chased: Book, dispatched: Case
) -> None:
    rest = resting("2026-10-08", "09:00", "17:00")
    case = dispatched(book, at(DISPATCH))
    assert reminders(agenda(case, chased, START, [rest])) == {
        "逾期 2 工作时": at("2026-10-08T18:00")
    }
    # The day that rested is no working day of the ladder: all but the first come a day later.
    assert levels(agenda(case, book, START, [rest])) == {
        1: at("2026-09-30T18:00"),
        2: at("2026-10-09T18:00"),
        3: at("2026-10-12T18:00"),
        4: at("2026-10-14T18:00"),
        5: at("2026-10-21T18:00"),
    }


def test_a_look_at_the_very_instant_of_judging_is_no_longer_ahead(
    book: Book, dispatched: Case
) -> None:
    due = at("2026-09-30T18:00")
    looks = agenda(dispatched(book, at(DISPATCH)), book, due)
    assert (looks[0].level, looks[0].at) == (2, at("2026-10-08T18:00"))
    assert next_look(dispatched(book, at(DISPATCH)), book, due) == at("2026-10-08T18:00")


# -- raised ------------------------------------------------------------------------------------

LADDER = {
    1: "2026-09-30T18:00", 2: "2026-10-08T18:00", 3: "2026-10-10T18:00",
    4: "2026-10-13T18:00", 5: "2026-10-20T18:00",
}  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "since", "moments"),
    [
        (1, "2026-09-28T10:00", ["2026-09-28T10:00", *list(LADDER.values())[:4]]),
        (2, "2026-09-28T10:00", ["2026-09-28T10:00"] * 2 + list(LADDER.values())[:3]),
        (9, "2026-09-28T10:00", ["2026-09-28T10:00"] * 5),
        # raised when two levels have come: what time has passed over follows at that instant
        (1, "2026-10-09T09:00", ["2026-10-09T09:00"] * 3 + [LADDER[3], LADDER[4]]),
        (1, LADDER[1], [LADDER[1]] * 2 + [LADDER[2], LADDER[3], LADDER[4]]),
    ],
)
def test_a_raised_case_climbs_so_many_levels_higher_and_not_before_it_was_raised(
    book: Book, dispatched: Case, raised: int, since: str, moments: list[str]
) -> None:
    case = replace(dispatched(book, at(DISPATCH)), raised=raised, raised_at=at(since))
    looks = agenda(case, book, at(DISPATCH))
    assert levels(looks) == {n: at(moment) for n, moment in enumerate(moments, start=1)}
    assert all(a.at <= b.at for a, b in pairwise(looks))
    by_time = {look.at for look in looks if look.level and look.rule != "提级"}
    assert by_time == {at(moment) for moment in moments} - {at(since)}


def test_a_level_that_comes_because_the_case_was_raised_says_so_and_the_others_say_their_time(
    book: Book, dispatched: Case
) -> None:
    plain = dispatched(book, at(DISPATCH))
    case = replace(plain, raised=1, raised_at=at("2026-10-09T09:00"))
    ladder = [x for x in agenda(case, book, at(DISPATCH)) if x.level]
    assert [(x.rule, x.rule_en) for x in ladder] == [
        ("提级", "raised"), ("提级", "raised"), ("提级", "raised"),
        ("逾期 3 工作日", "3 working days overdue"), ("逾期 5 工作日", "5 working days overdue"),
    ]  # fmt: skip
    usual = [x for x in agenda(plain, book, at(DISPATCH)) if x.level]
    assert [(x.title, x.tell, x.card) for x in ladder] == [(x.title, x.tell, x.card) for x in usual]


def test_raising_a_case_moves_no_reminder_and_no_clock_but_the_handling_one(
    book: Book, dispatched: Case
) -> None:
    case = dispatched(
        book, at(DISPATCH), status=Status.RETURNED, step_due_at=at("2026-09-28T18:00")
    )
    raised = replace(case, raised=2, raised_at=at("2026-09-25T10:00"))
    usual, looks = agenda(case, book, at(DISPATCH)), agenda(raised, book, at(DISPATCH))
    assert reminders(looks) == reminders(usual)
    assert levels(looks, Stage.RULE) == levels(usual, Stage.RULE)
    assert len(looks) == len(usual)


def test_a_case_raised_no_level_keeps_its_ladder(book: Book, dispatched: Case) -> None:
    case = dispatched(book, at(DISPATCH))
    for raised, since in ((0, at("2026-10-09T09:00")), (1, None)):
        other = replace(case, raised=raised, raised_at=since)
        assert agenda(other, book, at(DISPATCH)) == agenda(case, book, at(DISPATCH))


# -- extensions and years to come --------------------------------------------------------------


def test_each_extension_adds_the_limit_once_more_from_where_it_ended(book: Book) -> None:
    three = limit("3 工作日")
    due = [book.handling(three, at(DISPATCH), n).due_at for n in range(3)]
    assert due == [at("2026-09-30T18:00"), at("2026-10-10T18:00"), at("2026-10-14T18:00")]


def test_neither_the_limit_nor_an_extension_counts_what_rested(book: Book) -> None:
    three = limit("3 工作日")
    rests = [resting("2026-09-29", "08:00", "10:00"), resting("2026-10-09", "08:00", "10:00")]
    due = [book.handling(three, START, n, rests).due_at for n in range(2)]
    assert due == [at("2026-10-08T18:00"), at("2026-10-13T18:00")]
    assert book.deadline(three, START, rests[:1]).due_at == due[0]


def test_a_rest_that_was_over_when_the_clock_began_is_no_matter(book: Book) -> None:
    today, morning = limit("当日"), resting("2026-09-28", "09:00", "10:00")
    begun = [at(f"2026-09-28T{time}") for time in ("10:00", "11:00", "09:59")]
    due = [book.handling(today, start, 0, [morning]).due_at for start in begun]
    assert due == [at("2026-09-28T18:00"), at("2026-09-28T18:00"), at("2026-09-29T18:00")]


def test_the_citys_own_reading_of_days_counts(book: Book) -> None:
    reading = book.policy.reading.model_copy(
        update={"bare_days": "calendar", "day_rule": "same_time"}
    )
    own = Book(book.policy.model_copy(update={"reading": reading}), book.worktime, book.published)
    assert own.limit("3天") == limit("3 自然日")
    assert book.limit("3天") == limit("3 工作日")
    assert own.deadline(limit("1 工作日"), START).due_at == at("2026-09-28T15:00")
    assert own.beyond(limit("1 工作日"), at("2026-09-28T15:00")) == at("2026-09-29T15:00")


def test_a_deadline_in_a_year_without_a_calendar_is_marked_provisional(book: Book) -> None:
    assert not book.deadline(limit("3 工作日"), at("2026-12-28T09:00")).provisional
    assert book.deadline(limit("3 工作日"), at("2026-12-30T09:00")).provisional
    assert book.handling(limit("3 工作日"), at("2026-12-28T09:00"), 1).provisional


# -- in words ----------------------------------------------------------------------------------


def test_a_look_reads_as_a_sentence_in_both_languages(book: Book, dispatched: Case) -> None:
    looks = agenda(dispatched(book, at(DISPATCH)), book, at(DISPATCH))
    first, second = (next(x for x in looks if x.level == n) for n in (1, 2))
    assert first.words.zh == "整改到期：督办升级，1 级 单位负责人督办，告知单位负责人、联络员"
    assert second.words == (
        "整改逾期 1 工作日：督办升级，2 级 分管领导督办单，告知分管领导、单位负责人",
        "handle, 1 working day overdue: escalate level 2 (分管领导督办单), "
        "tell leader in charge, head of the unit",
    )
    half = next(x for x in looks if x.rule == "时限过 50%")
    assert half.words == (
        "整改时限过 50%：催办，告知联络员",
        "handle, 50% of the limit gone: remind, tell contact",
    )


def test_a_look_that_tells_nobody_says_what_it_does(book: Book, dispatched: Case) -> None:
    until = at("2026-11-02T08:00")
    case = dispatched(book, at(DISPATCH), status=Status.SUSPENDED, resumes_at=until)
    (look,) = agenda(case, book, at(DISPATCH))
    assert look.words == ("恢复办理（挂账期满）", "resume (the suspension ends)")


# -- laws --------------------------------------------------------------------------------------

starts = st.integers(0, 300 * 24 * 60).map(lambda m: at("2026-01-01") + timedelta(minutes=m))
limits = st.sampled_from(
    [
        "2 紧急工作时",
        "24 紧急工作时",
        "1 工作时",
        "4 工作时",
        "1 工作日",
        "3 工作日",
        "7 自然日",
        "当日",
    ]
)
statuses = st.sampled_from(Status)
spans = st.timedeltas(timedelta(0), timedelta(days=60))


@pytest.fixture(scope="session")
def anywhere(book: Book, dispatched: Case) -> Case:
    """A case in any status, with every clock it may have."""

    def build(start: datetime, own: str, status: Status) -> object:
        stage = STEP.get(status)
        step = book.deadline(book.policy.stages[stage].limit, start).due_at if stage else None
        return dispatched(
            book, start, own, status, step,
            resumes_at=start + timedelta(days=20), look_back_from=start,
            look_back_due_at=start + timedelta(days=15),
        )  # fmt: skip

    return build


@given(starts, limits, statuses, spans)
def test_the_agenda_is_in_order_and_all_of_it_lies_ahead(
    book: Book, anywhere: Case, start: datetime, own: str, status: Status, gone: timedelta
) -> None:
    looks = agenda(anywhere(start, own, status), book, start + gone)
    assert all(look.at > start + gone for look in looks)
    assert all(a.at <= b.at for a, b in pairwise(looks))


@given(starts, limits, statuses, spans)
def test_the_stored_next_look_is_the_first_of_the_agenda(
    book: Book, anywhere: Case, start: datetime, own: str, status: Status, gone: timedelta
) -> None:
    case = anywhere(start, own, status)
    looks = agenda(case, book, start + gone)
    assert next_look(case, book, start + gone) == (looks[0].at if looks else None)


@given(starts, limits, statuses, spans)
def test_time_passing_takes_looks_away_and_never_moves_or_adds_one(
    book: Book, anywhere: Case, start: datetime, own: str, status: Status, gone: timedelta
) -> None:
    case = anywhere(start, own, status)
    whole = agenda(case, book, start)
    assert agenda(case, book, start + gone) == [x for x in whole if x.at > start + gone]


@given(starts, limits, statuses)
def test_the_levels_of_a_clock_come_one_after_another_from_the_due_instant(
    book: Book, anywhere: Case, start: datetime, own: str, status: Status
) -> None:
    case = anywhere(start, own, status)
    looks = agenda(case, book, start)
    for stage in {look.stage for look in looks}:
        climb = [x for x in looks if x.stage is stage and x.act is Act.ESCALATE]
        assert [x.level for x in climb] == list(range(1, len(climb) + 1))
        assert all(a.at < b.at for a, b in pairwise(climb))


@given(starts, limits, statuses)
def test_no_two_looks_of_a_case_would_be_the_same_row_of_the_log(
    book: Book, anywhere: Case, start: datetime, own: str, status: Status
) -> None:
    rows = [(x.stage, x.level, x.rule) for x in agenda(anywhere(start, own, status), book, start)]
    assert len(rows) == len(set(rows))


@given(starts, limits)
def test_what_was_reckoned_before_is_reckoned_alike_again(
    book: Book, dispatched: Case, start: datetime, own: str
) -> None:
    fresh = Book(book.policy, book.worktime, book.published)
    case = dispatched(book, start, own)
    assert agenda(case, book, start) == agenda(case, book, start) == agenda(case, fresh, start)
