"""令牌: by which programs act for an account. A token is shown once."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ledger import admin_links
from ledger.tokens import Scope
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.pages.admin.shared import ByHand, carried_out, day, midnight, page

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/tokens")
def listed(request: Request, house: InHouse, at: At) -> Response:
    """Every token, and the form of a new one."""
    return _list(request, house, {})


def _list(
    request: Request,
    house: House,
    values: dict[str, object],
    refused: Words | None = None,
) -> Response:
    return page(
        request, "tokens.html", 422 if refused else 200, values=values, refused=refused,
        tokens=admin_links.all_tokens(house.ledger), scopes=list(Scope),
    )  # fmt: skip


@router.post("/tokens")
def make(
    request: Request,
    house: InHouse,
    hand: ByHand,
    login: Text = "",
    name: Text = "",
    scope: Annotated[list[str] | None, Form()] = None,
    until: Text = "",
) -> Response:
    """Make a token, and show it."""
    try:
        on = day(until)
        ends = midnight(on, house) if on else None
        secret = admin_links.make_token(house.ledger, hand, login, name, scope or [], ends)
    except Trouble as trouble:
        typed: dict[str, object] = {
            "login": login, "name": name, "scope": scope or [], "until": until,
        }  # fmt: skip
        return _list(request, house, typed, trouble.words)
    return page(
        request, "secret.html", secret=secret, login=login.strip().lower(), back="/admin/tokens",
        kind="token",
    )  # fmt: skip


@router.post("/tokens/{token_id}/revoke")
def revoke(house: InHouse, hand: ByHand, token_id: int) -> Response:
    """It opens nothing any more."""
    return carried_out(
        "/admin/tokens",
        lambda: admin_links.revoke_token(house.ledger, hand, token_id),
        Words("令牌已收回，立即失效。", "Revoked, from now on."),
    )
