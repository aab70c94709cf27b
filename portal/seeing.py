"""Who asks: session cookie, language, and that a form was really sent by our own page.

A form is ours when it carries the token derived from the session's secret, which no other site
can read, and comes from our own origin where the browser names one.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from duban.settings import Settings
from ledger import accounts
from ledger.scope import Missing
from models.account import AccountRole
from models.words import Trouble, Words
from portal.house import at, house
from rules.permission import Viewer

BEFORE = "duban-before"
"""The cookie of somebody not signed in: it only ties a form to a browser."""
LANG = "duban-lang"
LANGS = ("zh", "en")
SAFE = {"GET", "HEAD", "OPTIONS"}


class NotSignedIn(Exception):  # noqa: N818 - it is a state, not a mistake
    """Somebody who has not signed in asks for what needs it."""


class PasswordFirst(Exception):  # noqa: N818 - it is a state, not a mistake
    """Somebody whose password was given by another has to change it before anything else."""


class ForeignForm(Trouble):
    """A form that was not sent by our own page."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request: who, by which secret, in which language."""

    viewer: Viewer | None
    token: str | None
    lang: str

    @property
    def csrf(self) -> str:
        """What our own forms carry; empty when nothing ties the browser to us yet."""
        return token_of(self.token) if self.token else ""


def token_of(secret: str) -> str:
    """The token of the forms shown under a cookie."""
    return sha256(f"form:{secret}".encode()).hexdigest()


def asking(request: Request) -> Asking:
    """Who asks; looked up once for each request."""
    if not hasattr(request.state, "asking"):
        request.state.asking = _asking(request)
    return cast(Asking, request.state.asking)


def _asking(request: Request) -> Asking:
    token = request.cookies.get(cookie_name(house(request).settings))
    viewer = accounts.seen(house(request).ledger, token, at(request)) if token else None
    tied = token if viewer else request.cookies.get(BEFORE)
    return Asking(viewer, tied, _lang(request, viewer))


def _lang(request: Request, viewer: Viewer | None) -> str:
    if viewer is not None and request.cookies.get(LANG) not in LANGS:
        return viewer.lang
    return wished(request)


def wished(request: Request) -> str:
    """The language of whoever asks, as far as the request itself tells."""
    chosen = request.cookies.get(LANG)
    if chosen in LANGS:
        return chosen
    accepted = request.headers.get("accept-language", "").lower()
    return "en" if accepted.startswith("en") else house(request).settings.lang


def viewer(request: Request) -> Viewer:
    """Who is signed in. Raises NotSignedIn, and PasswordFirst everywhere but at the password."""
    found = asking(request).viewer
    if found is None:
        raise NotSignedIn
    if found.must_change and request.url.path != "/password":
        raise PasswordFirst
    return found


def having(*roles: AccountRole) -> Callable[[Request], Viewer]:
    """Whoever is signed in with one of these roles; for anybody else the page does not exist."""

    def check(request: Request) -> Viewer:
        found = viewer(request)
        if not found.is_(*roles):
            raise Missing("没有这个页面。", "There is no such page.")
        return found

    return check


Seer = Annotated[Viewer, Depends(viewer)]


async def guarded(request: Request) -> None:
    """Refuse what changes something and was not sent by a page of ours. Raises ForeignForm."""
    if request.method in SAFE:
        return
    if not _own_origin(request):
        raise ForeignForm(*_FOREIGN)
    sent = request.headers.get("x-csrf-token") or str((await request.form()).get("csrf", ""))
    name = cookie_name(house(request).settings)
    secrets_ = [request.cookies.get(name), request.cookies.get(BEFORE)]
    known = [token_of(secret) for secret in secrets_ if secret]
    if not any(hmac.compare_digest(sent.encode(), one.encode()) for one in known):
        raise ForeignForm(*_FOREIGN)


def _own_origin(request: Request) -> bool:
    """Browsers name the origin of a form; older ones may leave it out, "null" is a stranger."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    host = urlsplit(origin).netloc
    return host in (request.headers.get("host"), urlsplit(house(request).settings.address()).netloc)


_FOREIGN = Words(
    "这个页面放得太久或已重新登录，表单已失效，什么也没有提交。请返回、刷新页面后再提交一次。",
    "The page is too old or you have signed in again since: nothing was sent. Go back, reload "
    "the page and send the form again.",
)


def cookie_name(settings: Settings) -> str:
    """The session's cookie. Under https the browser itself keeps it to this host."""
    return "__Host-duban" if _secure(settings) else "duban"


def _secure(settings: Settings) -> bool:
    return settings.address().startswith("https:")


def set_cookie(response: Response, token: str, settings: Settings) -> None:
    """Let the browser keep a session's token."""
    age = int(accounts.LONGEST.total_seconds())
    _keep(response, cookie_name(settings), token, settings, age)


def tie(request: Request, response: Response) -> None:
    """Give a browser that is not signed in the secret its forms are tied to."""
    settings = house(request).settings
    asked = asking(request)
    if asked.viewer is None and asked.token:
        _keep(response, BEFORE, asked.token, settings, 24 * 3600)


def tied(request: Request) -> Asking:
    """Who asks, tied to this browser at the latest now."""
    asked = asking(request)
    if asked.token is None:
        asked = Asking(None, secrets.token_urlsafe(24), asked.lang)
        request.state.asking = asked
    return asked


def forget_cookie(response: Response, settings: Settings) -> None:
    """Let the browser forget its session."""
    name = cookie_name(settings)
    response.delete_cookie(name, path="/", secure=_secure(settings), httponly=True)


def _keep(response: Response, name: str, value: str, settings: Settings, age: int) -> None:
    response.set_cookie(
        name, value, max_age=age, path="/", secure=_secure(settings), httponly=True, samesite="lax"
    )


def agent(request: Request) -> str:
    """The browser, as it calls itself."""
    return request.headers.get("user-agent", "")[:200]
