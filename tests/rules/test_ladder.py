"""What happens when a moment has come: who is told, what is passed over, and what the log says."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import Stage, Status
from models.escalation import Outcome
from models.person import DutyKind
from rules.agenda import Act, Book, Look, agenda
from rules.duty import Recipient
from rules.ladder import Step, judge

Case = Callable[..., object]
Duties = tuple[DutyKind, ...]
CONTACT, HEAD, LEADER = DutyKind.CONTACT, DutyKind.HEAD, DutyKind.LEADER
OFFICE, DISCIPLINE = DutyKind.OFFICE, DutyKind.DISCIPLINE
DONE, SKIPPED, NOBODY = Outcome.CARRIED_OUT, Outcome.SKIPPED, Outcome.NOBODY
ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


START = at("2026-09-24T15:00")  # due 09-30 18:00; levels 10-08, 10-10, 10-13, 10-20
AFTER_THE_LAST = at("2026-11-01")


def on_duty(*present: DutyKind) -> Callable[[Duties], tuple[Recipient, ...]]:
    """A directory in which only these duties are filled."""

    def who(duties: Duties) -> tuple[Recipient, ...]:
        return tuple(
            Recipient(n, "Bob", 7, "城管局", duty)
            for n, duty in enumerate(duties)
            if duty in present
        )

    return who


EVERYBODY = on_duty(*DutyKind)


@pytest.fixture(scope="session")
def looks(book: Book, dispatched: Case) -> list[Look]:
    """The whole agenda of a case dispatched on the eve of Mid-Autumn."""
    return agenda(dispatched(book, START), book, START)


def key(step: Step) -> tuple[Stage, int, str]:
    return step.look.stage, step.look.level, step.look.rule


def said(steps: Sequence[Step]) -> list[tuple[str, int, Outcome]]:
    return [(step.look.rule, step.look.level, step.outcome) for step in steps]


def reached(looks: Sequence[Look], stage: Stage, moment: str) -> list[int]:
    """The levels of a clock whose instant has come."""
    return [x.level for x in looks if x.stage is stage and x.level and x.at <= at(moment)]


# -- which level now ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "level"),
    [
        ("2026-09-30T17:59", None),
        ("2026-09-30T18:00", 1),  # used up at closing is due that evening
        ("2026-10-07T23:00", 1),  # the holiday does not count
        ("2026-10-08T18:00", 2),
        ("2026-10-10T17:59", 2),
        ("2026-10-10T18:00", 3),  # the make-up Saturday does
        ("2026-10-13T18:00", 4),
        ("2026-10-20T18:00", 5),
        ("2027-01-01T00:00", 5),
    ],
)
def test_the_level_of_a_late_case_follows_the_working_calendar(
    looks: list[Look], moment: str, level: int | None
) -> None:
    assert max(reached(looks, Stage.HANDLE, moment), default=None) == level


def test_each_clock_has_a_level_of_its_own(book: Book, dispatched: Case) -> None:
    case = dispatched(book, START, status=Status.RETURNED, step_due_at=at("2026-09-28T18:00"))
    whole = agenda(case, book, START)
    assert reached(whole, Stage.HANDLE, "2026-09-29T08:00") == []
    assert reached(whole, Stage.RULE, "2026-09-29T08:00") == [1]


# -- in time -----------------------------------------------------------------------------------


def test_before_its_first_moment_nothing_is_done(looks: list[Look]) -> None:
    assert judge(looks, looks[0].at - timedelta.resolution, (), EVERYBODY) == []


def test_a_reminder_goes_to_those_it_is_meant_for(looks: list[Look]) -> None:
    (step,) = judge(looks, at("2026-09-29T10:30"), (), EVERYBODY)
    assert said([step]) == [("时限过 50%", 0, DONE)]
    assert [r.duty for r in step.recipients] == [CONTACT]


def test_a_level_is_carried_out_at_its_instant_and_only_once(looks: list[Look]) -> None:
    due = at("2026-09-30T18:00")
    ahead = [x for x in looks if x.at > at("2026-09-30T17:00")]
    steps = judge(ahead, due, (), EVERYBODY)
    assert said(steps) == [("到期", 1, DONE)]
    assert judge(ahead, due, {key(step) for step in steps}, EVERYBODY) == []


def test_a_reminder_at_the_instant_a_level_speaks_is_passed_over(
    book: Book, dispatched: Case
) -> None:
    # one working hour from 17:00: half an hour before, and then due at closing
    case = dispatched(book, at("2026-09-21T17:00"), "1 工作时")
    whole = agenda(case, book, at("2026-09-21T17:00"))
    assert said(judge(whole, at("2026-09-21T18:00"), (), EVERYBODY)) == [
        ("时限过 50%", 0, SKIPPED),
        ("时限过 80%", 0, SKIPPED),
        ("到期", 1, DONE),
    ]


def test_a_suspension_that_ends_is_taken_up_though_nobody_is_told(
    book: Book, dispatched: Case
) -> None:
    until = at("2026-11-02T08:00")
    case = dispatched(book, START, status=Status.SUSPENDED, resumes_at=until)
    (step,) = judge(agenda(case, book, START), until, (), on_duty())
    assert (step.look.act, step.outcome, step.recipients) == (Act.RESUME, DONE, ())


# -- nobody on duty ----------------------------------------------------------------------------


def test_a_level_with_nobody_on_duty_is_said_and_the_next_one_up_is_told_at_once(
    looks: list[Look],
) -> None:
    steps = judge(looks[-5:], at("2026-09-30T18:00"), (), on_duty(LEADER))
    assert said(steps) == [("到期", 1, NOBODY), ("逾期 1 工作日", 2, DONE)]
    assert [r.duty for r in steps[1].recipients] == [LEADER]


def test_a_level_told_early_is_not_told_again_at_its_own_time(looks: list[Look]) -> None:
    first = judge(looks[-5:], at("2026-09-30T18:00"), (), on_duty(LEADER))
    done = {key(step) for step in first}
    assert judge(looks[-4:], at("2026-10-08T18:00"), done, EVERYBODY) == []
    later = judge(looks[-3:], at("2026-10-10T18:00"), done, EVERYBODY)
    assert said(later) == [("逾期 3 工作日", 3, DONE)]


def test_where_nobody_is_found_on_the_whole_ladder_each_level_keeps_its_own_time(
    looks: list[Look],
) -> None:
    first = judge(looks[-5:], at("2026-09-30T18:00"), (), on_duty())
    assert said(first) == [("到期", 1, NOBODY)]
    # the leader is named in the directory during the holiday, and is told
    second = judge(looks[-4:], at("2026-10-08T18:00"), {key(x) for x in first}, on_duty(LEADER))
    assert said(second) == [("逾期 1 工作日", 2, DONE)]


def test_a_reminder_for_nobody_goes_to_the_next_duty_up_and_the_log_says_so(
    looks: list[Look],
) -> None:
    (step,) = judge(looks, at("2026-09-29T10:30"), (), on_duty(HEAD, LEADER))
    assert step.outcome is NOBODY
    assert [r.duty for r in step.recipients] == [HEAD]


def test_a_reminder_for_the_head_never_falls_down_to_the_contact() -> None:
    look = Look(START, Stage.HANDLE, Act.REMIND, "时限过 80%", tell=(HEAD,))
    (step,) = judge([look], START, (), on_duty(CONTACT, LEADER))
    assert [r.duty for r in step.recipients] == [LEADER]
    (step,) = judge([look], START, (), on_duty(CONTACT))
    assert (step.outcome, step.recipients) == (NOBODY, ())


def test_a_reminder_that_no_duty_lies_above_is_in_the_log_and_tells_nobody_else() -> None:
    look = Look(START, Stage.HANDLE, Act.REMIND, "时限过 80%", tell=(DISCIPLINE,))
    (step,) = judge([look], START, (), on_duty(CONTACT, HEAD, LEADER, OFFICE))
    assert (step.outcome, step.recipients) == (NOBODY, ())


def test_a_look_back_for_which_nobody_is_on_duty_is_not_called_carried_out(
    book: Book, dispatched: Case
) -> None:
    again = at("2026-10-09T00:00")
    case = dispatched(
        book, START, status=Status.CLOSED, look_back_from=START, look_back_due_at=again
    )
    whole = agenda(case, book, again - timedelta(seconds=1))
    assert said(judge(whole, again, (), on_duty(CONTACT))) == [("到期", 1, NOBODY)]
    assert said(judge(whole, again, (), on_duty(OFFICE))) == [("到期", 1, DONE)]


def test_a_level_once_reached_is_not_reached_again_by_another_rule(looks: list[Look]) -> None:
    first = next(look for look in looks if look.level == 1)
    raised = replace(first, rule="提级")
    assert judge([raised], first.at, {(first.stage, 1, first.rule)}, on_duty(*DutyKind)) == []


def test_a_reminder_once_given_is_not_given_again_when_its_moment_moves(looks: list[Look]) -> None:
    half, most = looks[:2]
    given = {(half.stage, half.level, half.rule)}
    moved = replace(half, at=half.at + timedelta(days=1))
    assert judge([moved], moved.at, given, EVERYBODY) == []
    assert said(judge([most], most.at, given, EVERYBODY)) == [("时限过 80%", 0, DONE)]


def test_a_reminder_for_a_handler_nobody_is_goes_to_the_contact(looks: list[Look]) -> None:
    look = replace(looks[0], tell=(DutyKind.HANDLER,))
    [step] = judge([look], look.at, (), on_duty(CONTACT))
    assert (step.outcome, [who.duty for who in step.recipients]) == (NOBODY, [CONTACT])


# -- after an outage ---------------------------------------------------------------------------


def test_after_an_outage_the_highest_level_is_carried_out_and_the_rest_are_in_the_log(
    looks: list[Look],
) -> None:
    assert said(judge(looks, at("2026-10-11T09:00"), (), EVERYBODY)) == [
        ("时限过 50%", 0, SKIPPED),
        ("时限过 80%", 0, SKIPPED),
        ("到期前 2 工作时", 0, SKIPPED),
        ("到期", 1, SKIPPED),
        ("逾期 1 工作日", 2, SKIPPED),
        ("逾期 3 工作日", 3, DONE),
    ]


def test_after_an_outage_reminders_collapse_to_the_last_one(looks: list[Look]) -> None:
    assert said(judge(looks, at("2026-09-30T17:00"), (), EVERYBODY)) == [
        ("时限过 50%", 0, SKIPPED),
        ("时限过 80%", 0, SKIPPED),
        ("到期前 2 工作时", 0, DONE),
    ]


def test_a_level_passed_over_keeps_the_instant_it_was_planned_for(looks: list[Look]) -> None:
    steps = judge(looks, at("2026-10-11T09:00"), (), EVERYBODY)
    assert {step.look.level: step.look.at for step in steps if step.look.level} == {
        1: at("2026-09-30T18:00"),
        2: at("2026-10-08T18:00"),
        3: at("2026-10-10T18:00"),
    }


def test_each_clock_catches_up_by_itself(book: Book, dispatched: Case) -> None:
    case = dispatched(book, START, status=Status.RETURNED, step_due_at=at("2026-09-28T18:00"))
    steps = judge(agenda(case, book, START), at("2026-10-08T18:00"), (), EVERYBODY)
    carried = [(step.look.stage, step.look.level) for step in steps if step.outcome is DONE]
    assert sorted(carried) == [(Stage.HANDLE, 2), (Stage.RULE, 1)]


# -- laws --------------------------------------------------------------------------------------

moments = st.timedeltas(timedelta(0), timedelta(days=40)).map(lambda gone: START + gone)
rotas = st.sets(st.sampled_from(DutyKind)).map(lambda duties: on_duty(*duties))
statuses = st.sampled_from([Status.IN_PROGRESS, Status.RETURNED, Status.DISPATCHED, Status.CLOSED])


@pytest.fixture(scope="session")
def agenda_of(book: Book, dispatched: Case) -> Callable[[Status], list[Look]]:
    def build(status: Status) -> list[Look]:
        due, again = at("2026-09-28T18:00"), at("2026-10-09T08:00")
        case = dispatched(
            book, START, "3 工作日", status, due, look_back_from=START, look_back_due_at=again
        )
        return agenda(case, book, START)

    return build


@given(statuses, moments, rotas)
def test_every_look_that_has_passed_ends_in_exactly_one_step(
    agenda_of: Callable[[Status], list[Look]],
    status: Status,
    now: datetime,
    who: Callable[[Duties], tuple[Recipient, ...]],
) -> None:
    whole = agenda_of(status)
    steps = judge(whole, now, (), who)
    rows = Counter(key(step) for step in steps)
    assert not [row for row, times in rows.items() if times > 1]
    assert {(x.stage, x.level, x.rule) for x in whole if x.at <= now} <= set(rows)


@given(statuses, moments, rotas)
def test_two_levels_of_one_clock_are_never_carried_out_together(
    agenda_of: Callable[[Status], list[Look]],
    status: Status,
    now: datetime,
    who: Callable[[Duties], tuple[Recipient, ...]],
) -> None:
    steps = judge(agenda_of(status), now, (), who)
    carried = Counter(x.look.stage for x in steps if x.look.level and x.outcome is DONE)
    assert not carried or max(carried.values()) == 1
    told = Counter(x.look.stage for x in steps if x.recipients)
    assert not told or max(told.values()) == 1


@given(statuses, moments, rotas)
def test_what_was_carried_out_reached_somebody_and_what_was_skipped_nobody(
    agenda_of: Callable[[Status], list[Look]],
    status: Status,
    now: datetime,
    who: Callable[[Duties], tuple[Recipient, ...]],
) -> None:
    for step in judge(agenda_of(status), now, (), who):
        assert bool(step.recipients) or step.outcome is not DONE
        assert not step.recipients or step.outcome is not SKIPPED
        assert step.look.at <= now or step.look.level


def swept(
    whole: list[Look], sweeps: list[datetime], who: Callable[[Duties], tuple[Recipient, ...]]
) -> list[Step]:
    """All steps of a case judged at these instants, the log being kept between them."""
    until, steps = START, []
    for now in sorted(sweeps):
        ahead = [look for look in whole if look.at > until]
        steps += judge(ahead, now, {key(step) for step in steps}, who)
        until = now
    return steps


@given(statuses, st.lists(moments, max_size=8), rotas)
def test_however_the_sweeps_fall_each_level_and_reminder_is_in_the_log_exactly_once(
    agenda_of: Callable[[Status], list[Look]],
    status: Status,
    sweeps: list[datetime],
    who: Callable[[Duties], tuple[Recipient, ...]],
) -> None:
    whole = agenda_of(status)
    rows = Counter(key(step) for step in swept(whole, [*sweeps, AFTER_THE_LAST], who))
    assert rows == Counter((x.stage, x.level, x.rule) for x in whole)


@given(st.lists(moments, max_size=8))
def test_the_last_level_due_is_always_told_however_late_the_sweep(
    looks: list[Look], sweeps: list[datetime]
) -> None:
    steps = swept(looks, [*sweeps, AFTER_THE_LAST], EVERYBODY)
    assert steps[-1].look.level == 5
    assert steps[-1].outcome is DONE
