"""心跳: how often each kind of round comes, and when it has stayed away too long."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

MISSED = timedelta(minutes=5)
"""A round of every minute that has not come for so long stays away."""
LATE = "late: "
"""How an alarm begins that tells of a round which does not come; its name follows."""
STUMBLED = 3
"""So many failures in a row are no chance."""
FOLLOWS_UP = ("sweep", "follow-up")
"""The rounds in which overdue cases are looked at."""


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


def shares(work: str, of: int) -> list[str]:
    """The names of the rounds that share one kind of work: `follow-up-1`, `follow-up-2` …"""
    return [f"{work}-{share}" for share in range(1, of + 1)] if of > 1 else [work]


def kind(name: str) -> str:
    """The kind of work a round does, alone or as a share of it."""
    return re.sub(r"-\d+$", "", name)


def stale(beats: Iterable[Beat], now: datetime) -> list[str]:
    """The rounds that stay away as of `now`, and whose work no other one does.

    A city runs whole sweeps or their parts: either leaves the other's old heartbeat behind. What
    is shared is done only when every share is.
    """
    known = list(beats)
    away = [beat.name for beat in known if _late(beat, now)]
    not_done = {kind(beat.name) for beat in known if beat.at is None or _late(beat, now)}
    done = {kind(beat.name) for beat in known} - not_done
    return [name for name in away if done.isdisjoint(RHYTHMS[kind(name)].instead)]


def followed_up(beats: Iterable[Beat]) -> datetime | None:
    """When overdue cases had all been looked at, the last time; None if they never were."""
    ats = ([beat.at for beat in group if beat.at is not None] for group in _groups(beats))
    last = (min(each, default=None) for each in ats)
    return max((at for at in last if at is not None), default=None)


def delayed_since(beats: Iterable[Beat], now: datetime) -> datetime | None:
    """Since when overdue cases are not all looked at; None while they are, or never were.

    A share that stays away, or fails again and again, leaves its part of the city unseen.
    """
    known = list(beats)
    if any(all(_goes(beat, now) for beat in group) for group in _groups(known)):
        return None
    return followed_up(known)


def _groups(beats: Iterable[Beat]) -> Sequence[Sequence[Beat]]:
    """Those that follow up: whole rounds, their part, or the shares of this."""
    known = list(beats)
    groups = ([beat for beat in known if kind(beat.name) == name] for name in FOLLOWS_UP)
    return [group for group in groups if group]


def _goes(beat: Beat, now: datetime) -> bool:
    return beat.at is not None and beat.failures < STUMBLED and not _late(beat, now)


def stumbling(beats: Iterable[Beat]) -> list[str]:
    """The kinds of round that failed again and again."""
    return [beat.name for beat in beats if beat.failures >= STUMBLED]


def _late(beat: Beat, now: datetime) -> bool:
    rhythm = RHYTHMS.get(kind(beat.name))
    return rhythm is not None and beat.at is not None and now - beat.at > rhythm.patience
