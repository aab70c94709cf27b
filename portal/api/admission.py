"""Who asks, before anything they sent is read: a token, or the session of a browser.

A token reaches as far as its scopes, a session as far as its roles; what a session changes must
come from a page of ours, which proves it with the header X-CSRF-Token.
"""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ledger import tokens
from ledger.tokens import Bearer, Scope
from portal.api.problems import NeedsToken, OutOfReach
from portal.house import at, house
from portal.seeing import SAFE, Asking, ForeignForm, asking, guarded

RATE = "600 per minute"
"""Of one token, or of one session, or of one address that has neither."""
_LONGEST = 200


class Pace:
    """How often somebody may ask. Counted in this process alone."""

    def __init__(self, rate: str = RATE) -> None:
        self.rate: RateLimitItem = parse(rate)
        self.counter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, who: str) -> None:
        """One request more. Raises HTTPException 429, which says when to come again."""
        if self.counter.hit(self.rate, who):
            return
        again = self.counter.get_window_stats(self.rate, who).reset_time - time.time()
        raise HTTPException(429, headers={"Retry-After": str(max(1, round(again)))})


class Admitted(APIRoute):
    """An operation that nobody comes to without having been let in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation, behind the door."""
        carry_out = super().get_route_handler()

        async def handle(request: Request) -> Response:
            await run_in_threadpool(_let_in, request)
            if bearer(request) is None and request.method not in SAFE:
                await _from_our_page(request)
            _refuse_other_media(request, self)
            return await carry_out(request)

        return handle


def bearer(request: Request) -> Bearer | None:
    """The holder of the token that was sent; None where a session asks."""
    found: Bearer | None = getattr(request.state, "bearer", None)
    return found


def may(*scopes: Scope) -> dict[str, Any]:
    """What a route declares that a token with any of these scopes may use, and every session."""

    def check(request: Request) -> None:
        holder = bearer(request)
        if holder is not None and not holder.scopes & set(scopes):
            names = " / ".join(scopes)
            raise OutOfReach(
                f"令牌没有这个权限：{names}。请管理员另发令牌。",
                f"The token lacks the scope {names}. Ask the administrator for another.",
            )

    security = [*({"token": [scope.value]} for scope in scopes), {"session": []}]
    return {"dependencies": [Depends(check)], "openapi_extra": {"security": security}}


def _let_in(request: Request) -> None:
    """Know who asks. Raises NeedsToken, and HTTPException 429 where they ask too often."""
    pace: Pace = request.app.state.pace
    address = request.client.host if request.client else "unknown"
    try:
        who = _by_token(request) if "authorization" in request.headers else _by_session(request)
    except NeedsToken:
        pace.count(f"address {address}")
        raise
    pace.count(who)


def _by_token(request: Request) -> str:
    kind, _, secret = request.headers["authorization"].partition(" ")
    secret = secret.strip()
    known = kind.lower() == "bearer" and secret.startswith(tokens.PREFIX)
    found = None
    if known and len(secret) < _LONGEST:
        found = tokens.find(house(request).ledger, secret, at(request))
    if found is None:
        raise NeedsToken(
            "令牌不存在、已过期或已撤销。请管理员重发。",
            "There is no such token, or it has expired or was revoked. Ask the administrator "
            "for a new one.",
        )
    request.state.bearer = found
    wished = request.headers.get("accept-language", "").lower()
    lang = ("en" if wished.startswith("en") else "zh") if wished else found.viewer.lang
    request.state.asking = Asking(found.viewer, None, lang)
    return f"token {found.token_id}"


def _by_session(request: Request) -> str:
    viewer = asking(request).viewer
    if viewer is None:
        raise NeedsToken(
            "请附上令牌（Authorization: Bearer duban_…），或先登录。",
            "Send a token (Authorization: Bearer duban_…), or sign in.",
        )
    return f"session {viewer.session_id}"


async def _from_our_page(request: Request) -> None:
    if "x-csrf-token" not in request.headers:
        raise ForeignForm(
            "用登录会话调用接口时，须带 X-CSRF-Token。程序请改用令牌。",
            "A session that changes something must send X-CSRF-Token. Programs use a token.",
        )
    await guarded(request)


def _refuse_other_media(request: Request, route: APIRoute) -> None:
    """Raises HTTPException 415 where a body comes as something the operation does not take."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    taken = _taken(route)
    if taken and said not in taken and _has_body(request):
        raise HTTPException(415, headers={"Accept": ", ".join(sorted(taken))})


def _has_body(request: Request) -> bool:
    headers = request.headers
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _taken(route: APIRoute) -> set[str]:
    declared = (route.openapi_extra or {}).get("requestBody")
    if declared:
        return set(declared["content"])
    return {"application/json"} if route.body_field is not None else set()
