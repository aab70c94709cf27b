"""What an outlet may rely on: never faster than it bears, and left in peace while it fails."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.delivery import DeliveryOutcome
from rules import pace
from rules.pace import FAILURES, HAND, LEASE, LIMIT, SIDE_BY_SIDE, Tap, admit, settled, shut

NOW = datetime(2026, 9, 24, 7, tzinfo=UTC)
SENT, LATER, UNKNOWN = DeliveryOutcome.SENT, DeliveryOutcome.TEMPORARY, DeliveryOutcome.UNKNOWN
NEVER, TOO_FAST = DeliveryOutcome.PERMANENT, DeliveryOutcome.TOO_FAST
MISCONFIGURED = DeliveryOutcome.MISCONFIGURED
ROBOT = Tap(per_minute=20, burst=20, tokens=20, filled_at=NOW)
MAIL = Tap(per_minute=0, burst=0, tokens=0, filled_at=NOW)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def sent_at(tap: Tap, at: datetime, wanted: int) -> tuple[Tap, int]:
    """How many of `wanted` messages go at an instant."""
    gone = 0
    for _ in range(wanted):
        found = admit(tap, at)
        tap = found.tap
        gone += not found.wait
    return tap, gone


def broken(tap: Tap = MAIL, at: datetime = NOW) -> Tap:
    """An outlet whose circuit has just opened."""
    for _ in range(FAILURES):
        tap = settled(tap, LATER, at)
    return tap


# -- the bucket ------------------------------------------------------------------------------


def test_a_robot_of_twenty_a_minute_gets_twenty_and_then_one_every_three_seconds() -> None:
    tap, gone = sent_at(ROBOT, NOW, 50)
    assert gone == 20
    assert sent_at(tap, NOW + timedelta(seconds=2.9), 9)[1] == 0
    assert sent_at(tap, NOW + timedelta(seconds=3), 9)[1] == 1
    assert sent_at(tap, NOW + minutes(1), 50)[1] == 20
    assert sent_at(tap, NOW + minutes(60), 50)[1] == 20


def test_what_has_no_limit_takes_as_many_as_come() -> None:
    assert sent_at(MAIL, NOW, 1000)[1] == 1000


def test_each_that_is_put_off_waits_for_a_token_of_its_own() -> None:
    empty = replace(ROBOT, tokens=0.0)
    waits = [admit(empty, NOW, ahead).wait for ahead in range(41)]
    assert waits[0] == timedelta(seconds=3)
    assert waits[19:21] == [minutes(1), minutes(1) + timedelta(seconds=3)]
    assert len(set(waits)) == 41


def test_a_clock_set_back_neither_gives_tokens_nor_keeps_them_back() -> None:
    tap, _ = sent_at(ROBOT, NOW, 20)
    back = NOW - minutes(60)
    tap, gone = sent_at(tap, back, 5)
    assert gone == 0
    assert sent_at(tap, back + minutes(1), 50)[1] == 20


def test_two_machines_whose_clocks_differ_by_seconds_share_one_bucket() -> None:
    tap, total = replace(ROBOT, tokens=0.0), 0
    for second in range(60):
        behind = timedelta(seconds=20 if second % 2 else 0)
        tap, gone = sent_at(tap, NOW + timedelta(seconds=second) - behind, 5)
        total += gone
    assert total <= 20


@given(
    st.lists(st.tuples(st.floats(0, 300), st.integers(0, 60)), max_size=30),
    st.integers(1, 120),
    st.integers(1, 60),
)
def test_never_more_than_the_burst_and_what_the_time_has_filled(
    steps: list[tuple[float, int]], per_minute: int, burst: int
) -> None:
    tap, at, total = Tap(per_minute, burst, float(burst), NOW), NOW, 0
    for seconds, wanted in steps:
        at += timedelta(seconds=seconds)
        tap, gone = sent_at(tap, at, wanted)
        total += gone
    assert total <= burst + (at - NOW) / minutes(1) * per_minute + 1e-6


@given(st.lists(st.floats(-7200, 7200), max_size=30))
def test_whatever_the_clock_does_a_bucket_is_never_below_nothing_nor_above_its_burst(
    jumps: list[float],
) -> None:
    tap, at = ROBOT, NOW
    for jump in jumps:
        at += timedelta(seconds=jump)
        tap, _ = sent_at(tap, at, 7)
        assert 0 <= tap.tokens <= 20


@given(st.lists(st.floats(-7200, 7200), max_size=10))
def test_whatever_the_clock_did_tokens_are_there_again_within_two_minutes(
    jumps: list[float],
) -> None:
    tap, at = ROBOT, NOW
    for jump in jumps:
        at += timedelta(seconds=jump)
        tap, _ = sent_at(tap, at, 30)
    for _ in range(2):
        at += minutes(1)
        tap, gone = sent_at(tap, at, 1)
    assert gone == 1


# -- too fast --------------------------------------------------------------------------------


def test_too_fast_empties_the_bucket_and_waits_as_long_as_the_service_asks() -> None:
    tap = settled(ROBOT, TOO_FAST, NOW, again=minutes(10))
    assert shut(tap, NOW) == minutes(10)
    assert tap.tokens == 0
    assert sent_at(tap, NOW + minutes(9), 5)[1] == 0
    assert sent_at(tap, NOW + minutes(10), 5)[1] == 5


def test_too_fast_is_no_failure_of_the_outlet() -> None:
    for _ in range(2 * FAILURES):
        tap = settled(MAIL, TOO_FAST, NOW)
    assert tap.failures == 0
    assert shut(tap, NOW) == minutes(1)


def test_a_message_that_was_still_taken_does_not_end_the_penalty() -> None:
    tap = settled(settled(MAIL, TOO_FAST, NOW, again=minutes(10)), SENT, NOW)
    assert shut(tap, NOW) == minutes(10)


# -- the circuit -----------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [LATER, UNKNOWN])
def test_after_five_failures_in_a_row_an_outlet_is_left_in_peace(failure: DeliveryOutcome) -> None:
    tap = MAIL
    for _ in range(FAILURES - 1):
        tap = settled(tap, failure, NOW)
    assert shut(tap, NOW) == timedelta(0)
    assert shut(settled(tap, failure, NOW), NOW) == minutes(1)


@pytest.mark.parametrize("answer", [SENT, NEVER])
def test_an_answer_in_between_ends_the_row(answer: DeliveryOutcome) -> None:
    tap = MAIL
    for outcome in [LATER, LATER, LATER, LATER, answer, LATER, LATER]:
        tap = settled(tap, outcome, NOW)
    assert (tap.failures, shut(tap, NOW)) == (2, timedelta(0))


def test_an_outlet_that_is_set_up_wrongly_is_shut_at_once() -> None:
    assert shut(settled(MAIL, MISCONFIGURED, NOW), NOW) == minutes(1)


def test_when_the_pause_is_over_exactly_one_message_goes_to_see() -> None:
    first = admit(broken(), NOW + minutes(1))
    assert first.probe
    assert not first.wait
    second = admit(first.tap, NOW + minutes(1))
    assert not second.probe
    assert second.wait == minutes(1)


def test_a_probe_that_nobody_reports_on_is_followed_by_another() -> None:
    first = admit(broken(), NOW + minutes(1))
    assert admit(first.tap, NOW + minutes(2)).probe


def test_each_failed_probe_doubles_the_pause_up_to_half_an_hour() -> None:
    tap, at, pauses = broken(), NOW, []
    for _ in range(8):
        pauses.append(shut(tap, at))
        at += shut(tap, at)
        tap = settled(admit(tap, at).tap, LATER, at, probe=True)
    assert [each / minutes(1) for each in pauses] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_probe_that_arrives_opens_the_outlet_for_all() -> None:
    tap = settled(admit(broken(), NOW + minutes(1)).tap, SENT, NOW + minutes(1), probe=True)
    assert (tap.failures, tap.closed_until, tap.failing_since) == (0, None, None)
    assert tap.good_at == NOW + minutes(1)


def test_what_was_under_way_when_the_circuit_opened_does_not_lengthen_the_pause() -> None:
    tap = broken()
    for _ in range(20):
        tap = settled(tap, UNKNOWN, NOW)
    assert shut(tap, NOW) == minutes(1)


def test_it_is_known_since_when_an_outlet_fails_and_when_it_last_worked() -> None:
    tap = settled(MAIL, SENT, NOW)
    for n in range(1, 4):
        tap = settled(tap, LATER, NOW + minutes(n))
    assert (tap.good_at, tap.failing_since) == (NOW, NOW + minutes(1))


def test_a_clock_set_back_does_not_keep_an_outlet_shut_for_an_hour() -> None:
    assert shut(broken(), NOW - minutes(60)) == timedelta(0)
    assert shut(settled(MAIL, TOO_FAST, NOW, again=minutes(10)), NOW - minutes(60)) == timedelta(0)


# -- the lease -------------------------------------------------------------------------------


def test_a_lease_outlasts_a_whole_hand_through_one_outlet_that_takes_its_time() -> None:
    assert LEASE > HAND / SIDE_BY_SIDE * LIMIT + LIMIT


def test_a_robot_gets_its_messages_one_by_one() -> None:
    assert (pace.side_by_side(20), pace.side_by_side(0)) == (1, SIDE_BY_SIDE)
