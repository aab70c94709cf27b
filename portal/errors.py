"""What is said when something cannot be done: courteous, in the reader's language, no secrets."""

import logging
import secrets
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from ledger.database import DatabaseTrouble
from ledger.scope import Missing
from ledger.watching import NotYours
from models.words import Trouble, Words
from portal.api.problems import AWAY, LATER, away, problem
from portal.headers import guard
from portal.observing import HEADER, number_of
from portal.seeing import ForeignForm, NotSignedIn, PasswordFirst
from portal.templating import alone, render

log = logging.getLogger("duban.portal")

_STATUS: tuple[tuple[type[Trouble], int], ...] = (
    (Missing, 404), (NotYours, 403), (ForeignForm, 403), (Trouble, 422),
)  # fmt: skip
_KNOWN = {
    404: Words(
        "没有这个页面，或不在您的范围内。请从左侧（手机为下方）的栏目进入。",
        "There is no such page, or not within your scope. Use the navigation.",
    ),
    405: Words("这个地址不接受这种请求。", "This address does not take such a request."),
    413: Words("提交的内容太大。照片每张最多 15 MB。", "Too large: at most 15 MB a picture."),
    429: Words("请求太频繁，请过一分钟再试。", "Too many requests; try again in a minute."),
}
_OTHER = Words("请求没有完成。", "The request was not carried out.")


def install(app: FastAPI) -> None:
    """Answer every failure."""
    app.add_exception_handler(NotSignedIn, _sign_in)
    app.add_exception_handler(PasswordFirst, _password_first)
    app.add_exception_handler(DatabaseTrouble, _away)
    app.add_exception_handler(Trouble, _trouble)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)


def answer(request: Request, status: int, words: Words, reference: str = "") -> Response:
    """The failure as a page, or as a problem document where a program asks."""
    if request.url.path.startswith("/api/"):
        return problem(request, status, words, reference)
    try:
        return render(request, "error.html", status, words=words, code=status, reference=reference)
    except DatabaseTrouble as trouble:  # pages name the city and whoever is signed in
        return _away(request, trouble)


def _sign_in(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return problem(request, 401, Words("请先登录或附上令牌。", "Sign in or send a token."))
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/sign-in" if request.method != "GET" else f"/sign-in?next={quote(wanted)}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": where})
    return RedirectResponse(where, 303)


def _password_first(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return problem(
            request, 403, Words("请先在门户修改口令。", "Change your password in the portal first.")
        )
    return RedirectResponse("/password", 303)


def _away(request: Request, error: Exception) -> Response:
    """The ledger cannot be asked, and so neither can who asks."""
    assert isinstance(error, DatabaseTrouble)
    if request.url.path.startswith("/api/"):
        return away(request, error)
    log.warning("the ledger cannot be asked: %s", error.words.en)
    response = alone(request, "away.html", 503, words=AWAY)
    response.headers.update(LATER)
    return response


def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, Trouble)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return answer(request, status, error.words)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = answer(request, error.status_code, _KNOWN.get(error.status_code, _OTHER))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [str(each["loc"][-1]) for each in error.errors()]
    names = "、".join(dict.fromkeys(fields))
    return answer(
        request,
        422,
        Words(
            f"提交的内容有误：{names}。请返回检查后再提交。",
            f"What was sent cannot be read: {names}. Go back, check it and send it again.",
        ),
    )


def _broken(request: Request, error: Exception) -> Response:
    """Our own mistake: written to the log under a reference, of which alone the user hears."""
    reference = number_of(request) or secrets.token_hex(4)
    log.error("a request failed", extra={"request": reference}, exc_info=error)
    words = Words(
        f"程序出错，本次操作没有完成。请重试；若仍不行，把编号 {reference} 告诉管理员。",
        f"Something went wrong and nothing was done. Try again; if it stays so, tell the "
        f"administrator the reference {reference}.",
    )
    response = answer(request, 500, words, reference)
    # This answer goes by no middleware of ours.
    response.headers[HEADER] = reference
    guard(response)
    return response
