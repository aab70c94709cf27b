"""专用链接: from a notice to the case in two taps: the link, and the button.

Looking at the page uses nothing up, for mail servers and chat programs fetch links before
people do; the button opens the session, and signs for the case at once where that is what is
asked.
"""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import links
from ledger.accounts import seen
from ledger.scope import Missing, case_for
from models.verb import Verb
from models.words import Words
from portal.acting import carry_out
from portal.house import At, House, InHouse
from portal.seeing import Seer, agent, asking, set_cookie
from portal.templating import flash, render
from rules.lifecycle import Refused
from rules.permission import Viewer

router = APIRouter()


@router.get("/l/{secret}")
def landing(request: Request, house: InHouse, at: At, secret: str) -> Response:
    """What the link opens, and the buttons that open it."""
    opening = links.look(house.ledger, secret, at)
    if isinstance(opening, Words):
        return render(request, "link_refused.html", 410, words=opening)
    return render(request, "link.html", opening=opening, secret=secret)


@router.post("/l/{secret}")
def open_link(
    request: Request,
    house: InHouse,
    at: At,
    secret: str,
    sign: Annotated[str, Form()] = "",
) -> Response:
    """Use the link up: open the case for this browser, and sign for it where that was pressed."""
    used = links.use(house.ledger, secret, at, agent(request))
    if isinstance(used, Words):
        return render(request, "link_refused.html", 410, words=used)
    token, opening = used
    response = RedirectResponse(f"/cases/{opening.number}", 303)
    linked = seen(house.ledger, token, at)
    here = asking(request).viewer
    if linked is not None and not _signed_in(house, here, linked, opening.number):
        set_cookie(response, token, house.settings)
    if sign and linked is not None:
        _sign(house, response, linked, opening.number, at)
    return response


def _signed_in(house: House, here: Viewer | None, linked: Viewer, number: str) -> bool:
    """Whether the same person is signed in here already, and sees the case anyhow."""
    if here is None or here.case_id is not None or here.person_id != linked.person_id:
        return False
    with house.ledger.snapshot() as connection, suppress(Missing):
        case_for(connection, here, number)
        return True
    return False


def _sign(house: House, response: Response, viewer: Viewer, number: str, at: datetime) -> None:
    answer = carry_out(house.ledger, viewer, number, Verb.ACKNOWLEDGE, {}, at, house.zone)
    refused = isinstance(answer, Refused)
    words = answer.reason if isinstance(answer, Refused) else Words("已签收。", "Signed.")
    flash(response, words, "refused" if refused else "done")


@router.get("/linked")
def linked(house: InHouse, viewer: Seer) -> Response:
    """The one case of somebody who came by a link."""
    number = links.number_of(house.ledger, viewer)
    return RedirectResponse(f"/cases/{number}" if number else "/account", 303)
