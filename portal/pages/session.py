"""登录、退出、口令、语言: the door, and what somebody keeps of their own."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from limits import parse
from starlette.responses import RedirectResponse, Response

from ledger import accounts
from models.words import Trouble, Words
from portal.house import At, InHouse
from portal.identity import providers
from portal.nav import home
from portal.seeing import LANG, Seer, agent, asking, forget_cookie, set_cookie
from portal.templating import flash, render

router = APIRouter()

_TRIES = parse("20 per minute")
_TOO_MANY = Words(
    "这个地址上的登录尝试太多，请过一分钟再试。",
    "Too many attempts to sign in from this address; try again in a minute.",
)


@router.get("/")
def begin(request: Request) -> Response:
    """To where one's work is."""
    viewer = asking(request).viewer
    if viewer is None:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse("/linked" if viewer.case_id is not None else home(viewer), 303)


@router.get("/sign-in")
def sign_in_page(
    request: Request, house: InHouse, onward: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """The door."""
    viewer = asking(request).viewer
    if viewer is not None and viewer.case_id is None:
        return RedirectResponse(_inside(onward) or home(viewer), 303)
    return _door(request, house, onward)


@router.post("/sign-in")
def sign_in(
    request: Request,
    house: InHouse,
    at: At,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    onward: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Open a session, or say why not."""
    client = request.client.host if request.client else "unknown"
    if not house.tries.test(_TRIES, "sign-in", client):
        return _door(request, house, onward, login, _TOO_MANY, 429)
    opened = accounts.sign_in(house.ledger, login, password, at, agent(request))
    if isinstance(opened, Words):
        # Only what fails is counted: a whole office may come by one address.
        house.tries.hit(_TRIES, "sign-in", client)
        return _door(request, house, onward, login, opened, 422)
    wanted = _inside(onward)
    response = RedirectResponse("/password" if opened.must_change else wanted or "/", 303)
    set_cookie(response, opened.token, house.settings)
    return response


def _door(
    request: Request,
    house: InHouse,
    onward: str,
    login: str = "",
    refused: Words | None = None,
    status: int = 200,
) -> Response:
    return render(
        request, "sign_in.html", status, next=_inside(onward), login=login, refused=refused,
        providers=[(p.name, p.label) for p in providers(house.settings)],
    )  # fmt: skip


def _inside(url: str) -> str:
    """An address of ours, or nothing: nobody is sent on to a stranger."""
    ours = url.startswith("/") and not url.startswith(("//", "/\\")) and "\\" not in url
    return url if ours and url.isprintable() else ""


@router.post("/sign-out")
def sign_out(request: Request, house: InHouse, at: At) -> Response:
    """End this session."""
    viewer = asking(request).viewer
    if viewer is not None and viewer.session_id is not None:
        accounts.sign_out(house.ledger, viewer.session_id, at)
    response = RedirectResponse("/sign-in", 303)
    forget_cookie(response, house.settings)
    return response


@router.post("/language")
def language(
    request: Request,
    house: InHouse,
    lang: Annotated[str, Form()] = "zh",
    onward: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Read in another language from now on."""
    chosen = "en" if lang == "en" else "zh"
    viewer = asking(request).viewer
    if viewer is not None and viewer.account_id is not None:
        accounts.set_lang(house.ledger, viewer.account_id, chosen)
    response = RedirectResponse(_inside(onward) or "/", 303)
    response.set_cookie(LANG, chosen, max_age=365 * 24 * 3600, path="/", samesite="lax")
    return response


@router.get("/account")
def account(request: Request, house: InHouse, viewer: Seer, at: At) -> Response:
    """One's own roles and sessions."""
    open_ = accounts.sessions(house.ledger, viewer.person_id, at)
    reference = house.reference()
    roles = [
        (grant.role, reference.directory.units[grant.unit_id].name if grant.unit_id else "")
        for grant in viewer.grants
    ]
    return render(request, "account.html", sessions=open_, roles=roles)


@router.post("/account/sign-out-elsewhere")
def sign_out_elsewhere(house: InHouse, viewer: Seer, at: At) -> Response:
    """End every other session of one's own."""
    accounts.sign_out_everywhere(house.ledger, viewer.person_id, at, but=viewer.session_id)
    response = RedirectResponse("/account", 303)
    flash(response, Words("其他设备上的登录都已退出。", "Signed out everywhere else."))
    return response


@router.get("/password")
def password_page(request: Request, viewer: Seer) -> Response:
    """Where the password is changed."""
    return render(request, "password.html", refused=None)


@router.post("/password")
def change_password(
    request: Request,
    house: InHouse,
    viewer: Seer,
    at: At,
    old: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Change one's password; every other session ends."""
    if viewer.account_id is None:
        return RedirectResponse("/", 303)
    try:
        if new != again:
            raise Trouble("两次输入的新口令不一样。", "The new password was typed differently.")
        accounts.change_password(house.ledger, viewer.account_id, old, new, at, viewer.session_id)
    except Trouble as trouble:
        return render(request, "password.html", 422, refused=trouble.words)
    response = RedirectResponse("/", 303)
    flash(
        response, Words("口令已修改，其他设备需重新登录。", "Changed; other devices sign in again.")
    )
    return response
