"""POST /hooks-in/sms/…: where SMS services report what became of a message.

They can be given an address and nothing else, so the token may stand in it; the portal writes
down no addresses.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from ledger import tokens
from ledger.arrivals import Report, arrived
from ledger.tokens import Scope
from models.instants import plain
from portal.api.bounds import MOST
from portal.house import House, at, house

router = APIRouter()

_LONGEST = 200
_THEIRS = ZoneInfo("Asia/Shanghai")
"""Both services write the time of Beijing, without a zone."""


class Service(NamedTuple):
    """How a service reports, and what it wants to hear."""

    scheme: str
    receipt: str
    at: str
    words: str
    arrived: Callable[[Mapping[str, Any]], bool]
    thanks: Mapping[str, Any]


SERVICES: Mapping[str, Service] = {
    # https://help.aliyun.com/document_detail/101867.html
    "aliyun": Service(
        "aliyunsms", "biz_id", "report_time", "err_code",
        lambda said: said.get("success") in (True, "true"), {"code": 0, "msg": "接收成功"},
    ),
    # https://cloud.tencent.com/document/product/382/5807
    "tencent": Service(
        "tencentsms", "sid", "user_receive_time", "errmsg",
        lambda said: said.get("report_status") == "SUCCESS", {"result": 0, "errmsg": "OK"},
    ),
}  # fmt: skip
BOUNDS = dict.fromkeys((f"/hooks-in/sms/{name}" for name in SERVICES), MOST)
"""Bytes that may be sent there."""


@router.post("/hooks-in/sms/aliyun")
async def aliyun(request: Request) -> JSONResponse:
    """Aliyun's SmsReport: a list of what became of messages."""
    return await _taken(request, SERVICES["aliyun"])


@router.post("/hooks-in/sms/tencent")
async def tencent(request: Request) -> JSONResponse:
    """Tencent's report of how messages were received."""
    return await _taken(request, SERVICES["tencent"])


async def _taken(request: Request, service: Service) -> JSONResponse:
    now, here = at(request), house(request)
    status, words = await run_in_threadpool(_admitted, request, here, now)
    if words:
        return JSONResponse({"error": words}, status)
    reports = await _reports(request, service, now)
    if reports is None:
        return JSONResponse({"error": "a JSON list of reports is expected"}, 422)
    await run_in_threadpool(arrived, here.ledger, service.scheme, reports, now)
    return JSONResponse(dict(service.thanks))


def _admitted(request: Request, here: House, now: datetime) -> tuple[int, str]:
    """Status and words of a refusal; no words where the token opens this."""
    said = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    secret = said or request.query_params.get("token", "")
    known = secret.startswith(tokens.PREFIX) and len(secret) < _LONGEST
    found = tokens.find(here.ledger, secret, now) if known else None
    if found is None:
        return 401, "a token is needed: ?token=duban_…, made by an administrator"
    if Scope.RECEIPTS_WRITE not in found.scopes:
        return 403, f"the token lacks the scope {Scope.RECEIPTS_WRITE.value}"
    return 200, ""


async def _reports(request: Request, service: Service, now: datetime) -> list[Report] | None:
    try:
        said = await request.json()
    except ValueError:
        return None
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        return None
    return [_report(each, service, now) for each in said]


def _report(said: Mapping[str, Any], service: Service, now: datetime) -> Report:
    receipt, words = (str(said.get(name) or "")[:200] for name in (service.receipt, service.words))
    return Report(receipt, service.arrived(said), _instant(said.get(service.at), now), words)


def _instant(text: Any, now: datetime) -> datetime:
    try:
        return plain(datetime.fromisoformat(str(text)).replace(tzinfo=_THEIRS))
    except ValueError:
        return now
