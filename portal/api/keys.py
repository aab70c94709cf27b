"""幂等: a request with an Idempotency-Key is carried out once, and answered as often as it is sent.

What was refused wrote nothing: it gives its key back, and is judged afresh the next time.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from ledger import once
from ledger.once import Busy, Claim, Kept, Other
from models.words import Trouble
from portal.api.problems import KeyBusy, TurnedDown
from portal.house import House
from rules.permission import Viewer

_SHAPE = Header(
    alias="Idempotency-Key", min_length=1, max_length=80, pattern=r"^[!-~]+$",
    description="of your choice, new for each thing you mean to do; kept for 7 days",
)  # fmt: skip
Key = Annotated[str | None, _SHAPE]
NeededKey = Annotated[str, _SHAPE]
REPLAYED = {"Idempotency-Replayed": "true"}


def digest(*asked: str) -> str:
    """What a request asks for, as a digest."""
    return sha256("\n".join(asked).encode()).hexdigest()


def answered(
    house: House,
    viewer: Viewer,
    key: str | None,
    asked: str,
    at: datetime,
    do: Callable[[Claim | None], BaseModel],
    recall: Callable[[], BaseModel],
) -> Response:
    """Do it, or say again what was said when it was done.

    `asked` is the digest of the request; `do` gets the claim, to mark in its transaction what it
    writes; `recall` answers when it was done by a process that died before it could.
    """
    if key is None:
        return _json(do(None).model_dump_json())
    if viewer.account_id is None:
        raise Trouble(
            "凭链接进入的不能使用 Idempotency-Key。",
            "Whoever came by a link cannot use an Idempotency-Key. Leave it out.",
        )
    known = once.claim(house.ledger, viewer.account_id, key, asked, at)
    if isinstance(known, Claim):
        return _first(house, known, do)
    return _again(known, recall)


def _first(house: House, claim: Claim, do: Callable[[Claim | None], BaseModel]) -> Response:
    try:
        body = do(claim).model_dump_json()
    except TurnedDown:
        once.free(house.ledger, claim, refused=True)
        raise
    except BaseException:
        once.free(house.ledger, claim)
        raise
    once.keep(house.ledger, claim, 200, body)
    return _json(body)


def _again(known: Kept | Other | Busy, recall: Callable[[], BaseModel]) -> Response:
    if isinstance(known, Other):
        raise Trouble(
            "这个 Idempotency-Key 已用于另一个请求。一件事用一个新的。",
            "This Idempotency-Key was used for another request. Take a new one for each.",
        )
    if isinstance(known, Busy):
        raise KeyBusy(
            "同一个请求正在办理，请稍后再问。",
            "The same request is being carried out; ask again in a moment.",
        )
    if known.status == once.WRITTEN:
        return _json(recall().model_dump_json(), REPLAYED)
    return _json(known.body, REPLAYED, known.status)


def _json(body: str, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    return Response(body, status, headers, media_type=JSONResponse.media_type)
