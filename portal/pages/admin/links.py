"""专用链接: revoking those of a person or of a case."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ledger import admin_links
from models.words import Trouble, Words
from portal.house import At, InHouse
from portal.pages.admin.shared import ByHand, page, person_meant, person_names
from portal.templating import flash

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/links")
def summary(request: Request, house: InHouse, at: At) -> Response:
    """How many there are, and the two ways to revoke some."""
    live = admin_links.live_links(house.ledger, at)
    return page(request, "links.html", live=live, people=person_names(house))


@router.post("/links/person")
def of_person(house: InHouse, hand: ByHand, person: Text = "") -> Response:
    """Revoke every link sent to a person."""
    response = RedirectResponse("/admin/links", 303)
    try:
        who = person_meant(house.reference(), person)
        flash(response, _revoked(admin_links.revoke_links_of_person(house.ledger, hand, who)))
    except Trouble as trouble:
        flash(response, trouble.words, "refused")
    return response


@router.post("/links/case")
def of_case(house: InHouse, hand: ByHand, number: Text = "") -> Response:
    """Revoke every link to a case."""
    response = RedirectResponse("/admin/links", 303)
    done = admin_links.revoke_links_of_case(house.ledger, hand, number.strip())
    flash(response, _revoked(done))
    return response


def _revoked(count: int) -> Words:
    if not count:
        return Words("没有可收回的链接。", "There was no link to revoke.")
    return Words(
        f"已收回 {count} 个链接，用它们打开的页面也已退出。",
        f"{count} links revoked, and what was opened by them has ended.",
    )
