"""搁置的案件: have one, or all, tried again at once."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from ledger import setting_aside
from ledger.admin import Deed, Hand, log
from ledger.scope import case_for
from models.words import Words
from portal.house import At, InHouse
from portal.rounds import heard_of
from portal.templating import flash
from portal.watching import Keeper, Supervisor

router = APIRouter()

_SOON = Words("一分钟内再试。", "It is tried again within a minute.")
_GONE = Words(
    "没有搁置的案件了：可能刚刚已经办成。",
    "Nothing is set aside any more: it may just have been done.",
)


@router.post("/cases/{number}/retry")
def retry(house: InHouse, viewer: Supervisor, at: At, number: str) -> Response:
    """Try one case in the next round."""
    with house.ledger.transaction() as connection:
        case = case_for(connection, viewer, number)
        tried = setting_aside.retry_now(connection, case.id, at)
        if tried:
            hand = Hand(viewer.account_id, viewer.actor, at)
            log(connection, hand, Deed.CASE_RETRIED, case.number)
    return _answer(_SOON if tried else _GONE)


@router.post("/running/retry")
def retry_all(house: InHouse, viewer: Keeper, at: At) -> Response:
    """Try every case that the viewer hears of in the next round; an administrator hears of all."""
    found = {each.aside.case_id for each in heard_of(house.ledger, viewer)}
    with house.ledger.transaction() as connection:
        for case_id in found:
            setting_aside.retry_now(connection, case_id, at)
        if found:
            hand = Hand(viewer.account_id, viewer.actor, at)
            log(connection, hand, Deed.CASE_RETRIED, f"{len(found)} 件")
    return _answer(_SOON if found else _GONE)


def _answer(words: Words) -> Response:
    response = RedirectResponse("/running", 303)
    flash(response, words)
    return response
