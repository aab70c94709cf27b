"""重试: which channel is tried next after what was answered, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from models.delivery import DeliveryOutcome

TRIES = 4
"""So often one channel is tried while it fails only for now."""

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Waiting after the first, second and third failure on one channel."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One earlier attempt, as far as the next depends on it."""

    position: int | None
    outcome: DeliveryOutcome


def channel_for(channels: int, attempts: Sequence[Attempt]) -> int | None:
    """Which of a person's channels to try now, in order; None when all have been given up.

    A channel is given up when it refuses for good, or has failed `TRIES` times.
    """
    return next((c for c in range(channels) if not _given_up(c, attempts)), None)


def _given_up(position: int | None, attempts: Sequence[Attempt]) -> bool:
    mine = [a.outcome for a in attempts if a.position == position]
    return DeliveryOutcome.PERMANENT in mine or len(mine) >= TRIES


def wait(key: str, attempts: Sequence[Attempt]) -> timedelta:
    """How long to wait before the next attempt; nothing when it goes to another channel.

    Up to a quarter is added by the notice's key, so that a thousand notices that failed
    together do not come back together.
    """
    last = attempts[-1]
    if _given_up(last.position, attempts):
        return timedelta(0)
    failures = sum(a.position == last.position for a in attempts)
    jitter = int.from_bytes(sha256(f"{key}:{len(attempts)}".encode()).digest()[:2]) / 2**18
    return BACK_OFF[min(failures, len(BACK_OFF)) - 1] * (1 + jitter)
