"""心跳: how often each kind of round comes, and when it has stayed away too long."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

MISSED = timedelta(minutes=5)
"""A round of every minute that has not come for so long stays away."""
STUMBLED = 3
"""So many failures in a row are no chance."""


class Beat(Protocol):
    """What is read of a round; see `models.heartbeat`."""

    @property
    def name(self) -> str: ...

    @property
    def at(self) -> datetime | None: ...

    @property
    def failures(self) -> int: ...


class Rhythm(NamedTuple):
    """How long one kind of round may stay away, and which other one does its work as well."""

    patience: timedelta
    instead: tuple[str, ...] = ()


_PART = Rhythm(MISSED, ("sweep",))
RHYTHMS: Mapping[str, Rhythm] = {
    "sweep": Rhythm(MISSED, ("follow-up",)),
    "intake": Rhythm(timedelta(minutes=15), ("sweep",)),
    "dispatch": _PART,
    "follow-up": _PART,
    "deliver": _PART,
    "incoming": Rhythm(timedelta(minutes=10)),
    "audit": Rhythm(timedelta(hours=3)),
    "look-back": Rhythm(timedelta(hours=26)),
    "archive": Rhythm(timedelta(hours=26)),
}
"""As deploy/prefect.yaml plans them. What is not here, like a reaction, comes when it is asked."""


def stale(beats: Iterable[Beat], now: datetime) -> list[str]:
    """The kinds of round that stay away as of `now`, and whose work no other one does.

    A city runs whole sweeps or their parts: either leaves the other's old heartbeat behind.
    """
    known = {beat.name: beat.at for beat in beats}
    fresh = {name for name, at in known.items() if at is not None and not _late(name, at, now)}
    return [
        name for name, at in known.items()
        if at is not None and name not in fresh and name in RHYTHMS
        and fresh.isdisjoint(RHYTHMS[name].instead)
    ]  # fmt: skip


def stumbling(beats: Iterable[Beat]) -> list[str]:
    """The kinds of round that failed again and again."""
    return [beat.name for beat in beats if beat.failures >= STUMBLED]


def _late(name: str, at: datetime, now: datetime) -> bool:
    rhythm = RHYTHMS.get(name)
    return rhythm is not None and now - at > rhythm.patience
