"""Why a notice that has not gone waits: one reason, the one that counts."""

from datetime import timedelta
from typing import Any

import pytest

from models.delivery import DeliveryOutcome
from models.notice import NoticeState
from models.words import Words
from rules.waits import CAPPED, DUE, LATER, SENDING, SHUT, Waiting, waits_for
from tests.world import instant

AT = instant("2026-09-24 15:00")
LATE, SOON = AT - timedelta(minutes=1), AT + timedelta(minutes=5)
QUIET = Words("静默", "quiet")


def said(**more: Any) -> Words | None:
    facts: dict[str, Any] = {"state": NoticeState.OWED, "next_try_at": SOON} | more
    return waits_for(Waiting(**facts), AT)


def test_what_has_come_to_an_end_waits_for_nothing() -> None:
    for state in (NoticeState.SENT, NoticeState.DEAD, NoticeState.MOOT):
        assert said(state=state) is None


def test_each_reason_is_said() -> None:
    assert said(state=NoticeState.SENDING) is SENDING
    assert said(state=NoticeState.CAPPED) is CAPPED
    assert said(next_try_at=LATE) is DUE
    assert said() is LATER
    assert said(shut_until=SOON) is SHUT
    assert said(held=QUIET) is QUIET
    assert "每分钟只收 20 条" in str(said(per_minute=20, tokens=0.4))


@pytest.mark.parametrize("outcome", [o for o in DeliveryOutcome if o is not DeliveryOutcome.SENT])
def test_after_every_failure_it_is_said_what_came_of_it(outcome: DeliveryOutcome) -> None:
    words = said(tried=outcome)
    assert words not in (None, LATER, DUE)


def test_what_the_policy_holds_is_not_blamed_on_a_channel() -> None:
    assert said(held=QUIET, shut_until=SOON, per_minute=20) is QUIET


def test_what_is_due_is_not_said_to_be_held() -> None:
    assert said(next_try_at=LATE, held=QUIET) is DUE
    assert said(next_try_at=LATE, held=QUIET, shut_until=SOON) is SHUT
