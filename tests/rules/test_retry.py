"""What a person owed a notice may rely on: every channel is tried, patiently, and none for ever."""

from datetime import timedelta

import pytest

from models.delivery import DeliveryOutcome
from rules.retry import Attempt, channel_for, wait

LATER, NEVER = DeliveryOutcome.TEMPORARY, DeliveryOutcome.PERMANENT
UNKNOWN = DeliveryOutcome.UNKNOWN
KEYS = [f"escalate:2026-{n:06d}:1:2" for n in range(400)]


def tried(*outcomes: DeliveryOutcome, on: int | None = 0) -> list[Attempt]:
    return [Attempt(on, outcome) for outcome in outcomes]


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


# -- which channel ---------------------------------------------------------------------------


def test_the_first_channel_of_a_person_is_tried_first() -> None:
    assert channel_for(3, []) == 0


def test_a_channel_that_failed_for_now_is_tried_again_before_the_next() -> None:
    assert channel_for(2, tried(LATER, UNKNOWN, LATER)) == 0


def test_after_four_failures_the_next_channel_is_tried() -> None:
    assert channel_for(2, tried(LATER, LATER, UNKNOWN, LATER)) == 1


def test_a_channel_that_refuses_for_good_is_not_asked_again() -> None:
    assert channel_for(2, tried(NEVER)) == 1
    assert channel_for(2, tried(LATER, NEVER)) == 1


def test_a_channel_answers_for_its_own_failures_only() -> None:
    first = tried(LATER, LATER, LATER, LATER)
    assert channel_for(3, [*first, *tried(LATER, LATER, LATER, on=1)]) == 1
    assert channel_for(3, [*first, *tried(NEVER, on=1)]) == 2


def test_when_every_channel_has_been_given_up_there_is_none() -> None:
    assert channel_for(0, []) is None
    assert channel_for(1, tried(NEVER)) is None
    assert channel_for(2, [*tried(NEVER), *tried(LATER, LATER, LATER, LATER, on=1)]) is None


# -- how long to wait ------------------------------------------------------------------------


@pytest.mark.parametrize(("failures", "least"), [(1, 1), (2, 5), (3, 30)])
def test_one_five_and_thirty_minutes_and_up_to_a_quarter_more(failures: int, least: int) -> None:
    attempts = tried(*[LATER] * failures)
    waits = [wait(key, attempts) for key in KEYS]
    assert minutes(least) <= min(waits) < minutes(1.05 * least)
    assert minutes(1.2 * least) < max(waits) < minutes(1.25 * least)


def test_notices_that_failed_together_do_not_come_back_together() -> None:
    waits = [wait(key, tried(LATER)) for key in KEYS]
    assert len(set(waits)) > 0.95 * len(KEYS)


def test_one_notice_is_not_always_the_late_one() -> None:
    shares = [wait(KEYS[0], tried(*[LATER] * n)) / minutes(m) for n, m in ((1, 1), (2, 5), (3, 30))]
    assert len(set(shares)) == 3


def test_the_wait_can_be_reckoned_again_from_the_key_and_the_attempts() -> None:
    assert wait("a", tried(LATER, LATER)) == wait("a", tried(UNKNOWN, LATER))


def test_nothing_is_waited_for_when_the_next_channel_is_another() -> None:
    assert wait("a", tried(NEVER)) == timedelta(0)
    assert wait("a", tried(LATER, LATER, LATER, LATER)) == timedelta(0)


def test_the_second_channel_begins_again_with_the_short_wait() -> None:
    earlier = tried(LATER, LATER, LATER, LATER)
    assert minutes(1) <= wait("a", [*earlier, *tried(LATER, on=1)]) < minutes(1.25)


def test_it_is_the_last_attempt_that_decides_what_is_waited_for() -> None:
    assert wait("a", [*tried(NEVER), *tried(LATER, on=1)]) >= minutes(1)
