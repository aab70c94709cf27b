"""Failures for programs: RFC 9457 problem documents in the reader's language."""

import logging
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ledger.database import DatabaseTrouble
from ledger.scope import Missing
from ledger.watching import NotYours
from models.words import Trouble, Words
from portal.observing import number_of
from portal.seeing import ForeignForm

log = logging.getLogger("duban.portal")

MEDIA = "application/problem+json"


class Said(BaseModel):
    """One sentence or label in both languages."""

    zh: str
    en: str


class Wrong(BaseModel):
    """One field that was wrong."""

    at: str = Field(description="where it stands, as in `body.text` or `query.limit`")
    kind: str = Field(description="what is wrong with it, for programs, as in `missing`")
    words: Said


class Problem(BaseModel):
    """A problem document (RFC 9457). `title` is in the reader's language, `words` holds both."""

    type: str = "about:blank"
    title: str
    status: int
    instance: str
    words: Said
    fields: list[Wrong] | None = Field(None, description="which fields were wrong")
    reference: str | None = Field(None, description="what to tell the administrator")


class NeedsToken(Trouble):
    """Nobody is signed in, and no token that holds was sent."""


class OutOfReach(Trouble):
    """The token does not reach that far."""


class KeyBusy(Trouble):
    """The same request is being carried out just now."""


class TurnedDown(Trouble):
    """The desk refused the verb: the case does not stand so that it could be done."""


STATUS: tuple[tuple[type[Trouble], int], ...] = (
    (Missing, 404), (NeedsToken, 401), (OutOfReach, 403), (NotYours, 403), (ForeignForm, 403),
    (TurnedDown, 409), (KeyBusy, 409), (Trouble, 422),
)  # fmt: skip
SAID = {
    400: Words("请求的内容读不出。", "The body of the request cannot be read."),
    404: Words(
        "没有这个地址，或不在您的范围内。接口说明见 /api/v1/openapi.json。",
        "There is no such address, or not within your scope. See /api/v1/openapi.json.",
    ),
    405: Words("这个地址不接受这种请求。", "This address does not take such a request."),
    413: Words(
        "提交的内容太大：照片最多 15 MB，其余最多 1 MB。",
        "Too large: at most 15 MB for a picture, 1 MB for anything else.",
    ),
    415: Words(
        "这个地址不接受这种格式。请按接口说明写 Content-Type。",
        "This address does not take that type. Send the Content-Type of the documentation.",
    ),
    429: Words("请求太频繁，请稍后再试。", "Too many requests; try again later."),
}
_OTHER = Words("请求没有完成。", "The request was not carried out.")
AWAY = Words(
    "督办系统的数据库暂时没有应答。已经提交成功的内容都在；刚才这一次没有提交，"
    "请过几分钟再试。若一直如此，请告诉管理员。",
    "The database of the system does not answer just now. What was handed in before is kept; "
    "this time nothing was. Try again in a few minutes, and tell the administrator if it stays "
    "so.",
)
"""Where the database is, is for the log alone."""
LATER = {"Retry-After": "30"}


def problem(
    request: Request, status: int, words: Words, reference: str = "", **more: Any
) -> JSONResponse:
    """One failure, in the language of whoever asks, as far as that is known."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": words.within(language(request)),
        "status": status,
        "instance": request.url.path,
        "words": words._asdict(),
        **more,
    }
    if reference:
        body["reference"] = reference
    return JSONResponse(body, status, media_type=MEDIA)


def language(request: Request) -> str:
    """What the request asks for; else that of the account; else that of the house."""
    if hasattr(request.state, "asking"):
        return str(request.state.asking.lang)
    wished = request.headers.get("accept-language", "").lower()
    if wished:
        return "en" if wished.startswith("en") else "zh"
    return str(request.app.state.house.settings.lang)


# -- every failure of the interface ------------------------------------------------------------


def install(api: FastAPI) -> None:
    """Answer every failure of the interface with a problem document."""
    api.add_exception_handler(DatabaseTrouble, away)
    api.add_exception_handler(Trouble, _trouble)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _broken)


def away(request: Request, error: Exception) -> Response:
    """The ledger cannot be asked just now."""
    assert isinstance(error, DatabaseTrouble)
    log.warning("the ledger cannot be asked: %s", error.words.en)
    response = problem(request, 503, AWAY)
    response.headers.update(LATER)
    return response


def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, Trouble)
    status = next((number for kind, number in STATUS if isinstance(error, kind)), 422)
    response = problem(request, status, error.words)
    response.headers.update(_BESIDE.get(type(error), {}))
    return response


_BESIDE: dict[type[Trouble], dict[str, str]] = {
    NeedsToken: {"WWW-Authenticate": "Bearer"},
    KeyBusy: {"Retry-After": "2"},
}


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = problem(request, error.status_code, SAID.get(error.status_code, _OTHER))
    response.headers.update(error.headers or {})
    return response


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [_wrong(each) for each in error.errors()[:50]]
    names = "、".join(dict.fromkeys(each["at"] for each in fields))
    words = Words(
        f"提交的内容有误：{names}。请按接口说明改正。",
        f"What was sent cannot be taken: {names}. Correct it as the documentation says.",
    )
    return problem(request, 422, words, fields=fields)


_KINDS = {
    "missing": "未填",
    "extra_forbidden": "没有这一项",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "too_long": "太多",
    "too_short": "太少",
    "enum": "不在可选值之内",
    "literal_error": "不在可选值之内",
    "json_invalid": "不是 JSON",
    "string_pattern_mismatch": "写法不对",
    "timezone_aware": "时刻须带时区，如 2026-09-24T15:00+08:00",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}


def _wrong(each: Any) -> dict[str, Any]:
    # A name may be of the sender's making, and hold what cannot be written.
    where = ".".join(str(part) for part in each["loc"]).encode("utf-8", "replace").decode()
    said = {"zh": _KINDS.get(each["type"], "写法不对"), "en": each["msg"]}
    return {"at": where[:200], "kind": each["type"], "words": said}


def _broken(request: Request, error: Exception) -> Response:
    """Our own mistake: written to the log under a reference, of which alone the asker hears."""
    reference = number_of(request) or secrets.token_hex(4)
    log.error("a request failed", extra={"request": reference}, exc_info=error)
    words = Words(
        f"程序出错。请重试；若仍不行，把编号 {reference} 告诉管理员。",
        f"Something went wrong. Try again; if it stays so, tell the administrator the "
        f"reference {reference}.",
    )
    return problem(request, 500, words, reference)
