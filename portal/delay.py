"""督办延迟: whether overdue cases are looked at, and if not, since when they are not.

The portal works on without Prefect's server; whoever uses it is told that the rest waits.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from fastapi import Request

from ledger import heartbeats
from ledger.heartbeats import FOLLOWS_UP, Beat
from portal.house import at, house
from rules.heartbeat import MISSED, STUMBLED

KEPT = timedelta(seconds=15)
"""How long a process believes what it has read."""


@dataclass(slots=True)
class _Known:
    """The rounds that follow up, as this process read them."""

    read_at: datetime
    beats: list[Beat]


def delayed_since(request: Request) -> datetime | None:
    """When overdue cases were last looked at, if that is too long ago; None while all is well.

    None, too, where no round has ever gone through: a ledger that was just set up is not late.
    """
    now = at(request)
    beats = _beats(request, now)
    last = max((beat.at for beat in beats if beat.at), default=None)
    if last is None or not (now - last > MISSED or _fails(beats, last)):
        return None
    return last


def _fails(beats: list[Beat], last: datetime) -> bool:
    """Whether a round has failed again and again since one last went through."""
    return any(b.failures >= STUMBLED and b.failed_at and b.failed_at > last for b in beats)


def _beats(request: Request, now: datetime) -> list[Beat]:
    state = request.app.state
    known = cast(_Known | None, getattr(state, "delay", None))
    # A clock that was set back must not keep it for ever.
    if known is None or not timedelta() <= now - known.read_at < KEPT:
        with house(request).ledger.snapshot() as connection:
            found = [b for b in heartbeats.all_beats(connection) if b.name in FOLLOWS_UP]
        known = state.delay = _Known(now, found)
    return known.beats
