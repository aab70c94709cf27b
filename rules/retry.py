"""重试: which channel is tried next after what was answered, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from models.delivery import DeliveryOutcome
from rules.pace import PENALTY

TRIES = 4
"""So often one channel is tried while it fails only for now, before the next one is."""

MOST = 12
"""So often where there is no other, over the better part of a day; then it is given up."""

CRASHES = 60
"""So often a sender may die over one message: whatever kills it must not go on for ever."""

BACK_OFF = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
)  # fmt: skip
"""Waiting after the first, second, third and every further failure on one channel."""

_FOR_GOOD = (DeliveryOutcome.PERMANENT, DeliveryOutcome.MISCONFIGURED)
_NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One earlier attempt, as far as the next depends on it.

    Nobody `reported` on it whose sender died: that says nothing of the channel.
    """

    position: int | None
    outcome: DeliveryOutcome
    at: datetime | None = None
    reported: bool = True


@dataclass(frozen=True, slots=True)
class Path:
    """One channel of a person, as far as the choice depends on it.

    It is not tried before `delay` has passed since the first attempt, while an earlier one may
    still bring the message; `rest` is how long its outlet is shut yet.
    """

    delay: timedelta = _NOW
    active: bool = True
    rest: timedelta = _NOW


@dataclass(frozen=True, slots=True)
class Choice:
    """The channel to try, and in how long."""

    position: int
    wait: timedelta = _NOW


def channel_for(
    paths: Sequence[Path], attempts: Sequence[Attempt], since: timedelta = _NOW
) -> Choice | None:
    """Which of a person's channels to try, in their order; None when all have been given up.

    `since` is the time since the first attempt. A channel is left for good when it refuses for
    good or cannot work as it is set up; after `TRIES` failures the next one has its turn, and
    where there is none that may be tried yet, it goes on.
    """
    left = [
        position
        for position, path in enumerate(paths)
        if path.active and not _given_up(position, attempts)
    ]
    if not left:
        return None
    waits = {p: max(_delay_left(paths, left, p, since), paths[p].rest) for p in left}
    ready = [position for position in left if not waits[position]]
    if not ready:
        soonest = min(left, key=lambda position: waits[position])
        return Choice(soonest, waits[soonest])
    return Choice(next((p for p in ready if failures(p, attempts) < TRIES), ready[0]))


def wait(
    key: str, paths: Sequence[Path], attempts: Sequence[Attempt], since: timedelta = _NOW
) -> timedelta:
    """How long to wait after the last attempt; nothing when another channel goes at once.

    Up to a quarter is added by the notice's key, so that a thousand notices that failed
    together do not come back together.
    """
    last = attempts[-1]
    choice = channel_for(paths, attempts, since)
    if choice is None or choice.position != last.position:
        return choice.wait if choice else _NOW
    if last.outcome is DeliveryOutcome.TOO_FAST:
        return PENALTY
    return min([_back_off(key, attempts), *_turns(paths, attempts, since)])


def failures(position: int | None, attempts: Sequence[Attempt]) -> int:
    """How often a channel has failed. That it was asked too fast is not its failure."""
    mine = [a for a in attempts if a.position == position and a.reported]
    return sum(a.outcome is not DeliveryOutcome.TOO_FAST for a in mine)


def _given_up(position: int, attempts: Sequence[Attempt]) -> bool:
    mine = [a for a in attempts if a.position == position]
    refused = any(a.outcome in _FOR_GOOD for a in mine)
    crashed = sum(not a.reported for a in mine)
    return refused or crashed >= CRASHES or failures(position, attempts) >= MOST


def _delay_left(
    paths: Sequence[Path], left: Sequence[int], position: int, since: timedelta
) -> timedelta:
    """What is left of a channel's delay; it waits for nobody where no earlier one is left."""
    return max(paths[position].delay - since, _NOW) if position > left[0] else _NOW


def _turns(paths: Sequence[Path], attempts: Sequence[Attempt], since: timedelta) -> list[timedelta]:
    """When the turn of channels comes that wait for their delay alone."""
    mine = attempts[-1].position
    if failures(mine, attempts) < TRIES:
        return []
    return [
        path.delay - since
        for position, path in enumerate(paths)
        if path.active and path.delay > since and failures(position, attempts) < TRIES
        and not _given_up(position, attempts)
    ]  # fmt: skip


def _back_off(key: str, attempts: Sequence[Attempt]) -> timedelta:
    failed = failures(attempts[-1].position, attempts)
    jitter = int.from_bytes(sha256(f"{key}:{len(attempts)}".encode()).digest()[:2]) / 2**18
    return BACK_OFF[min(max(failed, 1), len(BACK_OFF)) - 1] * (1 + jitter)
