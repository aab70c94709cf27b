"""外部登录: in by the door of another house, and the houses by which one's account is known.

To link is shown once more before it is done: without that, somebody who is signed in elsewhere
as another could be made to give that other the key to their account.
"""

import logging
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.responses import RedirectResponse, Response

from ledger import accounts, identities
from ledger.scope import Missing
from models.words import Trouble, Words
from portal.house import At, House, InHouse
from portal.identity import Gate, Provider, Who, gate, providers
from portal.identity.journey import LASTS
from portal.seeing import Seer, agent, asking, set_cookie, viewer
from portal.templating import flash, render
from rules.permission import Viewer

log = logging.getLogger("duban.portal")
router = APIRouter()

JOURNEY = "duban-journey"
"""The cookie of a sign-in under way."""
_TRIES = parse("60 per minute")
_tries = MovingWindowRateLimiter(MemoryStorage())
_TOO_MANY = Words(
    "这个地址上的登录尝试太多，请过一分钟再试。",
    "Too many attempts to sign in from this address; try again in a minute.",
)
_NOT_YOURS = Words(
    "途中换了登录的账号，没有绑定。请用要绑定的账号登录后，从“我的账号”重新开始。",
    "Another account has been signed in meanwhile; nothing was linked. Sign in with the account "
    "that is meant and begin again from its page.",
)
_OVER = Words(
    "这一页已过期。请回到登录页重新开始。",
    "This page has expired. Go back to the sign-in page and start again.",
)


@router.get("/sign-in/{provider}")
def leave(
    request: Request,
    house: InHouse,
    at: At,
    provider: str,
    link: str = "",
    onward: Annotated[str, Query(alias="next")] = "",
) -> Response:
    """Send the browser to the other house; with `link`, to link and not to sign in."""
    entrance = gate(house.settings)
    found = _known(entrance, provider)
    account = _account(viewer(request)) if link else None
    if _too_often(request):
        return _refused(request, _TOO_MANY)
    journey, cookie = entrance.journeys.begin(provider, at, onward[:500], account)
    try:
        there = found.begin(
            journey.state, journey.nonce, entrance.redirect(provider), agent(request)
        )
    except Trouble as trouble:
        log.info("sign-in by %s: %s", provider, trouble.words.en)
        return _refused(request, trouble.words)
    response = RedirectResponse(there, 303)
    secure = house.settings.address().startswith("https:")
    response.set_cookie(
        JOURNEY, cookie, max_age=int(LASTS.total_seconds()), path="/sign-in", secure=secure,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@router.get("/sign-in/{provider}/callback")
def come_back(request: Request, house: InHouse, at: At, provider: str) -> Response:
    """Where the browser comes back to. No page is shown here, for a code is in the address."""
    response = _arrived(request, house, at, provider)
    response.delete_cookie(JOURNEY, path="/sign-in")
    return response


def _arrived(request: Request, house: House, at: datetime, provider: str) -> Response:
    entrance = gate(house.settings)
    found = _known(entrance, provider)
    if _too_often(request):
        return _refused(request, _TOO_MANY)
    params, cookie = request.query_params, request.cookies.get(JOURNEY, "")
    try:
        journey = entrance.journeys.end(cookie, provider, params.get("state", ""), at)
        who = found.finish(params, journey.nonce, entrance.redirect(provider), at)
    except Trouble as trouble:
        log.info("sign-in by %s: %s", provider, trouble.words.en)
        return _refused(request, trouble.words)
    if journey.account_id is not None:
        return _shown(entrance, provider, "link", who, at, journey.account_id)
    account = identities.account_of(house.ledger, who.issuer, who.subject)
    if account is None:
        return _shown(entrance, provider, "unknown", who, at)
    return _let_in(request, house, at, account, journey.onward)


def _let_in(request: Request, house: House, at: datetime, account: int, onward: str) -> Response:
    opened = accounts.open_session(house.ledger, account, at, agent(request))
    if isinstance(opened, Words):
        return _refused(request, opened)
    # The door itself knows where to send on, and that it stays within our walls.
    response = RedirectResponse(f"/sign-in?next={quote(onward)}" if onward else "/", 303)
    set_cookie(response, opened.token, house.settings)
    return response


def _shown(
    entrance: Gate, provider: str, page: str, who: Who, at: datetime, account: int | None = None
) -> Response:
    """On to a page about somebody, which only we can have asked for."""
    told = {"account": account, "until": (at + LASTS).timestamp(), "who": asdict(who)}
    sealed = entrance.seal.close(page, told)
    return RedirectResponse(f"/sign-in/{provider}/{page}?sealed={sealed}", 303)


@router.get("/sign-in/{provider}/unknown")
def unknown(request: Request, house: InHouse, at: At, provider: str, sealed: str = "") -> Response:
    """Somebody whom no account is linked to: by which name the administrator may link them."""
    found, told = _told(house, at, provider, "unknown", sealed)
    return render(request, "outside/unknown.html", 403, label=found.label, who=told["who"])


@router.get("/sign-in/{provider}/link")
def ask_to_link(
    request: Request, house: InHouse, at: At, seer: Seer, provider: str, sealed: str = ""
) -> Response:
    """What would be linked, before it is."""
    found, told = _told(house, at, provider, "link", sealed)
    if told["account"] != _account(seer):
        return _refused(request, _NOT_YOURS)
    return render(
        request, "outside/confirm.html", name=provider, label=found.label, who=told["who"],
        sealed=sealed,
    )  # fmt: skip


@router.post("/sign-in/{provider}/link")
def link(
    request: Request,
    house: InHouse,
    at: At,
    seer: Seer,
    provider: str,
    sealed: Annotated[str, Form()] = "",
) -> Response:
    """Link what was shown to the account that asked for it."""
    found, told = _told(house, at, provider, "link", sealed)
    who, account = told["who"], told["account"]
    if account != _account(seer):
        return _refused(request, _NOT_YOURS)
    with house.ledger.transaction() as connection:
        identities.link(connection, account, who["issuer"], who["subject"], at)
    response = RedirectResponse("/account/outside", 303)
    zh, en = found.label
    flash(response, Words(f"已绑定，以后可用{zh}登录。", f"Linked: {en} will sign you in."))
    return response


def _told(
    house: House, at: datetime, provider: str, page: str, sealed: str
) -> tuple[Provider, dict[str, Any]]:
    entrance = gate(house.settings)
    found = _known(entrance, provider)
    told = entrance.seal.open(page, sealed)
    if told["until"] <= at.timestamp():
        raise Trouble(*_OVER)
    return found, told


@router.get("/account/outside")
def mine(request: Request, house: InHouse, seer: Seer) -> Response:
    """The names by which other houses know this account."""
    rows = identities.linked(house.ledger, _account(seer))
    return render(request, "outside/mine.html", rows=rows, houses=providers(house.settings))


@router.post("/account/outside/{identity}/remove")
def remove(house: InHouse, seer: Seer, identity: int) -> Response:
    """Let one of these names mean this account no more."""
    with house.ledger.transaction() as connection:
        identities.unlink(connection, _account(seer), identity)
    response = RedirectResponse("/account/outside", 303)
    flash(response, Words("绑定已解除。", "The link has been removed."))
    return response


def _known(entrance: Gate, name: str) -> Provider:
    found = entrance.providers.get(name)
    if found is None:
        raise Missing("没有这种登录方式。", "There is no such way to sign in.")
    return found


def _account(seer: Viewer) -> int:
    """Whoever came by a link has no account."""
    if seer.account_id is None:
        raise Missing("没有这个页面。", "There is no such page.")
    return seer.account_id


def _too_often(request: Request) -> bool:
    client = request.client.host if request.client else "unknown"
    return not _tries.hit(_TRIES, "outside", client)


def _refused(request: Request, words: Words) -> Response:
    """Back to where one may begin again, with the reason."""
    seer = asking(request).viewer
    inside = seer is not None and seer.account_id is not None
    response = RedirectResponse("/account/outside" if inside else "/sign-in", 303)
    flash(response, words, "refused")
    return response
