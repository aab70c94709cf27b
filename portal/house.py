"""What every page needs besides the request: the ledger, the settings, the clock, the pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, cast
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from documents.store import Store
from duban.session import now
from duban.settings import Settings
from ledger.database import Ledger
from ledger.reference import Reference, current


@dataclass
class House:
    """One running portal."""

    ledger: Ledger
    settings: Settings
    store: Store
    clock: Callable[[], datetime] = now
    nudge: Callable[[], None] = lambda: None
    """What is called when something was changed, so that who is concerned is told at once."""
    tries: MovingWindowRateLimiter = field(
        default_factory=lambda: MovingWindowRateLimiter(MemoryStorage())
    )
    """Counts attempts of one process; what must hold for all of them is in the ledger."""
    _reference: Reference | None = None

    def reference(self) -> Reference:
        """All reference data, read again when something has been loaded since."""
        with self.ledger.snapshot() as connection:
            self._reference = current(connection, self._reference)
        return self._reference

    @property
    def zone(self) -> ZoneInfo:
        """The city's zone."""
        return self.reference().zone


def house(request: Request) -> House:
    """The portal this request came to."""
    return cast(House, request.app.state.house)


def at(request: Request) -> datetime:
    """The instant of this request; the same however often it is asked."""
    if not hasattr(request.state, "at"):
        request.state.at = house(request).clock()
    return cast(datetime, request.state.at)


InHouse = Annotated[House, Depends(house)]
At = Annotated[datetime, Depends(at)]
