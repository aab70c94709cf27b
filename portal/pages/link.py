"""专用链接: from a notice to the case in two taps: the link, and the button.

Looking at the page uses nothing up and does nothing, for mail servers and chat programs fetch
links before people do; the button opens the session. A link that answers shows the one form of
its verb: what is sent from there is carried out as from the case's own page.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from ledger import links
from ledger.accounts import seen
from ledger.file import File, open_file
from ledger.links import Opening
from ledger.scope import Missing, case_for
from models.verb import Verb
from models.words import Trouble, Words
from portal.acting import ACTIONS, carry_out
from portal.beforehand import known_refusal, said
from portal.fields import fields
from portal.house import At, House, InHouse
from portal.pages import case
from portal.pages.case import Sent
from portal.seeing import Asking, Seer, agent, asking, set_cookie
from portal.templating import flash, render
from portal.uploading import MOST
from rules.lifecycle import Refused, move
from rules.permission import Viewer

router = APIRouter()


@router.get("/l/{secret}")
def landing(request: Request, house: InHouse, at: At, secret: str) -> Response:
    """What the link opens or does, and the button for it."""
    opening = links.look(house.ledger, secret, at)
    if isinstance(opening, Words):
        return render(request, "link_refused.html", 410, words=opening)
    if opening.verb is None:
        return _door(request, opening, secret)
    file = open_file(house.ledger, opening.reader, opening.number, at, house.reference())
    not_now = _not_now(file, opening.verb, at)
    if not_now is not None:
        return _door(request, replace(opening, to_sign=False), secret, not_now)
    return render(
        request, "link_answer.html", opening=opening, secret=secret, file=file,
        verb=opening.verb, label=LABELS[opening.verb], action=ACTIONS[opening.verb],
        fields=fields(opening.verb, file, {}), said=said(file, opening.verb, at),
        seen=len(file.thread.records), most=MOST,
    )  # fmt: skip


LABELS = {
    Verb.ACKNOWLEDGE: Words("签收", "Sign for it"),
    Verb.SUBMIT: Words("报告已整改", "Report it done"),
    Verb.REQUEST_EXTENSION: Words("申请延期", "Ask for more time"),
}
"""What is pressed."""


def _door(
    request: Request, opening: Opening, secret: str, not_now: Words | None = None
) -> Response:
    return render(request, "link.html", opening=opening, secret=secret, not_now=not_now)


def _not_now(file: File, verb: Verb, at: datetime) -> Words | None:
    """Why what the link was made for can no longer be done, or None where it can."""
    if verb in file.offered:
        return known_refusal(file, verb, at)
    answer = move(file.case.status, verb)
    return answer.reason if isinstance(answer, Refused) else _NOT_YOURS


_NOT_YOURS = Words(
    "这一步现在不需要或不再由您办理，案件可能已由他人办过。请看最新情况。",
    "This step is not needed now, or no longer yours: somebody may have taken it. See how the "
    "case stands.",
)


@router.post("/l/{secret}")
def open_link(request: Request, house: InHouse, at: At, secret: str, form: Sent) -> Response:
    """Use the link up: open the case for this browser, and do what was pressed."""
    used = links.use(house.ledger, secret, at, agent(request))
    if isinstance(used, Words):
        return render(request, "link_refused.html", 410, words=used)
    token, opening = used
    linked = seen(house.ledger, token, at)
    if linked is None:
        return RedirectResponse("/sign-in", 303)
    stays = _signed_in(house, asking(request).viewer, linked, opening.number)
    if not stays:
        # The page that answers is already read by whoever came by the link.
        request.state.asking = Asking(linked, token, asking(request).lang)
    response = _opened(request, house, linked, opening, form, at)
    if not stays:
        set_cookie(response, token, house.settings)
    return response


def _opened(
    request: Request, house: House, linked: Viewer, opening: Opening, form: Sent, at: datetime
) -> Response:
    response = RedirectResponse(f"/cases/{opening.number}", 303)
    if opening.verb is not None and form.get("version") is not None:
        try:
            name = opening.verb.value
            return case.do(request, house, linked, at, opening.number, name, form)
        except Trouble as trouble:  # it is theirs no longer
            flash(response, trouble.words, "refused")
    elif form.get("sign"):
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
