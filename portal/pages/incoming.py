"""来信: mail of unknown origin, for a supervisor to put to a case or to discard."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import incoming_queue as queue
from ledger.incoming_queue import State
from models.words import Trouble, Words
from portal.house import At, InHouse
from portal.narrowing import Narrowed
from portal.templating import flash, render
from portal.watching import Supervisor
from rules.lifecycle import Refused

router = APIRouter()


@router.get("/incoming")
def incoming(request: Request, house: InHouse, viewer: Supervisor, given: Narrowed) -> Response:
    """The mails that wait; those dealt with and all others by their tabs."""
    state = next((each for each in State if each.value == given.text("state")), State.WAITING)
    leaf = queue.page(house.ledger, viewer, state, given.text("after"))
    tabs = [
        {"url": given.address("/incoming", state=each.value), "label": each.words,
         "active": each is state}
        for each in State
    ]  # fmt: skip
    return render(
        request, "incoming/list.html", leaf=leaf, state=state, tabs=tabs,
        page=given.pager("/incoming", leaf.after),
    )  # fmt: skip


@router.post("/incoming/{mail_id}/attach")
def attach(
    house: InHouse, viewer: Supervisor, at: At, mail_id: int, number: Annotated[str, Form()] = ""
) -> Response:
    """Put a mail to a case; it is then in the record for everybody who sees the case."""
    wanted = number.strip()[:32]
    response = RedirectResponse("/incoming", 303)
    try:
        answer = queue.attach(house.ledger, viewer, mail_id, wanted, at)
    except Trouble as trouble:
        return _settled(response, trouble)
    if isinstance(answer, Refused):
        flash(response, answer.reason, "refused")
    else:
        flash(response, Words(f"已归入 {wanted}，写入流转记录。", f"Put on record: {wanted}."))
    return response


@router.post("/incoming/{mail_id}/discard")
def discard(house: InHouse, viewer: Supervisor, at: At, mail_id: int) -> Response:
    """Let a mail wait no longer."""
    response = RedirectResponse("/incoming", 303)
    try:
        queue.discard(house.ledger, viewer, mail_id, at)
    except Trouble as trouble:
        return _settled(response, trouble)
    flash(response, Words("已丢弃，仍可在“已处理”里查到。", "Discarded; see Dealt with."))
    return response


def _settled(response: Response, trouble: Trouble) -> Response:
    """Somebody else was quicker; all other trouble is for its own page."""
    if type(trouble) is not Trouble:
        raise trouble
    flash(response, trouble.words, "refused")
    return response
