"""What a person owed a notice may rely on: every channel is tried, patiently, and none for ever."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.delivery import DeliveryOutcome
from rules.retry import CRASHES, MOST, TRIES, Attempt, Path, channel_for, wait

LATER, NEVER = DeliveryOutcome.TEMPORARY, DeliveryOutcome.PERMANENT
UNKNOWN, TOO_FAST = DeliveryOutcome.UNKNOWN, DeliveryOutcome.TOO_FAST
MISCONFIGURED = DeliveryOutcome.MISCONFIGURED
KEYS = [f"escalate:2026-{n:06d}:1:2" for n in range(400)]
PLAIN = Path()


def tried(*outcomes: DeliveryOutcome, on: int | None = 0) -> list[Attempt]:
    return [Attempt(on, outcome) for outcome in outcomes]


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def late(delay: float, **more: object) -> Path:
    return Path(minutes(delay), **more)  # type: ignore[arg-type]


def chosen(channels: int | list[Path], attempts: list[Attempt], since: float = 0) -> int | None:
    """The channel that goes now."""
    paths = [PLAIN] * channels if isinstance(channels, int) else channels
    choice = channel_for(paths, attempts, minutes(since))
    assert choice is None or not choice.wait
    return choice.position if choice else None


def waits(key: str, attempts: list[Attempt], channels: int = 1) -> timedelta:
    return wait(key, [PLAIN] * channels, attempts)


# -- which channel ---------------------------------------------------------------------------


def test_the_first_channel_of_a_person_is_tried_first() -> None:
    assert chosen(3, []) == 0


def test_a_channel_that_failed_for_now_is_tried_again_before_the_next() -> None:
    assert chosen(2, tried(LATER, UNKNOWN, LATER)) == 0


def test_after_four_failures_the_next_channel_is_tried() -> None:
    assert chosen(2, tried(LATER, LATER, UNKNOWN, LATER)) == 1


@pytest.mark.parametrize("refusal", [NEVER, MISCONFIGURED])
def test_a_channel_that_refuses_for_good_is_not_asked_again(refusal: DeliveryOutcome) -> None:
    assert chosen(2, tried(refusal)) == 1
    assert chosen(2, tried(LATER, refusal)) == 1


def test_a_channel_answers_for_its_own_failures_only() -> None:
    first = tried(LATER, LATER, LATER, LATER)
    assert chosen(3, [*first, *tried(LATER, LATER, LATER, on=1)]) == 1
    assert chosen(3, [*first, *tried(NEVER, on=1)]) == 2


def test_a_channel_that_was_asked_too_fast_has_not_failed() -> None:
    assert chosen(2, tried(*[TOO_FAST] * 20)) == 0
    assert chosen(2, tried(*[TOO_FAST] * 20, *[LATER] * 3)) == 0


def test_a_sender_that_died_says_nothing_of_the_channel() -> None:
    died = Attempt(0, UNKNOWN, reported=False)
    assert chosen(2, [died] * 20) == 0
    assert chosen(2, [*[died] * 20, *tried(*[LATER] * TRIES)]) == 1


def test_what_kills_its_sender_every_time_does_not_go_on_for_ever() -> None:
    assert chosen(1, [Attempt(0, UNKNOWN, reported=False)] * CRASHES) is None


def test_a_channel_nobody_wants_used_is_left_out() -> None:
    assert chosen([Path(active=False), PLAIN], []) == 1
    assert chosen([Path(active=False)], []) is None


def test_where_there_is_no_other_channel_the_last_one_goes_on() -> None:
    assert chosen(1, tried(*[LATER] * TRIES)) == 0
    assert chosen(2, [*tried(*[LATER] * TRIES), *tried(NEVER, on=1)]) == 0


def test_when_every_channel_has_been_given_up_there_is_none() -> None:
    assert chosen(0, []) is None
    assert chosen(1, tried(NEVER)) is None
    assert chosen(1, tried(*[LATER] * MOST)) is None
    assert chosen(2, [*tried(NEVER), *tried(*[LATER] * MOST, on=1)]) is None


# -- delays, and outlets that are shut -------------------------------------------------------


def test_while_a_channel_waits_for_its_delay_the_earlier_one_goes_on() -> None:
    paths = [PLAIN, late(60)]
    assert chosen(paths, tried(*[LATER] * 5), since=59) == 0
    assert chosen(paths, tried(*[LATER] * 5), since=60) == 1


def test_a_delay_waits_for_nobody_where_the_earlier_channels_refused() -> None:
    assert chosen([PLAIN, late(60)], tried(NEVER)) == 1
    assert chosen([Path(active=False), late(60)], []) == 1


def test_past_an_outlet_that_is_shut_a_message_goes_by_the_next_channel() -> None:
    assert chosen([Path(rest=minutes(5)), PLAIN], []) == 1


def test_past_an_outlet_that_is_shut_the_next_channel_still_keeps_its_delay() -> None:
    choice = channel_for([Path(rest=minutes(30)), late(20)], [], minutes(5))
    assert choice is not None
    assert (choice.position, choice.wait) == (1, minutes(15))


def test_without_another_channel_a_message_waits_for_the_outlet_to_open() -> None:
    choice = channel_for([Path(rest=minutes(30))], [])
    assert choice is not None
    assert (choice.position, choice.wait) == (0, minutes(30))


OUTCOMES = st.sampled_from([o for o in DeliveryOutcome if o is not DeliveryOutcome.SENT])
PATHS = st.lists(
    st.builds(
        Path,
        delay=st.integers(0, 90).map(minutes),
        active=st.booleans(),
        rest=st.sampled_from([0, 0, 1, 30]).map(minutes),
    ),
    max_size=4,
)
TRIED = st.lists(st.builds(Attempt, st.integers(0, 3), OUTCOMES), max_size=60)


@given(PATHS, TRIED, st.integers(0, 200))
def test_no_message_goes_by_a_channel_that_is_off_shut_or_refused(
    paths: list[Path], attempts: list[Attempt], since: int
) -> None:
    choice = channel_for(paths, attempts, minutes(since))
    refused = {a.position for a in attempts if a.outcome in (NEVER, MISCONFIGURED)}
    if choice is None:
        return
    path = paths[choice.position]
    assert path.active
    assert choice.position not in refused
    assert choice.wait >= path.rest or not path.rest


@given(PATHS, TRIED, st.integers(0, 200))
def test_a_message_is_given_up_only_when_no_channel_is_left(
    paths: list[Path], attempts: list[Attempt], since: int
) -> None:
    if channel_for(paths, attempts, minutes(since)) is not None:
        return
    for position, path in enumerate(paths):
        mine = [a.outcome for a in attempts if a.position == position]
        failed = [outcome for outcome in mine if outcome is not TOO_FAST]
        refused = NEVER in mine or MISCONFIGURED in mine
        assert not path.active or refused or len(failed) >= MOST


@given(st.lists(st.sampled_from([LATER, UNKNOWN]), min_size=1, max_size=4 * MOST), PATHS)
def test_what_only_fails_for_now_ends_after_a_bounded_number_of_attempts(
    outcomes: list[DeliveryOutcome], paths: list[Path]
) -> None:
    open_paths = [Path(path.delay, path.active) for path in paths]
    attempts: list[Attempt] = []
    since = timedelta(0)
    for outcome in [*outcomes, *[LATER] * (5 * MOST)]:
        choice = channel_for(open_paths, attempts, since)
        if choice is None:
            break
        attempts.append(Attempt(choice.position, outcome))
        since += choice.wait + wait("a", open_paths, attempts, since)
    assert channel_for(open_paths, attempts, since) is None
    assert len(attempts) <= MOST * len(paths)


# -- how long to wait ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed", "least"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 120), (11, 120)]
)
def test_one_five_thirty_minutes_then_two_hours_and_up_to_a_quarter_more(
    failed: int, least: int
) -> None:
    found = [waits(key, tried(*[LATER] * failed)) for key in KEYS]
    assert minutes(least) <= min(found) < minutes(1.05 * least)
    assert minutes(1.2 * least) < max(found) < minutes(1.25 * least)


def test_notices_that_failed_together_do_not_come_back_together() -> None:
    assert len({waits(key, tried(LATER)) for key in KEYS}) > 0.95 * len(KEYS)


def test_one_notice_is_not_always_the_late_one() -> None:
    shares = [
        waits(KEYS[0], tried(*[LATER] * n)) / minutes(m) for n, m in ((1, 1), (2, 5), (3, 30))
    ]
    assert len(set(shares)) == 3


def test_the_wait_can_be_reckoned_again_from_the_key_and_the_attempts() -> None:
    assert waits("a", tried(LATER, LATER)) == waits("a", tried(UNKNOWN, LATER))


def test_nothing_is_waited_for_when_the_next_channel_is_another() -> None:
    assert waits("a", tried(NEVER), 2) == timedelta(0)
    assert waits("a", tried(LATER, LATER, LATER, LATER), 2) == timedelta(0)


def test_nothing_is_waited_for_when_no_channel_is_left() -> None:
    assert waits("a", tried(NEVER)) == timedelta(0)


def test_the_second_channel_begins_again_with_the_short_wait() -> None:
    earlier = tried(LATER, LATER, LATER, LATER)
    assert minutes(1) <= waits("a", [*earlier, *tried(LATER, on=1)], 2) < minutes(1.25)


def test_it_is_the_last_attempt_that_decides_what_is_waited_for() -> None:
    assert waits("a", [*tried(NEVER), *tried(LATER, on=1)], 2) >= minutes(1)


def test_the_next_channel_has_its_turn_when_its_delay_is_over_not_hours_later() -> None:
    paths = [PLAIN, late(60)]
    assert wait("a", paths, tried(*[LATER] * 4), minutes(36)) == minutes(24)
    assert minutes(30) <= wait("a", paths, tried(*[LATER] * 3), minutes(6)) < minutes(38)


def test_what_was_too_fast_waits_a_minute_and_is_no_failure() -> None:
    assert waits("a", tried(TOO_FAST, TOO_FAST)) == minutes(1)
    assert minutes(1) <= waits("a", tried(TOO_FAST, LATER)) < minutes(1.25)
