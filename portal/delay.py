"""督办延迟: whether overdue cases are looked at, and if not, since when they are not.

The portal works on without Prefect's server; whoever uses it is told that the rest waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from fastapi import Request

from ledger import heartbeats
from ledger.heartbeats import Beat
from portal.house import at, house
from rules import heartbeat

KEPT = timedelta(seconds=15)
"""How long a process believes what it has read."""


@dataclass(slots=True)
class _Known:
    """The rounds, as this process read them."""

    read_at: datetime
    beats: Sequence[Beat]


def delayed_since(request: Request) -> datetime | None:
    """When overdue cases were last looked at, if that is too long ago; None while all is well.

    None, too, where no round has ever gone through: a ledger that was just set up is not late.
    """
    now = at(request)
    return heartbeat.delayed_since(_beats(request, now), now)


def _beats(request: Request, now: datetime) -> Sequence[Beat]:
    state = request.app.state
    known = cast(_Known | None, getattr(state, "delay", None))
    # A clock that was set back must not keep it for ever.
    if known is None or not timedelta() <= now - known.read_at < KEPT:
        with house(request).ledger.snapshot() as connection:
            known = state.delay = _Known(now, heartbeats.all_beats(connection))
    return known.beats
