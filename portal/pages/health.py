"""探活: whether this process lives, and whether it can do its work. For machines, without sign-in.

Neither may wait for a thread: while a database hangs, pages hold all there are.
"""

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger import checkup
from ledger.database import REVISION, DatabaseTrouble
from models.words import Trouble
from portal.house import House, house

router = APIRouter()

PATIENCE = 3.0
"""Seconds within which ledger and store have to answer."""

_log = logging.getLogger("duban.portal")


@router.get("/health")
async def health() -> Response:
    """Whether the process lives. Nothing else is asked: a restart mends no database."""
    return _line("ok")


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Whether the ledger answers and fits, and evidence can be written; else why not, and 503."""
    why = await _readiness(request).wanting()
    return _line("ready") if why is None else _line(why, 503)


def _line(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n" if status != 200 else text, status, media_type="text/plain")


class Readiness:
    """Asks in one thread of its own; whoever comes while it waits, waits for the same answer."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._hand = ThreadPoolExecutor(1, "ready")
        self._asked: Future[str | None] | None = None
        self._turn = Lock()

    async def wanting(self) -> str | None:
        """What is not there, as one plain line without a secret; None when all is."""
        with self._turn:
            if self._asked is None or self._asked.done():
                self._asked = self._hand.submit(self._ask)
            asked = self._asked
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(asked)), PATIENCE)
        except TimeoutError:
            return f"ledger or evidence store: no answer within {PATIENCE:.0f} s"

    def _ask(self) -> str | None:
        try:
            found = checkup.revision(self._house.ledger)
        except DatabaseTrouble as trouble:
            _log.warning("not ready: %s", trouble.words.en)
            return "ledger: the database cannot be used"
        if found != REVISION:
            return f"ledger: of revision {found or 'none'}, this program needs {REVISION}"
        try:
            self._house.store.probe()
        except Trouble as trouble:
            _log.warning("not ready: %s", trouble.words.en)
            return "evidence store: cannot be written"
        return None


def _readiness(request: Request) -> Readiness:
    state = request.app.state
    if not hasattr(state, "readiness"):
        state.readiness = Readiness(house(request))
    return cast(Readiness, state.readiness)
