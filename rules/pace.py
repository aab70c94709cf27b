"""节奏: how fast messages may leave through an outlet, and when one that fails is left in peace.

A token bucket and a circuit over plain values. `now` is the real clock: this is about services
and processes, not about cases.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.delivery import DeliveryOutcome

LIMIT = timedelta(seconds=15)
"""One send takes no longer; what has not ended by then is UNKNOWN."""
HAND = 200
"""So many messages are claimed at once."""
SIDE_BY_SIDE = 8
"""So many messages go through one outlet at once, from one process."""
LEASE = (HAND / SIDE_BY_SIDE + 1) * LIMIT * 1.5
"""A hand is held so long: all of it through one outlet that takes the whole limit for each, and
half as long again for what else a sender has to do. What was not begun in time is given back."""

FAILURES = 5
"""So many in a row, and the circuit opens (断开)."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
PROBE = timedelta(minutes=1)
"""While one message is let through to see, the others wait so long."""
PENALTY = timedelta(minutes=1)
"""Waited after "too fast" where the service does not say how long."""
SKEW = timedelta(minutes=1)
"""The clocks of two machines may differ by so much; by more, one of them has been set back."""

_HAIR = 1e-6
"""Three thirds of a token are a whole one, whatever floating point makes of them."""

_ROBOT = 60
"""What takes fewer messages a minute takes them one by one."""


@dataclass(frozen=True, slots=True)
class Tap:
    """How an outlet stands: its tokens as of `filled_at`, its failures in a row, its circuit.

    `per_minute` 0 is as many as come. `tried_at` is when something last came back.
    """

    per_minute: int
    burst: int
    tokens: float
    filled_at: datetime
    failures: int = 0
    closed_until: datetime | None = None
    tried_at: datetime | None = None
    good_at: datetime | None = None
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whether one more message may go now (`wait` is nothing), or in how long.

    `probe`: it is the one that is let through to see whether the outlet works again.
    """

    tap: Tap
    wait: timedelta = timedelta(0)
    probe: bool = False


def side_by_side(per_minute: int) -> int:
    """How many messages may be under way through an outlet at once, from one process."""
    return 1 if 0 < per_minute < _ROBOT else SIDE_BY_SIDE


def shut(tap: Tap, now: datetime) -> timedelta:
    """How long nothing may go through an outlet; nothing where it is open to at least one."""
    if tap.closed_until is None or _set_back(tap, now):
        return timedelta(0)
    return max(tap.closed_until - now, timedelta(0))


def admit(tap: Tap, now: datetime, ahead: int = 0) -> Admitted:
    """One more message wants to go, behind `ahead` others that have been put off already."""
    tap = filled(tap, now)
    gap = timedelta(minutes=1) / tap.per_minute if tap.per_minute else timedelta(0)
    if rest := shut(tap, now):
        return Admitted(tap, rest + ahead * gap)
    if tap.failures >= FAILURES:
        taken = replace(tap, tokens=max(tap.tokens - 1, 0), closed_until=now + PROBE, tried_at=now)
        return Admitted(taken, probe=True)
    if not tap.per_minute:
        return Admitted(tap)
    if tap.tokens < 1 - _HAIR:
        return Admitted(tap, (1 - tap.tokens + ahead) * gap)
    return Admitted(replace(tap, tokens=max(tap.tokens - 1, 0)))


def filled(tap: Tap, now: datetime) -> Tap:
    """The bucket as it is now: it fills evenly by `per_minute`, up to `burst`.

    A clock that was set back neither gives tokens nor takes any: filling goes on from there.
    One that is only a little behind another machine's waits for it, or the two would fill the
    same seconds twice.
    """
    if not tap.per_minute:
        return tap
    passed = now - tap.filled_at
    if timedelta(0) > passed >= -SKEW:
        return tap
    gained = max(passed, timedelta(0)) / timedelta(minutes=1) * tap.per_minute
    return replace(tap, tokens=min(tap.tokens + gained, max(tap.burst, 1)), filled_at=now)


def settled(
    tap: Tap,
    outcome: DeliveryOutcome,
    now: datetime,
    *,
    probe: bool = False,
    again: timedelta | None = None,
) -> Tap:
    """The outlet after one message came to `outcome`; `again` is what the service asked for.

    Whatever a service answers of a message, but that it is not set up for us, shows that it is
    there; silence, trouble on the way and "later" count against it.
    """
    tap = replace(tap, tried_at=now)
    if outcome is DeliveryOutcome.TOO_FAST:
        until = max(now + (again or PENALTY), tap.closed_until or now)
        tap = replace(tap, tokens=0.0, filled_at=now, closed_until=until)
        return replace(tap, failures=0, failing_since=None)
    if outcome in _ANSWERED:
        # "Too fast" is not over because an earlier message was still taken.
        until_then = tap.closed_until if tap.failures < FAILURES else None
        good = now if outcome is DeliveryOutcome.SENT else tap.good_at
        return replace(tap, failures=0, closed_until=until_then, failing_since=None, good_at=good)
    return _failed(tap, now, probe=probe, at_once=outcome is DeliveryOutcome.MISCONFIGURED)


_ANSWERED = (DeliveryOutcome.SENT, DeliveryOutcome.PERMANENT)


def _failed(tap: Tap, now: datetime, *, probe: bool, at_once: bool) -> Tap:
    tap = replace(tap, failing_since=tap.failing_since or now)
    if tap.failures >= FAILURES and not probe:
        return tap  # it was under way when the circuit opened
    failures = max(tap.failures + 1, FAILURES if at_once else 0)
    if failures < FAILURES:
        return replace(tap, failures=failures)
    return replace(tap, failures=failures, closed_until=now + pause(failures))


def pause(failures: int) -> timedelta:
    """How long an outlet with so many failures in a row is left in peace; doubled by each probe."""
    doublings = min(max(failures - FAILURES, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _set_back(tap: Tap, now: datetime) -> bool:
    """Whether something came back at what the clock now calls the future."""
    return tap.tried_at is not None and tap.tried_at > now + SKEW
