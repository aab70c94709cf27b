"""A message that comes late says nothing that has been undone since."""

import pytest

from models.case import Stage, Status
from models.notice import NoticeKind
from rules.relevance import LASTING, WAITING, about, still_needed

OPEN_QUESTIONS = {NoticeKind.REMINDER, NoticeKind.REQUEST, NoticeKind.WITHDRAWN}


def test_every_kind_of_notice_has_been_thought_of() -> None:
    assert LASTING.isdisjoint(WAITING)
    assert LASTING | set(WAITING) | OPEN_QUESTIONS == set(NoticeKind)


def test_a_reminder_to_look_back_is_told_while_the_look_back_waits() -> None:
    said = [s for s in Status if still_needed(NoticeKind.REMINDER, "look_back", s)]
    assert said == [Status.CLOSED]
    assert not still_needed(NoticeKind.REMINDER, "look_back", Status.CLOSED, runs=False)


def test_that_a_case_goes_on_is_not_told_once_it_has_been_handed_in() -> None:
    told = [s for s in Status if still_needed(NoticeKind.RESUMED, None, s)]
    assert told == [Status.IN_PROGRESS]


def test_a_reminder_to_publish_is_moot_once_it_has_been_published() -> None:
    assert still_needed(NoticeKind.REMINDER, "publish", Status.CLOSED)
    assert not still_needed(NoticeKind.REMINDER, "publish", Status.CLOSED, runs=False)


def test_nobody_is_sent_to_look_back_where_somebody_has_been() -> None:
    assert not still_needed(NoticeKind.LOOK_BACK, None, Status.CLOSED, runs=False)


@pytest.mark.parametrize("status", list(Status))
def test_a_withdrawal_is_told_unless_the_case_is_submitted_again(status: Status) -> None:
    again = status in (Status.SUBMITTED, Status.CLOSED)
    assert still_needed(NoticeKind.WITHDRAWN, None, status) is not again


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (Status.RETURNED, Stage.RULE),
        (Status.SUBMITTED, Stage.VERIFY),
        (Status.DISPATCHED, Stage.HANDLE),
        (Status.IN_PROGRESS, Stage.HANDLE),
        (Status.REWORK, Stage.HANDLE),
    ],
)
def test_who_is_urged_reads_of_the_clock_the_case_waits_for(status: Status, stage: Stage) -> None:
    assert about(NoticeKind.URGED, None, status) is stage


@pytest.mark.parametrize(
    "kind",
    [
        *(NoticeKind.RELAPSED, NoticeKind.REOPENED, NoticeKind.TAKEN_OVER, NoticeKind.ASSIGNED),
        *(NoticeKind.RECOMPUTED, NoticeKind.PROPOSED, NoticeKind.EXPOSED, NoticeKind.CONFIRMED),
    ],
)
def test_what_is_about_putting_right_names_the_date_of_putting_right(kind: NoticeKind) -> None:
    assert about(kind, None, Status.SUBMITTED) is Stage.HANDLE
