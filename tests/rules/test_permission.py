"""权限: what the table does not list is nobody's."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from models.case import Status
from models.request import RequestKind
from models.verb import Verb
from portal.acting import ACTIONS
from rules.lifecycle import TABLE
from rules.permission import ANSWERS, MAY, Concern, may, offered

ENGINE = {
    Verb.HOLD, Verb.JOIN, Verb.DRAW, Verb.REMIND, Verb.ESCALATE, Verb.RECOMPUTE,
    Verb.PROPOSE, Verb.REVIEW,
}  # fmt: skip
"""What the engine does by itself, or what comes of another verb."""


@dataclass
class Facts:
    status: Status
    late: bool | None = False
    appeals: int = 0
    step_due_at: datetime | None = datetime(2026, 9, 1, tzinfo=UTC)
    look_back_due_at: datetime | None = None


def test_every_verb_of_the_lifecycle_is_somebodys_or_the_engines() -> None:
    of_somebody = may(Concern)
    assert {row.verb for row in TABLE} == of_somebody | ENGINE
    assert not of_somebody & ENGINE


def test_every_verb_that_is_somebodys_can_be_carried_out_on_a_page() -> None:
    assert set(ACTIONS) == may(Concern)


def test_whoever_was_only_written_to_can_do_nothing() -> None:
    for status in Status:
        assert offered([Concern.INFORMED], Facts(status)) == []


def test_no_unit_verifies_its_own_work() -> None:
    checks = {Verb.VERIFY_PASS, Verb.VERIFY_FAIL, Verb.VERIFY_PARTLY, Verb.LOOK_BACK_PASS}
    assert not checks & (MAY[Concern.LEAD] | MAY[Concern.ASSISTING])


@pytest.mark.parametrize(("verb", "kinds"), ANSWERS.items())
def test_a_request_is_answered_only_while_one_of_its_kind_waits(
    verb: Verb, kinds: tuple[RequestKind, ...]
) -> None:
    status = Status.CLOSED if RequestKind.APPEAL in kinds else Status.IN_PROGRESS
    for asked in (None, *RequestKind):
        shown = offered([Concern.SUPERVISOR], Facts(status), asked)
        assert (verb in shown) == (asked in kinds)


def test_an_appeal_is_offered_for_a_late_case_once() -> None:
    assert Verb.REQUEST_APPEAL in offered([Concern.LEAD], Facts(Status.CLOSED, late=True))
    assert Verb.REQUEST_APPEAL not in offered([Concern.LEAD], Facts(Status.CLOSED))
    again = Facts(Status.CLOSED, late=True, appeals=1)
    assert Verb.REQUEST_APPEAL not in offered([Concern.LEAD], again)
