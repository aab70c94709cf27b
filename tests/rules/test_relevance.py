"""What a person written to may rely on: a message that comes late still says something true."""

import pytest

from models.case import Stage, Status
from models.notice import NoticeKind
from rules.relevance import about, still_needed

OVER = [Status.CLOSED, Status.CANCELLED, Status.MERGED, Status.REJECTED]


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    "kind",
    [
        *(NoticeKind.TRANSFERRED, NoticeKind.DECIDED, NoticeKind.CLOSED, NoticeKind.CONFIRMED),
        *(NoticeKind.EXPOSED, NoticeKind.RECOMPUTED, NoticeKind.PROPOSED, NoticeKind.URGED),
        NoticeKind.ENDED,
    ],
)
def test_what_somebody_must_know_is_told_whatever_has_happened_since(
    kind: NoticeKind, status: Status
) -> None:
    assert still_needed(kind, None, status)
    assert still_needed(kind, "handle", status)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    "kind",
    [NoticeKind.DISPATCHED, NoticeKind.ESCALATION, NoticeKind.ASSIGNED, NoticeKind.TAKEN_OVER],
)
def test_that_a_case_began_is_told_until_it_is_over(kind: NoticeKind, status: Status) -> None:
    over = status in {*OVER, Status.SPLIT}
    assert still_needed(kind, None, status) is not over
    assert still_needed(kind, "handle", status) is not over


@pytest.mark.parametrize("stage", ["publish", "look_back"])
def test_what_is_late_after_the_end_is_told_after_the_end(stage: str) -> None:
    assert still_needed(NoticeKind.ESCALATION, stage, Status.CLOSED)


@pytest.mark.parametrize("kind", [NoticeKind.CLOSED, NoticeKind.ENDED])
def test_who_heard_nothing_of_the_beginning_hears_nothing_of_the_end(kind: NoticeKind) -> None:
    assert not still_needed(kind, None, Status.CLOSED, told=False)


def test_what_is_about_no_case_is_always_told() -> None:
    assert still_needed(NoticeKind.SUMMARY, None, None)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NoticeKind.UNDECIDED, Status.UNDECIDED),
        (NoticeKind.RETURNED, Status.RETURNED),
        (NoticeKind.SUBMITTED, Status.SUBMITTED),
        (NoticeKind.REWORK, Status.REWORK),
        (NoticeKind.RELAPSED, Status.REWORK),
        (NoticeKind.REOPENED, Status.REWORK),
        (NoticeKind.LOOK_BACK, Status.CLOSED),
    ],
)
def test_a_call_to_act_is_moot_once_the_case_has_moved_on(kind: NoticeKind, status: Status) -> None:
    assert [s for s in Status if still_needed(kind, None, s)] == [status]


@pytest.mark.parametrize(
    "status", [Status.DISPATCHED, Status.IN_PROGRESS, Status.RETURNED, Status.REWORK]
)
def test_a_reminder_about_handling_is_told_while_the_unit_handles(status: Status) -> None:
    assert still_needed(NoticeKind.REMINDER, "handle", status)


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.SUSPENDED, *OVER])
def test_a_reminder_about_handling_is_moot_once_the_unit_has_submitted(status: Status) -> None:
    assert not still_needed(NoticeKind.REMINDER, "handle", status)


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("dispatch", Status.UNDECIDED),
        ("sign", Status.DISPATCHED),
        ("rule", Status.RETURNED),
        ("verify", Status.SUBMITTED),
    ],
)
def test_a_reminder_about_a_step_is_told_while_the_case_waits_for_it(
    stage: str, status: Status
) -> None:
    assert still_needed(NoticeKind.REMINDER, stage, status)
    for over in (Status.IN_PROGRESS, *OVER):
        assert not still_needed(NoticeKind.REMINDER, stage, over)


def test_a_reminder_of_a_look_back_is_told_while_the_case_is_closed_and_not_yet_looked_at() -> None:
    told = [s for s in Status if still_needed(NoticeKind.REMINDER, "look_back", s)]
    assert told == [Status.CLOSED]


@pytest.mark.parametrize("stage", ["publish", "look_back"])
def test_what_has_been_published_or_looked_at_needs_no_reminder(stage: str) -> None:
    assert still_needed(NoticeKind.REMINDER, stage, Status.CLOSED, runs=True)
    assert not still_needed(NoticeKind.REMINDER, stage, Status.CLOSED, runs=False)


def test_a_look_back_already_done_is_not_asked_for_again() -> None:
    assert still_needed(NoticeKind.LOOK_BACK, None, Status.CLOSED, runs=True)
    assert not still_needed(NoticeKind.LOOK_BACK, None, Status.CLOSED, runs=False)
    assert still_needed(NoticeKind.SUBMITTED, None, Status.SUBMITTED, runs=False)


def test_a_withdrawal_is_not_told_to_whoever_verifies_what_was_handed_in_again() -> None:
    untold = [s for s in Status if not still_needed(NoticeKind.WITHDRAWN, None, s)]
    assert untold == [Status.SUBMITTED, Status.CLOSED]


def test_a_reminder_that_does_not_say_of_what_is_told() -> None:
    assert still_needed(NoticeKind.REMINDER, None, Status.SUBMITTED)


@pytest.mark.parametrize("status", list(Status))
def test_a_request_waits_for_its_decision_whatever_the_case_does(status: Status) -> None:
    assert still_needed(NoticeKind.REQUEST, None, status)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("kind", [NoticeKind.REMINDER, NoticeKind.ESCALATION, NoticeKind.SUBMITTED])
def test_a_notice_that_names_its_clock_speaks_of_that_clock(kind: NoticeKind, stage: Stage) -> None:
    assert about(kind, stage.value) is stage


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        (NoticeKind.UNDECIDED, Stage.DISPATCH),
        (NoticeKind.RETURNED, Stage.RULE),
        (NoticeKind.SUBMITTED, Stage.VERIFY),
        (NoticeKind.LOOK_BACK, Stage.LOOK_BACK),
        (NoticeKind.DISPATCHED, Stage.HANDLE),
        (NoticeKind.REWORK, Stage.HANDLE),
        (NoticeKind.REMINDER, Stage.HANDLE),
    ],
)
def test_a_notice_that_names_no_clock_speaks_of_the_one_its_reader_acts_by(
    kind: NoticeKind, stage: Stage
) -> None:
    assert about(kind, None) is stage


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (Status.RETURNED, Stage.RULE),
        (Status.SUBMITTED, Stage.VERIFY),
        (Status.IN_PROGRESS, Stage.HANDLE),
        (None, Stage.HANDLE),
    ],
)
def test_who_urges_by_hand_urges_whoever_the_case_waits_for(
    status: Status | None, stage: Stage
) -> None:
    assert about(NoticeKind.URGED, None, status) is stage
    assert about(NoticeKind.URGED, "sign", status) is Stage.SIGN
    assert about(NoticeKind.DISPATCHED, None, status) is Stage.HANDLE
